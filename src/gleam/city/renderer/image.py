"""The loop over pixels, for the three projections.

Rays go through the corners of the pixels first. Where the four corners of a pixel saw the same
thing in nearly the same colour their mean is the pixel; elsewhere one more ray goes through its
centre. Corners are shared by four pixels, so this costs 1 to 2 rays a pixel and an edge still gets
five samples (the quincunx pattern).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gleam.city.renderer.compiled import compiled, inlined
from gleam.city.renderer.packing import World
from gleam.city.renderer.shade import Sample, shade

ORTHOGRAPHIC, PERSPECTIVE, EQUIRECTANGULAR = 0, 1, 2

C_X, C_Y, C_Z, C_RIGHT, C_UP, C_FORWARD = 0, 1, 2, 3, 6, 9
"""Columns of a packed camera: position, and three unit vectors."""
C_HALF_WIDTH, C_HALF_HEIGHT, C_HEADING, C_FAR = 12, 13, 14, 15
"""Half extents at unit distance (perspective) or in metres (orthographic); radians; metres."""
C_COLUMNS = 16

ALTITUDE_M = 600.0
"""Where the rays of an orthographic image start: above everything, and far from fine detail."""
_EDGE = 0.2
"""Relative difference of two corners' colours that asks for one more ray."""


@inlined
def ray(
    mode: int, camera: NDArray[np.float64], u: float, v: float
) -> tuple[float, float, float, float, float, float]:
    """Return origin and unit direction of the ray through (u, v), both 0 to 1 from the top left."""
    if mode == EQUIRECTANGULAR:
        azimuth = (u - 0.5) * 2.0 * math.pi + camera[C_HEADING]
        elevation = (0.5 - v) * math.pi
        flat = math.cos(elevation)
        return (
            camera[C_X], camera[C_Y], camera[C_Z],
            flat * math.sin(azimuth), flat * math.cos(azimuth), math.sin(elevation),
        )  # fmt: skip
    right, up = (2.0 * u - 1.0) * camera[C_HALF_WIDTH], (1.0 - 2.0 * v) * camera[C_HALF_HEIGHT]
    if mode == PERSPECTIVE:
        dx = camera[C_FORWARD] + right * camera[C_RIGHT] + up * camera[C_UP]
        dy = camera[C_FORWARD + 1] + right * camera[C_RIGHT + 1] + up * camera[C_UP + 1]
        dz = camera[C_FORWARD + 2] + right * camera[C_RIGHT + 2] + up * camera[C_UP + 2]
        inv = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
        return camera[C_X], camera[C_Y], camera[C_Z], dx * inv, dy * inv, dz * inv
    dx, dy, dz = camera[C_FORWARD], camera[C_FORWARD + 1], camera[C_FORWARD + 2]
    back = ALTITUDE_M / -dz
    # Snapped to a quarter millimetre: strips of one mosaic then send exactly the same rays.
    x = math.floor((camera[C_X] + right) * 4096.0 + 0.5) / 4096.0
    y = math.floor((camera[C_Y] + up) * 4096.0 + 0.5) / 4096.0
    return x - dx * back, y - dy * back, ALTITUDE_M, dx, dy, dz


@compiled
def look(
    mode: int, camera: NDArray[np.float64], u: float, v: float, world: World, weather: NDArray[np.float64]
) -> Sample:
    """Shade the ray through (u, v)."""
    ox, oy, oz, dx, dy, dz = ray(mode, camera, u, v)
    return shade(ox, oy, oz, dx, dy, dz, camera[C_FAR], world, weather)


@compiled
def column_step(mode: int, v: float, width: int) -> int:
    """Return how many columns of a panorama apart its rays are: more towards the poles, a power of two."""
    step = 1
    if mode == EQUIRECTANGULAR:
        flat = max(0.02, math.sin(v * math.pi))
        while step * 2 * flat <= 1.0 and width % (step * 2) == 0:
            step *= 2
    return step


