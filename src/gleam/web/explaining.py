"""Verdicts on a photo and a tile, as ``gleam explain --json`` gives them."""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.atlas import Atlas
from gleam.errors import AtlasError, unknown_name
from gleam.explaining import Explainer, Verdict
from gleam.explaining.contributions import RegionEncoder
from gleam.explaining.explainer import PairExplainer
from gleam.imagery.decode import image_size, load_image
from gleam.locating.query import read_camera
from gleam.views import Pose, View
from gleam.web.options import ExplainOptions
from gleam.web.problems import WebError
from gleam.web.results import Result


class Explainers:
    """The explainers that an operator allows, each made when it is first asked for.

    Requests choose by the names given here alone: a name of their own could read folders or reach servers.
    """

    def __init__(self, names: Sequence[str], encoder: RegionEncoder) -> None:
        self._allowed = tuple(name for name in names if _is_there(name))
        self._encoder = encoder
        self._made: dict[str, PairExplainer] = {}
        self._lock = threading.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """What a request may choose."""
        return self._allowed

    def get(self, name: str) -> PairExplainer:
        """Return an explainer.

        Raises:
            GleamError: It is not among those allowed, or what it needs is missing.
        """
        if name not in self._allowed:
            raise unknown_name("explainer", name, self._allowed)
        with self._lock:
            if name not in self._made:
                self._made[name] = Explainer.from_name(name, self._encoder)
            return self._made[name]


def explain_result(
    explainers: Explainers,
    atlas: Atlas,
    result: Result,
    photo: bytes | None,
    asked: ExplainOptions,
    max_pixels: int,
) -> dict[str, Any]:
    """Return the verdict on a candidate of a result, and remember it with the result.

    The camera is taken as the answer took it, looking where the candidate was found to look.

    Raises:
        WebError: There is no such candidate, or the photo was not kept and is not the one sent.
        GleamError: The explainer is unknown or fails.
    """
    answer = result.answer
    if asked.rank > len(answer.candidates):
        raise WebError(422, f"request.rank: the result has {len(answer.candidates)} candidates.")
    key = f"{asked.rank} {asked.language} {asked.explainer}"
    if key in result.verdicts:
        return result.verdicts[key]
    data = _photo_of(result, photo)
    candidate = answer.candidates[asked.rank - 1]
    pose = pose_of(answer.pose)
    if candidate.heading_deg is not None:
        pose = pose.with_heading(candidate.heading_deg)
    verdict = _explain(
        explainers, atlas, data, candidate.tile, View(answer.view), pose, asked, max_pixels
    ).model_dump(mode="json")
    result.verdicts[key] = verdict
    return verdict


def explain_pair(
    explainers: Explainers, atlas: Atlas, photo: bytes, asked: ExplainOptions, max_pixels: int
) -> dict[str, Any]:
    """Return the verdict on a photo and a tile of the atlas.

    Raises:
        WebError: The view or the tile is missing.
        GleamError: The photo cannot be read, or the explainer is unknown or fails.
    """
    view = asked.seen_as
    if view is None or asked.tile is None:
        raise WebError(422, "request: name a result, or a tile and the view of the photo.")
    image_size(photo, max_pixels=max_pixels)
    camera = read_camera(photo, view, asked.pose, use_metadata=asked.use_metadata)
    found = _explain(explainers, atlas, photo, asked.tile, view, camera.pose, asked, max_pixels)
    return found.model_dump(mode="json")


def digest(photo: bytes) -> str:
    """Return what tells one photo from another."""
    return hashlib.sha256(photo).hexdigest()


def pose_of(fields: Any) -> Pose:
    """Return the pose that an answer tells as plain fields."""
    return Pose(**{name: value for name, value in dict(fields).items() if name in Pose.__slots__})


def _photo_of(result: Result, sent: bytes | None) -> bytes:
    if sent is not None:
        if result.digest is not None and digest(sent) != result.digest:
            raise WebError(422, "The photo is not the one that this result is about.")
        return sent
    if result.photo is None:
        raise WebError(409, "The photo of this result was not kept; send it again in the field photo.")
    return result.photo.read_bytes()


def _explain(
    explainers: Explainers,
    atlas: Atlas,
    photo: bytes,
    tile: str,
    view: View,
    pose: Pose,
    asked: ExplainOptions,
    max_pixels: int,
) -> Verdict:
    image_size(photo, max_pixels=max_pixels)
    explainer = explainers.get(asked.explainer)
    picture, width_m = _tile(atlas, tile)
    return explainer.explain(photo, picture, view, pose, language=asked.language, tile_width_m=width_m)


def _tile(atlas: Atlas, id: str) -> tuple[NDArray[np.uint8], float]:
    try:
        return load_image(atlas.store.thumbnails_of([id])[0]), atlas.tile(id).width_m
    except AtlasError:
        raise WebError(404, f"The atlas has no tile {id!r}.") from None


def _is_there(name: str) -> bool:
    """Tell whether an explainer is part of this build."""
    if name != "student":
        return True
    home = importlib.util.find_spec("gleam.explaining.student")
    return home is not None and home.origin is not None
