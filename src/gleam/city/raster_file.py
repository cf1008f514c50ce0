"""Writing a big picture of the city as a georeferenced raster, strip by strip."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import ColorInterp, Resampling
from rasterio.io import MemoryFile
from rasterio.transform import Affine

from gleam.files import atomic_write
from gleam.geo import Frame

BLOCK = 256
"""Side of the internal tiles of a raster in pixels."""

JPEG_QUALITY = 92
_SMALLEST_OVERVIEW = 256


def transform_of(frame: Frame, top_m: float, m_per_px: float, left_m: float = 0.0) -> Affine:
    """Return the transform of a north-up grid whose upper left corner is local (left_m, top_m)."""
    return Affine(m_per_px, 0.0, frame.east0_m + left_m, 0.0, -m_per_px, frame.north0_m + top_m)


def write_geotiff(
    path: Path,
    strips: Iterable[NDArray[np.uint8]],
    *,
    size: tuple[int, int],
    frame: Frame,
    top_m: float,
    m_per_px: float,
    tags: dict[str, str],
) -> None:
    """Write strips (rows, width, 3), from north to south, as a tiled JPEG-compressed GeoTIFF.

    size: (height, width) of the whole in pixels; every strip but the last has a multiple of ``BLOCK``
    rows. The file has overviews and the given tags, and appears whole or not at all: it is put
    together in memory, since GDAL does not tell of a full disk reliably.
    """
    height, width = size
    profile = {
        "driver": "GTiff",
        "height": height,
        "width": width,
        "count": 3,
        "dtype": "uint8",
        "crs": f"EPSG:{frame.epsg}",
        "transform": transform_of(frame, top_m, m_per_px),
        "tiled": True,
        "blockxsize": BLOCK,
        "blockysize": BLOCK,
        "compress": "JPEG",
        "photometric": "YCBCR",
        "jpeg_quality": JPEG_QUALITY,
        "bigtiff": "IF_SAFER",
    }
    with MemoryFile() as memory:
        with memory.open(**profile) as raster:
            raster.colorinterp = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
            raster.update_tags(**tags)
            row = 0
            for strip in strips:
                window = rasterio.windows.Window(0, row, width, len(strip))
                raster.write(np.moveaxis(strip, 2, 0), window=window)
                row += len(strip)
        factors = [2**k for k in range(1, 16) if min(height, width) / 2**k >= _SMALLEST_OVERVIEW / 2]
        if factors:
            with (
                rasterio.Env(JPEG_QUALITY_OVERVIEW=JPEG_QUALITY, PHOTOMETRIC_OVERVIEW="YCBCR"),
                rasterio.open(memory.name, "r+") as raster,
            ):
                raster.build_overviews(factors, Resampling.average)
        with atomic_write(path) as temporary:
            temporary.write_bytes(memory.getbuffer())
