"""The squares of a source as a list that is counted at once and made on demand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

from gleam.atlas.sources.protocol import Centre
from gleam.imagery.raster_grid import SquareGrid, numbers

_AT_ONCE = 4096


class Centres(Sequence[Centre]):
    """The centres of a grid of squares; an area of 20 km x 20 km takes kilobytes until they are asked for."""

    def __init__(self, grid: SquareGrid) -> None:
        self._grid = grid

    def __len__(self) -> int:
        """Return the number of squares."""
        return len(self._grid)

    @overload
    def __getitem__(self, index: int) -> Centre: ...
    @overload
    def __getitem__(self, index: slice) -> list[Centre]: ...
    def __getitem__(self, index: int | slice) -> Any:
        """Return one centre, or those of a slice as a list."""
        lats, lons, parts = (v.tolist() for v in self._grid.positions(numbers(index, len(self))))
        listed = [Centre(a, o, p) for a, o, p in zip(lats, lons, parts, strict=True)]
        return listed if isinstance(index, slice) else listed[0]

    def __iter__(self) -> Iterator[Centre]:
        """Go through all centres, some thousands at a time."""
        for start in range(0, len(self), _AT_ONCE):
            yield from self[start : start + _AT_ONCE]
