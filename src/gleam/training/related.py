"""Places that show part of each other, as data sets name them: neither positives nor negatives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Related:
    """A symmetric relation between P places, stored as the list of each.

    start: (P + 1,) where the list of a place begins in ``other``. other: ascending within each list.
    """

    start: NDArray[np.int64]
    other: NDArray[np.int64]

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[int, int]], places: int) -> Related:
        """Build from pairs in any order; a pair counts in both directions, a place with itself never."""
        both = {(a, b) for a, b in pairs if a != b} | {(b, a) for a, b in pairs if a != b}
        rows = np.array(sorted(both), np.int64).reshape(-1, 2)
        start = np.searchsorted(rows[:, 0], np.arange(places + 1))
        return cls(start.astype(np.int64), rows[:, 1].copy())

    def __len__(self) -> int:
        """Return the number of related pairs, each counted once."""
        return len(self.other) // 2

    def of(self, place: int) -> NDArray[np.int64]:
        """Return the places related to ``place``."""
        return self.other[self.start[place] : self.start[place + 1]]

    def holds(self, own: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return for places (n,) and others (n, k) which pairs are related, (n, k)."""
        if len(self.other) == 0:
            return np.zeros(others.shape, dtype=bool)
        count = len(self.start) - 1
        counts = np.diff(self.start)
        keys = np.repeat(np.arange(count), counts) * count + self.other
        asked = own[:, None] * count + others
        at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
        found: NDArray[np.bool_] = keys[at] == asked
        return found


def keep_apart(order: NDArray[np.int64], sizes: list[int], related: Related) -> NDArray[np.int64]:
    """Reorder places so that related ones fall into different batches where that is possible.

    A place that cannot join a batch waits for the next one; what still waits at the end fills the last
    batches. Sizes of the batches, and the places in all of them, stay.

    Args:
        order: Places, batch after batch.
        sizes: Of the batches; they add up to ``len(order)``.
        related: Which places should not meet.
    """
    coming, waiting = order.tolist()[::-1], list[int]()
    done: list[int] = []
    for size in sizes:
        inside: set[int] = set()
        batch: list[int] = []
        late: list[int] = []
        queue, waiting = waiting[::-1], []
        while len(batch) < size and (queue or coming):
            place = queue.pop() if queue else coming.pop()
            if inside.isdisjoint(related.of(place).tolist()):
                batch.append(place)
                inside.add(place)
            else:
                late.append(place)
        # Too few are left that may meet: the loss masks the others.
        while len(batch) < size:
            batch.append(late.pop(0))
        waiting = late + queue[::-1]
        done += batch
    return np.array(done, np.int64)
