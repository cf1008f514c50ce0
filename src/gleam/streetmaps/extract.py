"""Which kind of OpenStreetMap extract a file is."""

from __future__ import annotations

import os
from pathlib import Path

from gleam.errors import GleamError
from gleam.streetmaps.features import Features

LICENCE = "ODbL-1.0"
ATTRIBUTION = "© OpenStreetMap contributors"
"""What every map drawn from OpenStreetMap data must say: https://www.openstreetmap.org/copyright."""

OSM_SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.bz2", ".osm.gz")
GEOJSON_SUFFIXES = (".geojson", ".json")


def read_extract(path: str | os.PathLike[str], bounds: tuple[float, float, float, float]) -> Features:
    """Read the features of an extract (.osm.pbf, .osm or GeoJSON) that meet ``bounds``.

    bounds: west, south, east, north in degrees. Raises a ``GleamError`` for a missing file, another kind,
    a damaged file, and for one that shows nothing there.
    """
    file = Path(path)
    if not file.is_file():
        raise GleamError(f"{file} does not exist; give an extract: .osm.pbf or .geojson.")
    name = file.name.lower()
    if name.endswith(OSM_SUFFIXES):
        from gleam.streetmaps.read_pbf import read_osm

        features = read_osm(file, bounds)
    elif name.endswith(GEOJSON_SUFFIXES):
        from gleam.streetmaps.read_geojson import read_geojson

        features = read_geojson(file, bounds)
    else:
        raise GleamError(
            f"{file} is of no known kind; give one of {', '.join((*OSM_SUFFIXES, *GEOJSON_SUFFIXES))}."
        )
    if not len(features):
        west, south, east, north = bounds
        raise GleamError(
            f"{file} has no road, building, water or green inside longitude {west:.5f} to {east:.5f}, "
            f"latitude {south:.5f} to {north:.5f}, where the imagery lies; is it an extract of another area?"
        )
    return features
