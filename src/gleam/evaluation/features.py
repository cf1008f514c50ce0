"""From rows of a places table to vectors: what is known of the cameras, and what is hidden on purpose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gleam.errors import EncoderError, ImageError, unknown_name
from gleam.places.table import Places
from gleam.progress import progress
from gleam.views import Pose, View

HIDEABLE = ("heading", "pose")
"""What ``hide`` may name: ``heading`` of drone, panorama and ground images; ``pose`` leaves drones their
heading alone."""

HEADINGS_TRIED = 12
"""An image of unknown heading is searched this often, turned by 30 degrees each, and the best counts."""

TURNING_VIEWS = (View.DRONE, View.PANORAMA, View.GROUND)
"""Views whose preparation needs a heading; maps have north at the top."""

_IMAGES_AT_ONCE = 256
_FIELDS = {
    View.DRONE: ("heading", "pitch", "height", "field of view"),
    View.MAP: ("ground width",),
    View.PANORAMA: ("heading", "camera height"),
    View.GROUND: ("heading", "pitch", "field of view", "camera height"),
    View.SATELLITE: ("ground width",),
}
_ATTRIBUTES = {
    "heading": "heading_deg",
    "pitch": "pitch_deg",
    "height": "height_m",
    "camera height": "height_m",
    "field of view": "fov_deg",
    "ground width": "ground_width_m",
}


class VectorMaker(Protocol):
    """What evaluation needs of an encoder."""

    @property
    def name(self) -> str:
        """What reports call it."""

    @property
    def fingerprint(self) -> str:
        """Identifies weights and preparation."""

    def encode(self, images: Sequence[Any], view: View, poses: Sequence[Pose] | None = None) -> NDArray[Any]:
        """Return vectors (N, D) of N image files."""

    def encode_headings(
        self, image: Any, view: View, pose: Pose, count: int = HEADINGS_TRIED
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return vectors (K, D) of one image under K headings, and the headings."""


@dataclass(frozen=True)
class QueryVectors:
    """Vectors of the queries of one view; ``per_query`` (Q,) of them belong to each."""

    vectors: NDArray[np.float32]
    per_query: NDArray[np.int64]
    names: list[str]

    @property
    def turned(self) -> int:
        """How many queries are searched under several headings."""
        return int((self.per_query > 1).sum())

    def take(self, index: NDArray[np.int64]) -> QueryVectors:
        """Return the vectors of some queries, ascending."""
        starts = np.concatenate([[0], np.cumsum(self.per_query)])
        rows = [np.arange(starts[i], starts[i + 1]) for i in index]
        chosen = np.concatenate(rows) if rows else np.empty(0, np.int64)
        return QueryVectors(self.vectors[chosen], self.per_query[index], [self.names[r] for r in chosen])


def checked_hide(hide: Iterable[str]) -> tuple[str, ...]:
    """Return ``hide`` sorted; raise a ``GleamError`` for a name that cannot be hidden."""
    names = sorted(set(hide))
    for name in names:
        if name not in HIDEABLE:
            raise unknown_name("thing to hide", name, HIDEABLE)
    return tuple(names)


def visible_pose(pose: Pose, view: View, hide: Sequence[str]) -> Pose:
    """Return what of ``pose`` remains when ``hide`` is hidden from an image of ``view``."""
    if "pose" in hide and view is View.DRONE:
        pose = Pose(heading_deg=pose.heading_deg)
    if "heading" in hide and view in TURNING_VIEWS:
        pose = pose.with_heading(None)
    return pose


def encode_gallery(encoder: VectorMaker, gallery: Places) -> NDArray[np.float32]:
    """Return the vectors (G, D) of satellite rows."""
    return _encoded(encoder, gallery, View.SATELLITE, gallery.poses)


