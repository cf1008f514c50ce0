"""Decoded pieces of imagery, kept in one small memory for the whole process.

Neighbouring squares overlap, so the same blocks of a raster and the same web-map tiles are asked for
again and again. All open sources share one bounded pool: many rasters cost no more memory than one.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

POOL_BYTES = 96 * 1024 * 1024
"""Enough for the pieces under several rows of squares; more gains nothing measurable."""

Key: TypeAlias = tuple[int, int, int]
"""Level (number of halvings), column and row of a piece."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A piece of a picture. pixels: (H, W, 3) uint8. known: (H, W) bool, false where there is no data."""

    pixels: NDArray[np.uint8]
    known: NDArray[np.bool_]

    @property
    def size_bytes(self) -> int:
        """Memory it takes."""
        return int(self.pixels.nbytes + self.known.nbytes)


class _Pool:
    """Pieces of all owners, the least recently used dropped first."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.used_bytes = 0
        self._kept: OrderedDict[tuple[int, Key], Patch | None] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, owner: int, key: Key) -> tuple[bool, Patch | None]:
        with self._lock:
            if (owner, key) not in self._kept:
                return False, None
            self._kept.move_to_end((owner, key))
            return True, self._kept[owner, key]

    def keep(self, owner: int, key: Key, patch: Patch | None) -> None:
        with self._lock:
            self._drop((owner, key))
            self._kept[owner, key] = patch
            self.used_bytes += _cost(patch)
            while self.used_bytes > self.limit_bytes and len(self._kept) > 1:
                self._drop(next(iter(self._kept)))

    def forget(self, owner: int) -> None:
        with self._lock:
            for entry in [e for e in self._kept if e[0] == owner]:
                self._drop(entry)

    def _drop(self, entry: tuple[int, Key]) -> None:
        if entry in self._kept:
            self.used_bytes -= _cost(self._kept.pop(entry))


def _cost(patch: Patch | None) -> int:
    # A known absence is remembered too, and must not be free: there may be millions.
    return 256 + (patch.size_bytes if patch is not None else 0)


POOL = _Pool(POOL_BYTES)
_OWNERS = itertools.count()


class Chunks:
    """The pieces of one picture: square, ``side`` pixels wide, halved once per level.

    Args:
        side: Width and height of a whole piece in pixels.
        load: Returns a piece by its key, or None where there is none. Pieces at the right and lower
            edge may be smaller than ``side``.
    """

    def __init__(self, side: int, load: Callable[[Key], Patch | None]) -> None:
        self.side = side
        self._load = load
        self._owner = next(_OWNERS)

    def get(self, key: Key) -> Patch | None:
        """Return a piece, from memory when it is there."""
        found, patch = POOL.find(self._owner, key)
        if not found:
            patch = self._load(key)
            POOL.keep(self._owner, key, patch)
        return patch

    def window(self, level: int, left: int, top: int, right: int, bottom: int) -> Patch:
        """Return the pixels from (left, top) up to, but without, (right, bottom) of a level."""
        height, width = bottom - top, right - left
        pixels = np.zeros((height, width, 3), np.uint8)
        known = np.zeros((height, width), bool)
        side = self.side
        for row in range(top // side, -(-bottom // side)):
            for column in range(left // side, -(-right // side)):
                patch = self.get((level, column, row))
                if patch is None:
                    continue
                x, y = column * side, row * side
                x0, x1 = max(left, x), min(right, x + patch.known.shape[1])
                y0, y1 = max(top, y), min(bottom, y + patch.known.shape[0])
                if x0 < x1 and y0 < y1:
                    into = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
                    source = np.s_[y0 - y : y1 - y, x0 - x : x1 - x]
                    pixels[into] = patch.pixels[source]
                    known[into] = patch.known[source]
        return Patch(pixels, known)

    def close(self) -> None:
        """Forget the pieces of this picture."""
        POOL.forget(self._owner)


def halved(patch: Patch) -> Patch:
    """Return a piece of even size at half of it: the mean of what is known in each 2 x 2 block."""
    weights = patch.known.astype(np.uint16)
    colours = patch.pixels * weights[..., None].astype(np.uint16)
    total = sum(colours[i::2, j::2] for i in (0, 1) for j in (0, 1))
    count = sum(weights[i::2, j::2] for i in (0, 1) for j in (0, 1))
    divisor = np.maximum(count, 1)[..., None]
    return Patch(((total + divisor // 2) // divisor).astype(np.uint8), np.asarray(count >= 2))
