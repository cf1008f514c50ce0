"""The ground between the tiles of an atlas, put together from their stored pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gleam.atlas import Tile
from gleam.geo import Frame
from gleam.imagery.decode import load_image

_COVERED = 0.999


class Mosaic:
    """Overlapping tiles on one canvas around an anchor; squares are cut from it at any offset.

    Args:
        anchor: The tile in the middle.
        tiles: Tiles around it, the anchor among them.
        pictures: Stored JPEG files by tile id.
        frame: Local metres with the anchor's centre as origin.
        reach_m: Largest offset of a square from the anchor, along each axis.
    """

    def __init__(
        self,
        anchor: Tile,
        tiles: Sequence[Tile],
        pictures: Mapping[str, bytes],
        frame: Frame,
        reach_m: float,
    ) -> None:
        middle = _decoded(pictures[anchor.id])
        side = middle.shape[0]
        self._side = side
        self._pixels_per_m = side / anchor.width_m
        half = round((anchor.width_m / 2 + reach_m) * self._pixels_per_m) + 1
        self._canvas = np.zeros((2 * half, 2 * half, 3), np.uint8)
        self._covered = np.zeros((2 * half, 2 * half), bool)
        for tile in tiles:
            if tile.id != anchor.id:
                self._lay(_decoded(pictures[tile.id]), *frame.to_local(tile.lat, tile.lon))
        # The anchor last, so that in the middle its own pixels stand.
        self._lay(middle, 0.0, 0.0)

    def square(self, east: float, north: float) -> NDArray[np.uint8] | None:
        """Return the (H, W, 3) square so many metres from the anchor; None where ground is missing."""
        size = len(self._canvas)
        top = round((size - self._side) / 2 - north * self._pixels_per_m)
        left = round((size - self._side) / 2 + east * self._pixels_per_m)
        if min(top, left) < 0 or max(top, left) + self._side > size:
            return None
        window = (slice(top, top + self._side), slice(left, left + self._side))
        return self._canvas[window] if self._covered[window].mean() >= _COVERED else None

    def _lay(self, picture: NDArray[np.uint8], east: float, north: float) -> None:
        size, side = len(self._canvas), picture.shape[0]
        top = size // 2 - round(north * self._pixels_per_m) - side // 2
        left = size // 2 + round(east * self._pixels_per_m) - side // 2
        a, b = max(top, 0), min(top + side, size)
        c, d = max(left, 0), min(left + side, size)
        if a < b and c < d:
            self._canvas[a:b, c:d] = picture[a - top : b - top, c - left : d - left]
            self._covered[a:b, c:d] = True


@lru_cache(maxsize=256)
def _decoded(picture: bytes) -> NDArray[np.uint8]:
    """Return a stored picture as pixels that are not to be written to.

    The places of one photo share tiles, and so do photos of one neighbourhood: 28 MB are remembered.
    """
    pixels = load_image(picture)
    pixels.flags.writeable = False
    return pixels
