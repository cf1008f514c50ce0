"""A one-metre raster of what the ground is taken by, so that nothing is built on a road or in a river."""

from __future__ import annotations

import math
from enum import IntFlag

import numpy as np
from numba import njit
from numpy.typing import NDArray

Raster = NDArray[np.uint8]


class Taken(IntFlag):
    """What a square metre is taken by. The bits add up."""

    ROAD = 1
    SIDEWALK = 2
    WATER = 4
    """Water with its banks."""
    RAIL = 8
    BUILDING = 16
    AREA = 32
    """A pitch, pool, car park, pond or driveway."""
    WET = 64
    """Open water alone."""


WALL_SLACK_M = 0.7
"""Half a cell's diagonal: houses wall to wall share the cells along the wall."""


class Occupancy:
    """The raster of a city of ``width_m`` x ``height_m``; everything outside counts as taken."""

    def __init__(self, width_m: float, height_m: float) -> None:
        self.raster: Raster = np.zeros((math.ceil(height_m), math.ceil(width_m)), np.uint8)

    def mark_line(self, x: NDArray[np.float64], y: NDArray[np.float64], half_width: float, bit: int) -> None:
        """Mark a polyline with round ends."""
        mark_polyline(self.raster, x, y, half_width, bit)

    def mark_street(
        self, x: NDArray[np.float64], y: NDArray[np.float64], road_half: float, whole_half: float
    ) -> None:
        """Mark a road and, where it is wider, the road with its pavements."""
        if whole_half > road_half:
            mark_polyline(self.raster, x, y, whole_half, int(Taken.SIDEWALK), road_half, int(Taken.ROAD))
        else:
            mark_polyline(self.raster, x, y, road_half, int(Taken.ROAD))

    def mark_rectangle(
        self, x: float, y: float, cos: float, sin: float, hx: float, hy: float, bit: int
    ) -> None:
        """Mark a turned rectangle given by centre, axis and half sides."""
        mark_rectangle(self.raster, x, y, cos, sin, hx, hy, bit)

    def meets(self, x: float, y: float, cos: float, sin: float, hx: float, hy: float, bits: int) -> bool:
        """Tell whether a turned rectangle touches anything in ``bits`` or leaves the city."""
        return bool(rectangle_meets(self.raster, x, y, cos, sin, hx, hy, bits))

    def at(self, x: float, y: float) -> int:
        """Return the bits at one point, 0 outside."""
        i, j = math.floor(x), math.floor(y)
        height, width = self.raster.shape
        return int(self.raster[j, i]) if 0 <= i < width and 0 <= j < height else 0

    def at_points(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> Raster:
        """Return the bits at many points, 0 outside."""
        i, j = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
        height, width = self.raster.shape
        within = (i >= 0) & (j >= 0) & (i < width) & (j < height)
        found = self.raster[np.clip(j, 0, height - 1), np.clip(i, 0, width - 1)]
        result: Raster = np.where(within, found, 0).astype(np.uint8)
        return result


@njit(cache=True)
def mark_rectangle(
    raster: Raster, x: float, y: float, c: float, s: float, hx: float, hy: float, bit: int
) -> None:
    """Set ``bit`` in every cell whose centre lies in the turned rectangle."""
    height, width = raster.shape
    ax, ay = abs(c) * hx + abs(s) * hy, abs(s) * hx + abs(c) * hy
    for j in range(max(0, int(y - ay)), min(height, int(y + ay) + 2)):
        for i in range(max(0, int(x - ax)), min(width, int(x + ax) + 2)):
            dx, dy = i + 0.5 - x, j + 0.5 - y
            if abs(dx * c + dy * s) <= hx and abs(dy * c - dx * s) <= hy:
                raster[j, i] |= bit


@njit(cache=True)
def rectangle_meets(
    raster: Raster, x: float, y: float, c: float, s: float, hx: float, hy: float, bits: int
) -> bool:
    """Tell whether points of the rectangle under a metre apart meet ``bits`` or lie outside."""
    height, width = raster.shape
    nx, ny = int(hx * 2) + 2, int(hy * 2) + 2
    for a in range(nx + 1):
        lx = -hx + 2 * hx * a / nx
        for b in range(ny + 1):
            ly = -hy + 2 * hy * b / ny
            i = math.floor(x + lx * c - ly * s)
            j = math.floor(y + lx * s + ly * c)
            if i < 0 or j < 0 or i >= width or j >= height:
                return True
            if raster[j, i] & bits:
                return True
    return False


@njit(cache=True)
def largest_fit(
    raster: Raster, x: float, y: float, c: float, s: float, hx: float, hy: float, bits: int, wall_bits: int
) -> float:
    """Return the largest factor down to 0.75 at which the rectangle is free, or 0.

    Things in ``wall_bits`` may be touched wall to wall, which on the raster means some slack.
    """
    for scale in (1.0, 0.95, 0.9, 0.84, 0.75):
        sx, sy = hx * scale, hy * scale
        if rectangle_meets(raster, x, y, c, s, sx, sy, bits):
            continue
        inner_x, inner_y = max(0.5, sx - WALL_SLACK_M), max(0.5, sy - WALL_SLACK_M)
        if not rectangle_meets(raster, x, y, c, s, inner_x, inner_y, wall_bits):
            return scale
    return 0.0


@njit(cache=True)
def mark_polyline(
    raster: Raster,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    half_width: float,
    bit: int,
    inner_half_width: float = -1.0,
    inner_bit: int = 0,
) -> None:
    """Set ``bit`` in every cell whose centre is within ``half_width`` of the polyline.

    ``inner_bit`` is set as well within the smaller ``inner_half_width``.
    """
    inner_squared = inner_half_width * inner_half_width if inner_half_width > 0 else -1.0
    height, width = raster.shape
    for k in range(len(x) - 1):
        x0, y0, x1, y1 = x[k], y[k], x[k + 1], y[k + 1]
        ex, ey = x1 - x0, y1 - y0
        squared = ex * ex + ey * ey + 1e-9
        j0 = max(0, math.floor(min(y0, y1) - half_width))
        j1 = min(height, math.floor(max(y0, y1) + half_width) + 2)
        i0 = max(0, math.floor(min(x0, x1) - half_width))
        i1 = min(width, math.floor(max(x0, x1) + half_width) + 2)
        for j in range(j0, j1):
            for i in range(i0, i1):
                px, py = i + 0.5 - x0, j + 0.5 - y0
                t = min(1.0, max(0.0, (px * ex + py * ey) / squared))
                dx, dy = px - t * ex, py - t * ey
                off = dx * dx + dy * dy
                if off <= half_width * half_width:
                    raster[j, i] |= bit
                    if off <= inner_squared:
                        raster[j, i] |= inner_bit


@njit(cache=True)
def fill_polygon(
    raster: NDArray[np.uint16], cell_m: float, x: NDArray[np.float64], y: NDArray[np.float64], value: int
) -> None:
    """Set every cell whose centre lies in a simple polygon, row by row."""
    height, width = raster.shape
    n = len(x)
    crossings = np.empty(n)
    j0 = max(0, math.floor(y.min() / cell_m))
    j1 = min(height, math.floor(y.max() / cell_m) + 1)
    for j in range(j0, j1):
        row_y = (j + 0.5) * cell_m
        count = 0
        k = n - 1
        for m in range(n):
            if (y[m] > row_y) != (y[k] > row_y):
                crossings[count] = x[m] + (x[k] - x[m]) * (row_y - y[m]) / (y[k] - y[m])
                count += 1
            k = m
        ordered = np.sort(crossings[:count])
        for q in range(0, count - 1, 2):
            # Cell i is inside when crossing < (i + 0.5) * cell <= next crossing.
            i0 = max(0, math.ceil(ordered[q] / cell_m - 0.5))
            i1 = min(width - 1, math.floor(ordered[q + 1] / cell_m - 0.5))
            for i in range(i0, i1 + 1):
                raster[j, i] = value
