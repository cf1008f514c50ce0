"""Radiance along one ray: what it meets, how that is lit, what haze lies before it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gleam.city.renderer.compiled import inlined
from gleam.city.renderer.ground import ground_at
from gleam.city.renderer.ground_colour import SURFACE_WATER, ground_colour
from gleam.city.renderer.materials import material
from gleam.city.renderer.noise import noise
from gleam.city.renderer.packing import SHADOW_CELLS, World
from gleam.city.renderer.sky import sky
from gleam.city.renderer.traverse import trace
from gleam.city.scene import CELL_M
from gleam.city.weather import (
    W_AMBIENT,
    W_HAZE,
    W_HORIZON_B,
    W_HORIZON_G,
    W_HORIZON_R,
    W_SUN,
    W_SUN_B,
    W_SUN_G,
    W_SUN_R,
    W_SUN_X,
    W_SUN_Y,
    W_SUN_Z,
)

IDENT_SKY = -1
"""What a ray met, as a number: the sky, ground below -1, or ``object * 64 + face``."""
_BRIGHTEST = 4.0
_SHADOW_REACH = SHADOW_CELLS * CELL_M

Sample = tuple[float, float, float, int, float]


@inlined
def sunlight(
    x: float, y: float, z: float, nx: float, ny: float, nz: float, through: float, k: int, distance: float,
    world: World, weather: NDArray[np.float64],
) -> float:  # fmt: skip
    """Return the sunlight a point of object ``k`` (-1: the ground) receives.

    Leaves, which let a share ``through``, do not shade themselves: their light falls off softly
    towards the far side of the crown instead.
    """
    strength = weather[W_SUN]
    sx, sy, sz = weather[W_SUN_X], weather[W_SUN_Y], weather[W_SUN_Z]
    facing = nx * sx + ny * sy + nz * sz
    leaves = through > 0.2
    if strength < 0.1 or (facing <= 0.0 and not leaves):
        return 0.0
    shaded = False
    i, j = int(x / CELL_M), int(y / CELL_M)
    if 0 <= i < world.cells_x and 0 <= j < world.cells_y:
        ceiling = world.shadow_top[j * world.cells_x + i]
        off = 0.03 + 0.0005 * distance
        from_z = z + nz * off + 0.01
        if from_z < ceiling:
            _, blocker, _ = trace(
                x + nx * off, y + ny * off, from_z, sx, sy, sz,
                _SHADOW_REACH, ceiling, world, weather, True, k if leaves else -1,
            )  # fmt: skip
            shaded = blocker >= 0
    if leaves:
        soft = max(0.0, 0.3 + 0.7 * facing)
        softened: float = strength * soft * (0.15 if shaded else 0.95)
        return softened
    direct: float = 0.0 if shaded else strength * facing
    return direct


@inlined
def shade(
    ox: float, oy: float, oz: float, dx: float, dy: float, dz: float,
    far: float, world: World, weather: NDArray[np.float64],
) -> Sample:  # fmt: skip
    """Return linear (r, g, b), ident of what was met, and its distance (``far`` for the sky)."""
    to_ground = -oz / dz if dz < -1e-6 else 1e18
    distance, k, face = trace(
        ox, oy, oz, dx, dy, dz, min(to_ground, far), world.top, world, weather, False, -1
    )
    if k < 0 and to_ground > far:
        if dz < 0.0:
            return weather[W_HORIZON_R], weather[W_HORIZON_G], weather[W_HORIZON_B], IDENT_SKY, far
        r, g, b = sky(dx, dy, dz, weather)
        return min(r, _BRIGHTEST), min(g, _BRIGHTEST), min(b, _BRIGHTEST), IDENT_SKY, far
    if k < 0:
        distance = to_ground
        x, y, z = ox + distance * dx, oy + distance * dy, 0.0
        kind, a, b_, seed, style, mark, _ = ground_at(x, y, world)
        r, g, b, surface = ground_colour(kind, a, b_, seed, style, mark, x, y, distance, weather)
        ident = -2 - (kind * 8 + mark)
        nx, ny, nz, mirror, sky_share, through = 0.0, 0.0, 1.0, 0.0, 1.0, 0.0
        if surface == SURFACE_WATER:
            nx = 0.10 * (noise(x * 0.7 + y * 0.5, y * 0.7 - x * 0.5) - 0.5)
            ny = 0.10 * (noise(x * 0.6 - y * 0.6 + 9.0, y * 0.6 + x * 0.6) - 0.5)
            graze = 1.0 - max(0.0, -dz)
            mirror = 0.03 + 0.75 * graze * graze * graze * graze * graze
    else:
        x, y, z = ox + distance * dx, oy + distance * dy, oz + distance * dz
        r, g, b, nx, ny, nz, mirror, sky_share, through = material(
            world.objects, k, face, x, y, z, distance, weather
        )
        ident = k * 64 + face
    sun = sunlight(x, y, z, nx, ny, nz, through, k, distance, world, weather)
    ambient = weather[W_AMBIENT] * sky_share * (0.62 + 0.38 * nz)
    r *= sun * weather[W_SUN_R] + ambient * 0.92
    g *= sun * weather[W_SUN_G] + ambient
    b *= sun * weather[W_SUN_B] + ambient * 1.14
    if mirror > 0.0:
        facing = dx * nx + dy * ny + dz * nz
        up = dz - 2.0 * facing * nz
        if up < 0.0:
            mr, mg, mb = 0.35 * weather[W_HORIZON_R], 0.35 * weather[W_HORIZON_G], 0.35 * weather[W_HORIZON_B]
        else:
            mr, mg, mb = sky(dx - 2.0 * facing * nx, dy - 2.0 * facing * ny, up, weather)
        if k >= 0:
            graze = 1.0 - abs(facing)
            mirror *= 0.25 + 0.5 * graze * graze
        r += (mr - r) * mirror
        g += (mg - g) * mirror
        b += (mb - b) * mirror
    veil = 1.0 - math.exp(-weather[W_HAZE] * distance)
    r += (weather[W_HORIZON_R] - r) * veil
    g += (weather[W_HORIZON_G] - g) * veil
    b += (weather[W_HORIZON_B] - b) * veil
    return min(r, _BRIGHTEST), min(g, _BRIGHTEST), min(b, _BRIGHTEST), ident, distance
