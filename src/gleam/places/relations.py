"""Which images answer each other beyond the name of their place: further positives and semi-positives.

An image's place says what it shows. Where satellite tiles overlap, other tiles show it too (``positives``)
or show a part of it (``semi_positives``); such tiles are wrong negatives in training and no wrong answers
in an evaluation. Both columns name places, and both relations hold in either direction.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.places.table import Places

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Answers:
    """For each query row the gallery rows that are right, and those that are neither right nor wrong.

    Each list holds one ascending int64 array of gallery row numbers per query; no number is in both.
    """

    positives: list[Rows]
    semi_positives: list[Rows]


def answers(queries: Places, gallery: Places) -> Answers:
    """Return which rows of ``gallery`` answer each row of ``queries``.

    Right is a row of the same place, of a place that the query names in ``positives``, and a row that
    names the query's place in its own ``positives``; semi-positives likewise. Places that the gallery
    lacks are left out: a part of a data set has only a part of the answers.
    """
    rows_of: dict[str, list[int]] = defaultdict(list)
    for number, place in enumerate(gallery.column("place")):
        rows_of[place].append(number)
    right = _related(queries, gallery, rows_of, "positives")
    half = _related(queries, gallery, rows_of, "semi_positives")
    positives, semi = [], []
    for number, place in enumerate(queries.column("place")):
        sure = right[number].union(rows_of.get(place, ()))
        positives.append(np.array(sorted(sure), np.int64))
        semi.append(np.array(sorted(half[number] - sure), np.int64))
    return Answers(positives, semi)


def _related(queries: Places, gallery: Places, rows_of: dict[str, list[int]], column: str) -> list[set[int]]:
    named_by: dict[str, list[int]] = defaultdict(list)
    for number, names in enumerate(gallery.lists(column)):
        for name in names:
            named_by[name].append(number)
    found = []
    for place, names in zip(queries.column("place"), queries.lists(column), strict=True):
        rows = set(named_by.get(place, ()))
        for name in names:
            rows.update(rows_of.get(name, ()))
        found.append(rows)
    return found


def related_places(rows: Places) -> dict[str, frozenset[str]]:
    """Return for each place the others that must not be its negative in training.

    These are the places that its images name in ``positives`` or ``semi_positives``, and those whose
    images name it. Places without such a relation have no key.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for column in ("positives", "semi_positives"):
        for place, names in zip(rows.column("place"), rows.lists(column), strict=True):
            for name in names:
                if name != place:
                    found[place].add(name)
                    found[name].add(place)
    return {place: frozenset(names) for place, names in found.items()}
