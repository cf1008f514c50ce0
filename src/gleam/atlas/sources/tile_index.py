"""Which tiles an archive holds: 8 bytes per tile, whatever their number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import mercantile
import numpy as np
from numpy.typing import NDArray

from gleam.errors import AtlasError

MAX_ZOOM = 28
"""At zoom 28 a tile of 256 pixels is 15 cm wide; deeper levels come from damaged archives only."""
_SHIFT = 32


def packed(x: NDArray[np.int64], y: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return columns and rows of tiles as one number each, ordered by row."""
    return (y << _SHIFT) | x


class TileIndex:
    """The tiles of an archive, rows counted from the north.

    Args:
        tiles: For each zoom the packed numbers of its tiles, in any order.
        name: The archive, for messages.

    Raises:
        AtlasError: There is no tile, or one lies outside its level.
    """

    def __init__(self, tiles: Mapping[int, NDArray[np.int64]], name: str) -> None:
        self._tiles = {z: np.unique(tiles[z]) for z in sorted(tiles) if len(tiles[z])}
        if not self._tiles:
            raise AtlasError(f"{name} holds no tile; give imagery tiles named by zoom, column and row.")
        for z, numbers in self._tiles.items():
            if not 0 <= z <= MAX_ZOOM:
                raise AtlasError(f"{name} holds a tile of zoom {z}; zooms run from 0 to {MAX_ZOOM}.")
            x, y = numbers & 0xFFFFFFFF, numbers >> _SHIFT
            outside = (x >= 2**z) | (y < 0) | (y >= 2**z)
            if outside.any():
                at = int(np.flatnonzero(outside)[0])
                raise AtlasError(
                    f"{name} holds tile {z}/{x[at]}/{y[at]}, but columns and rows of zoom {z} run from 0 to "
                    f"{2**z - 1}; it is not a set of web-map tiles."
                )

    @property
    def zooms(self) -> tuple[int, ...]:
        """The levels that hold tiles, coarsest first."""
        return tuple(self._tiles)

    def __len__(self) -> int:
        """Return the number of tiles of all levels."""
        return sum(len(numbers) for numbers in self._tiles.values())

    def has(self, z: int, x: int, y: int) -> bool:
        """Tell whether a tile is there."""
        numbers = self._tiles.get(z)
        if numbers is None:
            return False
        number = (y << _SHIFT) | x
        at = int(np.searchsorted(numbers, number))
        return at < len(numbers) and int(numbers[at]) == number

    def columns(self, z: int) -> NDArray[np.int64]:
        """Return the columns of the tiles of a level, in the order of :meth:`rows`."""
        return np.asarray(self._tiles[z] & 0xFFFFFFFF)

    def rows(self, z: int) -> NDArray[np.int64]:
        """Return the rows of the tiles of a level, ascending."""
        return np.asarray(self._tiles[z] >> _SHIFT)

    def sample(self, z: int, count: int = 5) -> list[tuple[int, int, int]]:
        """Return some tiles (z, x, y) spread over a level."""
        numbers = self._tiles[z]
        chosen = numbers[np.unique(np.linspace(0, len(numbers) - 1, count).astype(int))]
        return [(z, int(n & 0xFFFFFFFF), int(n >> _SHIFT)) for n in chosen]

    def span(self, z: int) -> tuple[int, int, int, int]:
        """Return (first column, first row, last column, last row) of a level.

        The last column is at or beyond the world's last one when the shorter way around crosses the
        antimeridian.
        """
        rows, columns, world = self.rows(z), np.unique(self.columns(z)), 2**z
        gaps = np.diff(np.append(columns, columns[0] + world))
        # Without a wider gap elsewhere the cut is at the antimeridian, also all around the world.
        widest = int(np.argmax(gaps)) if gaps.max() > gaps[-1] else len(gaps) - 1
        first = int(columns[(widest + 1) % len(columns)])
        last = int(columns[widest])
        return first, int(rows[0]), last if last >= first else last + world, int(rows[-1])

    def bounds(self, z: int) -> tuple[float, float, float, float]:
        """Return (west, south, east, north) of a level in degrees; west > east across the antimeridian."""
        x0, y0, x1, y1 = self.span(z)
        upper = mercantile.bounds(x0, y0, z)
        lower = mercantile.bounds(x1 % 2**z, y1, z)
        return upper.west, lower.south, lower.east, upper.north

    def flipped(self) -> dict[int, NDArray[np.int64]]:
        """Return the tiles with their rows counted from the other side."""
        return {z: packed(self.columns(z), 2**z - 1 - self.rows(z)) for z in self.zooms}


def from_triples(triples: Iterable[tuple[int, int, int]]) -> dict[int, NDArray[np.int64]]:
    """Return packed tiles per zoom of (z, x, y)."""
    lists: dict[int, list[int]] = {}
    for z, x, y in triples:
        lists.setdefault(z, []).append((y << _SHIFT) | x)
    return {z: np.array(numbers, np.int64) for z, numbers in lists.items()}