@compiled
def differ(a: NDArray[np.float32], b: NDArray[np.float32]) -> bool:
    """Tell whether two colours differ visibly."""
    limit = _EDGE * (0.06 + 0.5 * (a[1] + b[1]))
    return bool(abs(a[0] - b[0]) > limit or abs(a[1] - b[1]) > limit or abs(a[2] - b[2]) > limit)


@compiled
def fill_row(
    mode: int, camera: NDArray[np.float64], v: float, world: World, weather: NDArray[np.float64],
    colours: NDArray[np.float32], idents: NDArray[np.int32],
) -> None:  # fmt: skip
    """Shade the corners along one line of the image; between sparse rays colours are blended."""
    width = len(idents) - 1
    step = column_step(mode, v, width)
    for i in range(0, width + 1, step):
        if mode == EQUIRECTANGULAR and i == width:
            r, g, b, ident = colours[0, 0], colours[0, 1], colours[0, 2], idents[0]
        else:
            r, g, b, ident, _ = look(mode, camera, i / width, v, world, weather)
        colours[i, 0], colours[i, 1], colours[i, 2] = r, g, b
        idents[i] = ident
        for n in range(i - step + 1, i):
            part = (n - i + step) / step
            for c in range(3):
                colours[n, c] = colours[i - step, c] + (colours[i, c] - colours[i - step, c]) * part
            idents[n] = ident


@compiled
def _render(
    mode: int, camera: NDArray[np.float64], world: World, weather: NDArray[np.float64],
    colours: NDArray[np.float32], idents: NDArray[np.int32], image: NDArray[np.float32],
) -> None:  # fmt: skip
    """Fill ``image`` (H, W, 3) with linear radiance.

    Work space, since compiled code allocates nothing: colours (2, W + 1, 3), idents (2, W + 1).
    """
    height, width = image.shape[0], image.shape[1]
    upper, lower = colours[0], colours[1]
    upper_ident, lower_ident = idents[0], idents[1]
    fill_row(mode, camera, 0.0, world, weather, upper, upper_ident)
    for j in range(height):
        fill_row(mode, camera, (j + 1.0) / height, world, weather, lower, lower_ident)
        v = (j + 0.5) / height
        sparse = column_step(mode, v, width) > 1
        for i in range(width):
            same = upper_ident[i] == upper_ident[i + 1] == lower_ident[i] == lower_ident[i + 1]
            same = same and not differ(upper[i], lower[i + 1]) and not differ(upper[i + 1], lower[i])
            centre, corner = 0.0, 0.25
            r = g = b = 0.0
            if not same and not sparse:
                centre, corner = 0.4, 0.15
                r, g, b, _, _ = look(mode, camera, (i + 0.5) / width, v, world, weather)
            image[j, i, 0] = centre * r + corner * (
                upper[i, 0] + upper[i + 1, 0] + lower[i, 0] + lower[i + 1, 0]
            )
            image[j, i, 1] = centre * g + corner * (
                upper[i, 1] + upper[i + 1, 1] + lower[i, 1] + lower[i + 1, 1]
            )
            image[j, i, 2] = centre * b + corner * (
                upper[i, 2] + upper[i + 1, 2] + lower[i, 2] + lower[i + 1, 2]
            )
        upper, lower = lower, upper
        upper_ident, lower_ident = lower_ident, upper_ident


def render(
    mode: int,
    camera: NDArray[np.float64],
    world: World,
    weather: NDArray[np.float64],
    height: int,
    width: int,
) -> NDArray[np.float32]:
    """Return the linear radiance (height, width, 3) a packed camera sees."""
    image = np.empty((height, width, 3), np.float32)
    colours, idents = np.empty((2, width + 1, 3), np.float32), np.empty((2, width + 1), np.int32)
    _render(mode, camera, world, weather, colours, idents, image)
    return image
