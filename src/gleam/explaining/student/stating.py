"""What of the seer's guesses is stated: only values it is sure of, as sure as held-out pictures call for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.errors import GleamError
from gleam.explaining.scene import ATTRIBUTES
from gleam.views import View, parse_view

NEVER = 2.0
"""A threshold that no confidence reaches."""


@dataclass(frozen=True)
class Thresholds:
    """From which confidence on a value is stated: per view, attribute and value. wanted: share of true ones.

    table: ``table[view][attribute][value]``; what it lacks is never stated.
    """

    table: Mapping[str, Mapping[str, Mapping[str, float]]]
    wanted: float

    def of(self, view: View, attribute: str, value: str) -> float:
        """Return the least confidence for one value."""
        return self.table.get(view.value, {}).get(attribute, {}).get(value, NEVER)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; :meth:`from_dict` reads it."""
        return {"wanted": self.wanted, "table": self.table}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Thresholds:
        """Read what :meth:`to_dict` wrote; raise a ``GleamError`` when a name or number is wrong."""
        known = {a.name: a for a in ATTRIBUTES}
        try:
            for view, attributes in data["table"].items():
                parse_view(view)
                for name, values in attributes.items():
                    if not set(values) <= set(known[name].values):
                        raise KeyError(f"{name}: {sorted(set(values) - set(known[name].values))[0]}")
                    if not all(isinstance(v, int | float) and v > 0 for v in values.values()):
                        raise ValueError(f"{name}: a threshold is no positive number")
            return cls(data["table"], float(data["wanted"]))
        except (KeyError, AttributeError, TypeError, ValueError) as error:
            raise GleamError(f"The thresholds of the student are damaged: {error}.") from None


def fit_thresholds(
    guesses: Mapping[View, Sequence[NDArray[np.float64]]],
    labels: Mapping[View, NDArray[np.int64]],
    wanted: float,
) -> Thresholds:
    """Choose for each value the least confidence from which the share of true ones is ``wanted``.

    One right and one wrong guess are added to those counted, so that a value seen a few times only is not
    stated on the strength of luck.

    Args:
        guesses: Per view and attribute the probabilities (n, values).
        labels: Per view (n, attributes) the true values, -1 where not decided.
        wanted: Share of stated values that must be true.
    """
    table: dict[str, dict[str, dict[str, float]]] = {}
    for view, by_attribute in guesses.items():
        for k, (attribute, probabilities) in enumerate(zip(ATTRIBUTES, by_attribute, strict=True)):
            if view not in attribute.views:
                continue
            truth = labels[view][:, k]
            known = truth >= 0
            guess, sure = probabilities.argmax(1)[known], probabilities.max(1)[known]
            right = guess == truth[known]
            found = {
                value: _least(sure[guess == number], right[guess == number], wanted)
                for number, value in enumerate(attribute.values)
            }
            kept = {value: least for value, least in found.items() if least < NEVER}
            if kept:
                table.setdefault(view.value, {})[attribute.name] = kept
    return Thresholds(table, wanted)


def _least(sure: NDArray[np.float64], right: NDArray[np.bool_], wanted: float) -> float:
    order = np.argsort(-sure, kind="stable")
    share = (np.cumsum(right[order]) + 1) / (np.arange(len(order)) + 3)
    good = np.flatnonzero(share >= wanted)
    return round(float(sure[order][good[-1]]), 4) if len(good) else NEVER


def stated(
    probabilities: Sequence[NDArray[np.float64]], view: View, thresholds: Thresholds
) -> dict[str, str]:
    """Return what is stated of one picture: attribute -> value, from its probabilities per attribute."""
    found = {}
    for attribute, p in zip(ATTRIBUTES, probabilities, strict=True):
        value = attribute.values[int(np.argmax(p))]
        if view in attribute.views and float(np.max(p)) >= thresholds.of(view, attribute.name, value):
            found[attribute.name] = value
    return found
