"""Web-map tiles drawn from the atlas's own imagery, so that the map needs nothing from elsewhere."""

from __future__ import annotations

import io
import math
import threading
from collections import OrderedDict
from collections.abc import Sequence

import mercantile
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gleam.atlas import Atlas
from gleam.atlas.embedding import THUMBNAIL_PIXELS
from gleam.web.imagery import GivenImagery
from gleam.web.thumbnails import Thumbnails

TILE_PIXELS = 256
MOST_ZOOM = 22
_EQUATOR_M = 2 * math.pi * 6378137.0
_CACHE_BYTES = 64 * 2**20


class Basemap:
    """Draws and remembers tiles; may be asked by several threads.

    Args:
        atlas: Whose thumbnails are drawn.
        imagery: The imagery itself, where the operator gave it; drawn instead of the thumbnails.
    """

    def __init__(self, atlas: Atlas, imagery: GivenImagery | None = None) -> None:
        self._atlas = atlas
        self._thumbnails = Thumbnails(atlas)
        self._imagery = imagery
        self._lock = threading.Lock()
        self._cache: OrderedDict[tuple[str, int, int, int], bytes | None] = OrderedDict()
        self._cached_bytes = 0

    @property
    def zooms(self) -> tuple[int, int]:
        """(lowest, highest) zoom with detail of its own."""
        west, south, east, north = self._atlas.bounds
        latitude = math.radians((south + north) / 2)
        finest = min(self._atlas.tile_sizes_m) / THUMBNAIL_PIXELS
        if self._imagery is not None:
            finest = min(finest, self._imagery.pixel_m)
        ground_m = _EQUATOR_M * math.cos(latitude) / TILE_PIXELS
        highest = math.ceil(math.log2(ground_m / finest))
        span = max((east - west) % 360 or 360.0, 2 * (north - south))
        lowest = math.floor(math.log2(360.0 / span)) - 1
        return max(0, min(lowest, MOST_ZOOM)), max(0, min(highest, MOST_ZOOM))

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        """Return a tile as PNG, transparent where there is no imagery, or None where there is none at all."""
        key = (self._atlas.fingerprint, z, x, y)
        with self._lock:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
        drawn = self._draw(z, x, y)
        with self._lock:
            if key not in self._cache:
                self._cache[key] = drawn
                self._cached_bytes += len(drawn or b"")
            while self._cached_bytes > _CACHE_BYTES:
                _, oldest = self._cache.popitem(last=False)
                self._cached_bytes -= len(oldest or b"")
        return drawn

    def _draw(self, z: int, x: int, y: int) -> bytes | None:
        if not touches(self._atlas.bounds, z, x, y):
            return None
        canvas: NDArray[np.uint8] | None = None
        if self._imagery is not None:
            canvas = self._imagery.draw(z, x, y, TILE_PIXELS)
        if canvas is None:
            canvas = self._thumbnails.draw(z, x, y, TILE_PIXELS)
        if canvas is None:
            return None
        buffer = io.BytesIO()
        Image.fromarray(canvas).save(buffer, "PNG", compress_level=3)
        return buffer.getvalue()


def touches(bounds: Sequence[float], z: int, x: int, y: int) -> bool:
    """Tell whether a tile meets (west, south, east, north), which may cross the antimeridian."""
    west, south, east, north = bounds
    tile = mercantile.bounds(x, y, z)
    if tile.north < south or tile.south > north:
        return False
    pieces = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    return any(tile.east >= a and tile.west <= b for a, b in pieces)
