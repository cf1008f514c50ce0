"""The confidences of an answer and the plain baselines that it has to beat, each a number per answer."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from gleam.geo import distance_m
from gleam.locating.answer import Answer


def _similarity(answer: Answer) -> float:
    return answer.candidates[0].score if answer.candidates else math.nan


def _margin(answer: Answer) -> float:
    scores = [c.score for c in answer.candidates[:2]]
    return scores[0] - scores[1] if len(scores) == 2 else math.nan


def _nearness(answer: Answer) -> float:
    """Minus the mean distance of the other candidates from the first (SUE, arXiv 2404.00546)."""
    first, others = answer.candidates[:1], answer.candidates[1:5]
    if not first or not others:
        return math.nan
    away = distance_m(first[0].lat, first[0].lon, [c.lat for c in others], [c.lon for c in others])
    return -float(np.mean(away))


def _probability(answer: Answer) -> float:
    return math.nan if answer.probability is None else answer.probability


def _probability_here(answer: Answer) -> float:
    return math.nan if answer.probability_here is None else answer.probability_here


CONFIDENCES: dict[str, Callable[[Answer], float]] = {
    "probability": _probability,
    "probability here": _probability_here,
    "top-1 score": _similarity,
    "margin": _margin,
    "spatial spread": _nearness,
}
"""What answers are ranked by; NaN where an answer tells nothing."""
