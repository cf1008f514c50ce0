"""From tiles that look alike to places: neighbours are one place, and its position is finer than a tile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.hits import Hits, best_over
from gleam.atlas.tiles import Hit
from gleam.geo import Frame, LatLon, distance_m, utm_epsg

SAME_PLACE_SHARE = 0.75
"""Tiles whose centres are within this share of a tile's width show one place: they overlap."""
NEIGHBOUR_STRIDES = 1.5
"""Only tiles as near as the eight neighbours of the best one bear on the position."""
SHARPNESS = 0.05
"""Cosine similarity that a neighbour may lack before its weight falls to 1/e."""
LEAST_M_PER_DEGREE = 110_000.0
"""A degree of latitude is nowhere shorter (110,574 m at the equator)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Overlapping tiles taken together.

    lat, lon: mean of their centres, weighted by similarity. best: the most similar tile. row: number of
    the query vector (the assumed heading) that found it. members: how many tiles. bonus: what tiles of
    other sizes, and the photo's ground, add to its score. ground: how far that stands out on the place's, in
    standard deviations, see :mod:`gleam.locating.searching.ground`; 0 where none was compared.
    """

    lat: float
    lon: float
    best: Hit
    row: int
    members: int
    bonus: float = 0.0
    ground: float = 0.0

    @property
    def score(self) -> float:
        """By which places are ordered: the similarity and the bonus."""
        return self.best.score + self.bonus


def merge_into_places(
    hits_per_query: Sequence[Sequence[Hit]], tile_m: float, stride_m: float, limit: int, *, fuse: bool = True
) -> list[Place]:
    """Merge the tiles found by one or several query vectors of one photo into places, best first.

    A tile counts with its best score over the queries. Places are taken greedily: the best tile left and
    all tiles that overlap it form one place.

    Args:
        hits_per_query: Tiles found by each query vector, best first.
        tile_m: Ground width of the tiles.
        stride_m: Metres between neighbouring tiles.
        limit: Most places to return.
        fuse: Weigh the overlapping tiles into one position; otherwise the best tile's centre is taken.
    """
    ordered, query = best_over(hits_per_query)
    if not len(ordered):
        return []
    lats, lons = ordered.lats, ordered.lons
    reach_m = SAME_PLACE_SHARE * tile_m
    # Geodesics cost; what lies farther north or south than this is farther away, whatever its longitude.
    reach_deg = reach_m / LEAST_M_PER_DEGREE
    free = np.ones(len(ordered), bool)
    groups: list[NDArray[np.intp]] = []
    while free.any() and len(groups) < limit:
        first = int(np.argmax(free))
        near = np.flatnonzero(free & (np.abs(lats - lats[first]) <= reach_deg))
        near = near[distance_m(lats[first], lons[first], lats[near], lons[near]) <= reach_m]
        free[near] = False
        groups.append(near)
    # Only tiles seen under the same assumed heading support each other.
    together = [group[query[group] == query[group[0]]] for group in groups]
    centres = _centres(
        [ordered.taken(one) for one in together], NEIGHBOUR_STRIDES * stride_m if fuse else 0.0
    )
    return [
        Place(lat, lon, ordered[int(group[0])], int(query[group[0]]), len(group))
        for (lat, lon), group in zip(centres, groups, strict=True)
    ]


def _centres(groups: Sequence[Hits], reach_m: float) -> list[LatLon]:
    """Return the mean (lat, lon) of each group of tiles, best first, over those in reach of the first."""
    zones = [utm_epsg(group.lats[0], group.lons[0]) for group in groups]
    centres: dict[int, LatLon] = {}
    # A projection takes as long for one tile as for all.
    for zone in dict.fromkeys(zones):
        frame = Frame(zone, 0.0, 0.0)
        inside = [number for number, its in enumerate(zones) if its == zone]
        lats = np.concatenate([groups[number].lats for number in inside])
        lons = np.concatenate([groups[number].lons for number in inside])
        at = np.split(
            np.stack(frame.to_local(lats, lons)), np.cumsum([len(groups[n]) for n in inside])[:-1], axis=1
        )
        means = [_mean(tiles, groups[n].scores, reach_m) for tiles, n in zip(at, inside, strict=True)]
        found = zip(*(c.tolist() for c in frame.to_wgs84(*np.transpose(means))), strict=True)
        centres.update(zip(inside, found, strict=True))
    return [centres[number] for number in range(len(groups))]


def _mean(
    at: NDArray[np.float64], scores: NDArray[np.float64], reach_m: float
) -> tuple[np.float64, np.float64]:
    """Return the weighted mean of positions (2, N) in metres within reach of the first."""
    away = at - at[:, :1]
    weights = np.exp((scores - scores[0]) / SHARPNESS) * (np.hypot(*away) <= max(reach_m, 1e-3))
    east, north = away @ weights / weights.sum()
    return east + at[0, 0], north + at[1, 0]
