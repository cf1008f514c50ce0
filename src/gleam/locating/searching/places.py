"""From tiles that look alike to places: neighbours are one place, and its position is finer than a tile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gleam.atlas.tiles import Hit
from gleam.geo import Frame, distance_m

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
    other sizes add to its score.
    """

    lat: float
    lon: float
    best: Hit
    row: int
    members: int
    bonus: float = 0.0

    @property
    def score(self) -> float:
        """By which places are ordered: the mean of the similarities over the sizes of tiles."""
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
    best: dict[str, tuple[Hit, int]] = {}
    for row, hits in enumerate(hits_per_query):
        for hit in hits:
            tile, score = hit
            known = best.get(tile.id)
            if known is None or score > known[0][1]:
                best[tile.id] = (hit, row)
    ordered = sorted(best.values(), key=lambda pair: (-pair[0].score, pair[0].tile.id))
    if not ordered:
        return []
    lats = np.array([hit.tile.lat for hit, _ in ordered])
    lons = np.array([hit.tile.lon for hit, _ in ordered])
    reach_m = SAME_PLACE_SHARE * tile_m
    # Geodesics cost; what lies farther north or south than this is farther away, whatever its longitude.
    reach_deg = reach_m / LEAST_M_PER_DEGREE
    free = np.ones(len(ordered), bool)
    places: list[Place] = []
    while free.any() and len(places) < limit:
        first = int(np.argmax(free))
        near = np.flatnonzero(free & (np.abs(lats - lats[first]) <= reach_deg))
        near = near[distance_m(lats[first], lons[first], lats[near], lons[near]) <= reach_m]
        free[near] = False
        members = [ordered[i] for i in near]
        places.append(_place(members, NEIGHBOUR_STRIDES * stride_m if fuse else 0.0))
    return places


def _place(members: Sequence[tuple[Hit, int]], reach_m: float) -> Place:
    """Make a place of overlapping tiles; those of them within reach of the best one move its position."""
    best, row = members[0]
    frame = Frame.at(best.tile.lat, best.tile.lon)
    # Only tiles seen under the same assumed heading support each other.
    together = [hit for hit, r in members if r == row]
    at = np.stack(frame.to_local([h.tile.lat for h in together], [h.tile.lon for h in together]))
    scores = np.array([h.score for h in together])
    weights = np.exp((scores - best.score) / SHARPNESS) * (np.hypot(*at) <= max(reach_m, 1e-3))
    east, north = at @ weights / weights.sum()
    lat, lon = frame.to_wgs84(float(east), float(north))
    return Place(lat, lon, best, row, len(members))
