"""Figures with their intervals: a mean, a ratio of sums, or any statistic of the items."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gleam.evaluation.bootstrap import mean_intervals, statistic_interval

RESAMPLES, RESAMPLES_OF_ANY = 1000, 200
"""Draws for a mean, which is fast, and for any statistic, which is not."""


@dataclass(frozen=True)
class Figure:
    """A value, the 95 % interval of it, and how many items (or facts) it rests on."""

    value: float
    low: float
    high: float
    n: int

    def to_json(self) -> dict[str, float | int]:
        """Return plain data."""
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n}


def mean_of(values: ArrayLike, groups: Sequence[Any], seed: int = 0) -> Figure | None:
    """Return the mean of some values (N,), None of nothing; whole groups (places) are drawn."""
    array = np.asarray(values, np.float64)
    if not len(array):
        return None
    found = mean_intervals(array, groups=groups, resamples=RESAMPLES, seed=seed)[0]
    return Figure(found.value, found.low, found.high, len(array))


def ratio_of(part: ArrayLike, whole: ArrayLike, groups: Sequence[Any], seed: int = 0) -> Figure | None:
    """Return the sum of ``part`` over the sum of ``whole``, each (N,); None when there is no whole."""
    p, w = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    if not len(w) or w.sum() == 0:
        return None

    def ratio(rows: NDArray[np.int64]) -> float:
        total = w[rows].sum()
        return float(p[rows].sum() / total) if total else math.nan

    return statistic_of(ratio, len(w), groups, n=int(w.sum()), seed=seed)


def statistic_of(
    statistic: Callable[[NDArray[np.int64]], float],
    total: int,
    groups: Sequence[Any],
    *,
    n: int | None = None,
    seed: int = 0,
) -> Figure | None:
    """Return any statistic of ``total`` items; None when it is undefined for them."""
    if not total or math.isnan(statistic(np.arange(total))):
        return None
    found = statistic_interval(statistic, total, groups=groups, resamples=RESAMPLES_OF_ANY, seed=seed)
    return Figure(found.value, found.low, found.high, total if n is None else n)
