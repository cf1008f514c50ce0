"""Panoramas: the full circle around a camera, laid out as a bird's-eye square."""

from __future__ import annotations

import math

import numpy as np

from gleam.imagery.preparation.camera import camera_axes
from gleam.imagery.preparation.polar import polar_directions, shrink_plan, world_rays
from gleam.imagery.preparation.sampling import Sampling
from gleam.imagery.preparation.settings import Preparation
from gleam.views import Pose


def panorama_sampling(size: tuple[int, int], pose: Pose, p: Preparation) -> Sampling:
    """Return where the polar square lies in an equirectangular panorama of (height, width).

    The columns span ``pose.fov_deg`` (360 degrees when None) centred on the heading, the rows as many
    degrees per pixel centred on the horizon; an image higher than that allows spans 180 degrees. Unknown
    heading: the centre column is up. Pitch and roll, when given, tilt the sphere.
    """
    height, width = size
    notes = []
    camera_height = pose.height_m
    if camera_height is None or camera_height <= 0:
        camera_height = p.camera_height_m
        notes.append(f"camera height unknown: taken as {camera_height:g} m")
    if pose.heading_deg is None:
        notes.append("heading unknown: the centre column is up")
    heading = pose.heading_deg or 0.0
    span = math.radians(pose.fov_deg if pose.fov_deg is not None else 360.0)
    wraps = span >= math.radians(359.5)
    density = width / span
    row_density = density
    if height > density * math.pi * 1.01:
        row_density = height / math.pi
        notes.append("higher than a full sphere: rows taken as spanning 180 degrees")
    azimuth, elevation = polar_directions(camera_height, p)
    if pose.pitch_deg or pose.roll_deg:
        axes = camera_axes(heading, pose.pitch_deg or 0.0, pose.roll_deg or 0.0).astype(np.float32)
        right, up, forward = axes @ world_rays(azimuth, elevation)
        azimuth, elevation = np.arctan2(right, forward), np.arcsin(np.clip(up, -1, 1))
    elif heading:
        azimuth = azimuth - np.float32(math.radians(heading))
        if not wraps:
            azimuth = (azimuth + np.float32(math.pi)) % np.float32(2 * math.pi) - np.float32(math.pi)
    columns = azimuth * np.float32(density) + np.float32(width / 2)
    rows = elevation * np.float32(-row_density) + np.float32(height / 2)
    seen = (rows >= 0) & (rows <= height)
    if not wraps:
        seen &= (columns >= 0) & (columns <= width)
    shrink, coarse, coarse_shrink = shrink_plan(density, camera_height, p)
    if wraps and width % shrink[1]:
        # Averaging must divide the circle evenly, or the seam would not close.
        shrink = (shrink[0], max(k for k in range(1, shrink[1] + 1) if width % k == 0))
    return Sampling(
        columns,
        rows,
        seen,
        wraps=wraps,
        shrink=shrink,
        coarse=coarse,
        coarse_shrink=coarse_shrink,
        north_up=pose.heading_deg is not None,
        note="; ".join(notes),
    )
