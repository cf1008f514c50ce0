"""The order of tiles in PMTiles: levels one after another, each along a Hilbert curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.sources.tile_index import packed


def tiles_of(numbers: NDArray[np.int64]) -> dict[int, NDArray[np.int64]]:
    """Return the packed columns and rows of tile numbers per zoom.

    The ``pmtiles`` package does the same for one number at a time, too slowly for millions.
    """
    found: dict[int, NDArray[np.int64]] = {}
    first = 0
    for z in range(32):
        inside = numbers[(numbers >= first) & (numbers < first + 4**z)] - first
        if inside.size:
            found[z] = packed(*_along_curve(inside, z))
        first += 4**z
        if first > (int(numbers.max()) if numbers.size else 0):
            break
    return found


def _along_curve(position: NDArray[np.int64], z: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return columns and rows of positions along the Hilbert curve of a level."""
    x, y = np.zeros_like(position), np.zeros_like(position)
    rest = position.copy()
    for bit in range(z):
        side = 1 << bit
        right = (rest >> 1) & 1
        lower = (rest ^ right) & 1
        turned = lower == 0
        mirrored = turned & (right == 1)
        x, y = np.where(mirrored, side - 1 - x, x), np.where(mirrored, side - 1 - y, y)
        x, y = np.where(turned, y, x), np.where(turned, x, y)
        x, y = x + side * right, y + side * lower
        rest >>= 2
    return x, y
