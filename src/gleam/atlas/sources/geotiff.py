"""GeoTIFF and Cloud-Optimised GeoTIFF as a source of tiles."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.sources.protocol import Centre, SourceRecord
from gleam.files import sha256_of
from gleam.imagery.raster import GeoRaster


class GeoTiffSource:
    """One georeferenced raster, read window by window, never as a whole.

    Args:
        path: The raster.
        crs: Its coordinate system (any pyproj text) when the file does not say.
        date, licence, origin: Used where the file's own tags are silent.

    Raises:
        RasterError: The file is missing, not a raster, or has no georeference.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        crs: str | None = None,
        date: str | None = None,
        licence: str | None = None,
        origin: str | None = None,
    ) -> None:
        self._raster = GeoRaster.open(path, crs=crs) if crs else GeoRaster.open(path)
        file = Path(path)
        self._record = SourceRecord(
            kind="geotiff",
            name=file.name,
            sha256=sha256_of(file),
            size_bytes=file.stat().st_size,
            images=1,
            bounds=self._raster.bounds_wgs84,
            pixel_m=self._raster.pixel_m,
            date=self._raster.date or date,
            licence=self._raster.licence or licence,
            origin=self._raster.source or origin,
        )

    @property
    def record(self) -> SourceRecord:
        """What is known of the raster."""
        return self._record

    def centres(self, tile_m: float, stride_m: float) -> list[Centre]:
        """Return the centres of a grid covering the raster, flush with its edges."""
        return [Centre(float(lat), float(lon)) for lat, lon in self._raster.grid(tile_m, stride_m)]

    def read(self, centre: Centre, width_m: float, pixels: int) -> tuple[NDArray[np.uint8], float]:
        """Cut one north-up square; see :class:`~gleam.atlas.sources.protocol.TileSource`."""
        return self._raster.read_square(centre.lat, centre.lon, width_m, pixels)

    def close(self) -> None:
        """Close the raster."""
        self._raster.close()
