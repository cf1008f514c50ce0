"""The explainer ``student``: measured regions, a calibrated verdict, and a text that was checked."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.encoder.encoder import Encoder
from gleam.errors import GleamError
from gleam.explaining.evidence import EvidenceExplainer
from gleam.explaining.sentences import parse_language
from gleam.explaining.student.looking import look_at
from gleam.explaining.student.matcher import Look
from gleam.explaining.student.storage import load_student
from gleam.explaining.student.student import Student, plan_for
from gleam.explaining.verdict import Verdict
from gleam.imagery.decode import load_image
from gleam.imagery.preparation import Preparation, prepare
from gleam.locating.query import HEADINGS, MIN_CONTRAST, make_query
from gleam.views import UNKNOWN_POSE, Pose, View, parse_view

Pixels = NDArray[np.uint8]
_TURNING = (View.DRONE, View.PANORAMA, View.GROUND)


class StudentExplainer:
    """A small multimodal model on the encoder.

    Its heads decide: what each picture shows, whether they match. Its decoder only words that, and what it
    writes is read back and overruled where it says anything else. No part of it reads writing.
    """

    name = "student"

    def __init__(self, encoder: Any, weights: str | Path = "city") -> None:
        """Load the student ``weights`` (a shipped name or a folder) for an encoder.

        Raises:
            GleamError: There is no such student, or it stands on another encoder.
        """
        self.student: Student = load_student(weights)
        found = getattr(encoder, "fingerprint", None)
        if not isinstance(encoder, Encoder) or found != self.student.fingerprint:
            raise GleamError(
                f"The student {self.student.name!r} stands on the encoder {self.student.encoder!r} "
                f"({self.student.fingerprint}), not on {getattr(encoder, 'name', 'this one')!r} ({found}); "
                "use that encoder, or teach a student on yours with `gleam tune`."
            )
        self._encoder = encoder
        self._evidence = EvidenceExplainer(encoder)

    def explain(
        self,
        query: Any,
        tile: Any,
        view: View | str,
        pose: Pose = UNKNOWN_POSE,
        *,
        language: str = "en",
        tile_width_m: float | None = None,
    ) -> Verdict:
        """Return the verdict on a pair; see :meth:`gleam.explaining.evidence.EvidenceExplainer.explain`."""
        begun = time.perf_counter()
        spoken, seen_as = parse_language(language), parse_view(view)
        if seen_as is View.SATELLITE:
            raise GleamError("The student compares a drone, map, panorama or ground picture with a tile.")
        notes: list[str] = []
        own = self._encoder.preparation
        width = float(own.ground_width_m if tile_width_m is None else tile_width_m)
        tile_pose = Pose(heading_deg=0.0, ground_width_m=width)
        if pose.heading_deg is None and seen_as in _TURNING:
            pose, note = self._turned(query, tile, seen_as, pose, tile_pose)
            notes.append(note)
        measured = self._evidence.explain(
            query, tile, seen_as, pose, language=spoken, tile_width_m=tile_width_m
        )
        pictures = load_image(query, target=4 * own.pixels), load_image(tile, target=4 * own.pixels)
        narrowed = replace(own, ground_width_m=min(width, own.ground_width_m))
        looks = [
            look_at(self._encoder, prepare(p, v, at, narrowed).pixels[None], v)
            for p, v, at in zip(pictures, (seen_as, View.SATELLITE), (pose, tile_pose), strict=True)
        ]
        probability, calibration = self._probability(looks, pictures, seen_as, notes)
        match = probability is not None and probability >= 0.5
        own_width = self.student.preparation
        narrow = replace(own_width, ground_width_m=min(width, own_width.ground_width_m))
        of_query = self._states(pictures[0], seen_as, pose, own_width)
        of_tile = self._states(pictures[1], View.SATELLITE, tile_pose, narrow)
        told = self.student.tell(plan_for(of_query, of_tile, match, seen_as), seen_as, spoken)
        if told.faults:
            notes.append(f"the decoder's own text was overruled: {'; '.join(told.faults)}")
        return Verdict.model_validate(
            measured.model_dump()
            | {
                "match": match,
                "probability": probability,
                "probability_from": _source(probability, calibration),
                "calibration": calibration,
                "text": told.text,
                "explainer": self.name,
                "model": self.student.name,
                "seconds": round(time.perf_counter() - begun, 4),
                "notes": (*measured.notes, *notes),
            }
        )

    def _probability(
        self, looks: list[Look], pictures: tuple[Pixels, Pixels], view: View, notes: list[str]
    ) -> tuple[float | None, str | None]:
        """Return the probability of a match and what it was calibrated on; None where nothing is to be seen.

        Two blank pictures are alike, but a picture that shows nothing shows no place.
        """
        blank = [
            called for called, p in zip(("photo", "tile"), pictures, strict=True) if not _shows_something(p)
        ]
        if blank:
            notes += [f"the {called} shows nothing" for called in blank]
            return None, None
        return self.student.probability(looks[0], looks[1], view)

    def _turned(self, query: Any, tile: Any, view: View, pose: Pose, tile_pose: Pose) -> tuple[Pose, str]:
        """Return the pose with the heading under which the picture fits the tile best."""
        own = self._encoder.preparation
        square = prepare(load_image(tile, target=4 * own.pixels), View.SATELLITE, tile_pose, own).pixels
        vector = np.asarray(self._encoder.embed(square[None], View.SATELLITE))[0]
        made = make_query(self._encoder, own, query, view, pose, headings=HEADINGS)
        assert made.headings is not None
        heading = float(made.headings[int(np.argmax(made.vectors @ vector))])
        return pose.with_heading(heading), (
            f"heading unknown: {HEADINGS} were tried and {heading:g} degrees fits best, which was taken"
        )

    def _states(self, pixels: Pixels, view: View, pose: Pose, preparation: Preparation) -> dict[str, str]:
        if not _shows_something(pixels):
            return {}
        return self.student.states(prepare(pixels, view, pose, preparation).pixels, view)


def _shows_something(pixels: Pixels) -> bool:
    return float(pixels.mean(-1).std()) >= MIN_CONTRAST


def _source(probability: float | None, calibration: str | None) -> str | None:
    if probability is None:
        return None
    return "head" if calibration is None else "calibration"
