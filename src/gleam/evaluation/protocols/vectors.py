"""Every image of a protocol is encoded once, however many directions and parts it takes part in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gleam.evaluation.features import QueryVectors, VectorMaker, encode_queries
from gleam.places.table import Places
from gleam.views import View


class VectorStore:
    """Vectors of the rows it is asked for, kept per view.

    Images of unknown heading have one vector for each of ``headings`` directions, as gallery images too.
    """

    def __init__(self, encoder: VectorMaker, rows: Places, hide: Sequence[str], headings: int) -> None:
        self._encoder = encoder
        self._rows = rows
        self._hide = hide
        self._headings = headings
        self._vectors: dict[View, tuple[dict[tuple[str, str], int], QueryVectors]] = {}

    def of(self, rows: Places, view: View) -> QueryVectors:
        """Return the vectors of ``rows``, all of one ``view`` and among the rows of the store."""
        if view not in self._vectors:
            everything = self._rows.select(view=view)
            numbers = {key: number for number, key in enumerate(_keys(everything))}
            vectors = encode_queries(self._encoder, everything, view, self._hide, self._headings)
            self._vectors[view] = numbers, vectors
        numbers, vectors = self._vectors[view]
        return vectors.take(np.array([numbers[key] for key in _keys(rows)], np.int64))


def fused(vectors: QueryVectors, owners: np.typing.NDArray[np.int64], count: int) -> QueryVectors:
    """Return one vector per set: the mean of the unit vectors of its images, over headings too.

    Args:
        vectors: Of the images (N).
        owners: Which set (N,) each image belongs to, 0..count - 1.
        count: Number of sets; each has at least one image.
    """
    unit = vectors.vectors / np.linalg.norm(vectors.vectors, axis=1, keepdims=True)
    means = np.zeros((count, unit.shape[1]))
    per_vector = np.repeat(owners, vectors.per_query)
    np.add.at(means, per_vector, unit)
    means /= np.bincount(per_vector, minlength=count)[:, None]
    names = [""] * count
    for name, owner in zip(vectors.names, per_vector.tolist(), strict=True):
        names[owner] = names[owner] or name
    return QueryVectors(means.astype(np.float32), np.ones(count, np.int64), names)


def _keys(rows: Places) -> list[tuple[str, str]]:
    """What tells the rows of one view apart."""
    return list(zip(rows.column("place").tolist(), rows.column("path").tolist(), strict=True))
