"""From pixels somewhere on the Earth to a square of ground, true north up and to scale."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gleam.geo import offset
from gleam.imagery.raster_chunks import Patch

Floats: TypeAlias = NDArray[np.float64]

_CELLS = 8
"""Between 9 x 9 exact positions the rest are interpolated; over a 20 km tile that errs by 0.2 m."""
_MAX_WINDOW = 36_000_000
"""Pixels of the source held for one square; more only happens where the picture is torn by its projection."""
_NOWHERE = -1e12


class Ground(Protocol):
    """A picture of the Earth at several levels, each half as fine as the one before it."""

    def pixels_of(self, lats: Floats, lons: Floats) -> tuple[Floats, Floats]:
        """Return columns and rows at level 0 (0, 0 = outer corner); not finite where there are none."""

    @property
    def last_level(self) -> int:
        """The coarsest level there is."""

    def window(self, level: int, left: int, top: int, right: int, bottom: int) -> Patch:
        """Return the pixels from (left, top) up to, but without, (right, bottom) of a level."""

    def extent(self, level: int) -> tuple[int, int, int, int]:
        """Return (left, top, right, bottom) outside of which a level has no pixels."""


def cut_square(
    ground: Ground, lat: float, lon: float, width_m: float, pixels: int
) -> tuple[NDArray[np.uint8], float]:
    """Cut the square of ``width_m`` around a point out of a picture of the Earth.

    Returns the (pixels, pixels, 3) uint8 square and the share of it that shows anything; the rest has
    the mean colour of what is shown (black when there is nothing).
    """
    columns, rows = _positions(ground, lat, lon, width_m, _CELLS)
    if not (np.isfinite(columns).all() and np.isfinite(rows).all()) or abs(lat) > 89.0:
        # Near a pole or the edge of a projection nothing may be interpolated.
        columns, rows = _positions(ground, lat, lon, width_m, 2 * pixels)
    outside = ~(np.isfinite(columns) & np.isfinite(rows))
    columns, rows = (np.where(outside, _NOWHERE, v) for v in (columns, rows))
    if outside.all():
        return np.zeros((pixels, pixels, 3), np.uint8), 0.0
    scale = _scale(columns, rows, outside) * (columns.shape[0] - 1) / pixels
    level = max(0, min(ground.last_level, math.floor(math.log2(max(scale, 1.0)))))
    box = _window(ground, level, columns, rows, outside)
    while (box[2] - box[0]) * (box[3] - box[1]) > _MAX_WINDOW and level < ground.last_level:
        level += 1
        box = _window(ground, level, columns, rows, outside)
    if box[0] >= box[2] or box[1] >= box[3]:
        return np.zeros((pixels, pixels, 3), np.uint8), 0.0
    patch = ground.window(level, *box)
    shrink = 2.0**-level
    finer = max(1, min(8, math.ceil(scale * shrink - 1e-3)))
    square = np.zeros((pixels, pixels, 3), np.float32)
    share = np.zeros((pixels, pixels), np.float32)
    _sample(
        patch.pixels,
        patch.known,
        columns * shrink - box[0],
        rows * shrink - box[1],
        finer,
        square,
        share,
    )
    return _filled(square, share >= 0.5)


def _positions(ground: Ground, lat: float, lon: float, width_m: float, cells: int) -> tuple[Floats, Floats]:
    """Return columns and rows of (cells + 1) x (cells + 1) positions spread over a square."""
    along = (np.arange(cells + 1) / cells - 0.5) * width_m
    east, north = np.meshgrid(along, -along)
    lats, lons = offset(lat, lon, east, north)
    columns, rows = ground.pixels_of(np.append(lats, lat), np.append(lons, lon))
    shape = (cells + 1, cells + 1)
    return columns[:-1].reshape(shape), rows[:-1].reshape(shape)


def _scale(columns: Floats, rows: Floats, outside: NDArray[np.bool_]) -> float:
    """Return how many source pixels a step of the grid takes, along its longer direction."""
    steps = []
    for axis in (0, 1):
        both = ~(outside | np.roll(outside, -1, axis))
        length = np.hypot(np.roll(columns, -1, axis) - columns, np.roll(rows, -1, axis) - rows)
        inner = (slice(None, -1), slice(None)) if axis == 0 else (slice(None), slice(None, -1))
        if both[inner].any():
            steps.append(float(np.median(length[inner][both[inner]])))
    return max(steps, default=1.0)


def _window(
    ground: Ground, level: int, columns: Floats, rows: Floats, outside: NDArray[np.bool_]
) -> tuple[int, int, int, int]:
    shrink = 2.0**-level
    left, top, right, bottom = ground.extent(level)
    x, y = columns[~outside] * shrink, rows[~outside] * shrink
    return (
        max(left, math.floor(float(x.min())) - 1),
        max(top, math.floor(float(y.min())) - 1),
        min(right, math.ceil(float(x.max())) + 1),
        min(bottom, math.ceil(float(y.max())) + 1),
    )


def _compiled(function: Callable[..., None]) -> Callable[..., None]:
    compiled: Callable[..., None] = njit(cache=True, nogil=True)(function)
    return compiled


@_compiled
def _sample(
    pixels: NDArray[np.uint8],
    known: NDArray[np.bool_],
    columns: Floats,
    rows: Floats,
    finer: int,
    square: NDArray[np.float32],
    share: NDArray[np.float32],
) -> None:
    """Fill ``square`` with means over finer x finer bilinear samples, ``share`` with what was known."""
    height, width = known.shape
    cells = columns.shape[0] - 1
    side = square.shape[0]
    step = cells / (side * finer)
    for i in range(side):
        for j in range(side):
            red, green, blue, weight = 0.0, 0.0, 0.0, 0.0
            for a in range(finer):
                v = (i * finer + a + 0.5) * step
                gy = min(int(v), cells - 1)
                v -= gy
                for b in range(finer):
                    u = (j * finer + b + 0.5) * step
                    gx = min(int(u), cells - 1)
                    u -= gx
                    w00, w01, w10, w11 = (1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v
                    x = (
                        columns[gy, gx] * w00
                        + columns[gy, gx + 1] * w01
                        + columns[gy + 1, gx] * w10
                        + columns[gy + 1, gx + 1] * w11
                        - 0.5
                    )
                    y = (
                        rows[gy, gx] * w00
                        + rows[gy, gx + 1] * w01
                        + rows[gy + 1, gx] * w10
                        + rows[gy + 1, gx + 1] * w11
                        - 0.5
                    )
                    if x <= -1.0 or y <= -1.0 or x >= width or y >= height:
                        continue
                    x0, y0 = int(np.floor(x)), int(np.floor(y))
                    fx, fy = x - x0, y - y0
                    for dy in range(2):
                        for dx in range(2):
                            px, py = x0 + dx, y0 + dy
                            if 0 <= px < width and 0 <= py < height and known[py, px]:
                                w = (fx if dx else 1 - fx) * (fy if dy else 1 - fy)
                                red += w * pixels[py, px, 0]
                                green += w * pixels[py, px, 1]
                                blue += w * pixels[py, px, 2]
                                weight += w
            if weight > 0:
                square[i, j, 0] = red / weight
                square[i, j, 1] = green / weight
                square[i, j, 2] = blue / weight
            share[i, j] = weight / (finer * finer)


def _filled(square: NDArray[np.float32], known: NDArray[np.bool_]) -> tuple[NDArray[np.uint8], float]:
    """Return the square as uint8 with its mean colour where nothing is known, and the known share."""
    if not known.all():
        square[~known] = square[known].mean(0) if known.any() else 0
    return np.rint(square).astype(np.uint8), float(known.mean())
