"""The ground that holds the position: an ellipse from the surface of scores, sized by calibration.

Its shape comes from the answer at hand, from its :class:`~gleam.locating.searching.surface.Surface`; its
size comes from answers whose truth was known. For each of those the distance of the truth is measured in
units of its own ellipse; the scale is the quantile of these distances that makes the next one lie inside
with the stated chance (split conformal prediction: Papadopoulos et al. 2002; Lei et al. 2018). It holds
for new photos as far as they are like those.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import ConvexHull

from gleam.errors import GleamError
from gleam.geo import Frame, LatLon, distance_m, offset

SHARE = 0.95
CORNERS = 32
GAUSS_95 = math.sqrt(-2 * math.log(1 - SHARE))
"""Scale of the ellipse that would hold 95 % if the error were Gaussian with just this covariance: 2.448."""

Covariance = tuple[float, float, float]
"""(east-east, east-north, north-north) in square metres."""


def ellipse_ring(
    lat: float, lon: float, covariance: Covariance, scale: float, corners: int = CORNERS
) -> tuple[tuple[float, float], ...]:
    """Return the open ring of (lat, lon) at ``scale`` standard deviations, counter-clockwise.

    The ring is laid around the ellipse, so that it holds all of it.

    Raises:
        GleamError: The covariance is not positive definite.
    """
    root = _root(covariance)
    angle = np.arange(corners) * (2 * math.pi / corners)
    reach = scale / math.cos(math.pi / corners)
    east, north = root @ np.stack([np.cos(angle), np.sin(angle)]) * reach
    lats, lons = offset(np.full(corners, lat), np.full(corners, lon), east, north)
    return tuple(zip(lats.tolist(), lons.tolist(), strict=True))


def rings_around(places: Sequence[LatLon], radius_m: float) -> tuple[tuple[LatLon, ...], ...]:
    """Return rings around all ground within a distance of some places, the first place's ring first.

    Circles that overlap become one ring, their convex hull, so that no two rings share ground.
    """
    groups: list[list[LatLon]] = []
    for place in places:
        near = [group for group in groups if any(distance_m(*place, *at) <= 2 * radius_m for at in group)]
        joined = [*(at for group in near for at in group), place]
        # What it joins takes the seat of the first of them, so that the first place stays first.
        groups = [joined if near and group is near[0] else group for group in groups if group not in near[1:]]
        groups += [] if near else [joined]
    return tuple(_hull(group, radius_m) for group in groups)


def _hull(places: Sequence[LatLon], radius_m: float) -> tuple[LatLon, ...]:
    """Return the convex ring around circles."""
    frame = Frame.at(*places[0])
    rims = [ellipse_ring(*place, (1.0, 0.0, 1.0), radius_m) for place in places]
    corners = np.stack(frame.to_local(*np.concatenate(rims).T), axis=1)
    lats, lons = frame.to_wgs84(*corners[ConvexHull(corners).vertices].T)
    return tuple(zip(lats.tolist(), lons.tolist(), strict=True))


def ellipse_distance(east: ArrayLike, north: ArrayLike, covariance: Covariance) -> NDArray[np.float64]:
    """Return how many standard deviations of a covariance offsets in metres are (Mahalanobis)."""
    away = np.stack(np.broadcast_arrays(np.asarray(east, float), np.asarray(north, float)))
    flat = np.linalg.solve(_root(covariance), away.reshape(2, -1))
    return np.asarray(np.hypot(*flat).reshape(away.shape[1:]))


def conformal_scale(distances: ArrayLike, share: float = SHARE) -> float:
    """Return the scale that holds the next truth with a chance of at least ``share``.

    The ``ceil((n + 1) share)``-th smallest of n distances; infinite when n is too small for that.

    Raises:
        GleamError: A distance is negative or not a number.
    """
    ordered = np.sort(np.asarray(distances, np.float64))
    if ordered.ndim != 1 or not (ordered >= 0).all():
        raise GleamError("Distances must be numbers from 0 upwards; at least one is not.")
    rank = math.ceil((len(ordered) + 1) * share - 1e-9)
    return float(ordered[rank - 1]) if rank <= len(ordered) else math.inf


def sigma_covariance(covariance: Covariance, scale: float) -> Covariance:
    """Return the covariance of the Gaussian whose 95 % ellipse is the ellipse at ``scale``."""
    factor = (scale / GAUSS_95) ** 2
    east, both, north = (float(v * factor) for v in covariance)
    return east, both, north


def rings_contain(rings: Sequence[Sequence[LatLon]], lat: float, lon: float) -> bool:
    """Tell whether a position lies inside one of several convex rings, or on its edge."""
    return any(ring_contains(ring, lat, lon) for ring in rings)


def ring_contains(ring: Sequence[tuple[float, float]], lat: float, lon: float) -> bool:
    """Tell whether a position lies inside a convex ring of (lat, lon), or on its edge."""
    if len(ring) < 3:
        return False
    lats, lons = np.array(ring).T
    x, y = (lons - lon + 180.0) % 360.0 - 180.0, lats - lat
    turn = x * np.roll(y, -1) - np.roll(x, -1) * y
    return bool((turn >= 0).all() or (turn <= 0).all())


def _root(covariance: Covariance) -> NDArray[np.float64]:
    matrix = np.array([covariance[:2], covariance[1:]])
    try:
        if not np.isfinite(matrix).all():
            raise np.linalg.LinAlgError
        return np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        raise GleamError(f"{covariance} is not a covariance in square metres.") from None
