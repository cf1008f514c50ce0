"""Turning the world under raw panoramas: they are rolled sideways where squares are rotated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def roll_panoramas(
    panoramas: NDArray[np.uint8], turns: NDArray[np.float64], mirrored: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Return panoramas (n, H, W, 3) as (n, 3, H, W), turned and mirrored with the world, to the next column.

    The centre column is the upward direction of the place's square. What a matrix of
    :meth:`gleam.training.augmentation.Geometry.matrices` does to the square, this does to its panorama.

    Args:
        panoramas: Full circles.
        turns: (n, 2) degrees that the world is turned before it is mirrored, and that the picture is
            turned after; clockwise as seen from the azimuth that comes to the centre.
        mirrored: (n,) whether east and west are exchanged.
    """
    count, height, width = panoramas.shape[:3]
    before, after = np.rint(turns / 360.0 * width).astype(np.int64).T
    columns = np.arange(width)[None] + before[:, None]
    columns = (np.where(mirrored[:, None], width - 1 - columns, columns) + after[:, None]) % width
    out = np.empty((count, 3, height, width), np.uint8)
    for n in range(count):
        out[n] = panoramas[n][:, columns[n]].transpose(2, 0, 1)
    return out
