"""What panorama and ground photo share: the polar square around the camera."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gleam.imagery.preparation.settings import Preparation
from gleam.imagery.preparation.square import OVERSAMPLING, elevations, polar_grid, wall_slope

Floats = NDArray[np.float32]


def polar_directions(height_m: float, p: Preparation) -> tuple[Floats, Floats]:
    """Return azimuth and elevation in radians of every sample of the polar square, row by row."""
    samples = p.pixels * OVERSAMPLING
    return polar_grid(samples)[0], elevations(samples, height_m, p)


def world_rays(azimuth: Floats, elevation: Floats) -> Floats:
    """Return (3, N) unit vectors east, north, up."""
    level = np.cos(elevation)
    return np.stack([level * np.sin(azimuth), level * np.cos(azimuth), np.sin(elevation)])


def shrink_plan(
    density: float, height_m: float, p: Preparation
) -> tuple[tuple[int, int], NDArray[np.bool_] | None, int]:
    """Return how a source of ``density`` pixels per radian may be averaged beforehand.

    Sideways: to the spacing of samples at the rim. Vertically the spacing differs widely: far ground is
    squeezed into few rows of the source, where every row counts, while walls, sky and the ground at the
    camera's feet are sampled sparsely. The former keep all rows; the latter (``coarse``) take an average.

    Returns (vertical, horizontal) factors, the mask of coarse samples or None, their vertical factor.
    """
    samples = p.pixels * OVERSAMPLING
    across = max(1, int(density * 2 / samples))
    wall_step = wall_slope(height_m, p) * 2 / samples
    factor = int(density * wall_step)
    if factor < 2:
        return (1, across), None, 1
    radius = polar_grid(samples)[1]
    distance = radius * np.float32(p.ground_width_m / 2)
    ground_step = height_m / (distance**2 + height_m**2) * (p.ground_width_m / samples)
    coarse = (radius >= p.metric_share) | (ground_step >= wall_step)
    return (1, across), coarse, factor
