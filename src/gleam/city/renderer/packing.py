"""The scene as compiled code reads it: what a grid cell needs lies side by side in memory."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter

from gleam.city.renderer.derived import once_per_scene
from gleam.city.scene import (
    OBJ_HX,
    OBJ_HY,
    OBJ_KIND,
    OBJ_RISE,
    OBJ_X,
    OBJ_Y,
    OBJ_Z0,
    OBJ_Z1,
    GridIndex,
    ObjectKind,
    Scene,
)

START_OBJECTS, START_SEGMENTS, START_AREAS = range(3)
"""Columns of ``World.start``."""

NEAR_X, NEAR_Y, NEAR_RADIUS, NEAR_BOTTOM, NEAR_TOP, NEAR_OBJECT = range(6)
"""Columns of ``World.near``: the upright cylinder around an object, and the object's number."""

BLOCK_GROUND, BLOCK_USE, BLOCK_SEED = range(3)
"""Columns of ``World.blocks``."""

SHADOW_CELLS = 14
"""No shadow is looked for from farther than this many cells."""


class World(NamedTuple):
    """Arrays of a scene in the order of the grid's cells.

    start: (cells + 1, 3) int32, where each cell's items begin in ``near``, ``segments``, ``areas``.
    near: (items, 6) float32, bounds of the objects of each cell.
    objects: (objects, OBJ_COLUMNS) float32.
    cell_top: (cells,) float32, height of the tallest thing in a cell.
    shadow_top: (cells,) float32, the same within ``SHADOW_CELLS`` around it.
    segments, areas: rows of the scene's arrays, copied per cell.
    block_of: (rows, columns) uint16 raster of block numbers; blocks: (blocks, 3) float32.
    """

    start: NDArray[np.int32]
    near: NDArray[np.float32]
    objects: NDArray[np.float32]
    cell_top: NDArray[np.float32]
    shadow_top: NDArray[np.float32]
    segments: NDArray[np.float32]
    areas: NDArray[np.float32]
    block_of: NDArray[np.uint16]
    blocks: NDArray[np.float32]
    cells_x: int
    cells_y: int
    block_cells_per_m: float
    top: float


@once_per_scene
def world_of(scene: Scene) -> World:
    """Copy a scene's arrays into cell order; made once per scene."""
    cells_x, cells_y = scene.grid_size
    objects = np.ascontiguousarray(scene.objects, np.float32)
    bounds = np.empty((len(objects), 6), np.float32)
    bounds[:, NEAR_X] = objects[:, OBJ_X]
    bounds[:, NEAR_Y] = objects[:, OBJ_Y]
    kind = objects[:, OBJ_KIND]
    upright = np.isin(kind, [ObjectKind.TREE, ObjectKind.CONIFER, ObjectKind.TANK])
    bounds[:, NEAR_RADIUS] = np.where(
        upright, objects[:, OBJ_HX], np.hypot(objects[:, OBJ_HX], objects[:, OBJ_HY])
    )
    bounds[:, NEAR_RADIUS] += 0.01
    bounds[:, NEAR_BOTTOM] = np.where(upright, 0.0, objects[:, OBJ_Z0]) - 0.01
    bounds[:, NEAR_TOP] = objects[:, OBJ_Z1] + objects[:, OBJ_RISE] + 0.01
    bounds[:, NEAR_OBJECT] = np.arange(len(objects))
    near = bounds[scene.object_index.items]
    cell_top = np.ascontiguousarray(scene.cell_top_m, np.float32).ravel()
    shadow_top = maximum_filter(cell_top.reshape(cells_y, cells_x), 2 * SHADOW_CELLS + 1, mode="nearest")
    blocks = np.stack([scene.block_ground, scene.block_use, scene.block_seed], axis=1).astype(np.float32)
    start = np.empty((cells_x * cells_y + 1, 3), np.int32)
    start[:, START_OBJECTS] = scene.object_index.start
    start[:, START_SEGMENTS] = scene.segment_index.start
    start[:, START_AREAS] = scene.area_index.start
    return World(
        start,
        np.ascontiguousarray(near),
        objects,
        cell_top,
        np.ascontiguousarray(shadow_top).ravel(),
        _in_cell_order(scene.segments, scene.segment_index),
        _in_cell_order(scene.areas, scene.area_index),
        np.ascontiguousarray(scene.block_of, np.uint16),
        np.ascontiguousarray(blocks),
        int(cells_x),
        int(cells_y),
        1.0 / float(scene.block_cell_m),
        float(scene.top_m) + 0.1,
    )


def _in_cell_order(rows: NDArray[np.float32], index: GridIndex) -> NDArray[np.float32]:
    return np.ascontiguousarray(rows[index.items], np.float32)
