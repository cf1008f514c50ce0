"""From a photo and what is known of its camera to the vectors it is searched by."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.embedding import THUMBNAIL_PIXELS, SquareEncoder
from gleam.imagery.decode import load_image
from gleam.imagery.preparation import Preparation, prepare_each, turns_raw
from gleam.views import UNKNOWN_POSE, Pose, View

HEADINGS = 48
"""Assumed headings when it is unknown, 7.5 degrees apart. With 15, eight panoramas of 100 more are missed."""
STRAIGHT_DOWN_DEG = -85.0
MIN_CONTRAST = 2.0
"""Standard deviation of brightness (0..255) of a photo below which it shows nothing."""
_TURNING = (View.DRONE, View.PANORAMA, View.GROUND)
"""Views whose upward direction is not north by custom."""


@dataclass(frozen=True)
class Camera:
    """What is known of the camera, and from where.

    pose_from: for each known field ``told`` or ``metadata``. fields: the metadata fields read, as text.
    position: (lat, lon) from EXIF, not used unless asked for. taken: capture time, ISO 8601.
    """

    pose: Pose = UNKNOWN_POSE
    pose_from: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    position: tuple[float, float] | None = None
    warnings: tuple[str, ...] = ()
    taken: str | None = None


Shown = tuple[NDArray[np.uint8], NDArray[np.bool_]]
"""A square (S, S, 3), north up, and which of its pixels (S, S) show ground to scale."""


@dataclass(frozen=True)
class Query:
    """A photo made ready for searching.

    vectors: (K, D), one per assumed heading. headings: the assumed ones when there were several, else
    None. drawn: (K / quarters, S, S, 3), every one of which stands for so many headings, turned by quarters
    (of a raw panorama its own height and width). ground: (K / quarters, S, S), which pixels of them show
    ground to scale; None of views that do not tell. shows_something: whether there is any contrast.
    finely: its ground drawn as fine as an atlas keeps its pictures; None where that is not finer, or the
    heading is not known well enough.
    """

    vectors: NDArray[np.float32]
    headings: NDArray[np.float64] | None
    drawn: NDArray[np.uint8]
    ground: NDArray[np.bool_] | None
    quarters: int
    notes: tuple[str, ...]
    shows_something: bool
    finely: Shown | None = None

    @property
    def squares(self) -> NDArray[np.uint8]:
        """(K, S, S, 3), what the encoder saw under each heading."""
        return _all_quarters(self.drawn, self.quarters)

    def on_the_ground(self, row: int) -> Shown | None:
        """Return the square of a heading and which of its pixels show ground, if that is known."""
        if self.ground is None:
            return None
        turn, drawn = divmod(row, len(self.drawn))
        return np.rot90(self.drawn[drawn], -turn), np.rot90(self.ground[drawn], -turn)


def read_camera(photo: Any, view: View, told: Pose, *, use_metadata: bool) -> Camera:
    """Merge what the caller tells of the camera with what the photo's EXIF and XMP say.

    What is told wins. Orientation, height and field of view come from the metadata of a file (or its
    bytes) unless switched off; the position is only carried along. Maps have no camera.

    Raises:
        ImageError: The file is missing.
    """
    pose_from = {f.name: "told" for f in fields(told) if getattr(told, f.name) is not None}
    if not use_metadata or not isinstance(photo, str | os.PathLike | bytes):
        return Camera(told, pose_from)
    from gleam.imagery.exif import read_metadata

    metadata = read_metadata(photo)
    taken = None if metadata.taken is None else metadata.taken.isoformat()
    found = {
        f.name: getattr(metadata.pose, f.name)
        for f in fields(metadata.pose)
        if getattr(metadata.pose, f.name) is not None and f.name not in pose_from
    }
    if view not in _TURNING:
        # A map has no camera; only its width on the ground can be its own.
        found = {name: value for name, value in found.items() if name == "ground_width_m"}
    if view is View.PANORAMA:
        # A stitched panorama inherits the focal length of one of its frames, which is not its span.
        found.pop("fov_deg", None)
    pose_from.update(dict.fromkeys(found, "metadata"))
    return Camera(
        replace(told, **found),
        pose_from,
        dict(metadata.fields),
        metadata.position,
        metadata.warnings,
        taken,
    )


def may_be_reversed(camera: Camera, view: View) -> bool:
    """Tell whether the heading of a drone photo may be off by half a turn.

    Looking straight down, the yaw in the metadata has no direction of its own: on the return legs of a
    survey flight, real photos were found turned by 180 degrees against both the gimbal's and the
    aircraft's yaw. What a person tells is trusted.
    """
    pitch = camera.pose.pitch_deg
    from_file = camera.pose_from.get("heading_deg") == "metadata"
    return view is View.DRONE and from_file and pitch is not None and pitch <= STRAIGHT_DOWN_DEG


def make_query(
    encoder: SquareEncoder,
    preparation: Preparation,
    photo: Any,
    view: View,
    pose: Pose,
    *,
    headings: int = HEADINGS,
    or_reversed: bool = False,
) -> Query:
    """Decode, prepare and embed a photo, once or under every assumed heading.

    Args:
        encoder: Its ``embed`` makes the vectors.
        preparation: That of the atlas.
        photo: A path, bytes, a PIL picture or an (H, W, 3) array.
        view: How the photo sees the world.
        pose: What is known of the camera.
        headings: How many headings to try when it is unknown.
        or_reversed: Try the known heading and its reverse.

    Raises:
        ImageError: The photo cannot be read.
    """
    return query_of(
        encoder,
        preparation,
        load_image(photo, target=4 * preparation.pixels),
        view,
        pose,
        headings=headings,
        or_reversed=or_reversed,
    )


def query_of(
    encoder: SquareEncoder,
    preparation: Preparation,
    pixels: NDArray[np.uint8],
    view: View,
    pose: Pose,
    *,
    headings: int = HEADINGS,
    or_reversed: bool = False,
) -> Query:
    """Do what :func:`make_query` does with pixels (H, W, 3) that are decoded already."""
    # What is shown of a raw picture does not depend on the heading, except that a panorama is rolled.
    turns = view in _TURNING and (not preparation.is_raw or turns_raw(view, pose))
    searched = pose.heading_deg is None and turns
    tried: NDArray[np.float64] | None = None
    if searched:
        tried = np.arange(headings, dtype=np.float64) * (360.0 / headings)
    elif or_reversed and turns and pose.heading_deg is not None:
        tried = np.array([pose.heading_deg, (pose.heading_deg + 180.0) % 360.0])
    # Turning a prepared square by quarters is turning the camera, so a quarter of the circle is drawn.
    quarters = 4 if searched and headings % 4 == 0 and not preparation.is_raw else 1
    drawn = tried[: len(tried) // quarters] if tried is not None else None
    poses = [pose.with_heading(float(h)) for h in drawn] if drawn is not None else [pose]
    prepared = prepare_each(pixels, view, poses, preparation)
    squares = np.stack([p.pixels for p in prepared])
    vectors = _embed_turned(encoder, squares, view, quarters)
    notes = [note for note in (prepared[0].note,) if note]
    if searched:
        notes.append(f"heading unknown: {headings} headings were tried")
    shows_something = _contrast(pixels) >= MIN_CONTRAST
    seen = [p.ground for p in prepared if p.ground is not None]
    ground = np.stack(seen) if len(seen) == len(prepared) else None
    finely = None
    if ground is not None and tried is None and preparation.pixels < THUMBNAIL_PIXELS:
        (finer,) = prepare_each(pixels, view, [pose], replace(preparation, pixels=THUMBNAIL_PIXELS))
        finely = None if finer.ground is None else (finer.pixels, finer.ground)
    return Query(vectors, tried, squares, ground, quarters, tuple(notes), shows_something, finely)


def _contrast(pixels: NDArray[np.uint8]) -> float:
    """Return the standard deviation of the brightness (0..255) of (H, W, 3) pixels."""
    red, green, blue = np.moveaxis(pixels, -1, 0)
    # The mean of three bytes, in a tenth of the time that a mean along the last axis takes.
    return float(np.add(np.add(red, green, dtype=np.uint16), blue).std() / 3)


def _all_quarters(drawn: NDArray[np.uint8], quarters: int) -> NDArray[np.uint8]:
    """Return squares (N, S, S, 3), then all of them turned by a quarter to the right, and so on."""
    return np.concatenate([np.rot90(drawn, -turn, (1, 2)) for turn in range(quarters)])


def _embed_turned(
    encoder: SquareEncoder, drawn: NDArray[np.uint8], view: View, quarters: int
) -> NDArray[np.float32]:
    """Return the vectors (quarters * N, D) of squares (N, S, S, 3) in so many quarter turns.

    An encoder that looks at every square under four turns has seen those quarters already: its vector is
    made of four looks, and the vector of a turned square is the same looks in another order.
    """
    turns = int(getattr(getattr(encoder, "config", None), "turns", 1))
    if quarters != 4 or turns != 4:
        return encoder.embed(_all_quarters(drawn, quarters), view)
    first = encoder.embed(drawn, view)
    looks = first.reshape(len(first), 4, -1)
    return np.concatenate([np.roll(looks, turn, axis=1).reshape(first.shape) for turn in range(4)])
