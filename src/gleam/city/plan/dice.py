"""Seeded random draws in the few forms that planning needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")


class Dice:
    """Random draws that depend on nothing but the integers given as ``key``.

    Every part of the plan has its own key, so that a change in one part moves nothing elsewhere.
    """

    def __init__(self, *key: int) -> None:
        self.generator = np.random.default_rng(key)
        self.unit: Callable[[], float] = self.generator.random

    def between(self, low: float, high: float) -> float:
        """Return a number in [low, high)."""
        return low + (high - low) * self.unit()

    def chance(self, probability: float) -> bool:
        """Return True with the given probability."""
        return self.unit() < probability

    def below(self, n: float) -> int:
        """Return an integer in 0 .. ceil(n) - 1, uniform over [0, n) before rounding down."""
        return int(self.unit() * n)

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options, all equally likely."""
        return options[int(self.unit() * len(options))]

    def units(self, *shape: int) -> NDArray[np.float64]:
        """Return an array of numbers in [0, 1)."""
        return self.generator.random(shape)