def encode_queries(
    encoder: VectorMaker,
    queries: Places,
    view: View,
    hide: Sequence[str] = (),
    headings: int = HEADINGS_TRIED,
) -> QueryVectors:
    """Return the vectors of query rows, all of one ``view``.

    Images whose heading is hidden or unknown to the table get one vector for each of ``headings``
    directions, where the view has a heading.
    """
    poses = [visible_pose(pose, view, hide) for pose in queries.poses]
    paths = queries.paths
    turned = np.array([pose.heading_deg is None and _depends(encoder, view, pose) for pose in poses], bool)
    known = np.flatnonzero(~turned)
    plain = _encoded(encoder, queries.take(known), view, [poses[i] for i in known])
    parts: list[NDArray[Any]] = [plain[:0]] * len(paths)
    for position, index in enumerate(known):
        parts[index] = plain[position : position + 1]
    if turned.any():
        with progress(f"{view}: encoding under {headings} headings", int(turned.sum())) as bar:
            for row in np.flatnonzero(turned).tolist():
                with _naming_the_row(queries, slice(row, row + 1)):
                    parts[row] = encoder.encode_headings(paths[row], view, poses[row], headings)[0]
                bar.advance()
    per_query = np.array([len(p) for p in parts], np.int64)
    owners = np.repeat(np.arange(len(paths)), per_query)
    return QueryVectors(np.concatenate(parts), per_query, [str(paths[i]) for i in owners])


def _depends(encoder: VectorMaker, view: View, pose: Pose) -> bool:
    """Tell whether another heading would give another vector; makers other than Encoder do not say."""
    told = getattr(encoder, "depends_on_heading", None)
    return view in TURNING_VIEWS and (told is None or bool(told(view, pose)))


def knowledge_note(
    queries: Places, view: View, hide: Sequence[str], headings: int, encoder: VectorMaker | None = None
) -> str:
    """Say in one sentence what was known of the cameras of a view."""
    poses = [visible_pose(pose, view, hide) for pose in queries.poses]
    told, total = [], len(poses)
    for field in _FIELDS[view]:
        known = sum(getattr(pose, _ATTRIBUTES[field]) is not None for pose in poses)
        told.append(
            f"{field} {'known' if known == total else 'unknown' if not known else f'known for {known}'}"
        )
    note = f"{view}: {', '.join(told)} ({total} images)"
    unknown = 0
    if view in TURNING_VIEWS:
        turned = [encoder is None or _depends(encoder, view, pose) for pose in poses]
        unknown = sum(pose.heading_deg is None and turns for pose, turns in zip(poses, turned, strict=True))
    if unknown:
        many = f"searched under {headings} headings, the best of which counts"
        note += f"; {unknown} {many if headings > 1 else 'looked at one way only'}"
    return note + "."


def _encoded(encoder: VectorMaker, rows: Places, view: View, poses: Sequence[Pose]) -> NDArray[np.float32]:
    """Vectors (N, D) of rows of one view, in pieces, so that progress shows."""
    parts = [np.empty((0, 0), np.float32)]
    paths = rows.paths
    with progress(f"{view}: encoding", len(paths)) as bar:
        for start in range(0, len(paths), _IMAGES_AT_ONCE):
            some = slice(start, start + _IMAGES_AT_ONCE)
            with _naming_the_row(rows, some):
                vectors = np.asarray(encoder.encode(paths[some], view, poses[some]))
            if vectors.shape[:1] != (len(paths[some]),):
                raise EncoderError(
                    f"{encoder.name} returned the shape {vectors.shape} for {len(paths[some])} images."
                )
            parts.append(vectors)
            bar.advance(len(vectors))
    return np.concatenate(parts[1:]) if len(parts) > 1 else parts[0]


@contextmanager
def _naming_the_row(rows: Places, some: slice) -> Iterator[None]:
    """Add to an error about an image which row of the table it belongs to."""
    try:
        yield
    except ImageError as error:
        for row in rows[some]:
            if str(rows.path_of(row)) in str(error):
                raise ImageError(f"{error} (the {row.view} image of place {row.place!r})") from error
        raise
