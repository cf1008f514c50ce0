"""Which gallery items are right answers to which queries, and which do not count."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gleam.errors import GleamError


@dataclass(frozen=True)
class Relevance:
    """Right and ignored gallery items per query, compressed: memory grows with their number only.

    The positives of query ``q`` are ``positive_items[positive_start[q]:positive_start[q + 1]]``, the
    ignored items likewise. An ignored item (a semi-positive, "junk") is taken out of the ranking of
    that query: it is neither right nor wrong.
    """

    gallery: int
    positive_start: NDArray[np.int64]
    positive_items: NDArray[np.int64]
    ignored_start: NDArray[np.int64]
    ignored_items: NDArray[np.int64]

    @classmethod
    def from_labels(cls, queries: Sequence[Hashable], gallery: Sequence[Hashable]) -> Relevance:
        """Take as positives of a query all gallery items with an equal label (such as the place)."""
        where: dict[Hashable, list[int]] = {}
        for index, label in enumerate(gallery):
            where.setdefault(label, []).append(index)
        return cls.from_lists([where.get(label, []) for label in queries], len(gallery))

    @classmethod
    def from_lists(
        cls,
        positives: Sequence[ArrayLike],
        gallery: int,
        ignored: Sequence[ArrayLike] | None = None,
    ) -> Relevance:
        """Take the positives, and the ignored items, of each query from lists of gallery numbers.

        Raises a ``GleamError`` naming the query for a number that is not a whole number from 0 to
        ``gallery - 1`` (NaN of an unknown tile, say) and for an item that is both.
        """
        if ignored is not None and len(ignored) != len(positives):
            raise GleamError(
                f"{len(ignored)} lists of ignored items were given for {len(positives)} queries."
            )
        none: list[ArrayLike] = [()] * len(positives)
        positive = _compressed(positives, gallery, "positive")
        junk = _compressed(none if ignored is None else ignored, gallery, "ignored")
        relevance = cls(gallery, *positive, *junk)
        for query in np.flatnonzero(np.diff(relevance.ignored_start)).tolist():
            both = np.intersect1d(relevance.positives(query), relevance.ignored(query))
            if len(both):
                raise GleamError(f"Query {query}: gallery item {both[0]} is both a positive and ignored.")
        return relevance

    def __len__(self) -> int:
        return len(self.positive_start) - 1

    @property
    def positive_counts(self) -> NDArray[np.int64]:
        """Number of positives of each query (Q,)."""
        return np.diff(self.positive_start)

    def positives(self, query: int) -> NDArray[np.int64]:
        """Gallery numbers of the positives of one query, ascending."""
        return self.positive_items[self.positive_start[query] : self.positive_start[query + 1]]

    def ignored(self, query: int) -> NDArray[np.int64]:
        """Gallery numbers of the items that do not count for one query, ascending."""
        return self.ignored_items[self.ignored_start[query] : self.ignored_start[query + 1]]


def _compressed(lists: Sequence[ArrayLike], gallery: int, kind: str) -> tuple[NDArray[np.int64], ...]:
    start = np.zeros(len(lists) + 1, np.int64)
    parts: list[NDArray[np.int64]] = []
    for query, items in enumerate(lists):
        numbers = np.atleast_1d(np.asarray(items))
        if numbers.size == 0:
            numbers = np.empty(0, np.int64)
        valid = np.isfinite(numbers) & (numbers >= 0) & (numbers < gallery) & (numbers == np.floor(numbers))
        if not valid.all():
            wrong = numbers[~valid][0]
            raise GleamError(
                f"Query {query}: {kind} item {wrong} is not in the gallery, whose items are numbered "
                f"0 to {gallery - 1}."
            )
        parts.append(np.unique(numbers.astype(np.int64)))
        start[query + 1] = start[query] + len(parts[-1])
    return start, np.concatenate(parts) if parts else np.empty(0, np.int64)
