"""From a region of the prepared square back to the picture it came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.explaining.verdict import Box
from gleam.imagery.preparation import Preparation, source_coordinates
from gleam.views import Pose, View

_TRIM = 4.0
"""Percent of a region's points left out at each side, so that one stray point does not stretch the box."""
_FULL_CIRCLE_DEG = 359.5


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where a picture shows a region. visible: share of the region that it shows; box: None when none.

    rest: the part of the box beyond the seam of a panorama.
    """

    visible: float
    box: Box | None = None
    rest: Box | None = None


def sightings(
    size: tuple[int, int], view: View, pose: Pose, preparation: Preparation, grid: int
) -> list[list[Sighting]]:
    """Return for each region of a ``grid`` x ``grid`` square where a picture shows it.

    Args:
        size: (height, width) of the picture, upright.
        view: Its view. pose: of its camera, as it was prepared.
        pose: What was known of its camera when it was prepared.
        preparation: How it was prepared.
        grid: Regions per side of the square.

    Returns:
        ``grid`` rows from north to south of ``grid`` sightings from west to east.
    """
    where = source_coordinates(size, view, pose, preparation)
    closed = view is View.PANORAMA and (pose.fov_deg is None or pose.fov_deg >= _FULL_CIRCLE_DEG)
    down, across = (np.linspace(0, side, grid + 1).round().astype(int) for side in where.shape[:2])
    return [
        [
            _sighting(where[down[i] : down[i + 1], across[j] : across[j + 1]].reshape(-1, 2), size, closed)
            for j in range(grid)
        ]
        for i in range(grid)
    ]


def _sighting(points: NDArray[np.float32], size: tuple[int, int], closed: bool) -> Sighting:
    seen = points[~np.isnan(points).any(1)].astype(np.float64)
    visible = len(seen) / max(len(points), 1)
    if not len(seen):
        return Sighting(0.0)
    height, width = size
    columns = seen[:, 1]
    if closed:
        # Begin counting in the middle of the widest gap, so that the region is one piece.
        ordered = np.sort(columns)
        gaps = np.diff(np.append(ordered, ordered[0] + width))
        start = ordered[(int(np.argmax(gaps)) + 1) % len(ordered)]
        columns = (columns - start) % width + start
    top, bottom = np.clip(np.percentile(seen[:, 0], [_TRIM, 100 - _TRIM]), 0, height)
    left, right = np.percentile(columns, [_TRIM, 100 - _TRIM])
    if not closed or right <= width:
        return Sighting(visible, _box(max(left, 0), top, min(right, width), bottom))
    if left >= width:
        return Sighting(visible, _box(left - width, top, right - width, bottom))
    parts = [_box(left, top, width, bottom), _box(0, top, right - width, bottom)]
    larger, smaller = sorted(parts, key=lambda box: box.left - box.right)
    return Sighting(visible, larger, smaller)


def _box(left: float, top: float, right: float, bottom: float) -> Box:
    return Box(left=round(left, 1), top=round(top, 1), right=round(right, 1), bottom=round(bottom, 1))
