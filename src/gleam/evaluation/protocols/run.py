"""From an encoder, a places table and a protocol to its official figures beside the published ones."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.errors import GleamError
from gleam.evaluation import metrics
from gleam.evaluation.bootstrap import LEVEL, RESAMPLES, named_means
from gleam.evaluation.features import HEADINGS_TRIED, VectorMaker, checked_hide, knowledge_note
from gleam.evaluation.protocols.definition import Direction, Protocol, Published
from gleam.evaluation.protocols.measures import MOST_ANSWERS
from gleam.evaluation.protocols.outcome import Outcome
from gleam.evaluation.protocols.rows import directions_of, needed_rows, parts_of, split_of
from gleam.evaluation.protocols.spaces import tie_positions
from gleam.evaluation.protocols.vectors import VectorStore, fused
from gleam.evaluation.relevance import Relevance
from gleam.evaluation.retrieval import DEFAULT_CHUNK, search
from gleam.evaluation.tables import table_name, usable_rows
from gleam.places.relations import answers
from gleam.places.table import Places
from gleam.views import View


@dataclass(frozen=True)
class _Asked:
    """What the caller chose, as every part of the evaluation needs it."""

    split: str | None
    one_percent: str | None
    seed: int
    resamples: int
    chunk: int
    headings: int
    hide: tuple[str, ...]


def evaluate_protocol(
    encoder: VectorMaker,
    places: Places,
    protocol: Protocol,
    *,
    split: str | None = None,
    views: Iterable[View | str] | None = None,
    hide: Iterable[str] = (),
    one_percent: str | None = None,
    seed: int = 0,
    chunk: int = DEFAULT_CHUNK,
    headings: int = HEADINGS_TRIED,
    resamples: int = RESAMPLES,
    skip_bad: bool = False,
) -> dict[str, Any]:
    """Measure ``encoder`` on ``places`` the way the data set's authors do.

    Args:
        encoder: An :class:`~gleam.encoder.Encoder`, or anything with its methods.
        places: The table of the data set, as its importer makes it.
        protocol: One of :data:`gleam.evaluation.protocols.PROTOCOLS`.
        split: Instead of the protocol's own split.
        views: Query views to measure; all that the protocol and the table have when not given.
        hide: What to pretend not to know, see :data:`gleam.evaluation.features.HIDEABLE`.
        one_percent: Instead of the protocol's own rule for recall@1 %, see
            :data:`gleam.evaluation.metrics.ONE_PERCENT_RULES`.
        seed: Of the bootstrap.
        chunk: Queries compared at once; changes memory and speed, never a figure.
        headings: Directions tried for an image of unknown heading, where the encoder's preparation
            depends on it.
        resamples: Draws of the bootstrap. Whole places are drawn, not single images.
        skip_bad: Leave out rows whose image is missing or unreadable and list them under ``"skipped"``.

    Returns:
        ``{"protocol", "title", "defined_by", "directions": [...], "notes", "skipped", ...}``; every
        direction holds ``figures`` (shares 0..1 or metres, with intervals), ``says`` (their definitions),
        counts, ``complete`` (whether the table holds the whole official set, None where its size is not
        published) and ``published`` numbers with their sources.

    Raises:
        GleamError: An unknown name; the table lacks a view, a split, right answers or a column that the
            protocol needs.
        TableError, ImageError: Images are missing or cannot be read; they are named.
    """
    started = time.perf_counter()
    if one_percent is not None:
        metrics.one_percent_k(100, one_percent)
    raw = bool(getattr(getattr(encoder, "preparation", None), "is_raw", False))
    asked = _Asked(split, one_percent, seed, resamples, chunk, 1 if raw else headings, checked_hide(hide))
    chosen, notes = directions_of(protocol, places, views)
    splits = {direction.name: split_of(direction, places, protocol, split) for direction in chosen}
    if not places.splits:
        notes.append("The table names no splits: all its images are measured.")
    rows, skipped = usable_rows(needed_rows(places, chosen, splits), skip_bad)
    store = VectorStore(encoder, rows, asked.hide, asked.headings)
    results: list[dict[str, Any]] = []
    for direction in chosen:
        parts = parts_of(rows, direction, splits[direction.name], protocol)
        for label, queries, gallery in parts:
            results.append(_measured(store, protocol, direction, label, queries, gallery, asked))
        for view in (direction.query, direction.gallery):
            notes.append(knowledge_note(rows.select(view=view), view, asked.hide, asked.headings))
    return {
        "protocol": protocol.name,
        "title": protocol.title,
        "defined_by": list(protocol.defined_by),
        "encoder": encoder.name,
        "fingerprint": encoder.fingerprint,
        "table": table_name(places),
        "splits": splits,
        "hide": list(asked.hide),
        "headings": asked.headings,
        "one_percent": one_percent,
        "seed": seed,
        "intervals": {"level": LEVEL, "resamples": resamples, "over": "places"},
        "ties": "against the model",
        "directions": results,
        "skipped": skipped,
        "notes": [*protocol.notes, *dict.fromkeys(notes), *_count_notes(results, skipped)],
        "seconds": round(time.perf_counter() - started, 3),
    }


def _measured(
    store: VectorStore,
    protocol: Protocol,
    direction: Direction,
    label: str,
    queries: Places,
    gallery: Places,
    asked: _Asked,
) -> dict[str, Any]:
    """All figures of one direction, or of one part of it."""
    vectors, among = store.of(queries, direction.query), store.of(gallery, direction.gallery)
    images = len(queries)
    if direction.fuse:
        place, first, owner = np.unique(
            queries.column("place").astype(str), return_index=True, return_inverse=True
        )
        vectors, queries = fused(vectors, owner, len(place)), queries.take(first)
    related = answers(queries, gallery)
    ignored = related.semi_positives if direction.ignores_semi_positives else None
    relevance = Relevance.from_lists(related.positives, len(gallery), ignored=ignored)
    ranking = search(
        vectors.vectors,
        among.vectors,
        relevance,
        vectors_per_query=vectors.per_query,
        vectors_per_item=among.per_query,
        query_positions=tie_positions(queries),
        gallery_positions=tie_positions(gallery),
        query_names=vectors.names,
        gallery_names=among.names,
        top=MOST_ANSWERS,
        chunk=asked.chunk,
    )
    answered = ranking.answered
    if not answered.any():
        raise GleamError(
            f"None of the {len(queries)} {direction.query} queries of {protocol.name} has a "
            f"{direction.gallery} image of its place in the gallery (the first place is "
            f"{queries[0].place!r}); is the table complete?"
        )
    outcome = Outcome(ranking, queries, gallery, asked.one_percent)
    figures: dict[str, Any] = {}
    unknown: dict[str, int] = {}
    for measure in direction.measures:
        values = measure.of(outcome)
        counted = answered & np.isfinite(values)
        figures |= named_means(
            {measure.name: values}, counted, queries.column("place"), asked.seed, asked.resamples
        )
        if (answered & ~counted).any():
            unknown[measure.name] = int((answered & ~counted).sum())
    complete = _complete(direction, images, len(gallery))
    return {
        "name": direction.name,
        "part": label,
        "figures": figures,
        "units": {m.name: m.unit for m in direction.measures},
        "says": {m.name: m.says for m in direction.measures},
        "queries": len(queries),
        "query_images": images,
        "gallery": len(gallery),
        "without_positive": int((~answered).sum()),
        "without_figure": unknown,
        "positives_per_query": _spread(relevance.positive_counts[answered]),
        "one_percent_k": _one_percent_k(direction, len(gallery), asked.one_percent),
        "chance": {"R@1": metrics.chance_at(ranking, 1)},
        "official_queries": direction.queries,
        "official_gallery": direction.gallery_images,
        "complete": complete,
        "published": [_plain(p) for p in direction.published if not p.group or p.group == label],
    }


def _plain(published: Published) -> dict[str, Any]:
    return {
        "method": published.method,
        "figures": dict(published.values),
        "source": published.source,
        "second_hand": published.second_hand,
        "note": published.note,
    }


def _one_percent_k(direction: Direction, gallery: int, rule: str | None) -> int | None:
    """The k of recall@1 %."""
    for measure in direction.measures:
        if measure.one_percent is not None:
            return metrics.one_percent_k(gallery, rule or measure.one_percent)
    return None


def _complete(direction: Direction, queries: int, gallery: int) -> bool | None:
    """Whether the counts are those of the whole official set; None where they are not published."""
    official = [(queries, direction.queries), (gallery, direction.gallery_images)]
    known = [(ours, theirs) for ours, theirs in official if theirs is not None]
    return all(ours == theirs for ours, theirs in known) if known else None


def _count_notes(results: list[dict[str, Any]], skipped: list[dict[str, str]]) -> list[str]:
    notes = []
    for result in results:
        where = result["name"] + (f", {result['part']}" if result["part"] else "")
        if result["complete"] is False:
            counts = [
                f"{result[ours]:,} of {result[theirs]:,} {what}"
                for ours, theirs, what in (
                    ("query_images", "official_queries", "query images"),
                    ("gallery", "official_gallery", "gallery images"),
                )
                if result[theirs] is not None
            ]
            notes.append(f"{where}: {' and '.join(counts)}: not comparable with published numbers.")
        if result["complete"] is None:
            notes.append(f"{where}: the official size of the set is not published; compare with care.")
        if result["without_positive"]:
            notes.append(
                f"{where}: {result['without_positive']} of {result['queries']} queries have no right answer "
                "in the gallery; all figures are over the others."
            )
        for name, count in result["without_figure"].items():
            notes.append(f"{where}: {count} queries or their answers have no position and no {name}.")
    if skipped:
        notes.append(f"{len(skipped)} images were left out: not comparable with published numbers.")
    return notes


def _spread(counts: NDArray[np.int64]) -> dict[str, int]:
    return {"least": int(counts.min()), "most": int(counts.max())}
