"""Recall of an arm, and its difference to another arm with an interval over seeds and places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, t

LEVEL = 0.95

METHOD = (
    "Runs of two arms are paired by seed (same first weights, same city) and by place (same pictures). The "
    "interval of a difference joins two independent sources by the root of the sum of their squares: "
    "Student's t interval of the paired seeds' means (with one degree of freedom less than there are "
    "seeds) and the normal interval over the places of the differences averaged over the seeds. The noise "
    "of single answers is counted in both, so the intervals are rather too wide than too narrow."
)


@dataclass(frozen=True)
class Difference:
    """A difference of recalls as shares, and its interval."""

    value: float
    low: float
    high: float

    @property
    def sign(self) -> int:
        """1 or -1 when the interval lies on one side of zero, 0 when it holds zero."""
        return int(self.low > 0) - int(self.high < 0)

    @property
    def half(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2


def hits(ranks: ArrayLike, k: int) -> NDArray[np.float64]:
    """Return 1 where the right tile is among the first ``k``; rank 0 would be a place without a tile."""
    best = np.asarray(ranks)
    if (best < 1).any():
        raise ValueError("A rank below 1: a place has no right tile.")
    return (best <= k).astype(np.float64)


def recall(runs: Mapping[int, ArrayLike], k: int) -> float:
    """Return the mean recall@k over seeds of ranks (P,) per seed."""
    return float(np.mean([hits(ranks, k).mean() for ranks in runs.values()]))


def difference(ours: Mapping[int, ArrayLike], theirs: Mapping[int, ArrayLike], k: int) -> Difference:
    """Return recall@k of ``ours`` minus ``theirs`` over the seeds that both have; see :data:`METHOD`.

    Args:
        ours: Ranks (P,) per seed.
        theirs: The same of the arm it is compared with, places in the same order.
        k: How many of the first answers count.

    Raises:
        ValueError: Fewer than two seeds in common.
    """
    seeds = sorted(ours.keys() & theirs.keys())
    if len(seeds) < 2:
        raise ValueError("An interval over seeds needs two of them.")
    change = np.stack([hits(ours[seed], k) - hits(theirs[seed], k) for seed in seeds])
    tail = 0.5 + LEVEL / 2
    seed_means, place_means = change.mean(1), change.mean(0)
    over_seeds = t.ppf(tail, len(seeds) - 1) * seed_means.std(ddof=1) / np.sqrt(len(seeds))
    over_places = norm.ppf(tail) * place_means.std(ddof=1) / np.sqrt(len(place_means))
    value, half = float(change.mean()), float(np.hypot(over_seeds, over_places))
    return Difference(value, value - half, value + half)
