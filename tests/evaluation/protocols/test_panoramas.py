"""VIGOR, CVUSA, CVACT and CV-Cities against slow, obvious references and pinned definitions."""

from __future__ import annotations

import numpy as np
import pytest

from gleam.errors import TableError
from gleam.evaluation.protocols import PROTOCOLS, evaluate_protocol
from gleam.evaluation.protocols.measures import hit_rate, recall
from gleam.evaluation.protocols.outcome import Outcome
from gleam.evaluation.relevance import Relevance
from gleam.evaluation.retrieval import search


def values(result):
    return {name: figure["value"] for name, figure in result["figures"].items() if figure is not None}


@pytest.fixture
def vigor(tmp_path, make_builder):
    """A row of overlapping tiles; each panorama names its neighbours as semi-positives."""
    builder = make_builder(tmp_path, noise=30)
    tiles = [f"Seattle/{number:02d}" for number in range(30)]
    for tile in tiles:
        builder.add(tile, "satellite", split="same-train|same-test")
    for number in range(1, 29):
        near = [tiles[number - 1], tiles[number + 1]]
        split = "same-test" if number % 2 else "same-train"
        builder.add(tiles[number], "panorama", like=near, semi_positives="|".join(near), split=split)
    return builder.places()


def test_vigor_equals_the_slow_reference(vigor, encoder, similarities):
    result = evaluate_protocol(encoder, vigor, PROTOCOLS["vigor-same"])["directions"][0]
    queries = vigor.select(view="panorama", split="same-test")
    tiles = vigor.select(view="satellite", split="same-test")
    names = tiles.column("place").tolist()
    hits, first = 0, {1: 0, 5: 0, 10: 0}
    for scores, query in zip(similarities(queries, tiles), queries, strict=True):
        own = scores[names.index(query.place)]
        before = {names[item] for item in range(len(names)) if scores[item] > own}
        for k in first:
            first[k] += len(before) < k
        hits += not before - set(query.semi_positives.split("|"))
    got = values(result)
    assert {k: got[f"R@{k}"] for k in first} == pytest.approx({k: n / 14 for k, n in first.items()})
    assert got["hit"] == pytest.approx(hits / 14)
    assert 0 < got["R@1"] < got["hit"] <= 1
    assert got["R@1%"] == 0.0
    assert (result["queries"], result["gallery"], result["one_percent_k"]) == (14, 30, 0)


def test_hit_rate_ignores_semi_positives_ahead_and_recall_does_not():
    tiles = np.array([[1.0, 0.0], [0.9, 0.3], [0.6, 0.8], [0.0, 1.0]])
    asks = np.tile([1.0, 0.0], (3, 1))
    # The right answer is second; before it stands a semi-positive, a wrong tile, or a tied semi-positive.
    tied = np.array([[0.9, 0.3], [0.9, 0.3], [0.6, 0.8], [0.0, 1.0]])
    found = search(asks[:2], tiles, Relevance.from_lists([[1], [1]], 4, ignored=[[0], [2]]))
    outcome = Outcome(found, None, None)
    assert hit_rate().of(outcome).tolist() == [1.0, 0.0]
    assert recall(1).of(outcome).tolist() == [0.0, 0.0]
    assert recall(2).of(outcome).tolist() == [1.0, 1.0]
    found = search(asks[:1], tied, Relevance.from_lists([[1]], 4, ignored=[[0]]))
    assert (found.best.tolist(), found.best_of_all.tolist()) == ([1], [2])


def test_vigor_without_semi_positives_is_refused(builder, encoder):
    builder.add("Seattle/1", "satellite", split="cross-test")
    builder.add("Seattle/1", "panorama", split="cross-test")
    with pytest.raises(TableError, match="'semi_positives' is empty for all 1 panorama images, but hit"):
        evaluate_protocol(encoder, builder.places(), PROTOCOLS["vigor-cross"])


@pytest.mark.parametrize(("rule", "k"), [(None, 1), ("floor", 1), ("next", 2), ("index", 2), ("ceil", 2)])
def test_cvusa_recall_of_one_percent_by_each_rule(tmp_path, make_builder, encoder, similarities, rule, k):
    builder = make_builder(tmp_path, noise=100)
    for number in range(101):
        builder.add(f"{number:07d}", "satellite", split="validation")
        builder.add(f"{number:07d}", "panorama", split="validation")
    table = builder.places()
    report = evaluate_protocol(encoder, table, PROTOCOLS["cvusa"], one_percent=rule, resamples=20)
    result = report["directions"][0]
    similarity = similarities(table.select(view="panorama"), table.select(view="satellite"))
    ranks = (similarity > similarity.diagonal()[:, None]).sum(axis=1)
    assert result["one_percent_k"] == k
    assert values(result)["R@1%"] == pytest.approx(np.mean(ranks < k))
    assert values(result)["R@5"] == pytest.approx(np.mean(ranks < 5))
    assert result["published"][0] == {
        "method": "Sample4Geo",
        "figures": {"R@1": 98.68},
        "source": "https://github.com/Skyy93/Sample4Geo",
        "second_hand": False,
        "note": "",
    }


def test_cvact_counts_tiles_within_five_metres_too(builder, encoder):
    for number in range(6):
        # Places come in pairs 3 m apart that look alike; the panorama shows its neighbour's tile.
        where = {"lat": -35.28 + 2.7e-5 * (number % 2) + 1e-3 * (number // 2), "lon": 149.1}
        other = f"{number ^ 1}"
        builder.add(f"{number}", "satellite", split="test", **where)
        builder.add(f"{number}", "panorama", like=(other, other, other), split="test", **where)
    result = evaluate_protocol(encoder, builder.places(), PROTOCOLS["cvact-test"])["directions"][0]
    got = values(result)
    assert got["R@1"] < 0.5
    assert got["R@1<=5m"] == 1.0


def test_cvact_without_positions_keeps_its_other_figures(builder, encoder):
    for number in range(3):
        builder.add(f"{number}", "satellite", split="test")
        builder.add(f"{number}", "panorama", split="test")
    report = evaluate_protocol(encoder, builder.places(), PROTOCOLS["cvact-test"])
    figures = report["directions"][0]["figures"]
    assert figures["R@1<=5m"] is None
    assert figures["R@1"] is not None
    assert any("3 queries or their answers have no position and no R@1<=5m" in n for n in report["notes"])


def test_each_city_of_cv_cities_has_its_own_gallery(builder, encoder):
    for city, count in (("taipei", 3), ("london", 5)):
        for number in range(count):
            builder.add(f"{city}/{number}", "satellite", split="test")
            builder.add(f"{city}/{number}", "panorama", split="test")
    report = evaluate_protocol(encoder, builder.places(), PROTOCOLS["cv-cities"])
    parts = [(d["part"], d["queries"], d["gallery"]) for d in report["directions"]]
    assert parts == [("london", 5, 5), ("taipei", 3, 3)]
    assert {d["complete"] for d in report["directions"]} == {None}
