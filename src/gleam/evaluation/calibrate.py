"""Measure how far an encoder can be trusted on a data set, in the form that travels with its weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.errors import GleamError
from gleam.evaluation.calibration import (
    Calibration,
    answer_features,
    calibration_figures,
    fit_calibration,
    fit_pair_calibration,
)
from gleam.evaluation.distances import answer_distances, positions_of
from gleam.evaluation.features import QueryVectors, VectorMaker, checked_hide, encode_gallery, encode_queries
from gleam.evaluation.relevance import Relevance
from gleam.evaluation.retrieval import Ranking, search
from gleam.evaluation.similarity import exact_unit_vectors
from gleam.places.table import Places
from gleam.views import View, parse_view

GALLERY_SHARES = (1.0, 0.5, 0.25, 0.1)
"""Parts of the gallery that are searched, so that the effect of its size is learnt."""

CANDIDATES = 50
"""Ranked candidates looked at for the best competitor."""

CLAIMED_FROM = 0.5
"""Answers of at least this probability count as located when the 95 % radius is measured."""

_FEWEST_FOR_RADIUS = 40


@dataclass(frozen=True)
class _Examples:
    """Answers (N, ...) of one view, and pairs (P,) of images.

    group: which part of the ground (N,): figures are told of one part, fitted on the others.
    typical: answers of the whole gallery with the right tile in it.
    """

    features: NDArray[np.float64]
    error_m: NDArray[np.float64]
    group: NDArray[np.int64]
    typical: NDArray[np.bool_]
    pair_scores: NDArray[np.float64]
    pair_match: NDArray[np.bool_]


def calibrate_encoder(
    encoder: VectorMaker,
    places: Places | Sequence[Places],
    *,
    name: str,
    split: str | None = None,
    views: Iterable[View | str] | None = None,
    within_m: float = 50.0,
    hide_cases: Sequence[Sequence[str]] = ((), ("heading",)),
    absent_share: float = 0.2,
    seed: int = 0,
) -> dict[str, Any]:
    """Fit the calibrations of answers and of pairs, and the 95 % radius, for each query view.

    Use places that the encoder was not trained on; nothing here can tell.

    Args:
        encoder: As for :func:`gleam.evaluation.report.evaluate`.
        places: Rows of all views, with positions; or several such tables, each searched for itself.
        name: Of the data set; it is told with every probability.
        split: Use only this split.
        views: Query views; all that occur when not given.
        within_m: An answer is right within this distance.
        hide_cases: What is hidden in turn (see ``evaluate``); the examples are pooled, because the user
            of a locator may or may not know the heading.
        absent_share: For this share of the examples the right tiles are taken out of the gallery, as
            for photos from elsewhere. Probabilities assume that such photos are this frequent.
        seed: Of the drawn galleries and pairs.

    Returns:
        ``{"answers": [...], "pairs": [...], "radius95": {...}, "held_out": {view: {...}}}``, the first
        three as a locator reads them. ``held_out`` tells ECE, Brier score and NLL of each table when
        fitted on the others, of a single one in each half when fitted in the other: the honest figures.

    Raises:
        GleamError: No gallery, no positions, an unknown name, or a view where all answers are right or
            all wrong.
    """
    tables = [places] if isinstance(places, Places) else list(places)
    areas = [_Area.of(encoder, table.select(split=split)) for table in tables]
    present = list(dict.fromkeys(v for area in areas for v in area.rows.views if v is not View.SATELLITE))
    chosen = present if views is None else [parse_view(v) for v in views]
    for view in chosen:
        if view not in present:
            raise GleamError(f"There is no {view} query to calibrate with; there are {', '.join(present)}.")
    out: dict[str, Any] = {"answers": [], "pairs": [], "radius95": {}, "held_out": {}}
    for view in chosen:
        found = [
            _examples(encoder, area, view, hide_cases, absent_share, within_m, seed)
            for area in areas
            if view in area.rows.views
        ]
        examples = found[0] if len(found) == 1 else _pooled(found)
        right = examples.error_m <= within_m
        answer = fit_calibration(examples.features, right, name=name, views=[view.value], within_m=within_m)
        pair = fit_pair_calibration(examples.pair_scores, examples.pair_match, name=name, views=[view.value])
        out["answers"].append(answer.to_dict())
        out["pairs"].append(pair.to_dict())
        out["radius95"] |= _radius95(answer, examples, view)
        out["held_out"] |= _held_out(examples, right, answer, view)
    return out


@dataclass(frozen=True)
class _Area:
    """One table: its rows, its satellite rows and their vectors."""

    rows: Places
    gallery: Places
    tiles: NDArray[np.float32]

    @classmethod
    def of(cls, encoder: VectorMaker, rows: Places) -> _Area:
        gallery = rows.select(view=View.SATELLITE)
        if not len(gallery) or not np.isfinite(positions_of(gallery)).all():
            raise GleamError("Calibration needs satellite images, all of them with positions.")
        return cls(rows, gallery, encode_gallery(encoder, gallery))


def _pooled(found: Sequence[_Examples]) -> _Examples:
    """Put the examples of several tables together, each table a group of its own."""
    parts = {
        f.name: np.concatenate([getattr(e, f.name) for e in found])
        for f in fields(_Examples)
        if f.name != "group"
    }
    group = np.concatenate([np.full(len(e.group), n) for n, e in enumerate(found)])
    return _Examples(group=group, **parts)


def _examples(
    encoder: VectorMaker,
    area: _Area,
    view: View,
    hide_cases: Sequence[Sequence[str]],
    absent_share: float,
    within_m: float,
    seed: int,
) -> _Examples:
    """Search each view in galleries of several sizes, with and without the right tile."""
    rng = np.random.default_rng(seed)
    gallery, tiles, queries = area.gallery, area.tiles, area.rows.select(view=view)
    positions, truth = positions_of(gallery), positions_of(queries)
    tile_place, query_place = gallery.column("place"), queries.column("place")
    middle = np.nanmedian(truth[:, 1])
    answers, pairs = [], []
    for case in hide_cases:
        vectors = encode_queries(encoder, queries, queries[0].view, checked_hide(case))
        for share in GALLERY_SHARES:
            kept = np.sort(rng.choice(len(gallery), max(2, round(share * len(gallery))), replace=False))
            index = np.flatnonzero(np.isfinite(truth).all(axis=1) & np.isin(query_place, tile_place[kept]))
            if not len(index):
                continue
            some = vectors.take(index)
            ranking = search(
                some.vectors,
                tiles[kept],
                Relevance.from_labels(query_place[index].tolist(), tile_place[kept].tolist()),
                vectors_per_query=some.per_query,
                query_positions=truth[index],
                gallery_positions=positions[kept],
                top=CANDIDATES,
            )
            absent = rng.random(len(index)) < absent_share
            own = tile_place[kept][ranking.top] == query_place[index][:, None]
            top, scores = _without(ranking, own & absent[:, None])
            found = positions[kept][top]
            features = answer_features(scores, found[..., 0], found[..., 1], len(kept), within_m)
            error_m = answer_distances(truth[index], positions[kept], top[:, :1])[:, 0]
            typical = ~absent & (share == 1.0)
            answers.append((features, error_m, (truth[index, 1] > middle).astype(np.int64), typical))
            if share == 1.0:
                pairs.append(_pairs(some, tiles[kept], query_place[index], tile_place[kept], ranking, rng))
    if not answers:
        raise GleamError(f"No {queries[0].view} query has a position and a satellite image of its place.")
    return _Examples(
        *map(np.concatenate, zip(*answers, strict=True)), *map(np.concatenate, zip(*pairs, strict=True))
    )


def _without(ranking: Ranking, gone: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Candidates and similarities (Q, K) as if the tiles marked ``gone`` had never been searched."""
    order = np.argsort(gone, axis=1, kind="stable")
    top = np.take_along_axis(ranking.top, order, axis=1)
    scores = np.take_along_axis(ranking.top_scores, order, axis=1)
    scores[np.take_along_axis(gone, order, axis=1)] = np.nan
    return top, scores


