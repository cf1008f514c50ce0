"""A closer look at the best places: squares between the tiles of the grid, cut from the tiles themselves.

A photo rarely lies in the middle of a tile, and an encoder that tells places apart scores a tile the
lower the further off it is. Encoding squares is what locating costs, so few are encoded. The scores of the
tiles around a place are known from the search; a parabola through them says where its peak should lie. The
square nearest to that, for every place that can still win, mostly decides which place is the best; where it
does not, those in the race get four squares more. Where the photo shows ground to scale, that is laid on each
place's best square. Only the winner is then followed to its peak.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.atlas import Atlas
from gleam.atlas.tiles import Hit
from gleam.locating.query import Query
from gleam.locating.searching.between import Between
from gleam.locating.searching.contender import Contender, look_at
from gleam.locating.searching.ground import Spread, lay_on_ground
from gleam.locating.searching.peak import climb
from gleam.locating.searching.places import Place
from gleam.locating.searching.surface import Surface

MOST_GAIN = 0.16
"""Places whose tile scores lower than the best tile by more than this are not looked at."""
RACE = 0.12
"""Places that score less than this below the best after the first square get four squares more."""
MOST_IN_RACE = 10


@dataclass(frozen=True)
class Refined:
    """places: the same as given, in their new order. surface: around the first, None when not refined.

    spread: see :func:`~gleam.locating.searching.ground.lay_on_ground`.
    """

    places: list[Place]
    surface: Surface | None
    spread: Spread | None = None


def refine_places(
    atlas: Atlas,
    between: Between,
    vectors: NDArray[np.float32],
    places: Sequence[Place],
    hits: Sequence[Sequence[Hit]],
    count: int,
    headings: NDArray[np.float64] | None = None,
    query: Query | None = None,
    spread: Spread | None = None,
) -> Refined:
    """Score the best of ``count`` places between the tiles and order all places anew.

    Args:
        atlas: Where the places were found.
        between: The squares between its tiles.
        vectors: (K, D) of the photo; each place tells which of them found it.
        places: Best first, all of one size of tile.
        hits: Tiles found by each of the vectors, best first: the scores around the places.
        count: How many of the places to look at closely at most.
        headings: Those assumed for the vectors, when they were searched for.
        query: The photo, whose ground is laid on that of the places where it shows some.
        spread: Of its correlations by chance, when places are looked at that are too few to tell.

    Returns:
        The same places with finer positions and higher or equal scores, best first, and the surface of
        scores around the first.
    """
    if not places or count < 1:
        return Refined(list(places), None)
    between.follow()
    floor = places[0].score - MOST_GAIN
    close = [p for p in places[:count] if p.score >= floor]
    stride = atlas.stride_of(places[0].best.tile.width_m)
    running = [Contender(between, vectors, place, hits, stride) for place in close]
    look_at(between, vectors, running, lambda c: [c.promised])
    top = max(c.best.score for c in running)
    race = [c for c in running if c.best.score >= top - RACE]
    if len(race) > 1:
        look_at(between, vectors, race[:MOST_IN_RACE], Contender.quarters)
    if query is not None:
        spread = lay_on_ground(between, query, running, spread)
    order = np.argsort([-c.best.score for c in running], kind="stable")
    final, surface = climb(atlas, between, vectors, running[order[0]], headings)
    rest = [*(c.best for i, c in enumerate(running) if i != order[0]), *places[len(close) :]]
    rest.sort(key=lambda p: (-p.score, p.best.tile.id))
    return Refined([final, *rest], surface, spread)
