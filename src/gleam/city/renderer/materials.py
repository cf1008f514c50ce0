"""What a solid object looks like where a ray meets it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gleam.city.renderer.compiled import compiled
from gleam.city.renderer.facade import facade
from gleam.city.renderer.ground import fraction
from gleam.city.renderer.noise import noise_3d
from gleam.city.renderer.objects import (
    CAR,
    CAR_VAN,
    CONIFER,
    FACE_CABIN,
    FACE_CROWN,
    FACE_SIDE,
    FACE_SLOPE,
    FACE_TOP,
    FACE_TRUNK,
    TANK,
    TREE,
    car_in_slot,
)
from gleam.city.renderer.roofs import flat_roof, sloped_roof
from gleam.city.scene import (
    OBJ_COS,
    OBJ_CROWN_RZ,
    OBJ_HX,
    OBJ_HY,
    OBJ_KIND,
    OBJ_RISE,
    OBJ_ROOF_B,
    OBJ_ROOF_G,
    OBJ_ROOF_R,
    OBJ_SEED,
    OBJ_SIN,
    OBJ_WALL_B,
    OBJ_WALL_G,
    OBJ_WALL_R,
    OBJ_X,
    OBJ_Y,
    OBJ_Z0,
    OBJ_Z1,
    ObjectKind,
)
from gleam.city.weather import W_LEAF_B, W_LEAF_G, W_LEAF_R, W_LEAF_TURN, W_SNOW

HEDGE = int(ObjectKind.HEDGE)

Material = tuple[float, float, float, float, float, float, float, float, float]
"""Albedo r, g, b; normal x, y, z; mirror; share of the sky seen; share of light let through."""


@compiled
def wall_normal(face: int, cos: float, sin: float) -> tuple[float, float]:
    """Return the outward direction of wall 0..3 of a box turned by (cos, sin)."""
    sign = 1.0 if face & 1 else -1.0
    if face < 2:
        return sign * cos, sign * sin
    return -sign * sin, sign * cos


@compiled
def under_snow(r: float, g: float, b: float, cover: float) -> tuple[float, float, float]:
    """Blend an albedo with snow."""
    return r + (0.78 - r) * cover, g + (0.80 - g) * cover, b + (0.84 - b) * cover


@compiled
def foliage(
    objects: NDArray[np.float32], k: int, face: int,
    x: float, y: float, z: float, distance: float, weather: NDArray[np.float64],
) -> Material:  # fmt: skip
    """Look of a tree: trunk, or leaves of the season with light and dark clusters."""
    px, py = x - objects[k, OBJ_X], y - objects[k, OBJ_Y]
    if face == FACE_TRUNK:
        inv = 1.0 / (math.sqrt(px * px + py * py) + 1e-6)
        v = 0.8 + 0.4 * noise_3d(x * 6.0, y * 6.0, z * 1.5)
        return 0.14 * v, 0.105 * v, 0.075 * v, px * inv, py * inv, 0.0, 0.0, 0.7, 0.0
    z0, z1, seed, radius = objects[k, OBJ_Z0], objects[k, OBJ_Z1], objects[k, OBJ_SEED], objects[k, OBJ_HX]
    r, g, b = objects[k, OBJ_WALL_R], objects[k, OBJ_WALL_G], objects[k, OBJ_WALL_B]
    inv_r = 1.0 / radius
    nx, ny, nz = px * inv_r, py * inv_r, 0.45
    if int(objects[k, OBJ_KIND]) == TREE:
        nz = (z - 0.5 * (z0 + z1)) / objects[k, OBJ_CROWN_RZ]
        turned = min(1.0, max(0.0, 0.5 + 1.4 * (seed - 0.5) + weather[W_LEAF_TURN]))
        hue = fraction(seed * 7.3) - 0.5
        r = (r + (weather[W_LEAF_R] - r) * turned) * (1.0 + 0.35 * hue * turned)
        g = (g + (weather[W_LEAF_G] - g) * turned) * (1.0 - 0.15 * hue * turned)
        b += (weather[W_LEAF_B] - b) * turned
    clusters = noise_3d(x * 1.3 + 7.0, y * 1.3, z * 1.3)
    v = 0.62 + 0.55 * clusters
    if distance < 70.0:
        near = 1.0 - distance / 70.0
        v += near * 0.95 * (noise_3d(x * 6.7, y * 6.7, z * 6.7) - 0.5)
    v *= 1.12 - 0.13 * min(3, face - FACE_CROWN)
    nx += 0.7 * (clusters - 0.5)
    ny += 0.7 * (0.5 - clusters)
    nz += 0.3
    inv = 1.0 / (math.sqrt(nx * nx + ny * ny + nz * nz) + 1e-6)
    nx, ny, nz = nx * inv, ny * inv, nz * inv
    sky_share = 0.55 + 0.45 * (z - z0) / max(0.5, z1 - z0)
    r, g, b = r * v, g * v, b * v
    if weather[W_SNOW] > 0.0 and nz > 0.2:
        r, g, b = under_snow(r, g, b, 0.6 * weather[W_SNOW] * nz)
    return r, g, b, nx, ny, nz, 0.0, sky_share, 0.3


@compiled
def paint(chance: float) -> tuple[float, float, float]:
    """Return a car colour: mostly white, black, grey, silver."""
    if chance < 0.26:
        return 0.72, 0.72, 0.72
    if chance < 0.46:
        return 0.03, 0.03, 0.035
    if chance < 0.64:
        return 0.20, 0.205, 0.21
    if chance < 0.78:
        return 0.42, 0.43, 0.44
    if chance < 0.86:
        return 0.40, 0.03, 0.03
    if chance < 0.95:
        return 0.04, 0.09, 0.28
    return 0.35, 0.30, 0.18


@compiled
def car(
    objects: NDArray[np.float32],
    k: int,
    face: int,
    x: float,
    y: float,
    z: float,
    weather: NDArray[np.float64],
) -> Material:
    """Look of a car: paint, glass, wheels, lamps."""
    cos, sin = objects[k, OBJ_COS], objects[k, OBJ_SIN]
    kind, chance = car_in_slot(objects, k, weather)
    r, g, b = paint(chance)
    mirror, side, in_cabin = 0.0, face % 10, face >= FACE_CABIN
    if side == FACE_TOP:
        mirror = 0.12
    elif in_cabin or (kind == CAR_VAN and z > 1.15):
        r, g, b, mirror = 0.03, 0.035, 0.04, 0.35
    elif z < 0.66:
        along = (x - objects[k, OBJ_X]) * cos + (y - objects[k, OBJ_Y]) * sin
        lamp = z > 0.5 and abs((y - objects[k, OBJ_Y]) * cos - (x - objects[k, OBJ_X]) * sin) > 0.48
        if side >= 2 and (abs(along) - 1.35) ** 2 + (z - 0.32) ** 2 < 0.115:
            r, g, b = 0.02, 0.02, 0.02
        elif z < 0.36:
            r, g, b = r * 0.4, g * 0.4, b * 0.4
        elif side == 0 and lamp:
            r, g, b = 0.5, 0.06, 0.05
        elif side == 1 and lamp:
            r, g, b = 0.6, 0.6, 0.58
    if side < 4:
        nx, ny = wall_normal(side, cos, sin)
        if in_cabin:  # panes lean
            return r, g, b, nx * 0.8, ny * 0.8, 0.6, mirror, 1.0, 0.0
        return r, g, b, nx, ny, 0.0, mirror, 1.0, 0.0
    return r, g, b, 0.0, 0.0, 1.0, mirror, 1.0, 0.0


@compiled
def building(
    objects: NDArray[np.float32], k: int, face: int,
    x: float, y: float, z: float, distance: float, weather: NDArray[np.float64],
) -> Material:  # fmt: skip
    """Look of a building: walls with their facade, flat or sloping roof."""
    cos, sin = objects[k, OBJ_COS], objects[k, OBJ_SIN]
    px, py = x - objects[k, OBJ_X], y - objects[k, OBJ_Y]
    along, across = px * cos + py * sin, py * cos - px * sin
    hx, hy = objects[k, OBJ_HX], objects[k, OBJ_HY]
    if face < FACE_TOP - 1:
        nx, ny = wall_normal(face, cos, sin)
        u, half = (across, hy) if face < 2 else (along, hx)
        r, g, b, mirror = facade(objects, k, u, z, half, face, distance)
        return r, g, b, nx, ny, 0.0, mirror, 0.62 + 0.38 * min(1.0, z / 7.0), 0.0
    nx, ny, nz = 0.0, 0.0, 1.0
    if face < FACE_SLOPE:
        r, g, b, mirror = flat_roof(objects, k, x, y, along, across)
    else:
        slope = objects[k, OBJ_RISE] / hy
        nz = 1.0 / math.sqrt(1.0 + slope * slope)
        sign = (1.0 if face % 2 == 0 else -1.0) * slope * nz
        if face < FACE_SLOPE + 2:
            nx, ny = -sign * sin, sign * cos
            r, g, b, mirror = sloped_roof(objects, k, z, along, abs(across), face - FACE_SLOPE)
        else:
            nx, ny = sign * cos, sign * sin
            r, g, b, mirror = sloped_roof(objects, k, z, across, abs(along), face - FACE_SLOPE)
    if weather[W_SNOW] > 0.0:
        r, g, b = under_snow(r, g, b, min(1.0, 0.85 * weather[W_SNOW]))
    return r, g, b, nx, ny, nz, mirror, 1.0, 0.0


@compiled
def tank(objects: NDArray[np.float32], k: int, face: int, x: float, y: float, z: float) -> Material:
    """Look of a tank: rings of sheet, a flat lid."""
    if face == FACE_SIDE:
        inv = 1.0 / objects[k, OBJ_HX]
        v = 0.8 if fraction(z / 2.2) < 0.055 else 1.0
        return (
            objects[k, OBJ_WALL_R] * v, objects[k, OBJ_WALL_G] * v, objects[k, OBJ_WALL_B] * v,
            (x - objects[k, OBJ_X]) * inv, (y - objects[k, OBJ_Y]) * inv, 0.0, 0.0, 0.85, 0.0,
        )  # fmt: skip
    return (
        objects[k, OBJ_ROOF_R],
        objects[k, OBJ_ROOF_G],
        objects[k, OBJ_ROOF_B],
        0.0,
        0.0,
        1.0,
        0.0,
        1.0,
        0.0,
    )


@compiled
def hedge(objects: NDArray[np.float32], k: int, face: int, x: float, y: float, z: float) -> Material:
    """Look of a clipped hedge."""
    v = 0.5 + 0.9 * noise_3d(x * 3.0, y * 3.0, z * 3.0)
    nx, ny, nz = 0.0, 0.0, 1.0
    if face < 4:
        nx, ny = wall_normal(face, objects[k, OBJ_COS], objects[k, OBJ_SIN])
        nz = 0.0
    r, g, b = objects[k, OBJ_WALL_R] * v, objects[k, OBJ_WALL_G] * v, objects[k, OBJ_WALL_B] * v
    return r, g, b, nx, ny, nz, 0.0, 0.85, 0.15


@compiled
def material(
    objects: NDArray[np.float32], k: int, face: int,
    x: float, y: float, z: float, distance: float, weather: NDArray[np.float64],
) -> Material:  # fmt: skip
    """Look of object ``k`` at a point of one of its faces."""
    kind = int(objects[k, OBJ_KIND])
    if kind in (TREE, CONIFER):
        return foliage(objects, k, face, x, y, z, distance, weather)
    if kind == CAR:
        return car(objects, k, face, x, y, z, weather)
    if kind == TANK:
        return tank(objects, k, face, x, y, z)
    if kind == HEDGE:
        return hedge(objects, k, face, x, y, z)
    return building(objects, k, face, x, y, z, distance, weather)
