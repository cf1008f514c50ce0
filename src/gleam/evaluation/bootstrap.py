"""Percentile bootstrap intervals of means and quantiles, over queries or over groups of them.

Images of one place are not independent witnesses. Given ``groups``, whole groups are drawn, which
widens the interval to what the data really tell. See Efron & Tibshirani, *An Introduction to the
Bootstrap*, chapter 13.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gleam.errors import GleamError

RESAMPLES = 1000
LEVEL = 0.95
_NUMBERS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the interval that holds ``level`` of its resampled values."""

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """The three numbers under their names."""
        return {"value": self.value, "low": self.low, "high": self.high}


def mean_intervals(
    values: ArrayLike,
    *,
    groups: Sequence[Any] | NDArray[Any] | None = None,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> list[Interval]:
    """Intervals of the means of several metrics over the same queries.

    Args:
        values: Numbers (N, M), or (N,) for one metric.
        groups: Label of the group of each query (N,); each query is its own group when not given.
        resamples: How many times the groups are drawn.
        level: Share of the resampled means between ``low`` and ``high``.
        seed: The same seed gives the same intervals.

    Returns:
        One interval per metric. All metrics see the same draws.

    Raises:
        GleamError: No query, NaN among the values, or sizes that do not fit.
    """
    table = np.asarray(values, np.float64)
    table = table[:, None] if table.ndim == 1 else table
    _check(table, resamples, level)
    group = _group_numbers(groups, len(table))
    count = int(group.max()) + 1
    size = np.bincount(group, minlength=count).astype(np.float64)
    sums = np.stack([np.bincount(group, weights=column, minlength=count) for column in table.T], axis=1)
    means = np.concatenate([(w @ sums) / (w @ size)[:, None] for w in _draws(count, count, resamples, seed)])
    tail = (1 - level) / 2
    low, high = np.quantile(means, [tail, 1 - tail], axis=0)
    value = table.mean(axis=0)
    return [Interval(*map(float, row)) for row in zip(value, low, high, strict=True)]


def named_means(
    columns: dict[str, NDArray[np.float64]],
    counted: NDArray[np.bool_],
    groups: NDArray[Any],
    seed: int,
    resamples: int = RESAMPLES,
) -> dict[str, Any]:
    """Mean and interval of each named column (N,) over the counted rows; None where none is counted."""
    if not counted.any():
        return dict.fromkeys(columns)
    table = np.stack([values[counted] for values in columns.values()], axis=1)
    intervals = mean_intervals(table, groups=groups[counted], resamples=resamples, seed=seed)
    return {name: i.to_dict() for name, i in zip(columns, intervals, strict=True)}


def quantile_intervals(
    values: ArrayLike,
    quantiles: Sequence[float],
    *,
    groups: Sequence[Any] | NDArray[Any] | None = None,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> list[Interval]:
    """Intervals of quantiles (0.5 is the median) of values (N,); see :func:`mean_intervals`.

    A quantile is the smallest value that at least that share of the values do not exceed, so it is
    always one of them.
    """
    array = np.asarray(values, np.float64)
    _check(array[:, None], resamples, level)
    group = _group_numbers(groups, len(array))
    count = int(group.max()) + 1
    order = np.argsort(array, kind="stable")
    ordered, group = array[order], group[order]
    drawn: list[NDArray[np.float64]] = []
    for weights in _draws(count, len(array), resamples, seed):
        reached = np.cumsum(weights[:, group], axis=1)
        at = [np.argmax(reached >= q * reached[:, -1:], axis=1) for q in quantiles]
        drawn.append(ordered[np.stack(at, axis=1)])
    tail = (1 - level) / 2
    low, high = np.quantile(np.concatenate(drawn), [tail, 1 - tail], axis=0)
    value = np.quantile(array, quantiles, method="inverted_cdf")
    return [Interval(*map(float, row)) for row in zip(value, low, high, strict=True)]


def _draws(count: int, width: int, resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """How often each of ``count`` groups is drawn, in blocks (b, count) of bounded size."""
    rng = np.random.default_rng(seed)
    block = max(1, min(resamples, _NUMBERS_AT_ONCE // max(count, width)))
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        chosen = rng.integers(0, count, (rows, count))
        chosen += np.arange(rows)[:, None] * count
        yield np.bincount(chosen.ravel(), minlength=rows * count).reshape(rows, count).astype(np.float64)


def _group_numbers(groups: Sequence[Any] | NDArray[Any] | None, total: int) -> NDArray[np.int64]:
    if groups is None:
        return np.arange(total)
    if len(groups) != total:
        raise GleamError(f"{len(groups)} groups were given for {total} values.")
    numbers: dict[Any, int] = {}
    return np.fromiter((numbers.setdefault(g, len(numbers)) for g in groups), np.int64, total)


def _check(table: NDArray[np.float64], resamples: int, level: float) -> None:
    if not len(table):
        raise GleamError("There is nothing to resample: no query has a value.")
    if np.isnan(table).any():
        raise GleamError(
            f"{int(np.isnan(table).any(axis=1).sum())} of {len(table)} values to resample are NaN."
        )
    if resamples < 1 or not 0 < level < 1:
        raise GleamError(f"resamples is {resamples} and level {level}; give at least 1 and between 0 and 1.")


def statistic_interval(
    statistic: Callable[[NDArray[np.int64]], float],
    total: int,
    *,
    groups: Sequence[Any] | NDArray[Any] | None = None,
    resamples: int = 200,
    level: float = LEVEL,
    seed: int = 0,
) -> Interval:
    """Interval of any figure of ``total`` queries, such as a calibration error.

    Args:
        statistic: From row numbers, repeated as they were drawn, to the figure; NaN where it has none,
            which leaves that draw out.
        total: Number of queries.
        groups: Label of the group of each query; each is its own when not given.
        resamples: How many times the groups are drawn.
        level: Share of the resampled figures between ``low`` and ``high``.
        seed: Of the draws.
    """
    _check(np.zeros((total, 1)), resamples, level)
    group = _group_numbers(groups, total)
    members = [np.flatnonzero(group == g) for g in range(int(group.max()) + 1)]
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(resamples):
        chosen = rng.integers(0, len(members), len(members))
        drawn.append(statistic(np.concatenate([members[g] for g in chosen])))
    value = statistic(np.arange(total))
    known = [v for v in drawn if not np.isnan(v)]
    tail = (1 - level) / 2
    low, high = np.quantile(known, [tail, 1 - tail]) if known else (value, value)
    return Interval(float(value), float(low), float(high))
