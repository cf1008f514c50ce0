"""The ground between the tiles of an atlas, put together from their stored pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gleam.atlas import Tile
from gleam.atlas.embedding import THUMBNAIL_PIXELS

Around = Sequence[tuple[Tile, tuple[float, float]]]
"""Tiles with the metres (east, north) of their centres from that of an anchor."""
_SIDE = THUMBNAIL_PIXELS
_COVERED = 0.999


@dataclass(frozen=True, slots=True)
class Piece:
    """A tile whose picture begins ``top`` and ``left`` pixels from the corner of a square."""

    tile: Tile
    top: int
    left: int

    def fits(self, block: int) -> bool:
        """Whether blocks of so many pixels of its picture are blocks of the square too."""
        return self.top % block == 0 and self.left % block == 0

    def window(self, block: int = 1) -> tuple[slice, slice]:
        """The part of the square that it covers, in blocks of pixels."""
        return _part(self.top, block), _part(self.left, block)

    def used(self, block: int = 1) -> tuple[slice, slice]:
        """The part of its picture that lies in the square, in blocks of pixels."""
        return _part(-self.top, block), _part(-self.left, block)


def pieces_of(width_m: float, around: Around, east: float, north: float) -> list[Piece] | None:
    """Return the tiles that a square is put together from, the nearest to its centre first.

    Args:
        width_m: Ground width of the tiles and of the square.
        around: Tiles near the anchor, itself among them.
        east: Metres from the anchor's centre to that of the square.
        north: Likewise.

    Returns:
        As few tiles as cover the square; None where ground is missing.
    """
    scale = _SIDE / width_m
    laid = [
        Piece(tile, round((north - y) * scale), round((x - east) * scale))
        for tile, (x, y) in sorted(
            around, key=lambda t: (_away(t[1], east, north), _away(t[1], 0, 0), t[0].id)
        )
    ]
    needed = _needed(tuple((piece.top, piece.left) for piece in laid))
    return None if needed is None else [laid[n] for n in needed]


@lru_cache(maxsize=4096)
def _needed(corners: tuple[tuple[int, int], ...]) -> tuple[int, ...] | None:
    """Return which of the pictures with these corners cover a square, taken in turn; None if all do not.

    On one grid the same few arrangements come back for every tile.
    """
    covered = np.zeros((_SIDE, _SIDE), bool)
    needed = []
    for number, (top, left) in enumerate(corners):
        window = covered[_part(top), _part(left)]
        if not window.all():
            window[:] = True
            needed.append(number)
            if covered.all():
                break
    return tuple(needed) if covered.mean() >= _COVERED else None


def put_together(
    pieces: Sequence[Piece], pictures: Mapping[str, NDArray[np.uint8]], block: int = 1
) -> NDArray[np.uint8]:
    """Return the (H, W, 3) square of its pieces, given their pictures by tile id; the first lies on top.

    block: the pictures' pixels are the means of blocks of so many, along each side; every piece must fit.
    """
    square = np.zeros((_SIDE // block, _SIDE // block, 3), np.uint8)
    for piece in reversed(pieces):
        square[piece.window(block)] = pictures[piece.tile.id][piece.used(block)]
    return square


def _part(begin: int, block: int = 1) -> slice:
    return slice(min(max(begin, 0), _SIDE) // block, max(min(begin + _SIDE, _SIDE), 0) // block)


def _away(at: tuple[float, float], east: float, north: float) -> float:
    # In decimetres: rounding must not decide which of two equally near tiles comes first.
    return round(10 * max(abs(at[0] - east), abs(at[1] - north)))
