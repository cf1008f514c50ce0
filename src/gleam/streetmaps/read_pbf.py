"""Reading OpenStreetMap files (.osm.pbf, .osm, .osm.bz2): ways and areas that a map shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import shapely

from gleam.errors import GleamError
from gleam.streetmaps.features import Feature, Features
from gleam.streetmaps.tags import area_look, line_look, name_of

Bounds = tuple[float, float, float, float]

_AREA_KEYS = ("building", "landuse", "leisure", "natural", "waterway", "amenity", "highway", "area:highway")
_KEYS = (*_AREA_KEYS, "railway")


def read_osm(path: Path, bounds: Bounds) -> Features:
    """Read the features of an OpenStreetMap file that meet ``bounds`` (west, south, east, north).

    Ways whose points the file lacks, as extracts have them at their border, are left out and counted.
    Raises a ``GleamError`` for a file that is damaged or is none.
    """
    try:
        import osmium
    except ModuleNotFoundError:
        raise GleamError(
            f"{path}: reading OpenStreetMap files needs osmium; install it with `pip install "
            "'gleam-geo[maps]'`, or give the extract as GeoJSON."
        ) from None
    factory = osmium.geom.WKBFactory()
    found: list[Feature] = []
    skipped = 0
    # Areas are put together from the ways of relations and from closed ways; buildings need them.
    try:
        reader = osmium.FileProcessor(str(path)).with_locations()
        reader = reader.with_areas(osmium.filter.KeyFilter(*_AREA_KEYS))
        reader = reader.with_filter(osmium.filter.KeyFilter(*_KEYS))
        for thing in reader:
            try:
                feature = _feature(thing, factory)
            except (osmium.InvalidLocationError, RuntimeError, shapely.errors.GEOSException):
                skipped += 1
                continue
            if feature is not None and _meets(feature.shape, bounds):
                found.append(feature)
    except RuntimeError as error:
        raise GleamError(f"{path} cannot be read as an OpenStreetMap file: {error}.") from None
    return Features(found, path.name, skipped)


def _feature(thing: Any, factory: Any) -> Feature | None:
    if thing.is_area():
        tags = dict(thing.tags)
        look = area_look(tags)
        shape = shapely.from_wkb(factory.create_multipolygon(thing)) if look else None
    elif thing.is_way():
        tags = dict(thing.tags)
        look = line_look(tags)
        if look is not None and tags.get("area") == "yes":
            return None
        shape = shapely.from_wkb(factory.create_linestring(thing)) if look else None
    else:
        return None
    return Feature(shape, look, name_of(tags)) if look is not None else None


def _meets(shape: Any, bounds: Bounds) -> bool:
    west, south, east, north = shape.bounds
    return bool(west <= bounds[2] and east >= bounds[0] and south <= bounds[3] and north >= bounds[1])
