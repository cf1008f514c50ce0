"""A closer look at the best places: squares between the tiles of the grid, cut from the tiles themselves.

A photo rarely lies in the middle of a tile, and an encoder that tells places apart scores a tile the
lower the further off it is. Overlapping neighbours hold the ground between their centres, so squares
off the grid can be cut from their stored pictures, without the imagery.

Encoding squares is what locating costs, so few are encoded. The scores of the tiles around a place are
known from the search; a parabola through them says where its peak should lie. One square there, for
every place that can still win, mostly decides which place is the best; where it does not, those in the
race get four squares more. Only the winner is then searched around its peak. All places share one call
of the encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gleam.atlas import Atlas
from gleam.atlas.embedding import SquareEncoder
from gleam.atlas.tiles import Hit
from gleam.imagery.preparation import Preparation
from gleam.locating.searching.contender import Contender, fetch_pictures, look_at
from gleam.locating.searching.peak import Peak
from gleam.locating.searching.places import Place
from gleam.locating.searching.surface import Surface

MOST_GAIN = 0.16
"""Places whose tile scores lower than the best tile by more than this are not looked at."""
RACE = 0.08
"""Places that score less than this below the best after the first square get four squares more."""
MOST_IN_RACE = 6


@dataclass(frozen=True)
class Refined:
    """places: the same as given, in their new order. surface: around the first, None when not refined."""

    places: list[Place]
    surface: Surface | None


@dataclass
class Memory:
    """What was looked at closely with one photo, by tile and number of the vector.

    first: places that were in the running. peaks: the winners among them.
    """

    first: dict[tuple[str, int], Contender] = field(default_factory=dict)
    peaks: dict[tuple[str, int], tuple[Place, Surface]] = field(default_factory=dict)


def refine_places(
    atlas: Atlas,
    encoder: SquareEncoder,
    preparation: Preparation,
    vectors: NDArray[np.float32],
    places: Sequence[Place],
    hits: Sequence[Sequence[Hit]],
    count: int,
    headings: NDArray[np.float64] | None = None,
    known: Memory | None = None,
) -> Refined:
    """Score the best of ``count`` places between the tiles and order all places anew.

    Args:
        atlas: Where the places were found.
        encoder: Embeds the squares.
        preparation: That of the atlas for this size of tile.
        vectors: (K, D) of the photo; each place tells which of them found it.
        places: Best first, all of one size of tile.
        hits: Tiles found by each of the vectors, best first: the scores around the places.
        count: How many of the places to look at closely at most.
        headings: Those assumed for the vectors, when they were searched for.
        known: What was looked at before with the same photo; it is read and added to.

    Returns:
        The same places with finer positions and higher or equal scores, best first, and the surface of
        scores around the first.
    """
    if not places or count < 1:
        return Refined(list(places), None)
    memory = known if known is not None else Memory()
    floor = places[0].score - MOST_GAIN
    close = [p for p in places[:count] if p.score >= floor]
    new = [p for p in close if _key(p) not in memory.first]
    for place in new:
        memory.first[_key(place)] = Contender(atlas, vectors[place.row], place, hits[place.row])
    running = [memory.first[_key(p)] for p in close]
    fetch_pictures(atlas, running)
    look_at(encoder, preparation, vectors, running, lambda c: [c.promised])
    top = max(c.best.best.score + p.bonus for c, p in zip(running, close, strict=True))
    race = [c for c, p in zip(running, close, strict=True) if c.best.best.score + p.bonus >= top - RACE]
    if len(race) > 1:
        look_at(encoder, preparation, vectors, race[:MOST_IN_RACE], Contender.quarters)
    looked = [replace(c.best, members=p.members, bonus=p.bonus) for c, p in zip(running, close, strict=True)]
    order = np.argsort([-p.score for p in looked], kind="stable")
    winner, origin = looked[order[0]], close[order[0]]
    if _key(origin) not in memory.peaks:
        peak = Peak(atlas, encoder, preparation, vectors, origin, winner, headings)
        memory.peaks[_key(origin)] = peak.search()
    final, surface = memory.peaks[_key(origin)]
    final = replace(final, members=winner.members, bonus=winner.bonus)
    rest = [*(p for i, p in enumerate(looked) if i != order[0]), *places[len(close) :]]
    rest.sort(key=lambda p: (-p.score, p.best.tile.id))
    return Refined([final, *rest], surface)


def _key(place: Place) -> tuple[str, int]:
    return place.best.tile.id, place.row
