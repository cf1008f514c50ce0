"""GeoJSON (RFC 7946): the position as a point, the 95 % circle as a polygon, the alternatives as points."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from gleam.files import write_json
from gleam.geo import offset, wrap_lon
from gleam.locating.answer import Answer

CIRCLE_POINTS = 64
_DECIMALS = 7
"""About a centimetre; more would pretend."""


def to_geojson(answers: Iterable[Answer]) -> dict[str, Any]:
    """Return a FeatureCollection of the answers, longitude before latitude.

    Each answer with a position gives a feature of role ``best``, one of role ``region95`` when a radius is
    known, and one of role ``alternative`` per further candidate. An answer without a position gives one
    feature of role ``none`` without geometry, so that no photo is lost.
    """
    features: list[dict[str, Any]] = []
    for answer in answers:
        features += _features(answer)
    return {"type": "FeatureCollection", "features": features}


def write_geojson(path: str | os.PathLike[str], answers: Iterable[Answer]) -> None:
    """Write the answers as a GeoJSON file, atomically."""
    write_json(path, to_geojson(answers))


def circle_ring(lat: float, lon: float, radius_m: float, points: int = CIRCLE_POINTS) -> list[list[float]]:
    """Return a closed counter-clockwise ring of [lon, lat] at a geodesic distance from a point.

    Longitudes run on past 180 degrees when the circle crosses the antimeridian, so that the ring stays
    one piece.
    """
    angle = np.arange(points) * (2 * math.pi / points)
    lats, lons = offset(lat, lon, radius_m * np.cos(angle), radius_m * np.sin(angle))
    around = lon + wrap_lon(lons - lon)
    ring = [
        [round(float(x), _DECIMALS), round(float(y), _DECIMALS)] for x, y in zip(around, lats, strict=True)
    ]
    return [*ring, list(ring[0])]


def _features(answer: Answer) -> list[dict[str, Any]]:
    about = {
        "photo": answer.photo,
        "view": answer.view,
        "status": answer.status.value,
        "probability": answer.probability,
        "within_m": answer.calibration.within_m if answer.calibration else None,
        "calibration": answer.calibration.name if answer.calibration else None,
        "radius95_m": answer.radius95_m,
        "heading_deg": answer.heading_deg,
        "notes": list(answer.notes),
    }
    if answer.lat is None or answer.lon is None:
        return [_feature("none", None, about)]
    out = [_feature("best", _point(answer.lat, answer.lon), about)]
    if answer.radius95_m is not None:
        ring = circle_ring(answer.lat, answer.lon, answer.radius95_m)
        kept = {"photo": answer.photo, "radius95_m": answer.radius95_m, "radius95_from": answer.radius95_from}
        out.append(_feature("region95", {"type": "Polygon", "coordinates": [ring]}, kept))
    for other in answer.candidates[1:]:
        kept = {"photo": answer.photo, "rank": other.rank, "score": other.score, "tile": other.tile}
        out.append(_feature("alternative", _point(other.lat, other.lon), kept))
    return out


def _feature(role: str, geometry: dict[str, Any] | None, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": {"role": role, **properties}}


def _point(lat: float, lon: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [round(lon, _DECIMALS), round(lat, _DECIMALS)]}
