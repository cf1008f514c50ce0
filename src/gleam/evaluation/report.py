"""One call from an encoder and a places table to every figure, as a document that becomes JSON."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.errors import GleamError
from gleam.evaluation import metrics
from gleam.evaluation.bootstrap import LEVEL, RESAMPLES, named_means, quantile_intervals
from gleam.evaluation.distances import answer_distances, covered_by_answer, positions_of
from gleam.evaluation.features import (
    HEADINGS_TRIED,
    QueryVectors,
    VectorMaker,
    checked_hide,
    encode_gallery,
    encode_queries,
    knowledge_note,
)
from gleam.evaluation.histogram import ColourHistogram
from gleam.evaluation.relevance import Relevance
from gleam.evaluation.retrieval import DEFAULT_CHUNK, Ranking, search
from gleam.evaluation.tables import table_name, usable_rows
from gleam.places.relations import answers
from gleam.places.table import Places
from gleam.views import View, parse_view

RECALL_AT = (1, 5, 10)
WITHIN_M = (10, 25, 50, 100)


def evaluate(
    encoder: VectorMaker,
    places: Places,
    *,
    split: str | None = None,
    views: Iterable[View | str] | None = None,
    hide: Iterable[str] = (),
    seed: int = 0,
    chunk: int = DEFAULT_CHUNK,
    baseline: bool = True,
    headings: int = HEADINGS_TRIED,
    resamples: int = RESAMPLES,
    skip_bad: bool = False,
) -> dict[str, Any]:
    """Search every query image of ``places`` among all its satellite images and measure the answers.

    Args:
        encoder: An :class:`~gleam.encoder.Encoder`, or anything with its ``encode``,
            ``encode_headings``, ``name`` and ``fingerprint``.
        places: Rows of all views. Satellite rows are the gallery, the others the queries (each where its
            ``split`` lets it be one); a satellite row of the same place, or of one of the ``positives``, is
            a right answer, and any other is wrong, semi-positives included.
        split: Use only this split, for gallery and queries; all rows when not given.
        views: Query views to measure; all that occur when not given.
        hide: What to pretend not to know: ``"heading"`` and ``"pose"``, see
            :data:`gleam.evaluation.features.HIDEABLE`.
        seed: Of the bootstrap.
        chunk: Queries compared at once; changes memory and speed, never a figure.
        baseline: Also measure colour histograms on the same images.
        headings: Directions tried for an image of unknown heading.
        resamples: Draws of the bootstrap. Whole places are drawn, not single images.
        skip_bad: Leave out rows whose image is missing or unreadable and list them under
            ``"skipped"``, instead of refusing.

    Returns:
        Shares as fractions 0..1, distances in metres; ``docs`` of every key in
        ``{"views": {view: {...}}, "gallery": N, ...}``.

    Raises:
        GleamError: An unknown name, no gallery, no query, no query with a right answer.
        TableError: Image files are missing (they are named).
        ImageError: An image cannot be read.
    """
    started = time.perf_counter()
    hidden = checked_hide(hide)
    rows = places.select(split=split)
    rows, skipped = usable_rows(rows, skip_bad)
    gallery = rows.select(view=View.SATELLITE, split=split, role="gallery")
    asked = rows.select(split=split, role="query")
    if not len(gallery):
        raise GleamError(f"{table_name(places)} has no satellite image to search among{_of_split(split)}.")
    chosen = _query_views(asked, views, places, split)

    seconds: dict[str, float] = {}
    notes = _general_notes(gallery, asked)
    watch = _Watch(seconds)
    gallery_vectors = encode_gallery(encoder, gallery)
    watch.stop("encode_gallery")
    other = ColourHistogram() if baseline else None
    other_vectors = encode_gallery(other, gallery) if other else None
    watch.stop("baseline")

    results: dict[str, Any] = {}
    for view in chosen:
        queries = asked.select(view=view)
        vectors = encode_queries(encoder, queries, view, hidden, headings)
        watch.stop(f"encode_{view}")
        ranking = _search(vectors, gallery_vectors, queries, gallery, chunk)
        figures = _figures(ranking, queries, gallery, seed, resamples)
        figures["headings_searched"] = headings if vectors.turned else 1
        watch.stop(f"search_{view}")
        if other is not None and other_vectors is not None:
            plain = encode_queries(other, queries, view, hidden, headings)
            figures["baseline_colour_histogram"] = _baseline_figures(
                _search(plain, other_vectors, queries, gallery, chunk), queries, seed, resamples
            )
            watch.stop("baseline")
        results[view.value] = figures
        notes.append(knowledge_note(queries, view, hidden, headings, encoder))
        if figures["without_positive"]:
            notes.append(
                f"{view}: {figures['without_positive']} of {figures['queries']} queries have no satellite "
                "image of their place; recall and AP are over the others."
            )
    seconds["total"] = time.perf_counter() - started
    return {
        "views": results,
        "gallery": len(gallery),
        "encoder": encoder.name,
        "fingerprint": encoder.fingerprint,
        "table": table_name(places),
        "split": split,
        "hide": list(hidden),
        "seed": seed,
        "intervals": {"level": LEVEL, "resamples": resamples, "over": "places"},
        "ties": "against the model",
        "skipped": skipped,
        "notes": notes,
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
    }


class _Watch:
    """Adds the time since the last stop to a name."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds = seconds
        self.last = time.perf_counter()

    def stop(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self.last
        self.last = now


def _search(
    vectors: QueryVectors, gallery_vectors: NDArray[Any], queries: Places, gallery: Places, chunk: int
) -> Ranking:
    relevance = Relevance.from_lists(answers(queries, gallery).positives, len(gallery))
    return search(
        vectors.vectors,
        gallery_vectors,
        relevance,
        vectors_per_query=vectors.per_query,
        query_positions=positions_of(queries),
        gallery_positions=positions_of(gallery),
        query_names=vectors.names,
        gallery_names=[str(p) for p in gallery.paths],
        chunk=chunk,
    )


def _figures(ranking: Ranking, queries: Places, gallery: Places, seed: int, resamples: int) -> dict[str, Any]:
    """All figures of one view."""
    answered = ranking.answered
    _refuse_unanswerable(answered, queries)
    place = queries.column("place")
    k_percent = metrics.one_percent_k(len(gallery))
    columns = {f"recall@{k}": metrics.hits_at(ranking, k) for k in RECALL_AT}
    columns["recall@1%"] = metrics.hits_at(ranking, k_percent)
    columns["ap_trapezoid"] = metrics.ap_trapezoid(ranking)
    columns["ap_step"] = metrics.ap_step(ranking)
    out = named_means(columns, answered, place, seed, resamples)

    truth = positions_of(queries)
    error_m = answer_distances(truth, positions_of(gallery), ranking.top)
    located = np.isfinite(error_m[:, 0])
    first_m = error_m[:, 0]
    with np.errstate(invalid="ignore"):
        near = {f"within_{m}m": (first_m <= m).astype(np.float64) for m in WITHIN_M}
    near["sdm@5"] = metrics.spatial_distance_metric(error_m, 5)
    out |= named_means(near, located, place, seed, resamples)
    out |= _quantiles(first_m, located, place, seed, resamples)
    covered = covered_by_answer(truth, gallery, ranking.top[:, 0])
    out |= named_means({"hit_rate": covered}, np.isfinite(covered), place, seed, resamples)

    out["queries"] = len(queries)
    out["without_positive"] = int((~answered).sum())
    out["with_position"] = int(located.sum())
    out["recall@1%_k"] = k_percent
    out["chance"] = {f"recall@{k}": metrics.chance_at(ranking, k) for k in RECALL_AT}
    out["chance"]["recall@1%"] = metrics.chance_at(ranking, k_percent)
    return out


def _baseline_figures(ranking: Ranking, queries: Places, seed: int, resamples: int) -> dict[str, Any]:
    columns = {f"recall@{k}": metrics.hits_at(ranking, k) for k in RECALL_AT}
    return named_means(columns, ranking.answered, queries.column("place"), seed, resamples)


def _quantiles(
    error_m: NDArray[np.float64], counted: NDArray[np.bool_], groups: NDArray[Any], seed: int, resamples: int
) -> dict[str, Any]:
    names = ("median_m", "p90_m")
    if not counted.any():
        return dict.fromkeys(names)
    intervals = quantile_intervals(
        error_m[counted], (0.5, 0.9), groups=groups[counted], resamples=resamples, seed=seed
    )
    return {name: i.to_dict() for name, i in zip(names, intervals, strict=True)}


def _refuse_unanswerable(answered: NDArray[np.bool_], queries: Places) -> None:
    if not answered.any():
        raise GleamError(
            f"None of the {len(queries)} {queries[0].view} queries has a satellite image of its place "
            f"(the first place is {queries[0].place!r}); do the place names of the views agree?"
        )


def _query_views(
    rows: Places, views: Iterable[View | str] | None, places: Places, split: str | None
) -> list[View]:
    present: list[View] = [v for v in rows.views if v is not View.SATELLITE]
    if views is None:
        if not present:
            raise GleamError(f"{table_name(places)} has no query image{_of_split(split)}, only satellite.")
        return present
    chosen = list(dict.fromkeys(parse_view(v) for v in views))
    for view in chosen:
        if view is View.SATELLITE:
            raise GleamError("satellite is the gallery, not a query view; choose among the others.")
        if view not in present:
            raise GleamError(
                f"{table_name(places)} has no {view} image{_of_split(split)}; it has "
                f"{', '.join(present) or 'no query views'}."
            )
    return chosen


def _general_notes(gallery: Places, queries: Places) -> list[str]:
    notes = ["Ties count against the model: of equal similarities the wrong answer stands first."]
    if np.isnan(gallery.column("lat")).any():
        count = int(np.isnan(gallery.column("lat")).sum())
        notes.append(f"{count} of {len(gallery)} satellite images have no position; metres leave them out.")
    alone = set(gallery.place_ids) - {row.place for row in queries if row.view is not View.SATELLITE}
    if alone:
        notes.append(f"{len(alone)} places have a satellite image alone and serve as distractors.")
    return notes


def _of_split(split: str | None) -> str:
    return f" in split {split!r}" if split else ""


__all__: Sequence[str] = ["evaluate"]
