"""Compiled geometry of the facts."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

SAMPLE_M = 2.0
"""Shares of ground are counted on a grid of points this far apart."""

Floats = NDArray[np.float64]


@njit(cache=True)
def gather(
    start: NDArray[np.int64],
    items: NDArray[np.int32],
    nx: int,
    ny: int,
    cell_m: float,
    bounds: tuple[float, float, float, float],
) -> NDArray[np.int32]:
    """Return the items of all cells that meet the box (x0, y0, x1, y1), ascending, each once."""
    x0, y0, x1, y1 = bounds
    i0, i1 = max(0, math.floor(x0 / cell_m)), min(nx - 1, math.floor(x1 / cell_m))
    j0, j1 = max(0, math.floor(y0 / cell_m)), min(ny - 1, math.floor(y1 / cell_m))
    total = 0
    for j in range(j0, j1 + 1):
        if i1 >= i0:
            total += start[j * nx + i1 + 1] - start[j * nx + i0]
    found = np.empty(total, np.int32)
    n = 0
    for j in range(j0, j1 + 1):
        if i1 < i0:
            continue
        for q in range(start[j * nx + i0], start[j * nx + i1 + 1]):
            found[n] = items[q]
            n += 1
    found.sort()
    kept = 0
    for k in range(n):
        if k == 0 or found[k] != found[k - 1]:
            found[kept] = found[k]
            kept += 1
    return found[:kept]


@njit(cache=True)
def covered_share(x: float, y: float, half_m: float, boxes: Floats, circles: Floats) -> tuple[float, float]:
    """Return the shares of a square's sample points inside any box and inside any circle.

    boxes: rows (x, y, cos, sin, hx, hy); circles: rows (x, y, radius).
    """
    n = max(1, round(2 * half_m / SAMPLE_M))
    step = 2 * half_m / n
    west, south = x - half_m, y - half_m
    hit = np.zeros((n, n), np.uint8)
    for k in range(boxes.shape[0]):
        bx, by, c, s, hx, hy = boxes[k]
        ax, ay = abs(c) * hx + abs(s) * hy, abs(s) * hx + abs(c) * hy
        for j in range(_first(by - ay, south, step), _last(by + ay, south, step, n) + 1):
            dy = south + (j + 0.5) * step - by
            for i in range(_first(bx - ax, west, step), _last(bx + ax, west, step, n) + 1):
                dx = west + (i + 0.5) * step - bx
                if abs(dx * c + dy * s) <= hx and abs(dy * c - dx * s) <= hy:
                    hit[j, i] |= 1
    for k in range(circles.shape[0]):
        cx, cy, r = circles[k]
        for j in range(_first(cy - r, south, step), _last(cy + r, south, step, n) + 1):
            dy = south + (j + 0.5) * step - cy
            for i in range(_first(cx - r, west, step), _last(cx + r, west, step, n) + 1):
                dx = west + (i + 0.5) * step - cx
                if dx * dx + dy * dy <= r * r:
                    hit[j, i] |= 2
    in_box = in_circle = 0
    for j in range(n):
        for i in range(n):
            in_box += hit[j, i] & 1
            in_circle += hit[j, i] >> 1
    return in_box / (n * n), in_circle / (n * n)


@njit(cache=True)
def _first(edge: float, origin: float, step: float) -> int:
    return max(0, math.floor((edge - origin) / step - 0.5))


@njit(cache=True)
def _last(edge: float, origin: float, step: float, n: int) -> int:
    return min(n - 1, math.ceil((edge - origin) / step - 0.5))


@njit(cache=True)
def clip_lines(
    lines: Floats, bounds: tuple[float, float, float, float], pad: Floats, x: float, y: float
) -> Floats:
    """Clip segments (x0, y0, x1, y1) to the box (x0, y0, x1, y1), grown by one pad each.

    Returns rows (x0, y0, x1, y1, length) relative to (x, y); length -1 where nothing is inside.
    """
    out = np.empty((lines.shape[0], 5))
    for k in range(lines.shape[0]):
        ax, ay = lines[k, 0], lines[k, 1]
        ex, ey = lines[k, 2] - ax, lines[k, 3] - ay
        t0, t1 = 0.0, 1.0
        for d, p, low, high in ((ex, ax, bounds[0], bounds[2]), (ey, ay, bounds[1], bounds[3])):
            low, high = low - pad[k] - p, high + pad[k] - p
            if abs(d) < 1e-12:
                if low > 0 or high < 0:
                    t1 = -1.0
            else:
                t0, t1 = max(t0, min(low / d, high / d)), min(t1, max(low / d, high / d))
        out[k, 0], out[k, 1] = ax + t0 * ex - x, ay + t0 * ey - y
        out[k, 2], out[k, 3] = ax + t1 * ex - x, ay + t1 * ey - y
        out[k, 4] = (t1 - t0) * math.hypot(ex, ey) if t1 >= t0 else -1.0
    return out


@njit(cache=True)
def nearest_on(line: Floats) -> tuple[float, float]:
    """Return the point nearest to the origin on a segment (x0, y0, x1, y1)."""
    ex, ey = line[2] - line[0], line[3] - line[1]
    squared = ex * ex + ey * ey
    t = 0.0
    if squared > 0:
        t = min(1.0, max(0.0, -(line[0] * ex + line[1] * ey) / squared))
    return line[0] + t * ex, line[1] + t * ey
