"""From an image, its view and its pose to the square an encoder takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from gleam.errors import GleamError, ImageError
from gleam.imagery.preparation.drone import drone_sampling
from gleam.imagery.preparation.ground import ground_sampling
from gleam.imagery.preparation.overhead import overhead_sampling
from gleam.imagery.preparation.panorama import panorama_sampling
from gleam.imagery.preparation.raw import raw_coordinates, raw_facts, raw_picture
from gleam.imagery.preparation.sampling import Sampling, Source, draw
from gleam.imagery.preparation.settings import Preparation
from gleam.imagery.preparation.square import OVERSAMPLING, polar_grid
from gleam.views import UNKNOWN_POSE, Pose, View

NADIR_SHARE = 0.04
"""Of the half width: nearer to the camera one sees it, or what carries it, more than the ground."""
_SAMPLERS: dict[View, Callable[[tuple[int, int], Pose, Preparation], Sampling]] = {
    View.SATELLITE: overhead_sampling,
    View.MAP: overhead_sampling,
    View.DRONE: drone_sampling,
    View.PANORAMA: panorama_sampling,
    View.GROUND: ground_sampling,
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """An image ready for the encoder.

    pixels: (S, S, 3) uint8; raw panoramas may have another height and width.
    ground: (S, S) which pixels of a panorama or ground photo show ground to scale; None of other pictures.
    north_up: whether the top of the square (the centre of a raw panorama) is known to be north.
    note: what was assumed because the pose did not tell, in words; empty when nothing was.
    """

    pixels: NDArray[np.uint8]
    north_up: bool
    note: str
    ground: NDArray[np.bool_] | None = None


def prepare(
    image: NDArray[np.uint8],
    view: View,
    pose: Pose = UNKNOWN_POSE,
    p: Preparation | None = None,
) -> Prepared:
    """Bring an (H, W, 3) uint8 image of any view towards a north-up bird's view, or only to size.

    Raises ImageError when the array is not such an image, and GleamError when the pose is impossible.
    """
    return prepare_each(image, view, [pose], p)[0]


def prepare_each(
    image: NDArray[np.uint8], view: View, poses: Sequence[Pose], p: Preparation | None = None
) -> list[Prepared]:
    """Do what :func:`prepare` does for several poses that one image may have, such as assumed headings."""
    p = p or Preparation()
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ImageError(
            f"An image array of shape {image.shape} and type {image.dtype} cannot be prepared; "
            "give (height, width, 3) uint8, as load_image returns."
        )
    out, source = [], Source(image)
    for pose in poses:
        if p.is_raw:
            _check(view, pose)
            out.append(Prepared(raw_picture(image, view, pose, p), *raw_facts(view, pose, p)))
        else:
            sampling = _sampling(image.shape[:2], view, pose, p)
            square = draw(source, sampling, p.pixels)
            out.append(Prepared(square, sampling.north_up, sampling.note, _ground(view, sampling, p)))
    return out


def _ground(view: View, sampling: Sampling, p: Preparation) -> NDArray[np.bool_] | None:
    """Return which pixels of the polar square show ground to scale; None of views without such a square."""
    if view not in (View.PANORAMA, View.GROUND):
        return None
    side, k = p.pixels, OVERSAMPLING
    radius = polar_grid(side * k)[1]
    shown = sampling.seen & (radius < p.metric_share) & (radius > NADIR_SHARE)
    return np.asarray(shown.reshape(side, k, side, k).all((1, 3)))


def source_coordinates(
    size: tuple[int, int], view: View, pose: Pose = UNKNOWN_POSE, p: Preparation | None = None
) -> NDArray[np.float32]:
    """Return (S, S, 2): the (row, column) of a (height, width) source that each prepared pixel shows.

    Raw panoramas have their own height and width in place of S, S.

    Positions are in pixels with the centre of the first at 0.5, and NaN where the source does not see.
    With it a region of the prepared square can be drawn on the photo it came from.
    """
    p = p or Preparation()
    if p.is_raw:
        _check(view, pose)
        return raw_coordinates(size, view, pose, p)
    sampling = _sampling(size, view, pose, p)
    side = p.pixels * OVERSAMPLING
    columns = sampling.columns % size[1] if sampling.wraps else sampling.columns
    out = np.stack([sampling.rows, columns], -1).astype(np.float32)
    out[~sampling.seen] = np.nan
    # The sample south-east of each pixel's centre: a quarter pixel off, and no averaging across a seam.
    return out.reshape(side, side, 2)[OVERSAMPLING // 2 :: OVERSAMPLING, OVERSAMPLING // 2 :: OVERSAMPLING]


def _sampling(size: tuple[int, int], view: View, pose: Pose, p: Preparation) -> Sampling:
    """Check the pose and ask the view's geometry."""
    _check(view, pose)
    return _SAMPLERS[view](size, pose, p)


def _check(view: View, pose: Pose) -> None:
    """Refuse a pose that no camera has."""
    for field in fields(pose):
        value = getattr(pose, field.name)
        if value is not None and not math.isfinite(value):
            raise GleamError(
                f"{view.value} pose: {field.name} is {value}; give a number, or None when unknown."
            )
    fov, widest = pose.fov_deg, 360.0 if view is View.PANORAMA else 175.0
    if fov is not None and not 0.1 <= fov <= widest:
        raise GleamError(
            f"{view.value} pose: a field of view of {fov:g} degrees is impossible; give 0.1 to {widest:g}."
        )
    if pose.pitch_deg is not None and not -90.0 <= pose.pitch_deg <= 90.0:
        raise GleamError(
            f"{view.value} pose: pitch {pose.pitch_deg:g} is impossible; give -90 (down) to 90 (up)."
        )
    if pose.ground_width_m is not None and pose.ground_width_m <= 0:
        raise GleamError(f"{view.value} pose: a ground width of {pose.ground_width_m:g} m is impossible.")
