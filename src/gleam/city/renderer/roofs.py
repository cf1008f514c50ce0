"""What a roof shows: gravel, parapets, tiles, skylights, solar panels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gleam.city.renderer.compiled import compiled
from gleam.city.renderer.facade import PLAIN, SHEET, WallPoint
from gleam.city.renderer.ground import fraction
from gleam.city.renderer.noise import hash_pair, noise
from gleam.city.scene import (
    OBJ_FACADE,
    OBJ_HX,
    OBJ_HY,
    OBJ_RISE,
    OBJ_ROOF_B,
    OBJ_ROOF_G,
    OBJ_ROOF_R,
    OBJ_SEED,
    OBJ_Z1,
)


@compiled
def flat_roof(
    objects: NDArray[np.float32], k: int, x: float, y: float, along: float, across: float
) -> WallPoint:
    """Return albedo and mirror of a flat roof at world (x, y), own axes (along, across)."""
    r, g, b = objects[k, OBJ_ROOF_R], objects[k, OBJ_ROOF_G], objects[k, OBJ_ROOF_B]
    seed, style = objects[k, OBJ_SEED], int(objects[k, OBJ_FACADE])
    hx, hy = objects[k, OBJ_HX], objects[k, OBJ_HY]
    v = 0.79 + 0.22 * noise(x * 0.22 + seed * 50.0, y * 0.22) + 0.12 * noise(x * 1.7, y * 1.7)
    r, g, b = r * v, g * v, b * v
    edge = min(hx - abs(along), hy - abs(across))
    if style == SHEET:
        rib = fraction(along / 5.0)
        if seed < 0.22 and edge > 1.5 and fraction(along / 1.8) > 0.08 and fraction(across / 3.5) < 0.7:
            return 0.035, 0.045, 0.09, 0.15
        if seed > 0.6 and 0.4 < rib < 0.62 and abs(across) < hy * 0.8 and fraction(across / 6.0) < 0.6:
            return 0.66, 0.70, 0.72, 0.1
        if rib < 0.06:
            r, g, b = r * 0.86, g * 0.86, b * 0.86
    if style != PLAIN and objects[k, OBJ_Z1] > 3.0:
        if edge < 0.45:
            return r * 1.25 + 0.03, g * 1.25 + 0.03, b * 1.25 + 0.03, 0.0
        if edge < 0.9:
            return r * 0.8, g * 0.8, b * 0.8, 0.0
    return r, g, b, 0.0


@compiled
def sloped_roof(
    objects: NDArray[np.float32], k: int, z: float, along: float, up: float, slope: int
) -> WallPoint:
    """Return albedo and mirror of a tiled slope; ``along`` the eaves, ``up`` metres from the ridge."""
    r, g, b = objects[k, OBJ_ROOF_R], objects[k, OBJ_ROOF_G], objects[k, OBJ_ROOF_B]
    seed, rise = objects[k, OBJ_SEED], objects[k, OBJ_RISE]
    high = (z - objects[k, OBJ_Z1]) / rise
    bay = math.floor(along / 3.0)
    across = along / 3.0 - bay
    if 0.3 < across < 0.65 and 0.35 < high < 0.65 and hash_pair(seed, bay * 0.021 + slope * 0.17) > 0.72:
        return 0.08, 0.09, 0.11, 0.4
    if seed > 0.87 and slope == 0 and 0.15 < high < 0.8 and abs(along) < objects[k, OBJ_HX] * 0.7:
        v = 0.8 if fraction(along) < 0.06 or fraction(up / 1.6) < 0.06 else 1.0
        return 0.035 * v, 0.045 * v, 0.09 * v, 0.15
    v = (0.86 + 0.28 * noise(along * 0.4 + seed * 50.0, up * 0.4)) * (0.93 + 0.1 * fraction(up / 0.8))
    if high > 1.0 - 0.25 / rise:
        v *= 0.85
    return r * v, g * v, b * v, 0.0
