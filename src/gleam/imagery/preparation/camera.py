"""The axes of a camera in the world: x east, y north, z up."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def camera_axes(heading_deg: float, pitch_deg: float, roll_deg: float) -> NDArray[np.float64]:
    """Return the unit vectors (right, up, forward) of a camera as the rows of a 3 x 3 matrix.

    Multiplying by a direction (east, north, up) gives its camera coordinates. A camera looking
    straight down (pitch -90) has the heading as the upward direction of its image. Positive roll
    turns the camera clockwise as seen from behind it, so that its right side dips.
    """
    heading, pitch, roll = (math.radians(a) for a in (heading_deg, pitch_deg, roll_deg))
    sin_h, cos_h, sin_p, cos_p = math.sin(heading), math.cos(heading), math.sin(pitch), math.cos(pitch)
    right = np.array([cos_h, -sin_h, 0.0])
    up = np.array([-sin_h * sin_p, -cos_h * sin_p, cos_p])
    forward = np.array([cos_p * sin_h, cos_p * cos_h, sin_p])
    sin_r, cos_r = math.sin(roll), math.cos(roll)
    return np.stack([right * cos_r - up * sin_r, up * cos_r + right * sin_r, forward])


def focal_pixels(width: int, fov_deg: float) -> float:
    """Return the focal length in pixels of a pinhole image with this horizontal field of view."""
    return width / 2 / math.tan(math.radians(fov_deg) / 2)
