"""Satellite images and maps: brought to scale, and turned north-up."""

from __future__ import annotations

import math

import numpy as np

from gleam.imagery.preparation.sampling import Sampling
from gleam.imagery.preparation.settings import Preparation
from gleam.imagery.preparation.square import OVERSAMPLING, axis
from gleam.views import Pose


def overhead_sampling(size: tuple[int, int], pose: Pose, p: Preparation) -> Sampling:
    """Return where a square of ``p.ground_width_m`` lies in a satellite image or map of (height, width).

    Unknown ground width: the largest centred square is used whole. Unknown heading: the image is taken
    to be north-up, as such images are made.
    """
    notes = []
    height, width = size
    if pose.ground_width_m is not None:
        side = p.ground_width_m / pose.ground_width_m * width
    else:
        side = float(min(size))
        notes.append("ground width unknown: used at the scale it came in")
        if abs(width / height - 1) > 0.02:
            notes.append("not square: its sides were left out")
    if pose.heading_deg is None:
        notes.append("heading unknown: taken as north-up")
    columns, rows = turned_square(size, side, pose.heading_deg or 0.0, p.pixels * OVERSAMPLING)
    seen = (columns >= 0) & (columns <= width) & (rows >= 0) & (rows <= height)
    step = max(1, int(side / (p.pixels * OVERSAMPLING) + 1e-6))
    return Sampling(columns, rows, seen, shrink=(step, step), north_up=True, note="; ".join(notes))


def turned_square(
    size: tuple[int, int], side: float, heading_deg: float, samples: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return source columns and rows of a centred square of ``side`` source pixels, turned north-up.

    ``heading_deg`` is where the upward direction of the source points.
    """
    along = axis(samples) * np.float32(side / 2)
    east, south = along[None, :], along[:, None]
    turn = math.radians(heading_deg)
    cos, sin = np.float32(math.cos(turn)), np.float32(math.sin(turn))
    columns = east * cos + south * sin + np.float32(size[1] / 2)
    rows = south * cos - east * sin + np.float32(size[0] / 2)
    return columns.ravel(), rows.ravel()
