"""Locating the photos of a set in each of its ways, and what came out in numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from gleam.encoder import Encoder
from gleam.geo import Circle, distance_m
from gleam.locating import Answer, Locator, Status
from real.geosets import GeoSet, Query, Way, displaced

WITHIN_M = (10, 25, 50, 100)
WRONG_M = 100.0
"""A located answer further off than this is confidently wrong; in imagery smaller than that, see below."""
DISPLACED_SHARE = 0.5
"""The centre of a circle lies up to this share of its radius from the truth, which so is always inside."""


def locate_set(found: GeoSet, encoder: Encoder, seed: int) -> dict[str, Any]:
    """Return the figures of a set: what its atlas holds, and each way of asking."""
    locator, described = Locator(encoder, found.atlas), found.atlas.describe()
    wrong_m = min(WRONG_M, found.atlas.tile_m)
    return {
        "view": found.view.value,
        "photos": len(found.queries),
        "tiles": len(found.atlas),
        "tile_m": found.atlas.tile_m,
        "stride_m": found.atlas.stride_m,
        "skipped": described["skipped"],
        "size_m": extent_m(found),
        "wrong_m": wrong_m,
        "chance_median_m": chance_median_m(found),
        "ways": {way.name: locate_way(locator, found, way, wrong_m, seed) for way in found.ways},
    }


def locate_way(locator: Locator, found: GeoSet, way: Way, wrong_m: float, seed: int) -> dict[str, Any]:
    """Locate every photo of a set in one way and sum up. Photos without an answer count as misses."""
    errors, seconds, claimed_wrong, among = [], [], 0, 0
    statuses = dict.fromkeys((s.value for s in Status), 0)
    for number, query in enumerate(found.queries):
        answer = ask(locator, found, query, way, np.random.default_rng([seed, number]))
        statuses[answer.status.value] += 1
        seconds.append(answer.timing_s["total"])
        if query.lat is None or query.lon is None:
            claimed_wrong += answer.status is Status.LOCATED
            continue
        error = np.inf
        if answer.lat is not None and answer.lon is not None:
            error = distance_m(query.lat, query.lon, answer.lat, answer.lon)
        errors.append(error)
        claimed_wrong += answer.status is Status.LOCATED and error > wrong_m
        among += any(distance_m(query.lat, query.lon, c.lat, c.lon) <= wrong_m / 2 for c in answer.candidates)
    return {
        **error_figures(errors),
        "among_candidates": among if errors else None,
        "status": statuses,
        "confident_wrong": int(claimed_wrong),
        "median_s": round(float(np.median(seconds)), 3),
    }


def ask(locator: Locator, found: GeoSet, query: Query, way: Way, rng: np.random.Generator) -> Answer:
    """Locate one photo; refuse to go on should a position have come from its file."""
    near = None
    if way.prior_m is not None and query.lat is not None and query.lon is not None:
        centre = displaced(query.lat, query.lon, DISPLACED_SHARE * way.prior_m, rng)
        near = Circle(*centre, way.prior_m)
    pose = query.always if query.always is not None or not way.camera else query.camera
    from_file = not isinstance(query.photo, np.ndarray)
    answer = locator.locate(
        query.photo,
        found.view,
        # A file tells its camera itself, so that what is known of such metadata (a reversed yaw) applies.
        pose=None if from_file else pose,
        near=near,
        use_metadata=way.camera,
        use_exif=False,
    )
    if answer.prior != near or any("GPSL" in name for name in answer.metadata):
        raise RuntimeError("A position in the photo's metadata was used; the figures would mean nothing.")
    return answer


def error_figures(errors: list[float]) -> dict[str, Any]:
    """Return median and 90th percentile in metres, and how many lie within each distance."""
    if not errors:
        return {"median_m": None, "p90_m": None, "within": None}
    array = np.array(errors)
    low, high = (float(np.quantile(array, q, method="inverted_cdf")) for q in (0.5, 0.9))
    return {
        "median_m": round(low, 1) if np.isfinite(low) else None,
        "p90_m": round(high, 1) if np.isfinite(high) else None,
        "within": {str(m): int((array <= m).sum()) for m in WITHIN_M},
    }


def extent_m(found: GeoSet) -> list[float]:
    """Return width and height of the box around all imagery, in metres."""
    west, south, east, north = found.atlas.bounds
    return [round(distance_m(south, west, south, east)), round(distance_m(south, west, north, west))]


def chance_median_m(found: GeoSet) -> float | None:
    """Return the median error of answering with any tile at random."""
    tiles = list(found.atlas.store.tiles())
    lats, lons = np.array([t.lat for t in tiles]), np.array([t.lon for t in tiles])
    errors = [
        distance_m(q.lat, q.lon, lats, lons) for q in found.queries if q.lat is not None and q.lon is not None
    ]
    return round(float(np.median(np.concatenate(errors))), 1) if errors else None
