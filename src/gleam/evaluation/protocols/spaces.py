"""How far the ranked answers lie from the truth, in each of the ways that data sets measure it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.evaluation.distances import answer_distances, positions_of
from gleam.evaluation.protocols.outcome import Outcome
from gleam.places.table import Places

EQUATOR_RADIUS_M = 6_378_137.0
"""Radius of the sphere on which DenseUAV measures metres."""


@dataclass(frozen=True)
class Space:
    """A way to measure distances.

    of: from an outcome to distances (Q, K) of the K best answers; NaN where the gallery ends or a
        position is unknown.
    columns: where the table holds the positions.
    """

    name: str
    of: Callable[[Outcome], NDArray[np.float64]]
    columns: tuple[str, str]


def geodesic_m(outcome: Outcome) -> NDArray[np.float64]:
    """Metres on the ellipsoid."""
    return answer_distances(
        outcome.query_positions("lat", "lon"), outcome.gallery_positions("lat", "lon"), outcome.ranking.top
    )


def sphere_m(outcome: Outcome) -> NDArray[np.float64]:
    """Metres on a sphere of the Earth's equatorial radius, by the haversine."""
    truth, found = _pairs(outcome, "lat", "lon")
    lat, lon = np.radians(truth[..., 0]), np.radians(truth[..., 1])
    other_lat, other_lon = np.radians(found[..., 0]), np.radians(found[..., 1])
    haversine = (
        np.sin((lat - other_lat) / 2) ** 2
        + np.cos(lat) * np.cos(other_lat) * np.sin((lon - other_lon) / 2) ** 2
    )
    return np.asarray(2 * EQUATOR_RADIUS_M * np.arcsin(np.sqrt(haversine)))


def degrees(outcome: Outcome) -> NDArray[np.float64]:
    """Length of the difference of coordinates in degrees, as if they were a plane.

    Coordinates are rounded to float32 first, as in the evaluator of DenseUAV: near longitude 120 that
    moves a point by up to 0.4 m, which shows in the third digit of the score.
    """
    truth, found = _pairs(outcome, "lat", "lon")
    gap = found.astype(np.float32) - truth.astype(np.float32)
    return np.asarray(np.sqrt(np.square(gap).sum(axis=-1)), np.float64)


def plane_m(outcome: Outcome) -> NDArray[np.float64]:
    """Metres in the plane of a world that is not on Earth."""
    truth, found = _pairs(outcome, "x_m", "y_m")
    return np.asarray(np.sqrt(np.square(found - truth).sum(axis=-1)))


GEODESIC = Space("metres on the ellipsoid", geodesic_m, ("lat", "lon"))
SPHERE = Space("metres on a sphere of radius 6378137 m", sphere_m, ("lat", "lon"))
DEGREES = Space("degrees of latitude and longitude as a plane, in float32", degrees, ("lat", "lon"))
PLANE = Space("metres in the plane of x_m and y_m", plane_m, ("x_m", "y_m"))


def tie_positions(rows: Places) -> NDArray[np.float64]:
    """Positions (N, 2) by which answers that tie are shown farthest first.

    Those of a plane stand in for latitude and longitude at the scale of a degree per 111,320 m, which
    keeps their order.
    """
    plane = np.stack([rows.column("y_m"), rows.column("x_m")], axis=1) / 111_320
    position = positions_of(rows)
    return np.where(np.isfinite(position), position, plane)


def _pairs(outcome: Outcome, *columns: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates (Q, K, 2) of the truth and of the answers."""
    answers = outcome.ranking.top
    found = outcome.gallery_positions(*columns)[np.maximum(answers, 0)]
    found = np.where(answers[:, :, None] < 0, np.nan, found)
    return np.broadcast_to(outcome.query_positions(*columns)[:, None, :], found.shape), found
