"""Exact inference along a chain of photos each of which may be an outlier.

The model: each photo either shows one of its spots, or is an *outlier* that tells nothing. The photos
that show something form a Markov chain: from one to the NEXT ONE THAT SHOWS SOMETHING, however many
outliers lie between, the position moves as the motion allows. So a bad photo does not break the memory of
where the camera was, and no grid over the whole area is needed: the cost is one matrix of moves for every
two photos at most ``reach`` apart, over their spots alone. After more outliers in a row than that, nothing
is known any more and the chain begins anew.

With the outlier of each photo weighing 1, a spot weighs ``w``: how many times likelier the photo is if it
was taken there. The sum over all outlier patterns and paths then factorises into one forward and one
backward pass; the tests compare it with the plain sum over every path.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Moves = Callable[[int, int], Floats]
"""Given two photo numbers, the (N, M) probabilities of moving from spots of one to spots of the other."""

REACH = 25
"""So many photos after one that shows something, the next such photo is still tied to it."""


class Chain:
    """The forward pass, photo by photo.

    Args:
        moves: Probabilities of moves between spots of two photos.
        reach: See ``REACH``.
    """

    def __init__(self, moves: Moves, *, reach: int = REACH) -> None:
        self._moves = moves
        self._reach = reach
        self.weights: list[Floats] = []
        self.priors: list[Floats] = []
        # Forward mass of each photo: an array and the logarithm of the factor in front of it.
        self._forward: list[tuple[Floats, float]] = []
        self._ended: list[float] = [0.0]
        """Logarithm of 1 + all forward mass before each photo: of every path that has ended by then."""

    def __len__(self) -> int:
        """Return the number of photos so far."""
        return len(self.weights)

    def add(self, weights: Floats, prior: Floats) -> Floats:
        """Take the next photo's spots, and return the probability of each from the photos so far.

        What is missing to 1 is the probability that the photo is an outlier.

        Args:
            weights: (N,) how many times likelier the photo is at each spot than as an outlier, >= 0.
            prior: (N,) probability of each spot before anything is seen.
        """
        now = len(self)
        oldest = max(0, now - self._reach)
        terms = [(prior, self._ended[oldest])]
        terms += [
            (self._forward[past][0] @ self._moves(past, now), self._forward[past][1])
            for past in range(oldest, now)
            if len(self.weights[past]) and len(weights)
        ]
        mass, scale = _weighed(terms, weights)
        self.weights.append(np.asarray(weights, np.float64))
        self.priors.append(np.asarray(prior, np.float64))
        self._forward.append((mass, scale))
        self._ended.append(float(np.logaddexp(self._ended[-1], _log_sum(mass, scale))))
        return np.asarray(mass * np.exp(scale - self._ended[-1]))

    @property
    def log_evidence(self) -> float:
        """Logarithm of how many times likelier all photos are than if they were all outliers."""
        return self._ended[-1]

    def filtered(self, photo: int) -> Floats:
        """Return the probability of each spot of a photo from the photos up to it."""
        mass, scale = self._forward[photo]
        return np.asarray(mass * np.exp(scale - self._ended[photo + 1]))

    def smoothed(self) -> list[Floats]:
        """Return the probability of each spot of each photo from all photos, before and after it."""
        count = len(self)
        out: list[Floats] = [np.zeros(0)] * count
        # Weight times backward mass of each photo; and the log of 1 + all that begins at or after it.
        begun: list[tuple[Floats, float]] = [(np.zeros(0), 0.0)] * count
        after = [0.0] * (count + 1)
        for now in range(count - 1, -1, -1):
            furthest = min(count, now + self._reach + 1)
            terms = [(np.ones(len(self.weights[now])), after[furthest])]
            terms += [
                (self._moves(now, later) @ begun[later][0], begun[later][1])
                for later in range(now + 1, furthest)
                if len(self.weights[now]) and len(self.weights[later])
            ]
            backward, scale = _weighed(terms, np.ones(len(self.weights[now])))
            mass, forward_scale = self._forward[now]
            with np.errstate(divide="ignore"):  # both factors may be tiny where the scale is huge
                out[now] = np.exp(
                    np.log(mass) + np.log(backward) + (forward_scale + scale - self.log_evidence)
                )
            begun[now] = (backward * self.weights[now], scale)
            starts = _log_sum(self.priors[now] * begun[now][0], scale)
            after[now] = float(np.logaddexp(after[now + 1], starts))
        return out


def _weighed(terms: Sequence[tuple[Floats, float]], weights: Floats) -> tuple[Floats, float]:
    """Return the sum of arrays with logarithmic factors, times weights, as an array whose largest is 1."""
    largest = max(scale for _, scale in terms)
    total = np.zeros(len(weights))
    for values, scale in terms:
        total += values * np.exp(scale - largest)
    total *= weights
    top = float(total.max(initial=0.0))
    if top <= 0.0:
        return total, 0.0
    return total / top, largest + float(np.log(top))


def _log_sum(mass: Floats, scale: float) -> float:
    total = float(mass.sum())
    return float(np.log(total)) + scale if total > 0 else -np.inf
