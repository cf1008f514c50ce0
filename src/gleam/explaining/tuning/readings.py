"""What a model says of the pairs of a split, and the figures that come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.errors import GleamError
from gleam.evaluation.bootstrap import mean_intervals
from gleam.evaluation.calibration import calibration_figures
from gleam.evaluation.open_set import auroc
from gleam.explaining.benchmark import Bench, Pair
from gleam.explaining.local import LocalExplainer
from gleam.explaining.sentences import parse_language
from gleam.explaining.verdict import Language
from gleam.progress import track


@dataclass(frozen=True)
class Reading:
    """One pair in one language. log_odds: the model's own; probability: calibrated where that was fitted."""

    pair: Pair
    language: Language
    log_odds: float
    probability: float

    @property
    def right(self) -> bool:
        """Whether the verdict is the truth."""
        return (self.probability >= 0.5) is self.pair.match


@dataclass(frozen=True)
class Written:
    """A written answer. match: the verdict it ends in, None when it was refused; problem: why."""

    pair: Pair
    language: Language
    match: bool | None
    problem: str | None = None


def read_pairs(
    explainer: LocalExplainer, bench: Bench, pairs: Sequence[Pair], languages: Sequence[str]
) -> list[Reading]:
    """Return the model's leaning on every pair in every language.

    Raises:
        GleamError: A picture has vanished or cannot be read.
    """
    readings = []
    for pair in track(pairs, "reading pairs"):
        query, tile = bench.image_path(pair.query_image), bench.image_path(pair.tile_image)
        for name in languages:
            language = parse_language(name)
            log_odds = explainer.log_odds(query, tile, pair.view, language=language)
            readings.append(Reading(pair, language, log_odds, explainer.calibrated(log_odds, language)[0]))
    return readings


def write_pairs(
    explainer: LocalExplainer, bench: Bench, pairs: Sequence[Pair], languages: Sequence[str]
) -> list[Written]:
    """Return the verdicts that the model's written answers end in; a refused answer is counted as none."""
    written = []
    for pair in track(pairs, "writing answers"):
        query, tile = bench.image_path(pair.query_image), bench.image_path(pair.tile_image)
        for name in languages:
            language = parse_language(name)
            try:
                answer = explainer.answer(query, tile, pair.view, language=language)
                written.append(Written(pair, language, answer.match))
            except GleamError as error:
                written.append(Written(pair, language, None, str(error)))
    return written


def verdict_figures(readings: Sequence[Reading], *, seed: int = 0) -> dict[str, Any]:
    """Return accuracy, balanced accuracy, recall of both verdicts, AUROC and calibration, with intervals.

    Pairs of one query place are drawn together: they are no independent witnesses.
    """
    right = np.array([r.right for r in readings], bool)
    match = np.array([r.pair.match for r in readings], bool)
    probability = np.array([r.probability for r in readings])
    recalls = {
        name: _mean(right[kind]) for name, kind in (("recall_match", match), ("recall_no_match", ~match))
    }
    both = [value for value in recalls.values() if value is not None]
    groups = [r.pair.query_place for r in readings]
    return {
        "n": len(readings),
        "accuracy": mean_intervals(right.astype(float), groups=groups, seed=seed)[0].to_dict(),
        "balanced_accuracy": float(np.mean(both)) if len(both) == 2 else None,
        **recalls,
        "auroc": float(auroc(probability[match], probability[~match])) if len(both) == 2 else None,
        "calibration": calibration_figures(probability, match),
    }


def written_figures(written: Sequence[Written]) -> dict[str, Any]:
    """Return how many written answers could be used, and how often their verdict was right."""
    used = [w for w in written if w.match is not None]
    return {
        "n": len(written),
        "usable": _mean(np.array([w.match is not None for w in written], bool)),
        "accuracy": _mean(np.array([w.match is w.pair.match for w in used], bool)),
    }


def by_group(readings: Sequence[Reading], *, seed: int = 0) -> dict[str, dict[str, Any]]:
    """Return the figures by language, view and tier of the negatives."""
    groups: dict[str, list[Reading]] = {}
    for reading in readings:
        for key in (f"language {reading.language}", f"view {reading.pair.view}", f"tier {reading.pair.tier}"):
            groups.setdefault(key, []).append(reading)
    return {key: verdict_figures(groups[key], seed=seed) for key in sorted(groups)}


def _mean(values: NDArray[np.bool_]) -> float | None:
    return float(values.mean()) if len(values) else None
