"""What one photo says of every tile, so that several photos can be weighed against each other.

A photo's cosine similarities have no unit of their own: one encoder spreads them widely, another
narrowly, and so does each photo. Their *tail* gives the unit. The scores of tiles that show another place
fall off exponentially at their upper end, so a tile that lies z tail widths up is met by chance exp(-z)
as often, and a photo of it is likelier by exp(z). ``TEMPERATURE`` is measured in tail widths.

Fitted on a city that the encoder had not seen: for single photos the likelihood of the truth is greatest
at 0.8 tail widths for ground photos and at 0.4 for drone photos; but photos of one place share some of
their mistakes, and summed over four of them it is greatest between 1 and 1.5 for both.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.atlas import Region
from gleam.atlas.hits import Hits, best_over
from gleam.atlas.tiles import Hit, Tile
from gleam.errors import GleamError
from gleam.geo import distance_m
from gleam.locating.answer import Answer
from gleam.locating.locator import Locator
from gleam.locating.query import read_camera
from gleam.locating.searching.finding import Found
from gleam.locating.searching.places import SAME_PLACE_SHARE
from gleam.views import UNKNOWN_POSE, Pose, parse_view

Floats = NDArray[np.float64]

TEMPERATURE = 1.0
"""Of the likelihood, in tail widths of the photo's own scores."""
OUTLIER = 0.2
"""Share of photos whose scores say nothing of where they were taken, assumed before anything is seen.
Between 0.02 and 0.2 it did not matter where all photos were good; with one of four drone photos from
elsewhere, 0.2 found 14 of 20 places, 0.1 found 11 and 0.05 found 10."""
SPOTS = 400
"""Best tiles of a photo that are told apart; all others count as no better than the last of them."""
_TAIL_SHARE, _FEWEST_IN_TAIL = 0.05, 10


@dataclass(frozen=True)
class Sighting:
    """One photo, its answer alone, and what it says of the tiles.

    photo: as given. answer: of the photo alone. pose: of the camera as far as known. tiles: the (N,) best
    ones, best first. scores: (N,) their cosine similarities. headings: (N,) degrees under which each
    scored so, NaN where none was searched for. log_weights: (N,) logarithm of how many times likelier the
    photo is at each tile than as an outlier. searched: how many tiles there were. region: where was
    searched. found: what the search gave, to search with the same photo again.
    """

    name: str
    photo: Any
    answer: Answer
    pose: Pose
    tiles: tuple[Tile, ...]
    scores: Floats
    headings: Floats
    log_weights: Floats
    searched: int
    region: Region | None
    found: Found | None = None

    @property
    def elsewhere(self) -> float:
        """The log weight of every tile that is not listed, as an upper bound; -inf when all are."""
        if not len(self.tiles) or len(self.tiles) >= self.searched:
            return -np.inf
        return float(self.log_weights[-1])


def compared(locator: Locator, sightings: Sequence[Sighting]) -> tuple[int, int]:
    """Return with how many tiles photos were compared, and how many a claim about any of them takes."""
    tiles, least = 0, 0
    for sighting in sightings:
        found = sighting.found
        searched = found is not None and found.query.headings is not None
        kind = locator.calibrations.kind_of(sighting.answer.view, heading_searched=searched)
        least = max(least, locator.calibrations.claim(kind).least_tiles)
        tiles = max(tiles, sighting.searched, (found.compared or 0) if found is not None else 0)
    return tiles, least


def name_of(photo: Any, number: int) -> str:
    """Return the file name of a photo, or its number in the list (from 1)."""
    return Path(photo).name if isinstance(photo, str | os.PathLike) else f"photo {number}"


def sight(
    locator: Locator,
    photo: Any,
    view: Any,
    number: int,
    *,
    pose: Pose | None = None,
    heading: float | None = None,
    use_metadata: bool = True,
    **options: Any,
) -> Sighting:
    """Locate one photo and keep what it says of the tiles.

    Args:
        locator: Of the atlas.
        photo: See :meth:`Locator.locate`, as for the rest; ``number`` names it when it has no file name.
        view: How it sees the world.
        number: In the list of photos, from 1.
        pose: What is known of the camera.
        heading: Short for a pose that only tells the heading.
        use_metadata: Read the metadata of a file.
        options: The other options of :meth:`Locator.locate`.

    Raises:
        ImageError: The photo cannot be read.
        GleamError: An option is impossible.
    """
    told = pose or UNKNOWN_POSE
    looked: list[Found] = []
    answer = locator.locate(
        photo, view, pose=pose, heading=heading, use_metadata=use_metadata, watch=looked.append, **options
    )
    told = told if heading is None else told.with_heading(heading)
    camera = read_camera(photo, parse_view(answer.view), told, use_metadata=use_metadata)
    return sighting_of(locator, looked[0], answer, name_of(photo, number), photo, camera.pose)


