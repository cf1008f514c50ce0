"""GeoTIFF, Cloud-Optimised GeoTIFF and pictures with a world file as sources of tiles."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.sources.centres import Centres
from gleam.atlas.sources.protocol import Centre, Said, SourceRecord
from gleam.files import sha256_of
from gleam.imagery.raster import GeoRaster


class GeoTiffSource:
    """One georeferenced raster, read window by window, never as a whole.

    Args:
        path: The raster.
        crs: Its coordinate system (any pyproj text) when the file does not say.
        date, licence, origin: Used where the file's own tags are silent.
        record: What is known of it already; spares reading the file through.

    Raises:
        RasterError: The file is missing, not a raster, or has no georeference that can be true.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        crs: str | None = None,
        date: str | None = None,
        licence: str | None = None,
        origin: str | None = None,
        record: SourceRecord | None = None,
    ) -> None:
        self._path, self._crs = Path(path), crs
        self._said = Said(date=date, licence=licence, origin=origin)
        self._raster = GeoRaster.open(path, crs=crs)
        if record is not None:
            self.record = record

    @cached_property
    def record(self) -> SourceRecord:
        """What is known of the raster."""
        raster, said = self._raster, self._said
        return SourceRecord(
            kind="world_file" if raster.told_by_world_file else "geotiff",
            name=self._path.name,
            sha256=sha256_of(self._path),
            size_bytes=self._path.stat().st_size,
            images=1,
            bounds=raster.bounds_wgs84,
            pixel_m=raster.pixel_m,
            date=raster.date or said["date"],
            licence=raster.licence or said["licence"],
            origin=raster.source or said["origin"],
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """How it is read where its own word is not taken; a raster with unreadable parts is refused."""
        return self._raster.notes

    def centres(self, tile_m: float, stride_m: float) -> Centres:
        """Return the centres of a grid covering the raster, flush with its edges."""
        return Centres(self._raster.grid(tile_m, stride_m))

    def read(self, centre: Centre, width_m: float, pixels: int) -> tuple[NDArray[np.uint8], float]:
        """Cut one north-up square; see :class:`~gleam.atlas.sources.protocol.TileSource`."""
        return self._raster.read_square(centre.lat, centre.lon, width_m, pixels)

    def close(self) -> None:
        """Close the raster."""
        self._raster.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return reopen, (GeoTiffSource, self._path, {"crs": self._crs, **self._said, "record": self.record})


def reopen(kind: Any, path: Path, options: dict[str, Any]) -> Any:
    """Open a source again in another process."""
    return kind(path, **options)
