"""The grids of the prepared square: where each sample lies on the ground or around the camera."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gleam.imagery.preparation.settings import Preparation

Floats = NDArray[np.float32]

OVERSAMPLING = 2
"""Samples per output pixel along each side; their mean is the pixel."""


@lru_cache(maxsize=16)
def axis(samples: int) -> Floats:
    """Return the sample centres along one side of the square, -1 (left or lower edge) to 1."""
    out = ((np.arange(samples) + 0.5) / samples * 2 - 1).astype(np.float32)
    out.setflags(write=False)
    return out


@lru_cache(maxsize=16)
def polar_grid(samples: int) -> tuple[Floats, Floats]:
    """Return azimuth (radians clockwise from the top) and radius (1 = edge) of every sample, row by row."""
    along = axis(samples).astype(np.float64)
    x, y = np.meshgrid(along, -along, indexing="xy")
    azimuth, radius = np.arctan2(x, y), np.hypot(x, y)
    out = azimuth.ravel().astype(np.float32), radius.ravel().astype(np.float32)
    for shared in out:
        shared.setflags(write=False)
    return out


@lru_cache(maxsize=16)
def elevations(samples: int, height_m: float, p: Preparation) -> Floats:
    """Return the elevation (radians above the horizon) that each sample of the polar square shows.

    Out to ``metric_share`` of the half width the radius is metres on flat ground below a camera at
    ``height_m``; beyond, the elevation rises evenly, so that walls and sky follow.
    """
    half = p.ground_width_m / 2
    _, radius = polar_grid(samples)
    edge = -math.atan2(height_m, p.metric_share * half)
    ground = -np.arctan2(np.float32(height_m), radius * np.float32(half))
    walls = np.float32(edge) + (radius - np.float32(p.metric_share)) * np.float32(wall_slope(height_m, p))
    out: Floats = np.where(radius < p.metric_share, ground, walls)
    out.setflags(write=False)
    return out


def wall_slope(height_m: float, p: Preparation) -> float:
    """Return how fast the elevation rises beyond the metric ground, in radians per unit of radius."""
    edge = -math.atan2(height_m, p.metric_share * p.ground_width_m / 2)
    return (math.radians(p.rim_elevation_deg) - edge) / (1 - p.metric_share)
