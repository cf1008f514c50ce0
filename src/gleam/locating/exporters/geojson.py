"""GeoJSON (RFC 7946): the position as a point, the 95 % region as a polygon, the alternatives as points."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from gleam.files import write_json
from gleam.geo import LatLon
from gleam.locating.answer import Answer
from gleam.locating.batch import Failure
from gleam.locating.exporters.claims import degrees, longitude, place_of, sigma_m
from gleam.locating.exporters.rings import region_rings


def to_geojson(answers: Iterable[Answer], failures: Iterable[Failure] = ()) -> dict[str, Any]:
    """Return a FeatureCollection of the answers, longitude before latitude.

    Each answer that claims a place gives a feature of role ``best``, one of role ``region95`` when that
    is known, one of role ``camera`` for the aircraft of a drone's photo, and one of role ``alternative``
    per further candidate. An answer that claims none gives one of role ``none`` and a failure one of
    role ``failed``, both without geometry, so that no photo is lost.
    """
    features: list[dict[str, Any]] = []
    for answer in answers:
        features += _features(answer)
    for failure in failures:
        features.append(_feature("failed", None, {"photo": failure.photo, "error": failure.error}))
    return {"type": "FeatureCollection", "features": features}


def write_geojson(
    path: str | os.PathLike[str], answers: Iterable[Answer], failures: Iterable[Failure] = ()
) -> None:
    """Write the answers as a GeoJSON file, atomically."""
    write_json(path, to_geojson(answers, failures))


def _features(answer: Answer) -> list[dict[str, Any]]:
    sigma = sigma_m(answer)
    about = {
        "photo": answer.photo,
        "view": answer.view,
        "status": answer.status.value,
        "probability": answer.probability,
        "probability_here": answer.probability_here,
        "within_m": answer.calibration.within_m if answer.calibration else None,
        "calibration": answer.calibration.name if answer.calibration else None,
        "radius95_m": answer.radius95_m,
        "sigma_m": None if sigma is None else round(sigma, 2),
        "heading_deg": answer.heading_deg,
        "taken": answer.taken,
        "notes": list(answer.notes),
    }
    place = place_of(answer)
    if place is None:
        silent = dict.fromkeys(("radius95_m", "sigma_m", "heading_deg"))
        return [_feature("none", None, about | silent)]
    short = {"photo": answer.photo, "status": answer.status.value}
    out = [_feature("best", _point(place), about)]
    rings = region_rings(answer)
    if rings:
        kept = {**short, "radius95_m": answer.radius95_m, "radius95_from": answer.radius95_from}
        out.append(_feature("region95", _area(rings), kept))
    if answer.camera_lat is not None and answer.camera_lon is not None:
        out.append(_feature("camera", _point((answer.camera_lat, answer.camera_lon)), short))
    for other in answer.candidates[1:]:
        kept = {**short, "rank": other.rank, "score": other.score, "tile": other.tile}
        out.append(_feature("alternative", _point((other.lat, other.lon)), kept))
    return out


def _area(rings: list[list[list[float]]]) -> dict[str, Any]:
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": rings}
    return {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]}


def _feature(role: str, geometry: dict[str, Any] | None, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": {"role": role, **properties}}


def _point(place: LatLon) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [longitude(place[1]), degrees(place[0])]}
