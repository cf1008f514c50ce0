"""Radiance of the sky: gradient, clouds, glow around the sun."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gleam.city.renderer.compiled import compiled
from gleam.city.renderer.noise import noise
from gleam.city.weather import (
    W_CLOUDS,
    W_HORIZON_B,
    W_HORIZON_G,
    W_HORIZON_R,
    W_SEED,
    W_SUN,
    W_SUN_X,
    W_SUN_Y,
    W_SUN_Z,
    W_ZENITH,
)


@compiled
def sky(dx: float, dy: float, dz: float, weather: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return linear (r, g, b) towards a direction at or above the horizon."""
    up = max(0.0, dz)
    low = math.exp(-up * 3.2)
    zenith = weather[W_ZENITH]
    r = 0.13 * zenith + (weather[W_HORIZON_R] - 0.13 * zenith) * low
    g = 0.27 * zenith + (weather[W_HORIZON_G] - 0.27 * zenith) * low
    b = 0.60 * zenith + (weather[W_HORIZON_B] - 0.60 * zenith) * low
    if up > 0.015:
        scale = 1.3 / (up + 0.12)
        x, y, seed = dx * scale, dy * scale, weather[W_SEED] * 57.0
        n = (
            0.55 * noise(x + seed, y + seed)
            + 0.28 * noise(x * 2.3 + seed, y * 2.3)
            + 0.17 * noise(x * 5.1, y * 5.1)
        )
        cover = (n - 0.82 + 0.52 * weather[W_CLOUDS]) * 4.0
        cover = min(1.0, max(0.0, cover)) * min(1.0, up * 6.0)
        light = (0.72 + 0.30 * (n - 0.5)) * (0.62 + 0.15 * weather[W_SUN])
        r += (light - r) * cover
        g += (light * 1.01 - g) * cover
        b += (light * 1.04 - b) * cover
    towards = dx * weather[W_SUN_X] + dy * weather[W_SUN_Y] + dz * weather[W_SUN_Z]
    if towards > 0.6:
        p4 = towards * towards
        p4 *= p4
        p12 = p4 * p4 * p4
        p96 = p12 * p12
        p96 *= p96
        p96 *= p96
        glow = (p96 * p96 * p96 * p96 * 2.5 + p12 * 0.16) * weather[W_SUN] * 0.4
        r += glow
        g += glow * 0.93
        b += glow * 0.8
    return r, g, b
