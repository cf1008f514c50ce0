"""Which of several tiles shows a query's place: a tournament in which every two are compared.

Asked one by one whether a tile fits, language models say yes too often to rank by; asked which of two
fits better, they help (`arXiv 2603.27251`). A model also favours the first or the second picture as such,
so each two are compared in both orders and the mean counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Protocol, runtime_checkable

from gleam.explaining.explainer import PairExplainer
from gleam.explaining.verdict import Verdict
from gleam.views import Pose, View

_SURE = 1e-4
"""Probabilities are kept so far from 0 and 1, where a logarithm would let one verdict decide alone."""
_SIMILARITY_SCALE = 0.1
"""Where no probability is known, so much cosine similarity counts as one unit of log odds."""


@runtime_checkable
class Comparer(Protocol):
    """An explainer that can be asked about two tiles at once."""

    def compare(
        self,
        query: Any,
        tile_a: Any,
        tile_b: Any,
        view: View | str,
        pose: Pose = ...,
        *,
        tile_width_m: float | None = None,
    ) -> float:
        """Return the probability that tile A, not tile B, shows the query's place."""


@dataclass(frozen=True)
class Contestant:
    """A tile in the tournament. pose: of the query's camera, if it was taken here."""

    picture: Any
    width_m: float
    pose: Pose


@dataclass(frozen=True)
class Duel:
    """Two contestants by number.

    probability: that the first is the place. swing: how far apart the answers to the two orders are; 0
    for an explainer that looks at one tile at a time.
    """

    first: int
    second: int
    probability: float
    swing: float


@dataclass(frozen=True)
class Tournament:
    """order: numbers of the contestants, best first. scores: mean probability of each against the others.

    duels: every two. verdicts: of those that were explained one by one, by number.
    """

    order: tuple[int, ...]
    scores: tuple[float, ...]
    duels: tuple[Duel, ...]
    verdicts: dict[int, Verdict]


def hold_tournament(
    explainer: PairExplainer, query: Any, contestants: Sequence[Contestant], view: View, language: str = "en"
) -> Tournament:
    """Compare every two of the contestants, given best first; of equals the former wins.

    An explainer without ``compare`` explains each tile once, and its log odds are compared.

    Raises:
        GleamError: The explainer fails.
    """
    duels: list[Duel] = []
    verdicts: dict[int, Verdict] = {}
    duel: Callable[[int, int], tuple[float, float]]
    if isinstance(explainer, Comparer):
        comparer: Comparer = explainer

        def duel(a: int, b: int) -> tuple[float, float]:
            return _both_orders(comparer, query, contestants[a], contestants[b], view)
    else:
        for number, contestant in enumerate(contestants):
            verdicts[number] = explainer.explain(
                query,
                contestant.picture,
                view,
                contestant.pose,
                language=language,
                tile_width_m=contestant.width_m,
            )
        odds = [log_odds(verdicts[number]) for number in range(len(contestants))]

        def duel(a: int, b: int) -> tuple[float, float]:
            return 1.0 / (1.0 + math.exp(min(700.0, odds[b] - odds[a]))), 0.0

    for a, b in combinations(range(len(contestants)), 2):
        duels.append(Duel(a, b, *duel(a, b)))
    scores = _scores(len(contestants), duels)
    order = sorted(range(len(contestants)), key=lambda number: -scores[number])
    return Tournament(tuple(order), tuple(scores), tuple(duels), verdicts)


def log_odds(verdict: Verdict) -> float:
    """Return how strongly a verdict speaks for a match; by the similarity where no probability is known."""
    if verdict.probability is not None:
        p = min(max(verdict.probability, _SURE), 1 - _SURE)
        return math.log(p / (1 - p))
    if verdict.similarity is not None:
        return verdict.similarity / _SIMILARITY_SCALE
    return 1.0 if verdict.match else -1.0


def _both_orders(
    comparer: Comparer, query: Any, a: Contestant, b: Contestant, view: View
) -> tuple[float, float]:
    forth = comparer.compare(query, a.picture, b.picture, view, a.pose, tile_width_m=a.width_m)
    back = 1.0 - comparer.compare(query, b.picture, a.picture, view, b.pose, tile_width_m=b.width_m)
    return (forth + back) / 2, abs(forth - back)


def _scores(count: int, duels: Sequence[Duel]) -> list[float]:
    totals = [0.0] * count
    for duel in duels:
        totals[duel.first] += duel.probability
        totals[duel.second] += 1.0 - duel.probability
    # Rounded, so that what is equal but for the last bit stays in the order given.
    return [round(total / max(1, count - 1), 9) for total in totals]