def _pairs(
    queries: QueryVectors,
    tiles: NDArray[np.float32],
    query_place: NDArray[Any],
    tile_place: NDArray[Any],
    ranking: Ranking,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """One match and one non-match per query; half of the non-matches random, half the most alike."""
    match = ranking.relevance.positive_items[ranking.relevance.positive_start[:-1]]
    wrong = tile_place[ranking.top] != query_place[:, None]
    rivals = np.take_along_axis(ranking.top, wrong.argmax(axis=1)[:, None], axis=1)[:, 0]
    random = rng.integers(0, len(tiles), len(match))
    other = np.where(np.arange(len(match)) % 2 == 0, random, rivals)
    other = np.where(tile_place[other] == query_place, rivals, other)
    scores = np.concatenate([_similarity(queries, tiles, match), _similarity(queries, tiles, other)])
    return scores, np.arange(len(scores)) < len(match)


def _similarity(
    queries: QueryVectors, tiles: NDArray[np.float32], tile: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Similarity (Q,) of each query, under its best heading, with one tile each."""
    unit_tiles = exact_unit_vectors(tiles[np.repeat(tile, queries.per_query)])
    each = np.einsum("nd,nd->n", exact_unit_vectors(queries.vectors), unit_tiles)
    starts = np.concatenate([[0], np.cumsum(queries.per_query)[:-1]])
    return np.asarray(np.maximum.reduceat(each, starts))


def _radius95(answer: Calibration, examples: _Examples, view: View) -> dict[str, Any]:
    claimed = examples.typical & (answer.probability(examples.features) >= CLAIMED_FROM)
    if claimed.sum() < _FEWEST_FOR_RADIUS:
        return {}
    radius = float(np.quantile(examples.error_m[claimed], 0.95, method="inverted_cdf"))
    return {view.value: {"radius95_m": radius, "name": answer.name, "n": int(claimed.sum())}}


def _held_out(
    examples: _Examples, right: NDArray[np.bool_], answer: Calibration, view: View
) -> dict[str, Any]:
    """Figures of each group under a calibration of the others; none when those are all right or all wrong."""
    told = np.full(len(right), np.nan)
    for group in np.unique(examples.group):
        here = examples.group == group
        if len(set(right[~here].tolist())) == 2:
            fitted = fit_calibration(
                examples.features[~here],
                right[~here],
                name=answer.name,
                views=answer.views,
                within_m=answer.within_m,
            )
            told[here] = fitted.probability(examples.features[here])
    known = np.isfinite(told)
    return {view.value: calibration_figures(told[known], right[known])} if known.any() else {}
