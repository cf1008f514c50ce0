"""Reading GeoJSON of OpenStreetMap features, as osmtogeojson, Overpass or ogr2ogr write it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import shape as shape_of

from gleam.errors import GleamError
from gleam.files import read_json
from gleam.streetmaps.features import Feature, Features
from gleam.streetmaps.tags import Look, area_look, line_look, name_of

LARGEST_BYTES = 2_000_000_000
"""GeoJSON is read as a whole; larger areas come as .osm.pbf."""
_HSTORE = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')
_WGS84 = ("CRS84", "EPSG::4326", "EPSG:4326", "WGS84", "WGS 84")


def read_geojson(path: Path, bounds: tuple[float, float, float, float]) -> Features:
    """Read the features of a GeoJSON file that meet ``bounds`` (west, south, east, north).

    Tags are the properties themselves, those in a ``tags`` object, or those in the text ``other_tags`` of
    GDAL. Features without a usable geometry are left out and counted. Raises a ``GleamError`` naming file
    and feature.
    """
    if path.stat().st_size > LARGEST_BYTES:
        raise GleamError(f"{path} is larger than {LARGEST_BYTES / 1e9:g} GB; give the extract as .osm.pbf.")
    try:
        document = read_json(path)
    except RecursionError:
        raise GleamError(f"{path} is no GeoJSON FeatureCollection: it is nested too deeply.") from None
    listed = document.get("features") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise GleamError(f"{path} is no GeoJSON FeatureCollection: it has no list of features.")
    told = document.get("crs")
    if told is not None and not any(name in str(told) for name in _WGS84):
        raise GleamError(
            f"{path}: its coordinates are {told}; GeoJSON has WGS84 degrees (ogr2ogr -t_srs EPSG:4326)."
        )
    found: list[Feature] = []
    skipped = 0
    box = shapely.box(*bounds)
    for number, entry in enumerate(listed):
        if not isinstance(entry, dict) or not isinstance(entry.get("properties") or {}, dict):
            raise GleamError(f"{path}: feature {number} is not a GeoJSON feature with properties.")
        tags = _tags(entry.get("properties") or {})
        for outline, look in _shapes(entry.get("geometry"), tags):
            if outline is None:
                skipped += 1
                continue
            _refuse_metres(outline, path, number)
            if shapely.box(*outline.bounds).intersects(box):
                found.append(Feature(outline, look, name_of(tags)))
    return Features(found, path.name, skipped)


def _shapes(geometry: Any, tags: dict[str, str]) -> Iterator[tuple[Any, Look]]:
    """Yield the parts of a geometry that are drawn; None for one that cannot be used."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind == "GeometryCollection":
        for part in geometry.get("geometries") or []:
            yield from _shapes(part, tags)
        return
    line = kind in ("LineString", "MultiLineString")
    look = line_look(tags) if line else area_look(tags) if kind in ("Polygon", "MultiPolygon") else None
    if look is None or (line and tags.get("area") == "yes"):
        return
    try:
        outline = shape_of(geometry)
        if not line and not outline.is_valid:
            outline = shapely.make_valid(outline)
        usable = not outline.is_empty and shapely.get_num_coordinates(outline) > 1
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, shapely.errors.ShapelyError):
        usable = False
    yield (outline if usable else None), look


def _tags(properties: dict[str, Any]) -> dict[str, str]:
    tags = {str(key): str(value) for key, value in properties.items() if isinstance(value, str | int | float)}
    nested = properties.get("tags")
    if isinstance(nested, dict):
        tags |= {str(key): str(value) for key, value in nested.items()}
    for key, value in _HSTORE.findall(tags.pop("other_tags", "")):
        tags.setdefault(re.sub(r"\\(.)", r"\1", key), re.sub(r"\\(.)", r"\1", value))
    return tags


def _refuse_metres(outline: Any, path: Path, number: int) -> None:
    west, south, east, north = outline.bounds
    if not (west >= -180.001 and east <= 180.001 and south >= -90.001 and north <= 90.001):
        raise GleamError(
            f"{path}: feature {number} reaches ({west:g}, {south:g}), which is not in degrees; GeoJSON has "
            "WGS84 longitude and latitude (ogr2ogr -t_srs EPSG:4326)."
        )
