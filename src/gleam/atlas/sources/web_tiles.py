"""Web-map tiles, whatever they are kept in, as a source of tiles that are north-up and to scale.

Web Mercator stretches the ground by 1 / cos(latitude). Squares are cut by their true size in metres.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.sources.centres import Centres
from gleam.atlas.sources.geotiff import reopen
from gleam.atlas.sources.protocol import Centre, Said, SourceRecord
from gleam.atlas.sources.tile_decode import TileDecoder
from gleam.atlas.sources.tile_grid import cover_tiles
from gleam.atlas.sources.tile_index import TileIndex
from gleam.atlas.sources.tile_math import EARTH_M, MAX_LAT, mercator_share
from gleam.errors import AtlasError
from gleam.geo import check_lat_lon, wrap_lon
from gleam.imagery.raster_chunks import Chunks, Key, Patch, halved
from gleam.imagery.raster_sample import cut_square

_MAX_HALVINGS = 8


class TileArchive(Protocol):
    """Where web-map tiles are kept. Rows count from the north (XYZ), whatever the archive itself does."""

    kind: str
    name: str
    index: TileIndex
    date: str | None
    licence: str | None
    origin: str | None

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what was taken for granted."""

    def get(self, z: int, x: int, y: int) -> bytes | None:
        """Return the bytes of a tile, or None when there is none."""

    def where(self, z: int, x: int, y: int) -> str:
        """Return how a tile is called in messages."""

    def content(self) -> tuple[str, int]:
        """Return the SHA-256 of the content and its size in bytes."""

    def close(self) -> None:
        """Let go of open files."""


class WebTilesSource:
    """Imagery kept as web-map tiles: an XYZ or TMS folder, MBTiles, PMTiles.

    The finest level says what ground is covered. Squares are read from the coarsest level that still is
    as fine as they are. Missing and transparent ground is no data, and so are tiles that cannot be
    decoded; of those :attr:`warnings` tells.

    Args:
        path: The archive.
        open_archive: Opens it.
        date, licence, origin: Used where the archive is silent.
        record: What is known of it already; spares reading the archive through.

    Raises:
        AtlasError: The archive is damaged, empty, or holds no pictures; the message names it.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        open_archive: Callable[..., TileArchive],
        *,
        tms: bool | None = None,
        date: str | None = None,
        licence: str | None = None,
        origin: str | None = None,
        record: SourceRecord | None = None,
    ) -> None:
        self._path, self._opener, self._tms = Path(path), open_archive, tms
        self._said = Said(date=date, licence=licence, origin=origin)
        self._archive = open_archive(self._path, tms=tms)
        self._index = self._archive.index
        self._finest = self._index.zooms[-1]
        self._decoder = TileDecoder(self._archive.get, self._archive.where)
        self._side = self._decoder.learn_side(self._index.sample(self._finest))
        self._chunks = Chunks(self._side, self._load)
        if record is not None:
            self.record = record

    @cached_property
    def record(self) -> SourceRecord:
        """What is known of the tiles."""
        sha256, size = self._archive.content()
        west, south, east, north = self._index.bounds(self._finest)
        middle = math.radians((south + north) / 2)
        return SourceRecord(
            kind=self._archive.kind,
            name=self._archive.name,
            sha256=sha256,
            size_bytes=size,
            images=len(self._index),
            bounds=(west, south, east, north),
            pixel_m=EARTH_M * math.cos(middle) / (self._side * 2**self._finest),
            date=self._archive.date or self._said["date"],
            licence=self._archive.licence or self._said["licence"],
            origin=self._archive.origin or self._said["origin"],
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was taken for granted, a handful of tiles that could not be decoded, and their number."""
        return (*self._archive.notes, *self._decoder.warnings)

    def centres(self, tile_m: float, stride_m: float) -> Centres:
        """Return the centres of squares covering the tiles of the finest level, from the north down."""
        if not (tile_m > 0 and stride_m > 0):
            raise AtlasError(f"Squares of {tile_m:g} m every {stride_m:g} m are impossible.")
        return Centres(cover_tiles(self._index, self._finest, tile_m, stride_m))

    def read(self, centre: Centre, width_m: float, pixels: int) -> tuple[NDArray[np.uint8], float]:
        """Cut one north-up square; see :class:`~gleam.atlas.sources.protocol.TileSource`."""
        check_lat_lon(centre.lat, centre.lon, self._archive.name)
        ground = _Levels(self._chunks, self._side * 2**self._finest, self._finest, centre.lon)
        return cut_square(ground, centre.lat, centre.lon, width_m, pixels)

    def close(self) -> None:
        """Close the archive."""
        self._chunks.close()
        self._archive.close()

    def __reduce__(self) -> tuple[Any, ...]:
        options = {"open_archive": self._opener, "tms": self._tms, **self._said, "record": self.record}
        return reopen, (WebTilesSource, self._path, options)

    def _load(self, key: Key) -> Patch | None:
        """Return the tile at a number of halvings from the finest level, or make it of the four below it."""
        level, x, y = key
        z = self._finest - level
        if z < 0 or not 0 <= y < 2**z:
            return None
        x %= 2**z
        if z in self._index.zooms:
            return self._decoder.decode(z, x, y, self._side) if self._index.has(z, x, y) else None
        four = [self._chunks.get((level - 1, 2 * x + i, 2 * y + j)) for j in (0, 1) for i in (0, 1)]
        if all(patch is None for patch in four):
            return None
        nothing = Patch(
            np.zeros((self._side, self._side, 3), np.uint8), np.zeros((self._side, self._side), bool)
        )
        a, b, c, d = (patch if patch is not None else nothing for patch in four)
        pixels = np.concatenate(
            [np.concatenate([a.pixels, b.pixels], 1), np.concatenate([c.pixels, d.pixels], 1)]
        )
        known = np.concatenate([np.concatenate([a.known, b.known], 1), np.concatenate([c.known, d.known], 1)])
        return halved(Patch(pixels, known))


class _Levels:
    """Web-map tiles as the sampler sees them, around one longitude."""

    def __init__(self, chunks: Chunks, world: int, finest: int, lon: float) -> None:
        self._world = world
        self._lon = lon
        self.window = chunks.window
        self.last_level = min(finest, _MAX_HALVINGS)

    def pixels_of(
        self, lats: NDArray[np.float64], lons: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        # Columns run on over the antimeridian; the tiles there are found by their number modulo the world.
        columns = (self._lon + wrap_lon(lons - self._lon) + 180) / 360 * self._world
        rows = mercator_share(lats) * self._world
        return columns, np.where(np.abs(lats) > MAX_LAT, np.nan, rows)

    def extent(self, level: int) -> tuple[int, int, int, int]:
        world = self._world // 2**level
        return -world, 0, 2 * world, world
