"""Squares that cover a set of web-map tiles, however scattered they lie over the Earth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.sources.tile_index import TileIndex
from gleam.atlas.sources.tile_math import degrees_per_metre, latitude_of, row_of
from gleam.geo import wrap_lon
from gleam.imagery.raster_grid import Runs, SquareGrid, intervals


def cover_tiles(index: TileIndex, z: int, width_m: float, stride_m: float) -> SquareGrid:
    """Return the squares over the tiles of a level: rows from the north down, each from west to east.

    Every block of neighbouring rows of tiles has rows of squares of its own, and in them every stretch of
    neighbouring columns, so that tiles of several towns far apart leave nothing empty between them.
    """
    rows, columns = index.rows(z), index.columns(z)
    world = 2**z
    first_column = index.span(z)[0]
    columns = (columns - first_column) % world
    table: list[tuple[float, float, float, float, int, int]] = []
    for top, bottom in _stretches(np.unique(rows)):
        north, south = latitude_of(z, top), latitude_of(z, bottom + 1)
        # A degree is longest towards the poles: counted there, rows nowhere lie too far apart.
        metre = degrees_per_metre(max(abs(north), abs(south)))[0]
        low, high, count = intervals(south, north, width_m * metre, stride_m * metre)
        for number in reversed(range(count)):
            lat = min(low + number * stride_m * metre, high)
            upper = row_of(lat + 0.45 * width_m * metre, z)
            lower = row_of(lat - 0.45 * width_m * metre, z)
            begin, end = np.searchsorted(rows, [max(upper, top), min(lower, bottom) + 1])
            across = degrees_per_metre(lat)[1]
            for left, right in _stretches(np.unique(columns[begin:end])):
                west, east = ((first_column + c) / world * 360 - 180 for c in (left, right + 1))
                start, last, squares = intervals(west, east, width_m * across, stride_m * across)
                table.append((lat, start, stride_m * across, last, squares, 0))

    def to_earth(
        x: NDArray[np.float64], y: NDArray[np.float64], _: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return y, wrap_lon(x)

    return SquareGrid(Runs.joined(table), to_earth)


def _stretches(numbers: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return (first, last) of each stretch of consecutive numbers among ascending ones."""
    if not numbers.size:
        return []
    breaks = np.flatnonzero(np.diff(numbers) > 1)
    firsts, lasts = np.append(0, breaks + 1), np.append(breaks, numbers.size - 1)
    return [(int(numbers[a]), int(numbers[b])) for a, b in zip(firsts, lasts, strict=True)]
