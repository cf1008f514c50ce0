"""How right the verdicts are, and how honest their probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gleam.evaluation.calibration import brier_score, expected_calibration_error
from gleam.evaluation.open_set import auroc
from gleam.explaining.scoring.figures import Figure, mean_of, statistic_of
from gleam.explaining.scoring.items import Item

Bools = NDArray[np.bool_]
ECE_BINS = 10


def recall_of(said: ArrayLike, truth: ArrayLike, kind: bool) -> float:
    """Return the share of the pairs of one kind (matches or not) that got the right verdict; NaN of none."""
    s, t = np.asarray(said, bool), np.asarray(truth, bool)
    of_kind = t == kind
    return float((s[of_kind] == kind).mean()) if of_kind.any() else math.nan


def balanced_accuracy(said: ArrayLike, truth: ArrayLike) -> float:
    """Return the mean of both recalls: always giving one verdict gives 0.5; NaN when a kind is missing."""
    return (recall_of(said, truth, True) + recall_of(said, truth, False)) / 2


def f1_score(said: ArrayLike, truth: ArrayLike) -> float:
    """Return the F1 score of "match": 2 TP / (2 TP + FP + FN); NaN when there is nothing to find."""
    s, t = np.asarray(said, bool), np.asarray(truth, bool)
    found, wrong = int((s & t).sum()), int((s != t).sum())
    return 2 * found / (2 * found + wrong) if found + wrong else math.nan


def verdict_figures(items: Sequence[Item], seed: int = 0) -> dict[str, Figure | None]:
    """Return the figures of the verdicts of one explainer.

    A verdict that is not there counts as wrong: whoever is silent on hard pairs must not gain. Intervals are
    drawn over places, since the pictures and languages of one place are no independent witnesses.
    """
    truth = np.array([item.pair.match for item in items], bool)
    right = np.array([item.is_right for item in items], bool)
    said = np.where(right, truth, ~truth)
    groups = [item.pair.query_place for item in items]
    figures = {
        "balanced_accuracy": statistic_of(
            lambda rows: balanced_accuracy(said[rows], truth[rows]), len(items), groups, seed=seed
        ),
        "accuracy": mean_of(right, groups, seed),
        "recall_match": statistic_of(
            lambda rows: recall_of(said[rows], truth[rows], True), len(items), groups, seed=seed
        ),
        "recall_no_match": statistic_of(
            lambda rows: recall_of(said[rows], truth[rows], False), len(items), groups, seed=seed
        ),
        "f1": statistic_of(lambda rows: f1_score(said[rows], truth[rows]), len(items), groups, seed=seed),
        "answered": mean_of([item.verdict is not None for item in items], groups, seed),
    }
    return figures | _probability_figures(items, seed)


def _probability_figures(items: Sequence[Item], seed: int) -> dict[str, Figure | None]:
    known = [
        (item.verdict.probability, item.pair.match, item.pair.query_place)
        for item in items
        if item.verdict is not None and item.verdict.probability is not None
    ]
    probability = np.array([p for p, _, _ in known], np.float64)
    truth = np.array([t for _, t, _ in known], bool)
    groups = [g for _, _, g in known]

    def area(rows: NDArray[np.int64]) -> float:
        p, t = probability[rows], truth[rows]
        return auroc(p[t], p[~t]) if t.any() and not t.all() else math.nan

    return {
        "auroc": statistic_of(area, len(known), groups, seed=seed),
        "ece": statistic_of(
            lambda rows: expected_calibration_error(probability[rows], truth[rows], ECE_BINS),
            len(known),
            groups,
            seed=seed,
        ),
        "brier": statistic_of(
            lambda rows: brier_score(probability[rows], truth[rows]), len(known), groups, seed=seed
        ),
    }
