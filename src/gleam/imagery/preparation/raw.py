"""Pictures as they were taken, only resized: what the networks of other projects were trained on.

Those resize the whole picture, whatever its shape, and know nothing of the camera. One exception has a
meaning that all share: the centre column of a panorama looks north, so a panorama of known heading is
rolled until it does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gleam.imagery.preparation.settings import Preparation
from gleam.views import Pose, View

FULL_CIRCLE_DEG = 359.5


def raw_picture(image: NDArray[np.uint8], view: View, pose: Pose, p: Preparation) -> NDArray[np.uint8]:
    """Return the whole (H, W, 3) image at the size of its view, a panorama with north in the centre."""
    height, width = p.size(view)
    shift = north_shift(image.shape[1], view, pose)
    rolled = np.roll(image, shift, axis=1) if shift else image
    if rolled.shape[:2] == (height, width):
        return np.array(rolled)
    # Bilinear over the whole area that a pixel covers: nothing is skipped when a large photo shrinks.
    return np.array(Image.fromarray(rolled).resize((width, height), Image.Resampling.BILINEAR))


def raw_coordinates(size: tuple[int, int], view: View, pose: Pose, p: Preparation) -> NDArray[np.float32]:
    """Return (height, width, 2): the source (row, column) of every pixel of the resized picture."""
    height, width = p.size(view)
    rows = (np.arange(height) + 0.5) / height * size[0]
    columns = ((np.arange(width) + 0.5) / width * size[1] - north_shift(size[1], view, pose)) % size[1]
    return np.stack(np.meshgrid(rows, columns, indexing="ij"), -1).astype(np.float32)


def raw_facts(view: View, pose: Pose, p: Preparation) -> tuple[bool, str]:
    """Return whether directions in the picture are known, and what was assumed."""
    if view in (View.SATELLITE, View.MAP):
        notes = [] if pose.heading_deg is not None else ["heading unknown: taken as north-up"]
        if pose.ground_width_m is not None and abs(pose.ground_width_m / p.ground_width_m - 1) > 0.02:
            notes.append(f"shown whole, though it is {pose.ground_width_m:g} m wide")
        return not pose.heading_deg, "; ".join(notes)
    if view is View.PANORAMA and closes(pose):
        known = pose.heading_deg is not None
        return known, "" if known else "heading unknown: the centre column is taken as north"
    return False, "shown as it was taken; what is known of the camera was not used"


def turns_raw(view: View, pose: Pose) -> bool:
    """Tell whether the heading changes how a raw picture is shown: it rolls closed panoramas."""
    return view is View.PANORAMA and closes(pose)


def closes(pose: Pose) -> bool:
    """Tell whether a panorama is a full circle, so that it can be rolled."""
    return pose.fov_deg is None or pose.fov_deg >= FULL_CIRCLE_DEG


def north_shift(width: int, view: View, pose: Pose) -> int:
    """Return by how many source columns a picture is rolled to the right to bring north to the centre."""
    if view is not View.PANORAMA or pose.heading_deg is None or not closes(pose):
        return 0
    return round(pose.heading_deg / 360.0 * width) % width
