"""What colour the ground is: tarmac, paint, grass, paving, water, and snow on all of it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gleam.city.renderer.compiled import compiled
from gleam.city.renderer.ground import (
    BALL_COURT,
    CONCRETE,
    COURT,
    DIRT,
    KERB,
    PARKING,
    PATH,
    RAIL,
    ROAD,
    SIDEWALK,
    SOCCER,
    TENNIS,
    TRACK,
    WATER,
    WHITE,
    YELLOW,
    fraction,
)
from gleam.city.renderer.noise import noise
from gleam.city.scene import Ground
from gleam.city.weather import W_GRASS_B, W_GRASS_G, W_GRASS_R, W_SNOW, W_WET

PAVED, YARD, POOL = int(Ground.PAVED), int(Ground.YARD), int(Ground.POOL)
PLAZA, DRIVEWAY, SAND = int(Ground.PLAZA), int(Ground.DRIVEWAY), int(Ground.SAND)
SURFACE_SOFT, SURFACE_WORN, SURFACE_HARD, SURFACE_WATER = range(4)
"""How a surface takes snow and rain: grass, driven on, walked on, water."""

Colour = tuple[float, float, float]


@compiled
def joints(x: float, y: float, size: float, width: float) -> float:
    """Return how much darker a slab pattern is at a point."""
    return 0.85 if fraction(x / size) < width or fraction(y / size) < width else 1.0


@compiled
def road_colour(mark: int, seed: float, coarse: float, medium: float, fine: float) -> Colour:
    """Colour tarmac with its paint; every street has its own age."""
    if mark == WHITE:
        v = 0.60 + 0.25 * (medium - 0.5)
        return v, v, v * 0.97
    if mark == YELLOW:
        return 0.62, 0.47, 0.12
    v = 0.085 + 0.09 * seed + 0.035 * (coarse - 0.5) + 0.014 * (medium - 0.5) + 0.022 * (fine - 0.5)
    if medium > 0.83:
        v *= 0.9
    return v, v * 0.99, v * (0.97 + 0.05 * seed)


@compiled
def grass_colour(
    weather: NDArray[np.float64], x: float, y: float, coarse: float, medium: float, fine: float
) -> Colour:
    """Colour a lawn, drier in places."""
    v = 0.72 + 0.35 * coarse + 0.22 * (medium - 0.5) + 0.3 * (fine - 0.5)
    dry = noise(x * 0.04 + 31.0, y * 0.04) * v
    return (
        weather[W_GRASS_R] * v + 0.05 * dry,
        weather[W_GRASS_G] * v + 0.02 * dry,
        weather[W_GRASS_B] * v,
    )


@compiled
def sport_colour(
    weather: NDArray[np.float64], kind: int, a: float, seed: float, style: float, mark: int
) -> Colour:
    """Colour a pitch, a court or a track."""
    if mark == WHITE:
        return 0.62, 0.62, 0.62
    if kind == SOCCER:
        v = 0.9 + 0.2 * (math.floor(a / 5.0) % 2)
        r, g, b = weather[W_GRASS_R], weather[W_GRASS_G], weather[W_GRASS_B]
        return (0.3 * r + 0.06) * v, (0.3 * g + 0.11) * v, (0.3 * b + 0.03) * v
    if kind == TRACK:
        return (0.10, 0.22, 0.38) if seed > 0.8 else (0.42, 0.15, 0.09)
    if kind == BALL_COURT:
        return 0.16 + 0.2 * seed, 0.20, 0.34 - 0.2 * seed
    r, g, b = 0.06, 0.17, 0.10
    if style == 1.0:
        r, g, b = 0.36, 0.16, 0.09
    elif style == 2.0:
        r, g, b = 0.06, 0.13, 0.26
    if mark == COURT:
        r, g, b = r * 1.5 + 0.02, g * 1.3, b * 1.3 + 0.02
    return r, g, b


@compiled
def rail_colour(
    weather: NDArray[np.float64], across: float, along: float, inside: float, medium: float, fine: float
) -> Colour:
    """Colour two tracks: rails, sleepers, ballast, and grass beside it."""
    if inside > -1.2:
        return weather[W_GRASS_R] * 1.1, weather[W_GRASS_G] * 0.9, weather[W_GRASS_B]
    off = abs(abs(across) - 2.6)
    if abs(off - 0.72) < 0.10:
        return 0.30, 0.27, 0.25
    if off < 1.3 and fraction(along / 0.7) < 0.4:
        return 0.30, 0.29, 0.27
    v = 0.23 + 0.12 * (fine - 0.5) + 0.08 * (medium - 0.5)
    return v * 1.05, v * 0.95, v * 0.85


@compiled
def dry_colour(
    kind: int, a: float, b: float, seed: float, style: float, mark: int,
    x: float, y: float, distance: float, weather: NDArray[np.float64],
) -> tuple[float, float, float, int]:  # fmt: skip
    """Colour the ground on a dry day without snow; also say what surface it is."""
    coarse, medium, fine = noise(x * 0.11, y * 0.11), noise(x * 0.9 + 5.0, y * 0.9), 0.5
    if distance < 60.0:
        fine = noise(x * 6.1, y * 6.1 + 9.0)
        if distance < 9.0:
            fine = 0.4 * fine + 0.6 * noise(x * 23.0, y * 23.0)
    if kind == ROAD:
        red, green, blue = road_colour(mark, seed, coarse, medium, fine)
        return red, green, blue, SURFACE_WORN
    if kind == SIDEWALK:
        if mark == KERB:
            return 0.45, 0.45, 0.44, SURFACE_HARD
        v = 0.30 + 0.12 * (seed - 0.5) + 0.05 * (coarse - 0.5) + 0.05 * (fine - 0.5)
        if distance < 40.0:
            v *= joints(x, y, 1.25, 0.05)
        warm = 1.10 if seed > 0.6 else 1.0
        return v * warm, v, v * (2.0 - warm) * 0.96, SURFACE_HARD
    if kind == WATER:
        # Two layers at odd angles, so that the noise's own lattice does not show.
        slow, quick = (
            noise(x * 0.05 + y * 0.03, y * 0.05 - x * 0.03),
            noise(x * 0.2 - y * 0.3, y * 0.2 + x * 0.3),
        )
        v = 0.7 + 0.3 * (slow - 0.5) + 0.16 * (quick - 0.5)
        return 0.045 * v, 0.085 * v, 0.085 * v, SURFACE_WATER
    if kind == POOL:
        return 0.10, 0.42, 0.52, SURFACE_WATER
    if kind == PATH:
        if style == 1.0:
            v = 0.8 + 0.4 * medium
            return 0.24 * v, 0.23 * v, 0.22 * v, SURFACE_HARD
        v = 0.36 + 0.08 * (medium - 0.5) + 0.06 * (fine - 0.5)
        return v, v * 0.9, v * 0.74, SURFACE_HARD
    if kind == RAIL:
        red, green, blue = rail_colour(weather, a, b, style, medium, fine)
        return red, green, blue, SURFACE_HARD
    if kind == PARKING:
        v = 0.11 + 0.10 * seed + 0.04 * (coarse - 0.5) + 0.03 * (medium - 0.5)
        v = 0.55 if mark == WHITE else v
        return v, v, v, SURFACE_WORN
    if kind in (SOCCER, TENNIS, TRACK, BALL_COURT):
        red, green, blue = sport_colour(weather, kind, a, seed, style, mark)
        return red, green, blue, SURFACE_HARD
    if kind in (PLAZA, PAVED) or (kind == CONCRETE and mark != KERB):
        base = 0.36 if kind == PLAZA else (0.25 if kind == PAVED else 0.30)
        v = base * (0.8 + 0.4 * seed) + 0.06 * (coarse - 0.5) + 0.04 * (medium - 0.5) + 0.03 * (fine - 0.5)
        if kind == PLAZA and distance < 200.0:
            v *= joints(x, y, 3.0, 0.07)
        return v * 1.03, v, v * 0.95, SURFACE_HARD
    if kind == DRIVEWAY:
        if seed > 0.75:
            return 0.34, 0.22, 0.17, SURFACE_HARD
        v = 0.22 + 0.25 * seed + 0.04 * (medium - 0.5)
        return v * 1.05, v, v * 0.92, SURFACE_HARD
    if kind == SAND:
        v = 0.9 + 0.2 * medium
        return 0.55 * v, 0.46 * v, 0.30 * v, SURFACE_HARD
    if kind == DIRT:
        return 0.25 + 0.1 * medium, 0.21 + 0.08 * medium, 0.15 + 0.06 * medium, SURFACE_HARD
    if mark == KERB:
        return 0.42, 0.42, 0.41, SURFACE_HARD
    if kind == YARD:
        if style == 1.0:  # courts of the old town are half paved
            if coarse > 0.42:
                v = 0.26 + 0.06 * (medium - 0.5)
                return v * 1.03, v, v * 0.95, SURFACE_HARD
        elif noise(x * 0.16 + 7.0, y * 0.16) > 0.72:  # terraces
            v = 0.30 + 0.1 * (medium - 0.5)
            return v * 1.05, v, v * 0.9, SURFACE_HARD
    red, green, blue = grass_colour(weather, x, y, coarse, medium, fine)
    return red, green, blue, SURFACE_SOFT


@compiled
def ground_colour(
    kind: int, a: float, b: float, seed: float, style: float, mark: int,
    x: float, y: float, distance: float, weather: NDArray[np.float64],
) -> tuple[float, float, float, int]:  # fmt: skip
    """Return linear (r, g, b) albedo and the surface of a patch that ``ground_at`` found."""
    red, green, blue, surface = dry_colour(kind, a, b, seed, style, mark, x, y, distance, weather)
    if weather[W_SNOW] > 0.0 and surface != SURFACE_WATER:
        cover = 0.55
        if surface == SURFACE_SOFT:
            cover = 0.9
        elif surface == SURFACE_WORN:
            cover = 0.25
        cover = min(1.0, weather[W_SNOW] * cover * (0.7 + 0.5 * noise(x * 0.11, y * 0.11)))
        red += (0.78 - red) * cover
        green += (0.80 - green) * cover
        blue += (0.84 - blue) * cover
    elif weather[W_WET] > 0.0 and (surface in (SURFACE_WORN, SURFACE_HARD)):
        dark = 1.0 - 0.35 * weather[W_WET]
        red, green, blue = red * dark, green * dark, blue * dark
    return red, green, blue, surface
