"""Follow a ray through the grid, cell by cell, to the first thing it meets."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gleam.city.renderer.compiled import compiled
from gleam.city.renderer.objects import hit_object
from gleam.city.renderer.packing import (
    NEAR_BOTTOM,
    NEAR_OBJECT,
    NEAR_RADIUS,
    NEAR_TOP,
    NEAR_X,
    NEAR_Y,
    START_OBJECTS,
    World,
)
from gleam.city.scene import CELL_M

_NEVER = 1e18


@compiled
def trace(
    ox: float, oy: float, oz: float, dx: float, dy: float, dz: float,
    limit: float, ceiling: float, world: World, weather: NDArray[np.float64], any_hit: bool, skip: int,
) -> tuple[float, int, int]:  # fmt: skip
    """Return (distance, object, face) of the first hit nearer than ``limit``; object -1 for none.

    Nothing stands higher than ``ceiling``. With ``any_hit`` the first hit found will do: a shadow.
    Object ``skip`` is looked through.
    Each cell is walked as in Amanatides and Woo, "A Fast Voxel Traversal Algorithm" (1987); within
    a cell an object is tried only where the ray passes through its upright bounding cylinder.
    """
    objects, near, start, cell_top = world.objects, world.near, world.start, world.cell_top
    cells_x, cells_y = world.cells_x, world.cells_y
    t = 0.0
    if oz > ceiling:
        if dz >= 0.0:
            return -1.0, -1, -1
        t = (ceiling - oz) / dz
    elif dz > 1e-6:
        limit = min(limit, (ceiling - oz) / dz)
    i, j = math.floor((ox + t * dx) / CELL_M), math.floor((oy + t * dy) / CELL_M)
    step_i, step_j = (1 if dx > 0 else -1), (1 if dy > 0 else -1)
    next_x = next_y = each_x = each_y = _NEVER
    if abs(dx) > 1e-9:
        each_x = CELL_M / abs(dx)
        next_x = ((i + (1 if dx > 0 else 0)) * CELL_M - ox) / dx
    if abs(dy) > 1e-9:
        each_y = CELL_M / abs(dy)
        next_y = ((j + (1 if dy > 0 else 0)) * CELL_M - oy) / dy
    flat_sq = dx * dx + dy * dy
    flat = math.sqrt(flat_sq)
    rise = dz if abs(dz) > 1e-9 else 1e-9
    inv_rise = 1.0 / rise
    best, best_object, best_face = limit, -1, -1
    while t < best:
        leave = min(next_x, next_y)
        if 0 <= i < cells_x and 0 <= j < cells_y:
            cell = j * cells_x + i
            lowest = oz + (t if dz > 0 else min(leave, limit)) * dz
            if lowest < cell_top[cell]:
                for n in range(start[cell, START_OBJECTS], start[cell + 1, START_OBJECTS]):
                    a = (near[n, NEAR_BOTTOM] - oz) * inv_rise
                    b = (near[n, NEAR_TOP] - oz) * inv_rise
                    if a > b:
                        a, b = b, a
                    a, b = max(a, 0.0), min(b, best)
                    if a >= b:
                        continue
                    px, py = ox - near[n, NEAR_X], oy - near[n, NEAR_Y]
                    reach = near[n, NEAR_RADIUS] * flat
                    if abs(px * dy - py * dx) > reach:
                        continue
                    along = px * dx + py * dy
                    if along + flat_sq * a > reach or along + flat_sq * b < -reach:
                        continue
                    k = int(near[n, NEAR_OBJECT])
                    if k == skip:
                        continue
                    distance, face = hit_object(
                        objects, k, ox, oy, oz, dx, dy, dz, best, weather, not any_hit
                    )
                    if 0.0 < distance < best:
                        best, best_object, best_face = distance, k, face
                        if any_hit:
                            return best, best_object, best_face
                if best_object >= 0 and best <= leave:
                    break
        elif (
            (i < 0 and dx <= 0)
            or (i >= cells_x and dx >= 0)
            or (j < 0 and dy <= 0)
            or (j >= cells_y and dy >= 0)
        ):
            break
        t = leave
        if next_x < next_y:
            next_x += each_x
            i += step_i
        else:
            next_y += each_y
            j += step_j
    if best_object < 0:
        return -1.0, -1, -1
    return best, best_object, best_face
