"""The official figures, each in its exact variant; protocols pick from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gleam.evaluation import metrics
from gleam.evaluation.protocols import spaces
from gleam.evaluation.protocols.definition import Measure
from gleam.evaluation.protocols.outcome import Outcome
from gleam.evaluation.protocols.spaces import Space

MOST_ANSWERS = 10
"""How many of the best answers the measures look at, at most."""


def recall(k: int) -> Measure:
    """Share of queries with a right answer among the first ``k``; semi-positives count as wrong."""
    return Measure(
        f"R@{k}",
        lambda o: metrics.hits_at(o.ranking, k, ignoring=False),
        "%",
        f"share of queries with a right answer among the first {k}; semi-positives count as wrong",
    )


def recall_one_percent(rule: str) -> Measure:
    """Recall@1 % under the data set's own rule, unless the caller of the evaluation names another."""

    def of(outcome: Outcome) -> NDArray[np.float64]:
        k = metrics.one_percent_k(outcome.ranking.relevance.gallery, outcome.one_percent or rule)
        return metrics.hits_at(outcome.ranking, k, ignoring=False)

    says = "recall@k, k being one percent of the gallery by the data set's rule or the one asked for"
    return Measure("R@1%", of, "%", says, one_percent=rule)


def average_precision(kind: Literal["trapezoid", "step"]) -> Measure:
    """Mean average precision: ``trapezoid`` of University-1652, ``step`` of scikit-learn and GTA-UAV."""
    of = {"trapezoid": metrics.ap_trapezoid, "step": metrics.ap_step}[kind]
    return Measure("AP", lambda o: of(o.ranking), "%", f"mean average precision by the {kind} rule")


def hit_rate() -> Measure:
    """Hit rate of VIGOR: no wrong tile stands before the right one; semi-positives may."""
    return Measure(
        "hit",
        lambda o: metrics.hits_at(o.ranking, 1),
        "%",
        "hit rate: share of queries with nothing but semi-positives before the right answer",
        columns=("semi_positives",),
    )


def recall_within(k: int, metres: float) -> Measure:
    """Share of queries with one of the first ``k`` answers within ``metres``, as CVACT first counted."""

    def of(outcome: Outcome) -> NDArray[np.float64]:
        return _where_known(
            outcome, spaces.GEODESIC, k, lambda d: np.asarray((d <= metres).any(axis=1), np.float64)
        )

    return Measure(
        f"R@{k}<={metres:g}m",
        of,
        "%",
        f"share of queries with one of the first {k} answers within {metres:g} m",
        columns=spaces.GEODESIC.columns,
        optional=True,
    )


def spatial_distance(k: int, scale: float, space: Space) -> Measure:
    """SDM@k: nearness of the first ``k`` answers, earlier ones weighing more."""

    def of(outcome: Outcome) -> NDArray[np.float64]:
        return _where_known(outcome, space, k, lambda d: metrics.spatial_distance_metric(d, k, scale))

    says = f"sum((k-i) exp(-{scale:g} d_i)) / sum(k-i) over i = 0..{k - 1}, d in {space.name}"
    return Measure(f"SDM@{k}", of, "%", says, columns=space.columns)


def mean_distance(k: int, space: Space) -> Measure:
    """Dis@k of GTA-UAV: mean distance of the first ``k`` answers, of all where the gallery is smaller."""

    def of(outcome: Outcome) -> NDArray[np.float64]:
        return _where_known(outcome, space, k, _mean_of_known)

    says = f"mean distance of the first {k} answers in {space.name}"
    return Measure(f"Dis@{k}", of, "m", says, columns=space.columns)


def metres_accuracy(metres: float, space: Space) -> Measure:
    """MA@m of DenseUAV: share of queries whose first answer lies nearer than ``metres``."""

    def of(outcome: Outcome) -> NDArray[np.float64]:
        return _where_known(outcome, space, 1, lambda d: (d[:, 0] < metres).astype(np.float64))

    says = f"share of queries whose first answer is nearer than {metres:g} m, in {space.name}"
    return Measure(f"MA@{metres:g}", of, "%", says, columns=space.columns)


def _where_known(
    outcome: Outcome, space: Space, k: int, values: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """``values`` of the first ``k`` distances (Q, k) for queries that know them all, else NaN."""
    distances = space.of(outcome)[:, :k]
    ended = outcome.ranking.top[:, :k] < 0
    with np.errstate(invalid="ignore"):
        return np.where((np.isfinite(distances) | ended).all(axis=1), values(distances), np.nan)


def _mean_of_known(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.isfinite(distances)
    return np.asarray(np.where(known, distances, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))
