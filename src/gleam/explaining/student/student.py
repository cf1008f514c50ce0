"""The student: what it sees in each picture, whether they match, and how it says so."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gleam.encoder.normalisation import ViewRun
from gleam.evaluation.calibration import Calibration
from gleam.explaining.scene.plan import Plan, make_plan
from gleam.explaining.scene.wording import put_into_words
from gleam.explaining.student.gate import faults
from gleam.explaining.student.matcher import Look, Matcher, view_number
from gleam.explaining.student.saying import Saying, Sayings, as_numbers
from gleam.explaining.student.seer import Seer
from gleam.explaining.student.stating import Thresholds, stated
from gleam.explaining.student.teller import Teller
from gleam.explaining.student.tokens import Vocabulary
from gleam.explaining.verdict import Language
from gleam.imagery.preparation import Preparation
from gleam.views import View

DRAFTS, WARMTH = 6, 0.7
"""So many drafts are written at once, the first of the most probable words, the others drawn at this
temperature; the first that passes the gate is shown."""


@dataclass(frozen=True)
class Told:
    """What is said of a pair.

    text: what is shown. draft: the teller's first. faults: of that draft when no draft could be shown, else
    empty. first_faults: of that draft in any case.
    """

    text: str
    draft: str
    faults: tuple[str, ...]
    first_faults: tuple[str, ...]


@dataclass
class Student:
    """The parts of a student, with what was measured of them.

    encoder, fingerprint: of the encoder it stands on. preparation: of the squares the seer looks at.
    made: how its networks are built, and from what it was taught; data for its config.
    """

    name: str
    encoder: str
    fingerprint: str
    preparation: Preparation
    seer: Seer
    matcher: Matcher
    teller: Teller
    vocabulary: Vocabulary
    thresholds: Thresholds
    calibrations: tuple[Calibration, ...]
    made: dict[str, Any]

    @torch.inference_mode()
    def guesses(self, squares: NDArray[np.uint8], view: View) -> list[NDArray[np.float64]]:
        """Return per attribute the probabilities (n, values) of prepared squares (n, S, S, 3)."""
        pixels = torch.from_numpy(np.array(squares)).permute(0, 3, 1, 2)
        sight = self.seer(self.seer.normalise(pixels), (ViewRun(view, len(pixels)),))
        return [np.asarray(logits.double().softmax(-1).numpy()) for logits in sight.logits]

    def states(self, square: NDArray[np.uint8], view: View) -> dict[str, str]:
        """Return what is stated of one prepared square."""
        return stated([p[0] for p in self.guesses(square[None], view)], view, self.thresholds)

    @torch.inference_mode()
    def probability(self, query: Look, tile: Look, view: View) -> tuple[float, str | None]:
        """Return the probability that two looks show one place, and on what it was calibrated."""
        odds = self.matcher(query, tile, torch.tensor([view_number(view)]))
        raw = float(odds.double()[0])
        calibration = next((c for c in self.calibrations if view.value in c.views), None)
        if calibration is None:
            return float(1 / (1 + np.exp(-raw))), None
        return float(calibration.probability([raw])[0]), calibration.name

    def tell(self, plan: Plan, view: View, language: Language) -> Told:
        """Put a plan into words: the teller's when they pass the gate, else the rendered ones."""
        return self.tell_all([(plan, view, language)])[0]

    def tell_all(self, wanted: Sequence[tuple[Plan, View, Language]]) -> list[Told]:
        """Put several plans into words at once."""
        sayings = [Saying.of_plan(plan) for plan, _, _ in wanted]
        numbers = as_numbers(
            [(said, language, view) for said, (_, view, language) in zip(sayings, wanted, strict=True)]
        )
        again = Sayings(numbers.values.repeat(DRAFTS, 0), numbers.heads.repeat(DRAFTS, 0))
        warmth = [0.0, *[WARMTH] * (DRAFTS - 1)] * len(wanted)
        drafts = self.teller.tell(again, self.vocabulary.end, warmth) if wanted else []
        texts = [self.vocabulary.decode(tokens) for tokens in drafts]
        return [
            _shown(texts[k * DRAFTS : (k + 1) * DRAFTS], saying, *asked)
            for k, (saying, asked) in enumerate(zip(sayings, wanted, strict=True))
        ]


def _shown(drafts: Sequence[str], saying: Saying, plan: Plan, view: View, language: Language) -> Told:
    """Return the first draft without fault, or else the rendered text with what is wrong with the first."""
    wrong = [tuple(faults(draft, saying, language)) for draft in drafts]
    for draft, found in zip(drafts, wrong, strict=True):
        if not found:
            return Told(draft, drafts[0], (), wrong[0])
    text = put_into_words(plan, language, view, _dice(plan, language))
    return Told(text, drafts[0], wrong[0], wrong[0])


def plan_for(query: dict[str, str], tile: dict[str, str], match: bool, view: View) -> Plan:
    """Choose what to say, the same for the same findings.

    One place cannot have two values of an attribute: where a match was found and the two pictures seem to
    differ, one of the guesses is wrong, and neither is said.
    """
    if match:
        torn = {name for name, value in query.items() if tile.get(name, value) != value}
        query = {name: value for name, value in query.items() if name not in torn}
        tile = {name: value for name, value in tile.items() if name not in torn}
    return make_plan(query, tile, match, view, _dice(query, tile, match, view.value))


def _dice(*what: object) -> random.Random:
    digest = hashlib.sha256(json.dumps([str(w) for w in what]).encode()).digest()
    return random.Random(int.from_bytes(digest[:8], "big"))
