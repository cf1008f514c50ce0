"""Repeatable randomness in the plane: hashes and smooth value noise, all in [0, 1)."""

from __future__ import annotations

import math

import numpy as np

from gleam.city.renderer.compiled import compiled

_LATTICE = np.random.default_rng(3941).random(4096).astype(np.float32)
_ROW_SHIFT = np.random.default_rng(3942).integers(0, 4096, 256)


@compiled
def hash_cell(i: int, j: int) -> float:
    """Hash a pair of integers."""
    h = (i * 374761393 + j * 668265263) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    return ((h ^ (h >> 16)) & 0xFFFF) * (1.0 / 65536.0)


@compiled
def hash_pair(a: float, b: float) -> float:
    """Hash a pair of small numbers, such as two seeds."""
    return hash_cell(int(a * 65521.0) + 17, int(b * 32749.0) + 3)


@compiled
def noise(x: float, y: float) -> float:
    """Smooth noise with one feature per unit.

    Lattice values come from a table that fits the first-level cache; rows are shifted at random so
    that the table's period does not show.
    """
    floor_x, floor_y = math.floor(x), math.floor(y)
    i, j = int(floor_x), int(floor_y)
    u, v = x - floor_x, y - floor_y
    u = u * u * (3.0 - 2.0 * u)
    v = v * v * (3.0 - 2.0 * v)
    low = _ROW_SHIFT[j & 255] + i
    high = _ROW_SHIFT[(j + 1) & 255] + i
    a, b = _LATTICE[low & 4095], _LATTICE[(low + 1) & 4095]
    c, d = _LATTICE[high & 4095], _LATTICE[(high + 1) & 4095]
    bottom = a + (b - a) * u
    mixed: float = bottom + (c + (d - c) * u - bottom) * v
    return mixed


@compiled
def noise_3d(x: float, y: float, z: float) -> float:
    """Smooth noise in space."""
    floor_z = math.floor(z)
    w = z - floor_z
    w = w * w * (3.0 - 2.0 * w)
    below = noise(x + 37.1 * floor_z, y + 17.3 * floor_z)
    above = noise(x + 37.1 * (floor_z + 1.0), y + 17.3 * (floor_z + 1.0))
    return below + (above - below) * w
