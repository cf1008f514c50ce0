"""Drone photos: laid on the ground by their pose, or at least turned north-up."""

from __future__ import annotations

import math

import numpy as np

from gleam.imagery.preparation.camera import camera_axes, focal_pixels
from gleam.imagery.preparation.overhead import turned_square
from gleam.imagery.preparation.sampling import Sampling
from gleam.imagery.preparation.settings import Preparation
from gleam.imagery.preparation.square import OVERSAMPLING, axis
from gleam.views import Pose

FLATTEST_PITCH_DEG = -10.0
"""Above this the optical axis meets the ground too far away for a rectified picture to show anything."""


def drone_sampling(size: tuple[int, int], pose: Pose, p: Preparation) -> Sampling:
    """Return where the square of ground around the aim point lies in a drone photo of (height, width).

    Pitch, height and field of view known: the ground plane is rectified, centred where the optical axis
    meets it. Pitch unknown: the photo is brought to scale as if it looked straight down. Height or field
    of view unknown: the largest centred square is used whole. Heading known: north-up; otherwise the top
    of the photo stays up.
    """
    heading = pose.heading_deg
    notes = [] if heading is not None else ["heading unknown: the top of the photo is up"]
    flat = pose.pitch_deg is not None and pose.pitch_deg > FLATTEST_PITCH_DEG
    if pose.height_m is None or pose.height_m <= 0 or pose.fov_deg is None or flat:
        notes.append(_why_not_rectified(pose, flat))
        side = float(min(size))
        columns, rows = turned_square(size, side, heading or 0.0, p.pixels * OVERSAMPLING)
        seen = (columns >= 0) & (columns <= size[1]) & (rows >= 0) & (rows <= size[0])
        step = max(1, int(side / (p.pixels * OVERSAMPLING) + 1e-6))
        return Sampling(
            columns, rows, seen, shrink=(step, step), north_up=heading is not None, note="; ".join(notes)
        )
    pitch = pose.pitch_deg
    if pitch is None:
        notes.append("pitch unknown: scaled as if it looked straight down")
        pitch = -90.0
    return _rectified(
        size,
        heading or 0.0,
        pitch,
        pose.roll_deg or 0.0,
        pose.height_m,
        pose.fov_deg,
        p,
        heading is not None,
        notes,
    )


def _why_not_rectified(pose: Pose, flat: bool) -> str:
    if flat:
        return (
            f"pitch {pose.pitch_deg:g} degrees is too flat to lay on the ground: used at the scale it came in"
        )
    missing = [
        name for name, value in (("height", pose.height_m), ("field of view", pose.fov_deg)) if value is None
    ]
    return f"{' and '.join(missing) or 'height above 0'} unknown: used at the scale it came in"


def _rectified(
    size: tuple[int, int],
    heading_deg: float,
    pitch_deg: float,
    roll_deg: float,
    height_m: float,
    fov_deg: float,
    p: Preparation,
    north_up: bool,
    notes: list[str],
) -> Sampling:
    """Project the ground square through the pinhole into the photo."""
    height, width = size
    samples = p.pixels * OVERSAMPLING
    axes = camera_axes(heading_deg, pitch_deg, roll_deg)
    ray = height_m / math.sin(math.radians(-pitch_deg))  # from the camera to the aim point
    aim = axes[2] * ray  # relative to the camera; its z is -height_m
    along = axis(samples).astype(np.float64) * p.ground_width_m / 2
    east, north = along[None, :], -along[:, None]
    right, up, depth = (a[0] * east + a[1] * north + float(a @ aim) for a in axes)
    ahead = depth > 1e-3 * ray
    inverse = focal_pixels(width, fov_deg) / np.where(ahead, depth, 1.0)
    columns, rows = width / 2 + right * inverse, height / 2 - up * inverse
    seen = ahead & (columns >= 0) & (columns <= width) & (rows >= 0) & (rows <= height)
    # Source pixels per sample at the aim point, along and across the slope of the view.
    across = focal_pixels(width, fov_deg) / ray * p.ground_width_m / samples
    down = across * math.sin(math.radians(-pitch_deg))
    return Sampling(
        columns.ravel().astype(np.float32),
        rows.ravel().astype(np.float32),
        seen.ravel(),
        shrink=(max(1, int(down)), max(1, int(across))),
        north_up=north_up,
        note="; ".join(notes),
    )
