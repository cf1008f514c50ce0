"""What a finished student may claim, fitted on held-out pictures: confidences and probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.evaluation.calibration import Calibration, calibration_figures, fit_calibration
from gleam.explaining.scene import ATTRIBUTES
from gleam.explaining.student.config import StudentConfig
from gleam.explaining.student.matcher import Matcher
from gleam.explaining.student.seer import Seer
from gleam.explaining.student.stating import Thresholds, fit_thresholds, stated
from gleam.explaining.student.training.matching import Examples, draw_examples, judge_all
from gleam.explaining.student.training.seeing import see
from gleam.explaining.student.training.sources import Source
from gleam.views import QUERY_VIEWS, View

ROUNDS = 3
"""Draws of negatives for every held-out picture."""


def fit_claims(
    seer: Seer, matcher: Matcher, sources: Sequence[Source], config: StudentConfig
) -> tuple[Thresholds, tuple[Calibration, ...], dict[str, Any]]:
    """Fit thresholds and calibrations on held-out sources; also return what was measured there."""
    guesses, labels = guess(seer, sources)
    thresholds = fit_thresholds(guesses, labels, config.stated_true)
    examples = draw_examples(sources, config, ROUNDS, "val pairs")
    calibrations = fit_match(matcher, examples, config.calibration_name)
    figures = {
        "stated": {v.value: stated_figures(guesses[v], labels[v], v, thresholds) for v in guesses},
        "match": match_figures(matcher, examples, calibrations),
    }
    return thresholds, calibrations, figures


def guess(
    seer: Seer, sources: Sequence[Source]
) -> tuple[dict[View, list[NDArray[np.float64]]], dict[View, NDArray[np.int64]]]:
    """Return per view the probabilities of all pictures, attribute by attribute, and the true values."""
    guesses: dict[View, list[NDArray[np.float64]]] = {}
    labels: dict[View, NDArray[np.int64]] = {}
    for view in View:
        held = [(s, s.squares[view]) for s in sources if view in s.squares]
        if not held:
            continue
        sights = [see(seer, squares, view) for _, (_, squares, _) in held]
        guesses[view] = [
            np.concatenate([s.logits[k].double().softmax(-1).numpy() for s in sights])
            for k in range(len(ATTRIBUTES))
        ]
        labels[view] = np.concatenate([s.pictures.labels[rows] for s, (rows, _, _) in held])
    return guesses, labels


def fit_match(matcher: Matcher, examples: Examples, name: str) -> tuple[Calibration, ...]:
    """Fit per view the probability of a match from the matcher's log-odds."""
    odds = judge_all(matcher, examples)
    found = []
    for number, view in enumerate(QUERY_VIEWS):
        own = examples.view == number
        if len(set(examples.match[own].tolist())) == 2:
            found.append(
                fit_calibration(
                    odds[own],
                    examples.match[own],
                    name=name,
                    views=[view.value],
                    feature_names=("log_odds",),
                )
            )
    return tuple(found)


def stated_figures(
    guesses: Sequence[NDArray[np.float64]],
    labels: NDArray[np.int64],
    view: View,
    thresholds: Thresholds,
) -> dict[str, Any]:
    """Return per attribute: share right of all guesses, share right of those stated, share stated."""
    figures: dict[str, Any] = {}
    said = [stated([p[n] for p in guesses], view, thresholds) for n in range(len(labels))]
    for k, attribute in enumerate(ATTRIBUTES):
        known = labels[:, k] >= 0
        if view not in attribute.views or not known.any():
            continue
        right = guesses[k].argmax(1) == labels[:, k]
        shown = np.array([attribute.name in s for s in said])
        both = known & shown
        figures[attribute.name] = {
            "right": round(float(right[known].mean()), 4),
            "stated_right": round(float(right[both].mean()), 4) if both.any() else None,
            "stated": round(float(both.sum() / known.sum()), 4),
        }
    return figures


def match_figures(
    matcher: Matcher, examples: Examples, calibrations: Sequence[Calibration]
) -> dict[str, Any]:
    """Return per view the accuracy of the calibrated verdict, by tier, and how honest its probability is."""
    odds = judge_all(matcher, examples)
    figures: dict[str, Any] = {}
    for number, view in enumerate(QUERY_VIEWS):
        own = examples.view == number
        calibration = next((c for c in calibrations if view.value in c.views), None)
        if calibration is None or not own.any():
            continue
        p = calibration.probability(odds[own])
        right = (p >= 0.5) == examples.match[own]
        tiers = examples.tier[own]
        figures[view.value] = {
            "accuracy": round(float(right.mean()), 4),
            **{str(t): round(float(right[tiers == t].mean()), 4) for t in np.unique(tiers)},
            **{k: round(v, 4) for k, v in calibration_figures(p, examples.match[own]).items()},
        }
    return figures
