"""Where squares are cut so that they cover an area: a list that is counted at once and made on demand."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from gleam.geo import LatLon

Floats: TypeAlias = NDArray[np.float64]
ToEarth: TypeAlias = Callable[[Floats, Floats, NDArray[np.int64]], tuple[Floats, Floats]]
"""From x, y and part of positions to their latitudes and longitudes."""

_TOUCH = 0.45
"""A square belongs to a grid when its inner nine tenths touch the area."""
_AT_ONCE = 4096


@dataclass(frozen=True)
class Runs:
    """Rows of equally spaced positions, one array item per row, in whatever plane the grid is laid out.

    y: of all positions of a row. first, step, last: position i has x = min(first + i * step, last).
    count: positions in a row. part: a number that all of them carry.
    """

    y: Floats
    first: Floats
    step: Floats
    last: Floats
    count: NDArray[np.int64]
    part: NDArray[np.int64]

    @classmethod
    def joined(cls, rows: Sequence[tuple[float, float, float, float, int, int]]) -> Runs:
        """Return the runs of rows (y, first, step, last, count, part)."""
        table = np.array(rows, float).reshape(-1, 6)
        y, first, step, last = (table[:, i] for i in range(4))
        return cls(y, first, step, last, table[:, 4].astype(np.int64), table[:, 5].astype(np.int64))


class SquareGrid(Sequence[LatLon]):
    """The centres (lat, lon) of squares that cover an area, in an order that never changes.

    Only the rows are held, so that a grid of millions costs kilobytes.
    """

    def __init__(self, runs: Runs, to_earth: ToEarth) -> None:
        self._runs = runs
        self._to_earth = to_earth
        self._ends = np.cumsum(runs.count)

    def __len__(self) -> int:
        """Return the number of squares."""
        return int(self._ends[-1]) if self._ends.size else 0

    def positions(self, indices: NDArray[np.int64]) -> tuple[Floats, Floats, NDArray[np.int64]]:
        """Return latitudes, longitudes and parts of squares by their numbers."""
        runs = self._runs
        row = np.searchsorted(self._ends, indices, side="right")
        within = indices - (self._ends[row] - runs.count[row])
        x = np.minimum(runs.first[row] + within * runs.step[row], runs.last[row])
        lat, lon = self._to_earth(x, runs.y[row], runs.part[row])
        return lat, lon, runs.part[row]

    @overload
    def __getitem__(self, index: int) -> LatLon: ...
    @overload
    def __getitem__(self, index: slice) -> list[LatLon]: ...
    def __getitem__(self, index: int | slice) -> Any:
        """Return one centre, or those of a slice as a list."""
        lat, lon, _ = self.positions(numbers(index, len(self)))
        listed = list(zip(lat.tolist(), lon.tolist(), strict=True))
        return listed if isinstance(index, slice) else listed[0]

    def __iter__(self) -> Iterator[LatLon]:
        """Go through all centres, some thousands at a time."""
        for start in range(0, len(self), _AT_ONCE):
            yield from self[start : start + _AT_ONCE]


def numbers(index: int | slice, length: int) -> NDArray[np.int64]:
    """Return the item numbers that an index or a slice stands for; raise IndexError as lists do."""
    if isinstance(index, slice):
        return np.arange(*index.indices(length), dtype=np.int64)
    at = index + length if index < 0 else index
    if not 0 <= at < length:
        raise IndexError(f"there is no square {index}; the grid has {length}")
    return np.array([at], np.int64)


def intervals(low: float, high: float, width: float, stride: float) -> tuple[float, float, int]:
    """Return (first, last, count) of the centres of intervals that cover low..high.

    Neighbours lie ``stride`` apart, the last one closer, flush with the end; one in the middle when
    ``width`` does not fit.
    """
    room = high - low - width
    if room <= 0:
        return (low + high) / 2, (low + high) / 2, 1
    return low + width / 2, high - width / 2, math.ceil(room / stride - 1e-6) + 1


def cover_outline(xs: Floats, ys: Floats, width: float, stride: float) -> Runs:
    """Return the rows of squares, from the north down, that cover a closed outline given in metres.

    Columns stand at the same x in all rows. Only squares that touch the area are listed; where the
    outline is not convex a few that do not may be among them.
    """
    first, last, count = intervals(float(xs.min()), float(xs.max()), width, stride)
    bottom, top, rows = intervals(float(ys.min()), float(ys.max()), width, stride)
    y = np.minimum(bottom + np.arange(rows) * stride, top)[::-1]
    low, high = _reach(xs, ys, y - _TOUCH * width, y + _TOUCH * width)
    begin = np.ceil((low - _TOUCH * width - first) / stride).clip(0, count - 1)
    # The last column stands closer than a stride, so that it is asked for by itself.
    end = np.floor((high + _TOUCH * width - first) / stride).clip(0, count - 2 if count > 1 else 0)
    end = np.where(high + _TOUCH * width >= last, count - 1, end)
    number = (end - begin + 1).clip(0).astype(np.int64)
    number[~np.isfinite(low)] = 0
    held = number > 0
    size = int(held.sum())
    return Runs(
        y[held],
        first + begin[held] * stride,
        np.full(size, float(stride)),
        np.full(size, last),
        number[held],
        np.zeros(size, np.int64),
    )


def _reach(xs: Floats, ys: Floats, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """Return the least and greatest x of an outline inside each band lower..upper; inf, -inf if none."""
    x0, y0 = xs, ys
    x1, y1 = np.roll(xs, -1), np.roll(ys, -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        a = (lower[:, None] - y0) / (y1 - y0)
        b = (upper[:, None] - y0) / (y1 - y0)
    level = y0 == y1
    a, b = np.where(level, 0.0, a), np.where(level, 1.0, b)
    start, end = np.minimum(a, b).clip(0, 1), np.maximum(a, b).clip(0, 1)
    meets = (np.maximum(y0, y1) >= lower[:, None]) & (np.minimum(y0, y1) <= upper[:, None])
    ends = np.stack([x0 + start * (x1 - x0), x0 + end * (x1 - x0)])
    low = np.where(meets, ends.min(0), np.inf).min(1)
    high = np.where(meets, ends.max(0), -np.inf).max(1)
    return low, high
