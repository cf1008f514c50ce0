"""Search every query in the gallery, a chunk at a time, and rank the right answers.

**Ties count against the model.** A gallery item with exactly the similarity of a right answer stands
before it when it is wrong, so an encoder that maps everything to one vector scores zero, not a hundred.
Similarities are exact (:mod:`gleam.evaluation.similarity`): equal vectors tie, on every machine, and
the result is the same to the last bit for every chunk size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gleam.errors import GleamError
from gleam.evaluation.relevance import Relevance
from gleam.evaluation.similarity import check_vectors, exact_unit_vectors

DEFAULT_CHUNK = 256
DEFAULT_TOP = 10
_SCORES_AT_ONCE = 64_000_000
"""Most similarities held at once (half a gigabyte), however large the gallery is."""


@dataclass(frozen=True)
class Ranking:
    """Where the right answers of Q queries stand, and what a user would be shown.

    best: rank (Q,) of the best positive, from 1, among the items that count; 0 for a query without
        positive.
    best_of_all: the same when ignored items count as wrong answers.
    positive_ranks: ranks of all positives, ascending within a query, at
        ``relevance.positive_start[q] : relevance.positive_start[q + 1]``.
    top: gallery numbers (Q, K) of the most similar items, best first; -1 where the gallery ends.
        Ignored items are among them: a user sees them too.
    top_scores: their similarities (Q, K); NaN where the gallery ends.
    """

    relevance: Relevance
    best: NDArray[np.int64]
    best_of_all: NDArray[np.int64]
    positive_ranks: NDArray[np.int64]
    top: NDArray[np.int64]
    top_scores: NDArray[np.float64]

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Which queries (Q,) have a positive and so enter recall and AP."""
        return self.best > 0


