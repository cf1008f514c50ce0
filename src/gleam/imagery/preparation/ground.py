"""Ground photos: the fan that a camera at street level sees, in the same polar square as panoramas."""

from __future__ import annotations

import numpy as np

from gleam.imagery.preparation.camera import camera_axes, focal_pixels
from gleam.imagery.preparation.polar import polar_directions, shrink_plan, world_rays
from gleam.imagery.preparation.sampling import Sampling
from gleam.imagery.preparation.settings import Preparation
from gleam.views import Pose


def ground_sampling(size: tuple[int, int], pose: Pose, p: Preparation) -> Sampling:
    """Return where the polar square lies in a pinhole photo of (height, width) taken near the ground.

    Unknown pitch and roll are taken as level, unknown height and field of view from the settings, and
    the note says so. Unknown heading: the optical axis points up.
    """
    height, width = size
    notes = []
    if pose.heading_deg is None:
        notes.append("heading unknown: the optical axis is up")
    fov = pose.fov_deg
    if fov is None:
        fov = p.ground_fov_deg
        notes.append(f"field of view unknown: taken as {fov:g} degrees")
    camera_height = pose.height_m
    if camera_height is None or camera_height <= 0:
        camera_height = p.camera_height_m
        notes.append(f"camera height unknown: taken as {camera_height:g} m")
    if pose.pitch_deg is None:
        notes.append("pitch unknown: taken as level")
    axes = camera_axes(pose.heading_deg or 0.0, pose.pitch_deg or 0.0, pose.roll_deg or 0.0)
    azimuth, elevation = polar_directions(camera_height, p)
    right, up, forward = axes.astype(np.float32) @ world_rays(azimuth, elevation)
    focal = focal_pixels(width, fov)
    ahead = forward > 0.02
    inverse = np.float32(focal) / np.where(ahead, forward, np.float32(1))
    columns, rows = width / 2 + right * inverse, height / 2 - up * inverse
    seen = ahead & (columns >= 0) & (columns <= width) & (rows >= 0) & (rows <= height)
    shrink, coarse, coarse_shrink = shrink_plan(focal, camera_height, p)
    return Sampling(
        columns,
        rows,
        seen,
        shrink=shrink,
        coarse=coarse,
        coarse_shrink=coarse_shrink,
        north_up=pose.heading_deg is not None,
        note="; ".join(notes),
    )
