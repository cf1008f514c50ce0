"""Recall, average precision and chance, from ranks.

All shares are fractions from 0 to 1. Queries without a positive have no recall: callers leave them out
of sum AND divisor (``Ranking.answered``) and say how many there are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.errors import GleamError, unknown_name
from gleam.evaluation.retrieval import Ranking

ONE_PERCENT_RULES: dict[str, Callable[[int], int]] = {
    "ceil": lambda gallery: max(1, -(-gallery // 100)),
    "floor": lambda gallery: gallery // 100,
    "index": lambda gallery: round(0.01 * gallery) + 1,
    "next": lambda gallery: int(0.01 * gallery) + 1,
}
"""What "recall@1%" of a gallery means. ``ceil``, ours: one hundredth rounded up. ``floor``: Sample4Geo and
CV-Cities on VIGOR, CVUSA and CVACT (0 below 100 images, so the recall is 0). ``index``: University-1652,
SUES-200, DenseUAV and GTA-UAV, which take the rounded hundredth for an index that counts from zero.
``next``: CVM-Net, SAFA, VIGOR and CVACT as first published, the whole hundredths and one."""


def one_percent_k(gallery: int, rule: str = "ceil") -> int:
    """How many of the best ``gallery`` items are its best one percent, under a named rule."""
    if rule not in ONE_PERCENT_RULES:
        raise unknown_name("rule for recall@1%", rule, ONE_PERCENT_RULES)
    return ONE_PERCENT_RULES[rule](gallery)


def hits_at(ranking: Ranking, k: int, ignoring: bool = True) -> NDArray[np.float64]:
    """1.0 for each query (Q,) with a positive among the first ``k``, else 0.0; NaN without positive.

    ``k`` may exceed the gallery; with ``k`` 0 nothing is found. Ignored items are taken out of the
    ranking; they count as wrong answers when not ``ignoring``.
    """
    best = ranking.best if ignoring else ranking.best_of_all
    return _answered_only(ranking, (best <= k).astype(np.float64))


def ap_step(ranking: Ranking) -> NDArray[np.float64]:
    """Average precision (Q,) as a step function: the mean of the precisions at the positives.

    That of scikit-learn and GTA-UAV; one positive at rank 2 gives 0.50. NaN without positive.
    """
    nth, owner = _positive_numbers(ranking)
    return _mean_over_positives(ranking, nth / ranking.positive_ranks, owner)


def ap_trapezoid(ranking: Ranking) -> NDArray[np.float64]:
    """Average precision (Q,) by the trapezoid rule between positives.

    That of the Oxford buildings, University-1652 and Sample4Geo; one positive at rank 2 gives 0.25.
    NaN without positive.
    """
    nth, owner = _positive_numbers(ranking)
    rank = ranking.positive_ranks
    before = np.where(rank > 1, (nth - 1) / np.maximum(rank - 1, 1), 1.0)
    return _mean_over_positives(ranking, (before + nth / rank) / 2, owner)


def chance_at(ranking: Ranking, k: int) -> float:
    """The recall@k that a random order of the gallery reaches on average over the same queries."""
    gallery = ranking.relevance.gallery - np.diff(ranking.relevance.ignored_start)[ranking.answered]
    positives = ranking.relevance.positive_counts[ranking.answered]
    if not len(positives):
        return float("nan")
    found, missed = np.zeros(len(positives)), np.ones(len(positives))
    for earlier in range(int(positives.max())):
        # Given that the earlier positives lie further back, the next is drawn from the rest.
        left = np.maximum(gallery - earlier, 1)
        share = np.where(earlier < positives, np.minimum(k, left) / left, 0.0)
        found += missed * share
        missed *= 1.0 - share
    return float(np.mean(found))


def spatial_distance_metric(
    distances_m: NDArray[np.float64], k: int, scale_per_m: float = 0.001
) -> NDArray[np.float64]:
    """SDM@k (Q,) of GTA-UAV: nearness of the first ``k`` answers, the earlier ones weighing more.

    ``sum((k - i) * exp(-s * d_i)) / sum(k - i)`` for ``i`` from 0, with ``d`` in metres.

    Args:
        distances_m: Distances (Q, K) of the ranked answers from the truth; NaN where the gallery ends,
            which counts as infinitely far.
        k: How many answers are looked at.
        scale_per_m: The ``s`` above.
    """
    if k < 1:
        raise GleamError(f"SDM@{k} has no meaning; k must be at least 1.")
    first = distances_m[:, :k]
    weights = k - np.arange(first.shape[1], dtype=np.float64)
    nearness = np.nan_to_num(np.exp(-scale_per_m * first))
    total = k * (k + 1) / 2
    return np.asarray(nearness @ weights / total)


def _positive_numbers(ranking: Ranking) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each positive its number among those of its query (from 1), and its query."""
    counts = ranking.relevance.positive_counts
    owner = np.repeat(np.arange(len(counts)), counts)
    nth = np.arange(len(owner)) - ranking.relevance.positive_start[owner] + 1
    return nth, owner


def _mean_over_positives(
    ranking: Ranking, values: NDArray[np.float64], owner: NDArray[np.int64]
) -> NDArray[np.float64]:
    counts = ranking.relevance.positive_counts
    sums = np.bincount(owner, weights=values, minlength=len(counts))
    return _answered_only(ranking, sums / np.maximum(counts, 1))


def _answered_only(ranking: Ranking, values: NDArray[Any]) -> NDArray[np.float64]:
    return np.where(ranking.answered, values, np.nan)
