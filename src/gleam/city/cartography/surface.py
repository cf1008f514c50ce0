"""The map's surface: which class every point shows, and its antialiased colours."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gleam.city.renderer import ground as g
from gleam.city.renderer.compiled import compiled
from gleam.city.renderer.packing import (
    BLOCK_USE,
    NEAR_OBJECT,
    NEAR_RADIUS,
    NEAR_X,
    NEAR_Y,
    START_OBJECTS,
    World,
)
from gleam.city.scene import (
    CELL_M,
    OBJ_COS,
    OBJ_HX,
    OBJ_HY,
    OBJ_KIND,
    OBJ_SIN,
    OBJ_Z0,
    OBJ_Z1,
    Ground,
    LandUse,
    ObjectKind,
)
from gleam.streetmaps.styles import (
    ARTERIAL,
    BUILDING,
    CASING,
    COLLECTOR,
    COMMERCE,
    INDUSTRY,
    LAND,
    LOCAL,
    OUTLINE,
    PARK,
    PARKING,
    PATH,
    RAIL,
    SPORT,
    WATER,
)

_ROAD, _SIDEWALK, _PATH, _WATER = g.ROAD, g.SIDEWALK, g.PATH, g.WATER
_RAIL, _PARKING, _ISLAND = g.RAIL, g.PARKING, g.ISLAND
_SOCCER, _TENNIS, _TRACK, _BALL_COURT = g.SOCCER, g.TENNIS, g.TRACK, g.BALL_COURT
_POOL, _SAND = int(Ground.POOL), int(Ground.SAND)
_GREEN_USES = (int(LandUse.PARK), int(LandUse.SPORT))
_SHOPPING_USES = (int(LandUse.DOWNTOWN), int(LandUse.SQUARE))
_INDUSTRY_USE = int(LandUse.INDUSTRY)
_HOUSE, _TANK = int(ObjectKind.BUILDING), int(ObjectKind.TANK)
_OUTLINE_M = 0.45
_NARROWEST_BUILDING_M = 1.5
"""Half width; anything narrower is a kiosk or a chimney."""


@compiled
def inside_building(x: float, y: float, world: World) -> float:
    """Return how many metres a point lies inside the footprint of a building; negative outside."""
    i, j = int(x / CELL_M), int(y / CELL_M)
    if x < 0.0 or y < 0.0 or i >= world.cells_x or j >= world.cells_y:
        return -1.0
    cell = j * world.cells_x + i
    near, objects, start = world.near, world.objects, world.start
    deepest, highest = -1.0, -1.0
    for n in range(start[cell, START_OBJECTS], start[cell + 1, START_OBJECTS]):
        px, py = x - near[n, NEAR_X], y - near[n, NEAR_Y]
        if px * px + py * py > near[n, NEAR_RADIUS] * near[n, NEAR_RADIUS]:
            continue
        k = int(near[n, NEAR_OBJECT])
        kind = int(objects[k, OBJ_KIND])
        if kind == _TANK:
            depth = objects[k, OBJ_HX] - math.sqrt(px * px + py * py)
        elif kind == _HOUSE and objects[k, OBJ_Z0] == 0.0 and objects[k, OBJ_HY] > _NARROWEST_BUILDING_M:
            cos, sin = objects[k, OBJ_COS], objects[k, OBJ_SIN]
            depth = min(
                objects[k, OBJ_HX] - abs(px * cos + py * sin), objects[k, OBJ_HY] - abs(py * cos - px * sin)
            )
        else:
            continue
        if depth > 0.0 and objects[k, OBJ_Z1] > highest:
            deepest, highest = depth, objects[k, OBJ_Z1]
    return deepest


@compiled
def land_class(use: int) -> int:
    """Return the class of the open ground of a block."""
    if use in _GREEN_USES:
        return PARK
    if use == _INDUSTRY_USE:
        return INDUSTRY
    return COMMERCE if use in _SHOPPING_USES else LAND


@compiled
def map_class(x: float, y: float, world: World, casing_m: float, wide_roads: bool, buildings: bool) -> int:
    """Return what the map shows at a point."""
    kind, a, _, _, style, _, block = g.ground_at(x, y, world)
    if kind == _ROAD:
        if style <= 1.0:
            return LOCAL
        return COLLECTOR if style == 2.0 else ARTERIAL
    if kind == _SIDEWALK and (a < casing_m or wide_roads):
        return CASING if a > 1.6 or not wide_roads else LOCAL
    if buildings:
        depth = inside_building(x, y, world)
        if depth > 0.0:
            return OUTLINE if depth < _OUTLINE_M else BUILDING
    land = land_class(int(world.blocks[block, BLOCK_USE]))
    if kind == _PATH:
        return PATH
    if kind in (_WATER, _POOL):
        return WATER
    if kind == _RAIL:
        return RAIL if abs(abs(a) - 2.6) < 0.55 else land
    if kind == _PARKING:
        return PARKING
    if kind in (_SOCCER, _TENNIS, _TRACK, _BALL_COURT, _SAND):
        return SPORT
    if kind == _ISLAND:
        return PARK
    return land


@compiled
def paint_surface(
    x0: float, y1: float, metres_x: float, metres_y: float, world: World, palette: NDArray[np.float32],
    casing_m: float, wide_roads: bool, buildings: bool, classes: NDArray[np.int64],
    image: NDArray[np.uint8],
) -> None:  # fmt: skip
    """Fill ``image`` (H, W, 3), its top left corner at (x0, y1), each pixel metres_x by metres_y.

    Classes are looked up at the corners of the pixels; a pixel whose corners disagree takes four
    more points inside. ``classes``: work space (2, W + 1).
    """
    height, width = image.shape[0], image.shape[1]
    upper, lower = classes[0], classes[1]
    for j in range(-1, height):
        y = y1 - (j + 1) * metres_y
        for i in range(width + 1):
            lower[i] = map_class(x0 + i * metres_x, y, world, casing_m, wide_roads, buildings)
        if j >= 0:
            for i in range(width):
                first = upper[i]
                if first == upper[i + 1] == lower[i] == lower[i + 1]:
                    for c in range(3):
                        image[j, i, c] = np.uint8(palette[first, c])
                    continue
                red = green = blue = 0.5
                for n in range(4):
                    u = i + (0.375, 0.875, 0.125, 0.625)[n]
                    v = j + (0.125 + 0.25 * n)
                    shown = map_class(
                        x0 + u * metres_x, y1 - v * metres_y, world, casing_m, wide_roads, buildings
                    )
                    red += 0.25 * palette[shown, 0]
                    green += 0.25 * palette[shown, 1]
                    blue += 0.25 * palette[shown, 2]
                image[j, i, 0], image[j, i, 1], image[j, i, 2] = (
                    np.uint8(red),
                    np.uint8(green),
                    np.uint8(blue),
                )
        upper, lower = lower, upper
