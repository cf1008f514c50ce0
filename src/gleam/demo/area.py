"""The held-out part of the city as a georeferenced raster of its own, and as a picture for the map."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from gleam.demo.findings import Overview
from gleam.errors import GleamError
from gleam.files import atomic_write

MARGIN_M = 84.0
"""Kept around the held-out places: half a tile and some, less than the gap between the parts."""


def held_out_west_m(city: dict[str, Any], train: str = "train") -> float:
    """Return where the held-out part begins, in metres from the city's western border.

    Everything east of it lies beyond the gap after the training part.

    Raises:
        GleamError: The city is not divided into parts.
    """
    after = [strip["west_m"] for strip in city["strips"] if strip["split"] not in (None, train)]
    if not after:
        raise GleamError("This city is too small to be divided into a training and a held-out part.")
    return float(max(min(after) - MARGIN_M, 0.0))


def cut_area(raster: Path, west_m: float, out: Path) -> None:
    """Write the part of a raster east of ``west_m`` (metres from its western edge) as a GeoTIFF."""
    with rasterio.open(raster) as source:
        column = min(round(west_m / source.res[0]), source.width - 1)
        window = Window(column, 0, source.width - column, source.height)
        profile = {
            "driver": "GTiff",
            "height": source.height,
            "width": source.width - column,
            "count": source.count,
            "dtype": source.dtypes[0],
            "crs": source.crs,
            "transform": source.window_transform(window),
            "tiled": True,
            "blockxsize": 256,
            "blockysize": 256,
            "compress": "deflate",
        }
        with atomic_write(out) as temporary, rasterio.open(temporary, "w", **profile) as target:
            target.update_tags(**{k: v for k, v in source.tags().items() if k.startswith("GLEAM_")})
            # Row blocks keep memory small, whatever the size of the city.
            for top in range(0, source.height, 512):
                rows = min(512, source.height - top)
                block = source.read(window=Window(column, top, source.width - column, rows))
                target.write(block, window=Window(0, top, source.width - column, rows))


def overview(raster: str | os.PathLike[str], longest_px: int = 1400) -> Overview:
    """Return a raster as one picture, reduced so that its longer side has at most ``longest_px``."""
    with rasterio.open(raster) as source:
        shrink = max(1.0, max(source.height, source.width) / longest_px)
        height, width = round(source.height / shrink), round(source.width / shrink)
        bands = source.read([1, 2, 3], out_shape=(3, height, width), resampling=Resampling.average)
        bounds = transform_bounds(source.crs, "EPSG:4326", *source.bounds)
        metres = source.width * source.res[0]
    return Overview(np.ascontiguousarray(np.moveaxis(bands, 0, -1)), bounds, float(metres))
