"""From lists of rows to the arrays of the scene, with their grid indices."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gleam.city.scene import (
    AREA_HX,
    AREA_HY,
    AREA_PRIORITY,
    AREA_SHAPE,
    AREA_X,
    AREA_Y,
    CELL_M,
    OBJ_COS,
    OBJ_HX,
    OBJ_HY,
    OBJ_RISE,
    OBJ_SIN,
    OBJ_X,
    OBJ_Y,
    OBJ_Z1,
    SEG_HALF_WIDTH,
    SEG_KIND,
    SEG_SIDEWALK,
    SEG_X0,
    SEG_X1,
    SEG_Y0,
    SEG_Y1,
    GridIndex,
    SegmentKind,
    Shape,
)

RIVER_PAD_M, LINE_PAD_M = 9.5, 2.5
"""How far beyond its half width a river (banks) or a rail (ballast) still shows on the ground."""
ROUND_PAD_M = 4.0
"""A roundabout's pavement reaches this far beyond its radius."""

Floats = NDArray[np.float32]
_Any = NDArray[np.floating]


def grid_size(width_m: float, height_m: float) -> tuple[int, int]:
    """Return the number of index cells in x and in y."""
    return math.ceil(width_m / CELL_M), math.ceil(height_m / CELL_M)


def object_reach(objects: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the half extents in x and y of each object's turned footprint."""
    c, s = np.abs(objects[:, OBJ_COS]), np.abs(objects[:, OBJ_SIN])
    hx, hy = objects[:, OBJ_HX].astype(np.float64), objects[:, OBJ_HY].astype(np.float64)
    return c * hx + s * hy, s * hx + c * hy


def keep_inside(objects: Floats, width_m: float, height_m: float) -> Floats:
    """Drop objects that reach beyond the city."""
    ax, ay = object_reach(objects)
    x, y = objects[:, OBJ_X], objects[:, OBJ_Y]
    keep = (x - ax > 0) & (x + ax < width_m) & (y - ay > 0) & (y + ay < height_m)
    return np.ascontiguousarray(objects[keep])


def index_objects(objects: Floats, nx: int, ny: int) -> tuple[GridIndex, Floats]:
    """Index objects by cell; also return the top height of each cell, 0 where it is empty."""
    ax, ay = object_reach(objects)
    x, y = objects[:, OBJ_X], objects[:, OBJ_Y]
    index = _index(x - ax, y - ay, x + ax, y + ay, nx, ny)
    top = objects[:, OBJ_Z1] + objects[:, OBJ_RISE]
    return index, _cell_tops(index.start, index.items, top)


def index_segments(segments: Floats, nx: int, ny: int) -> GridIndex:
    """Index linear features with everything the ground shows beside them."""
    kind = segments[:, SEG_KIND]
    pad = np.where(kind == SegmentKind.ROAD, segments[:, SEG_SIDEWALK] + 0.5, LINE_PAD_M)
    pad = segments[:, SEG_HALF_WIDTH] + np.where(kind == SegmentKind.RIVER, RIVER_PAD_M, pad)
    x0, x1 = segments[:, SEG_X0], segments[:, SEG_X1]
    y0, y1 = segments[:, SEG_Y0], segments[:, SEG_Y1]
    return _index(
        np.minimum(x0, x1) - pad,
        np.minimum(y0, y1) - pad,
        np.maximum(x0, x1) + pad,
        np.maximum(y0, y1) + pad,
        nx,
        ny,
    )


def index_areas(areas: Floats, nx: int, ny: int) -> GridIndex:
    """Index areas by the circle around each."""
    hx, hy = areas[:, AREA_HX], areas[:, AREA_HY]
    # A blob's edge swings out to sqrt(1.22) of its half sides.
    corner = np.where(areas[:, AREA_SHAPE] == Shape.BLOB, 1.11 * np.maximum(hx, hy), np.hypot(hx, hy))
    r = np.where(areas[:, AREA_SHAPE] >= Shape.ROUNDABOUT, hx + ROUND_PAD_M, corner)
    x, y = areas[:, AREA_X], areas[:, AREA_Y]
    return _index(x - r, y - r, x + r, y + r, nx, ny)


def sort_areas(areas: Floats) -> Floats:
    """Order areas by priority, keeping the order of equals."""
    return np.ascontiguousarray(areas[np.argsort(areas[:, AREA_PRIORITY], kind="stable")])


def _index(x0: _Any, y0: _Any, x1: _Any, y1: _Any, nx: int, ny: int) -> GridIndex:
    west, south, east, north = (np.asarray(v, np.float64) for v in (x0, y0, x1, y1))
    start, items = grid_index(west, south, east, north, nx, ny, CELL_M)
    return GridIndex(start, items)


@njit(cache=True)
def grid_index(
    x0: NDArray[np.float64],
    y0: NDArray[np.float64],
    x1: NDArray[np.float64],
    y1: NDArray[np.float64],
    nx: int,
    ny: int,
    cell: float,
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """List for each of nx * ny cells the boxes that touch it: (start, items), cell = row * nx + column."""
    n = len(x0)
    start = np.zeros(nx * ny + 1, np.int64)
    for o in range(n):
        for b in range(max(0, int(y0[o] / cell)), min(ny - 1, int(y1[o] / cell)) + 1):
            for a in range(max(0, int(x0[o] / cell)), min(nx - 1, int(x1[o] / cell)) + 1):
                start[b * nx + a + 1] += 1
    for k in range(nx * ny):
        start[k + 1] += start[k]
    items = np.zeros(start[-1], np.int32)
    fill = start[:-1].copy()
    for o in range(n):
        for b in range(max(0, int(y0[o] / cell)), min(ny - 1, int(y1[o] / cell)) + 1):
            for a in range(max(0, int(x0[o] / cell)), min(nx - 1, int(x1[o] / cell)) + 1):
                items[fill[b * nx + a]] = o
                fill[b * nx + a] += 1
    return start, items


@njit(cache=True)
def _cell_tops(start: NDArray[np.int64], items: NDArray[np.int32], top: Floats) -> Floats:
    """Return the largest top among the items of each cell."""
    tops = np.zeros(len(start) - 1, np.float32)
    for c in range(len(start) - 1):
        for q in range(start[c], start[c + 1]):
            tops[c] = max(tops[c], top[items[q]])
    return tops