def sighting_of(
    locator: Locator, found: Found, answer: Answer, name: str, photo: Any, pose: Pose
) -> Sighting:
    """Return what a photo says of the tiles, from what was found for it and answered."""
    region = found.region
    nothing = np.zeros(0)
    seen = Sighting(name, photo, answer, pose, (), nothing, nothing, nothing, found.tiles, region, found)
    if not found.places:
        return seen
    hits, row = best_of_rows(
        locator.atlas.search(found.query.vectors, SPOTS, region, tile_m=locator.atlas.tile_m)
    )
    headings = found.query.headings[row] if found.query.headings is not None else np.full(len(hits), np.nan)
    seen = replace(
        seen,
        tiles=tuple(hit.tile for hit in hits),
        scores=locator.finder.joined_scores(found, hits, row, region),
        headings=headings,
    )
    # A place that was looked at closely scores at its best square, between the tiles.
    closer = {c.tile: (c.score, c.heading_deg) for c in reversed(answer.candidates)}
    return with_scores(seen, closer, SAME_PLACE_SHARE * locator.atlas.tile_m)


def with_scores(
    sighting: Sighting, closer: Mapping[str, tuple[float, float | None]], same_m: float
) -> Sighting:
    """Return a sighting with what a closer look at some tiles gave, and with its log weights.

    Args:
        sighting: Its ``log_weights`` are not read.
        closer: (score, heading) by tile; a lower score than the tile's own is not used.
        same_m: Tiles that near to the best one show the same ground.
    """
    scores, headings = sighting.scores.copy(), sighting.headings.copy()
    for at, tile in enumerate(sighting.tiles):
        score, heading = closer.get(tile.id, (-np.inf, None))
        if score > scores[at]:
            scores[at] = score
            headings[at] = headings[at] if heading is None else heading
    order = np.argsort(-scores, kind="stable")
    tiles = tuple(sighting.tiles[i] for i in order)
    scores = scores[order]
    lats, lons = [t.lat for t in tiles], [t.lon for t in tiles]
    rivals = np.asarray(distance_m(lats[0], lons[0], lats, lons)) > same_m
    return replace(
        sighting,
        tiles=tiles,
        scores=scores,
        headings=headings[order],
        log_weights=log_weights(scores, sighting.searched, rivals=rivals),
    )


def best_of_rows(rows: Sequence[Sequence[Hit]]) -> tuple[Hits, NDArray[np.intp]]:
    """Return the best ``SPOTS`` tiles over several query vectors, best first, and which vector found each."""
    # Within the best SPOTS of every row, those over all rows are complete.
    hits, number = best_over(rows)
    return hits[:SPOTS], number[:SPOTS]


def tail_width(scores: Floats, searched: int) -> float:
    """Return the width of the upper tail of scores: how far the best lie above the lowest of them.

    The best 5 % of all tiles searched, at least 10 of them; fewer only where there are no more.

    Args:
        scores: The best ones, best first.
        searched: How many tiles there were.
    """
    count = min(max(_FEWEST_IN_TAIL, int(_TAIL_SHARE * searched)), len(scores) - 1)
    if count < 1:
        return 0.0
    return float((scores[:count] - scores[count]).mean())


def log_weights(
    scores: Floats,
    searched: int,
    *,
    rivals: NDArray[np.bool_] | None = None,
    temperature: float = TEMPERATURE,
    outlier: float = OUTLIER,
) -> Floats:
    """Return for each tile how many times likelier the photo is there than as an outlier, as a logarithm.

    The photo's likelihood over the tiles is a softmax of its scores; an outlier is as likely anywhere.

    Args:
        scores: (N,) of the best tiles, best first.
        searched: How many tiles there were, the listed ones included.
        rivals: (N,) which tiles show other ground than the best one. The tail is theirs alone, since the
            best tile and those that overlap it may well be the truth; all when not given or too few.
        temperature: See ``TEMPERATURE``.
        outlier: See ``OUTLIER``.

    Raises:
        GleamError: ``temperature`` is not above 0, or ``outlier`` not between 0 and 1.
    """
    if not temperature > 0 or not 0 < outlier < 1:
        raise GleamError(
            f"A temperature of {temperature:g} and an outlier share of {outlier:g} are impossible; "
            "give one above 0 and one between 0 and 1."
        )
    if not len(scores):
        return np.zeros(0)
    searched = max(searched, len(scores))
    others = scores if rivals is None or rivals.sum() <= _FEWEST_IN_TAIL else scores[rivals]
    unit = max(temperature * tail_width(others, searched), 1e-6)
    above = (scores - scores[0]) / unit
    total = np.exp(above).sum() + (searched - len(scores)) * np.exp(above[-1])
    return np.asarray(above + np.log(searched * (1 - outlier) / (outlier * total)))