def search(
    queries: ArrayLike,
    gallery: ArrayLike,
    relevance: Relevance,
    *,
    vectors_per_query: ArrayLike | None = None,
    vectors_per_item: ArrayLike | None = None,
    query_positions: ArrayLike | None = None,
    gallery_positions: ArrayLike | None = None,
    query_names: Sequence[object] | None = None,
    gallery_names: Sequence[object] | None = None,
    top: int = DEFAULT_TOP,
    chunk: int = DEFAULT_CHUNK,
) -> Ranking:
    """Rank the whole gallery for every query by cosine similarity.

    Memory is that of the vectors plus a few arrays of ``chunk`` x gallery numbers.

    Args:
        queries: Vectors (Q, D), of any length but zero.
        gallery: Vectors (G, D).
        relevance: Positives and ignored items of each query.
        vectors_per_query: How many rows of ``queries`` belong to each query, (Q,), when one query has
            several vectors (such as its rotations); its similarity is that of the best of them.
        vectors_per_item: The same for the gallery, (G,).
        query_positions: Latitudes and longitudes (Q, 2) or none; NaN where unknown. With both
            positions, items that tie are shown farthest first.
        gallery_positions: Latitudes and longitudes (G, 2).
        query_names: Names of the rows of ``queries`` for messages.
        gallery_names: Names of the rows of ``gallery`` for messages.
        top: How many of the best items are kept per query.
        chunk: How many query vectors are compared at once; fewer where the gallery is very large.

    Raises:
        GleamError: NaN, infinity or zero vectors (named), an empty gallery, no query, or sizes that
            do not fit.
    """
    query_array, gallery_array = np.asarray(queries), np.asarray(gallery)
    check_vectors(query_array, "query", query_names)
    check_vectors(gallery_array, "gallery", gallery_names)
    starts = _vector_starts(vectors_per_query, len(query_array), "query")
    item_starts = _vector_starts(vectors_per_item, len(gallery_array), "item")
    _check_sizes(query_array, gallery_array, len(starts) - 1, len(item_starts) - 1, relevance)
    if chunk < 1 or top < 1:
        raise GleamError(f"chunk is {chunk} and top is {top}, but both must be at least 1.")
    directions = _directions(query_positions, gallery_positions)

    unit_gallery = exact_unit_vectors(gallery_array).T
    total, kept = len(relevance), min(top, relevance.gallery)
    best, best_of_all = np.zeros(total, np.int64), np.zeros(total, np.int64)
    ranks = np.zeros(len(relevance.positive_items), np.int64)
    top_items = np.full((total, top), -1, np.int64)
    top_scores = np.full((total, top), np.nan)
    for low, high in _chunks(starts, min(chunk, max(1, _SCORES_AT_ONCE // len(gallery_array)))):
        scores = exact_unit_vectors(query_array[starts[low] : starts[high]]) @ unit_gallery
        if scores.shape[1] != relevance.gallery:
            scores = np.maximum.reduceat(scores, item_starts[:-1], axis=1)
        if starts[high] - starts[low] != high - low:
            scores = np.maximum.reduceat(scores, starts[low:high] - starts[low], axis=0)
        ordered = np.sort(scores, axis=1)
        for row, query in enumerate(range(low, high)):
            item_ranks, ahead = _positive_ranks(scores[row], ordered[row], relevance, query)
            ranks[relevance.positive_start[query] : relevance.positive_start[query + 1]] = item_ranks
            if len(item_ranks):
                best[query], best_of_all[query] = item_ranks[0], item_ranks[0] + ahead[0]
            shown = _shown(scores[row], ordered[row, -kept], kept, relevance, query, directions)
            top_items[query, :kept] = shown
            top_scores[query, :kept] = scores[row, shown]
    return Ranking(relevance, best, best_of_all, ranks, top_items, top_scores)


def _positive_ranks(
    scores: NDArray[np.float64], ordered: NDArray[np.float64], relevance: Relevance, query: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ranks of the positives of one query, and how many ignored items stand before each.

    The j-th positive comes after all wrong items that tie with it, and so do ignored ones.
    """
    own = -np.sort(-scores[relevance.positives(query)])
    at_least = len(ordered) - np.searchsorted(ordered, own, side="left")
    own_at_least = np.searchsorted(-own, -own, side="right")
    junk = np.sort(scores[relevance.ignored(query)])
    junk_at_least = len(junk) - np.searchsorted(junk, own, side="left")
    wrong = at_least - own_at_least - junk_at_least
    return np.arange(1, len(own) + 1) + wrong, junk_at_least


def _shown(
    scores: NDArray[np.float64],
    threshold: float,
    kept: int,
    relevance: Relevance,
    query: int,
    directions: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
) -> NDArray[np.int64]:
    """The best items of one query; of equal ones the wrong before the right, the far before the near."""
    items = np.flatnonzero(scores >= threshold)
    right = np.isin(items, relevance.positives(query))
    farness = np.zeros(len(items))
    if directions is not None and len(items) > 1:
        # The cosine of the angle at the Earth's centre falls with distance.
        farness = np.nan_to_num(directions[1][items] @ directions[0][query])
    return items[np.lexsort((items, farness, right, -scores[items]))[:kept]]


def _directions(
    queries: ArrayLike | None, gallery: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Unit vectors from the Earth's centre, to order ties by distance."""
    if queries is None or gallery is None:
        return None
    out = []
    for positions in (queries, gallery):
        lat, lon = np.radians(np.asarray(positions, np.float64)).T
        out.append(np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1))
    return out[0], out[1]


def _vector_starts(counts: ArrayLike | None, vectors: int, what: str) -> NDArray[np.int64]:
    """Row of the first vector of each query or item, and the number of rows at the end."""
    if counts is None:
        return np.arange(vectors + 1)
    numbers = np.asarray(counts, np.int64)
    if (numbers < 1).any() or numbers.sum() != vectors:
        raise GleamError(
            f"vectors_per_{what} must be at least 1 each and sum to the {vectors} vectors given, "
            f"but sums to {numbers.sum()}."
        )
    return np.concatenate([[0], np.cumsum(numbers)])


def _chunks(starts: NDArray[np.int64], chunk: int) -> list[tuple[int, int]]:
    """Ranges of queries with at most ``chunk`` vectors together, and at least one query each."""
    out, low = [], 0
    while low < len(starts) - 1:
        high = int(np.searchsorted(starts, starts[low] + chunk, side="right")) - 1
        high = max(high, low + 1)
        out.append((low, high))
        low = high
    return out


def _check_sizes(
    queries: NDArray[Any], gallery: NDArray[Any], total: int, items: int, relevance: Relevance
) -> None:
    if len(gallery) == 0:
        raise GleamError("The gallery is empty; at least one image to search among is needed.")
    if total == 0:
        raise GleamError("There is no query; at least one is needed.")
    if queries.shape[1] != gallery.shape[1]:
        raise GleamError(
            f"Query vectors have {queries.shape[1]} dimensions and gallery vectors {gallery.shape[1]}; "
            "both must come from one encoder."
        )
    if len(relevance) != total or relevance.gallery != items:
        raise GleamError(
            f"The right answers are given for {len(relevance)} queries and {relevance.gallery} gallery "
            f"items, but there are {total} and {items}."
        )
