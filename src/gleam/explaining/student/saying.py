"""What is to be said of a pair, as the numbers that the decoder is given.

A saying holds decisions only: values of the two pictures, what agrees and differs, the verdict. The
decoder sees nothing else, above all no pixels, so nothing written in a picture can reach it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.explaining.scene import ATTRIBUTES
from gleam.explaining.scene.plan import Plan
from gleam.explaining.scene.statements import Reading
from gleam.explaining.verdict import LANGUAGES, Language
from gleam.views import QUERY_VIEWS, View

MOST_VALUES = max(len(a.values) for a in ATTRIBUTES)
UNSAID = MOST_VALUES
"""Number of a value that is left unsaid."""
FLAGS = ("none", "agree", "differ")
HEADS = (2, len(LANGUAGES), len(QUERY_VIEWS))
"""Sizes of the choices for the text as a whole: verdict, language, view."""


@dataclass(frozen=True)
class Saying:
    """query, tile: values to be said. agree, differ: attributes to be named so. verdict: same place."""

    query: dict[str, str]
    tile: dict[str, str]
    agree: frozenset[str]
    differ: frozenset[str]
    verdict: bool

    @classmethod
    def of_plan(cls, plan: Plan) -> Saying:
        """Return what a plan says."""
        return cls(plan.query, plan.tile, frozenset(plan.agree), frozenset(plan.differ), plan.verdict)

    @classmethod
    def of_reading(cls, reading: Reading) -> Saying | None:
        """Return what a text was read to say, or None when it says no verdict."""
        if reading.verdict is None:
            return None
        return cls(reading.query, reading.tile, reading.agreements, reading.differences, reading.verdict)


@dataclass(frozen=True)
class Sayings:
    """Numbers of N sayings. values: (N, attributes, 3) of query, tile and flag. heads: (N, 3)."""

    values: NDArray[np.int64]
    heads: NDArray[np.int64]


def as_numbers(sayings: Sequence[tuple[Saying, Language, View]]) -> Sayings:
    """Return the numbers of sayings, each to be said in a language about a query of a view."""
    values = np.full((len(sayings), len(ATTRIBUTES), 3), UNSAID, np.int64)
    heads = np.zeros((len(sayings), 3), np.int64)
    for n, (saying, language, view) in enumerate(sayings):
        for k, attribute in enumerate(ATTRIBUTES):
            for side, said in enumerate((saying.query, saying.tile)):
                if attribute.name in said:
                    values[n, k, side] = attribute.values.index(said[attribute.name])
            differs, agrees = attribute.name in saying.differ, attribute.name in saying.agree
            values[n, k, 2] = FLAGS.index("differ" if differs else "agree" if agrees else "none")
        heads[n] = int(saying.verdict), LANGUAGES.index(language), QUERY_VIEWS.index(view)
    return Sayings(values, heads)
