"""What a wall shows: windows, doors, balconies, shop fronts, gates."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gleam.city.renderer.compiled import compiled
from gleam.city.renderer.ground import fraction
from gleam.city.renderer.noise import hash_pair, noise
from gleam.city.scene import (
    OBJ_FACADE,
    OBJ_FLOOR_M,
    OBJ_SEED,
    OBJ_SHOP,
    OBJ_WALL_B,
    OBJ_WALL_G,
    OBJ_WALL_R,
    OBJ_Z0,
    OBJ_Z1,
    Facade,
)

OLD, RIBBONS, CURTAIN, SHEET = int(Facade.OLD), int(Facade.RIBBONS), int(Facade.CURTAIN), int(Facade.SHEET)
HOUSE, BALCONIES, CHURCH, PLAIN = (
    int(Facade.HOUSE),
    int(Facade.BALCONIES),
    int(Facade.CHURCH),
    int(Facade.PLAIN),
)

WallPoint = tuple[float, float, float, float]
"""Albedo red, green, blue, and how much it mirrors the sky."""


@compiled
def sheet_wall(
    u: float, z: float, half: float, top: float, seed: float, r: float, g: float, b: float
) -> WallPoint:
    """Draw a hall of corrugated sheet: gates at the ground, a strip of windows under the eaves."""
    bay = math.floor((u + half) / 7.0)
    across = (u + half) / 7.0 - bay
    chance = hash_pair(seed, bay * 0.013)
    if z < 4.0 and 0.2 < across < 0.75 and chance > 0.45:
        v = (0.25 + 0.4 * chance) * (0.9 if fraction(z * 2.0) < 0.12 else 1.0)
        return v, v * 0.98, v * 0.95, 0.0
    if z < 2.2 and 0.82 < across < 0.95 and chance < 0.5:
        return 0.16, 0.17, 0.19, 0.0
    if top - 1.8 < z < top - 0.8 and chance > 0.3:
        return (0.35, 0.35, 0.35, 0.0) if fraction(u) < 0.06 else (0.10, 0.12, 0.14, 0.6)
    v = 0.92 if fraction(u * 1.2) < 0.5 else 1.04
    return r * v, g * v, b * v, 0.0


@compiled
def shop_front(u: float, rise: float, half: float, seed: float, r: float, g: float, b: float) -> WallPoint:
    """Draw the ground floor of a shopping street: sign above, glass with a door between piers."""
    shop = math.floor((u + half) / 4.5)
    across = (u + half) / 4.5 - shop
    chance = hash_pair(seed, shop * 0.017)
    other = hash_pair(chance, 0.3)
    if rise > 0.80:
        v = 0.12 + 0.3 * fraction(chance * 7.0)
        return v + 0.22 * chance, v + 0.18 * other, v + 0.2 * hash_pair(other, chance), 0.0
    if 0.06 < across < 0.94 and rise > 0.08:
        door = 0.1 + 0.6 * other
        if abs(across - door) < 0.008 or abs(across - door - 0.2) < 0.008:
            return 0.35, 0.35, 0.34, 0.0
        lit = 0.06 + 0.14 * other * (1.0 - rise)
        return lit * 1.15, lit, lit * 0.8, 0.4
    return r * 0.7, g * 0.7, b * 0.7, 0.0


@compiled
def curtain_wall(u: float, rise: float, floor: float, seed: float, r: float, g: float, b: float) -> WallPoint:
    """Draw a glass front: panes of slightly different tint in a thin frame."""
    pane = math.floor(u / 1.6)
    if rise < 0.16:
        return r * 0.6, g * 0.6, b * 0.62, 0.2
    if u / 1.6 - pane < 0.07:
        return 0.25, 0.26, 0.28, 0.1
    v = 0.05 + 0.06 * hash_pair(seed + 0.01 * floor, pane * 0.011)
    return v, v * 1.15, v * 1.35, 0.75


@compiled
def window(du: float, rise: float, half: float, low: float, high: float, chance: float) -> WallPoint:
    """Draw one window at ``du`` from its axis: frame, mullion, pane, now and then a blind."""
    if du > half - 0.03 or rise > high - 0.04 or rise < low + 0.03 or du < 0.016:
        return 0.62, 0.62, 0.60, 0.0
    if chance > 0.62 and rise > low + (high - low) * (chance - 0.62) * 2.6:
        return 0.46, 0.44, 0.40, 0.1
    v = 0.06 + 0.05 * fraction(chance * 17.0)
    return v, v * 1.08, v * 1.25, 0.5


@compiled
def facade(
    objects: NDArray[np.float32], k: int, u: float, z: float, half: float, face: int, distance: float
) -> WallPoint:
    """Return albedo and mirror of building ``k``'s wall; ``u`` metres from its middle, ``z`` up."""
    r, g, b = objects[k, OBJ_WALL_R], objects[k, OBJ_WALL_G], objects[k, OBJ_WALL_B]
    style, seed = int(objects[k, OBJ_FACADE]), objects[k, OBJ_SEED]
    z0, z1, floor_m = objects[k, OBJ_Z0], objects[k, OBJ_Z1], max(2.0, objects[k, OBJ_FLOOR_M])
    shade = 0.92 + 0.16 * noise(u * 0.7 + seed * 77.0, z * 0.7)
    if z > z1 - 0.35:
        shade *= 0.82
    if style == PLAIN:
        return r * shade, g * shade, b * shade, 0.0
    if style == SHEET:
        return sheet_wall(u, z, half, z1, seed, r * shade, g * shade, b * shade)
    floor = math.floor((z - z0) / floor_m)
    rise = (z - z0) / floor_m - floor
    floors = math.floor((z1 - z0) / floor_m)
    if objects[k, OBJ_SHOP] > 0.0 and z0 == 0.0 and seed > 0.35 and floor == 0.0:
        return shop_front(u, rise, half, seed, r, g, b)
    if z0 == 0.0 and z < 0.5:
        return r * 0.55 + 0.05, g * 0.55 + 0.05, b * 0.55 + 0.05, 0.0
    if floor >= floors and z > z1 - 0.9:
        return r * shade, g * shade, b * shade, 0.0
    if style == CURTAIN:
        return curtain_wall(u, rise, floor, seed, r, g, b)
    if style == RIBBONS:
        if 0.34 < rise < 0.80:
            return (0.4, 0.4, 0.4, 0.0) if fraction(u / 2.2) < 0.05 else (0.09, 0.10, 0.12, 0.6)
        return r * shade, g * shade, b * shade, 0.0
    spacing = 2.1 + 1.5 * hash_pair(seed, 0.77)
    spacing = 2.0 * half / max(1.0, math.floor(2.0 * half / spacing))
    axis = math.floor((u + half) / spacing)
    across = (u + half) / spacing - axis
    chance = hash_pair(seed + 0.013 * floor, axis * 0.019 + face * 0.1)
    du = abs(across - 0.5)
    wide, low, high = 0.30, 0.30, 0.80
    if style == HOUSE:
        wide = 0.24
        if floor == 0.0 and hash_pair(seed, axis * 0.019 + face * 0.1) > 0.86:
            if du < 0.2 and rise < 0.74:
                return 0.22 + 0.2 * chance, 0.13, 0.09 + 0.1 * seed, 0.0
            return r * shade, g * shade, b * shade, 0.0
        if chance < 0.2:
            return r * shade, g * shade, b * shade, 0.0
        chance = 0.35 + 0.6 * chance
    elif style == CHURCH:
        wide, low, high = 0.22, -2.0, 0.9
    elif style == BALCONIES:
        if du < 0.42:
            if rise < 0.05:
                return 0.30, 0.30, 0.30, 0.0
            if rise < 0.36:
                return 0.5 * r + 0.36, 0.5 * g + 0.36, 0.5 * b + 0.36, 0.0
            shade *= 0.82
        wide, low, high = 0.38, 0.36, 0.85
    if floor >= 0.0 and du < wide and low < rise < high:
        return window(du, rise, wide, low, high, chance)
    if style == OLD and distance < 150.0:
        if abs(rise - 0.27) < 0.03 and du < wide + 0.04:
            return r * 0.75, g * 0.75, b * 0.75, 0.0
        if du < wide + 0.07 and low < rise < high + 0.06:
            return min(1.0, r * 1.12 + 0.04), min(1.0, g * 1.12 + 0.04), min(1.0, b * 1.12 + 0.04), 0.0
    return r * shade, g * shade, b * shade, 0.0
