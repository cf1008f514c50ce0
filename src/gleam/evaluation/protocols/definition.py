"""What an official evaluation consists of: data only, so that a new one is a new description."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gleam.evaluation.protocols.outcome import Outcome
from gleam.places.table import Places
from gleam.views import View

Unit = Literal["%", "m"]


@dataclass(frozen=True)
class Measure:
    """One official figure.

    name: short enough for the head of a column, and the key of published numbers.
    of: from the outcome to one number per query (Q,): a share 0..1 or metres; NaN where it has none.
    unit: how it is printed, ``%`` or ``m``.
    says: the exact definition in one sentence.
    columns: columns of the places table without which no query has a number.
    optional: whether a table without them is evaluated all the same.
    one_percent: the rule for k, where it is a recall@1 %.
    """

    name: str
    of: Callable[[Outcome], NDArray[np.float64]]
    unit: Unit
    says: str
    columns: tuple[str, ...] = ()
    optional: bool = False
    one_percent: str | None = None


@dataclass(frozen=True)
class Published:
    """What others reported, in the units of the measures as printed (shares in percent).

    source: a link. second_hand: read in another paper or a summary, not in the authors' own publication.
    group: the part of the set, where it has parts. note: what makes the row special, such as extra data.
    """

    method: str
    values: Mapping[str, float]
    source: str
    second_hand: bool = False
    group: str = ""
    note: str = ""


@dataclass(frozen=True)
class Direction:
    """One query view searched in one gallery view.

    splits: names of the split, the first that the table has is taken.
    ignores_semi_positives: whether semi-positives do not count in the hit rate.
    group: from rows to a label each, where the set is evaluated in parts, each with its own gallery; rows
        labelled None belong to all parts.
    fuse: all query images of a place are one query, a set.
    queries, gallery_images: how many the complete set has (of each part); None where it is not published.
    """

    query: View
    gallery: View
    measures: tuple[Measure, ...]
    splits: tuple[str, ...] = ("test",)
    ignores_semi_positives: bool = False
    group: Callable[[Places], NDArray[Any]] | None = None
    fuse: bool = False
    queries: int | None = None
    gallery_images: int | None = None
    published: tuple[Published, ...] = ()

    @property
    def name(self) -> str:
        """Such as ``drone->satellite``."""
        return f"{self.query}->{self.gallery}"


@dataclass(frozen=True)
class Protocol:
    """The official evaluation of one data set.

    title: how people call the set. data_set: the importer (``gleam places import``) that makes its table.
    defined_by: links to where the figures are defined. notes: what to know before comparing.
    """

    name: str
    title: str
    data_set: str
    defined_by: tuple[str, ...]
    directions: tuple[Direction, ...]
    notes: tuple[str, ...] = ()
