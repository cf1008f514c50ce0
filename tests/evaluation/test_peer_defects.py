"""Defects found in published evaluation code, each as a test that ours does not have it.

Numbers as in the project's survey of peers: 1 ties, 2 NaN, 5 recall@1%, 6 two APs, 7 queries without
positive, 9 images that cannot be read, 10 missing roots, 11 unknown tiles, 12 small galleries,
13 distances north-south.
"""

from __future__ import annotations

import numpy as np
import pytest
from pyproj import Geod

from gleam.errors import GleamError, ImageError, TableError
from gleam.evaluation import metrics
from gleam.evaluation.distances import answer_distances
from gleam.evaluation.relevance import Relevance
from gleam.evaluation.report import evaluate
from gleam.evaluation.retrieval import search
from gleam.places import Places


def ranking_of(positives, gallery):
    """One query per list: gallery item i is the (i + 1)-th most similar."""
    angles = np.linspace(0.1, 1.0, gallery)
    tiles = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    queries = np.tile([1.0, 0.0], (len(positives), 1))
    return search(queries, tiles, Relevance.from_lists(positives, gallery))


@pytest.mark.parametrize("value", [1.0, -0.3, 1 / 3, 1e-20, 7e30])
@pytest.mark.parametrize("dim", [1, 3, 127])
def test_defect_1_collapsed_encoder_does_not_score(value, dim):
    constant = np.full((100, dim), value, np.float32)
    for chunk in (1, 3, 64, 100):
        found = search(constant, constant, Relevance.from_labels(range(100), range(100)), chunk=chunk)
        assert (found.best == 100).all()
        assert metrics.hits_at(found, 1).mean() == 0.0
        assert metrics.hits_at(found, 99).mean() == 0.0
        assert metrics.chance_at(found, 1) == pytest.approx(0.01)


def test_defect_1_collapsed_encoder_in_the_whole_report(world, encoder, monkeypatch):
    monkeypatch.setattr(
        encoder, "encode", lambda images, view, poses=None: np.full((len(images), 5), 0.3), raising=True
    )
    figures = evaluate(encoder, world, baseline=False)["views"]["drone"]
    assert figures["recall@1"]["value"] == 0.0
    assert figures["hit_rate"]["value"] == 0.0
    assert figures["within_100m"]["value"] == 0.0
    assert figures["median_m"]["value"] > 300


def test_defect_1_identical_wrong_tile_beats_the_right_one():
    tiles = np.array([[0.2, 0.9], [0.2, 0.9], [0.9, 0.1]], np.float32)
    for right in (0, 1):
        found = search(tiles[:1], tiles, Relevance.from_lists([[right]], 3))
        assert found.best.tolist() == [2]
        assert found.top[0, 0] == 1 - right


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_defect_2_nan_and_infinity_are_named_errors(value):
    tiles = np.random.default_rng(0).normal(size=(5, 4))
    broken = tiles.copy()
    broken[[1, 3], 2] = value
    relevance = Relevance.from_labels(range(5), range(5))
    with pytest.raises(
        GleamError, match="NaN or infinity in the vectors of 2 of 5 query items: query 1, query 3"
    ):
        search(broken, tiles, relevance)
    with pytest.raises(GleamError, match=r"gallery items: b\.jpg, d\.jpg"):
        search(tiles, broken, relevance, gallery_names=["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"])


@pytest.mark.parametrize(
    ("gallery", "ours", "floor", "index"),
    [(1, 1, 0, 1), (99, 1, 0, 2), (100, 1, 1, 2), (101, 2, 1, 2), (700, 7, 7, 8), (1652, 17, 16, 18)],
)
def test_defect_5_one_percent_is_a_stated_number(gallery, ours, floor, index):
    assert metrics.one_percent_k(gallery) == ours
    assert metrics.one_percent_k(gallery, "floor") == floor
    assert metrics.one_percent_k(gallery, "index") == index


def test_defect_5_unknown_rule_lists_the_rules_and_the_report_prints_k(world, encoder):
    with pytest.raises(GleamError, match="ceil, floor, index"):
        metrics.one_percent_k(10, "round")
    assert evaluate(encoder, world, baseline=False)["views"]["map"]["recall@1%_k"] == 1


def test_defect_6_both_average_precisions_are_pinned():
    second = ranking_of([[1]], 5)
    assert metrics.ap_trapezoid(second).tolist() == [0.25]
    assert metrics.ap_step(second).tolist() == [0.5]
    first = ranking_of([[0]], 5)
    assert metrics.ap_trapezoid(first).tolist() == metrics.ap_step(first).tolist() == [1.0]
    two = ranking_of([[0, 2]], 5)
    assert metrics.ap_step(two)[0] == pytest.approx((1 + 2 / 3) / 2)
    assert metrics.ap_trapezoid(two)[0] == pytest.approx((1 + (1 / 2 + 2 / 3) / 2) / 2)


def test_defect_7_queries_without_positive_leave_sum_and_divisor_and_are_counted(world, encoder):
    found = ranking_of([[0], [], [1]], 5)
    assert found.answered.tolist() == [True, False, True]
    assert np.nanmean(metrics.hits_at(found, 1)) == 0.5
    assert metrics.chance_at(found, 1) == pytest.approx(0.2)

    rows = [r for r in world if not (r.view == "satellite" and r.place in ("p0000", "p0001", "p0002"))]
    report = evaluate(encoder, Places(rows, world.root), baseline=False)
    assert report["views"]["drone"]["queries"] == 24
    assert report["views"]["drone"]["without_positive"] == 3
    assert report["views"]["drone"]["recall@1"]["value"] == 1.0
    assert any("3 of 24 queries have no satellite image" in note for note in report["notes"])


def test_defect_7_no_query_with_positive_is_an_error(world, encoder):
    rows = [r for r in world if (r.view == "satellite") == (r.place < "p0012")]
    with pytest.raises(GleamError, match="None of the 12 drone queries"):
        evaluate(encoder, Places(rows, world.root))


def test_defect_9_unreadable_image_is_named_with_its_row(tmp_path, encoder, make_world):
    world = make_world(tmp_path, places=4)
    bad = world.path_of(world.select(view="drone")[2])
    bad.write_bytes(bad.read_bytes()[:60])
    with pytest.raises(ImageError, match=r"0002\.png.*drone image of place 'p0002'"):
        evaluate(encoder, world)
    report = evaluate(encoder, world, skip_bad=True)
    assert [entry["path"] for entry in report["skipped"]] == [str(bad)]
    assert report["views"]["drone"]["queries"] == 3


def test_defect_9_missing_image_is_named_with_its_row(tmp_path, encoder, make_world):
    world = make_world(tmp_path, places=4)
    world.path_of(world.select(view="satellite")[1]).unlink()
    with pytest.raises(TableError, match=r"1 of 12 image files are missing.*satellite.0001\.png.*'p0001'"):
        evaluate(encoder, world)
    report = evaluate(encoder, world, skip_bad=True)
    assert (report["gallery"], len(report["skipped"])) == (3, 1)
    assert report["views"]["drone"]["without_positive"] == 1


def test_defect_10_missing_or_empty_roots_are_errors(tmp_path):
    with pytest.raises(TableError):
        Places.read(tmp_path / "nowhere")
    with pytest.raises(TableError):
        Places.read(tmp_path)
    (tmp_path / "places.csv").write_text("place,view,path\n")
    with pytest.raises(TableError, match="no rows"):
        Places.read(tmp_path)


def test_defect_10_missing_views_are_errors(world, encoder):
    with pytest.raises(GleamError, match="no satellite image"):
        evaluate(encoder, world.select(view="drone"))
    with pytest.raises(GleamError, match="no query image"):
        evaluate(encoder, world.select(view="satellite"))
    with pytest.raises(GleamError, match="no ground image"):
        evaluate(encoder, world, views=["ground"])


@pytest.mark.parametrize("tile", [np.nan, 5, -1, 2.5, -9223372036854775808])
def test_defect_11_unknown_tiles_are_rejected_with_their_query(tile):
    with pytest.raises(GleamError, match="Query 1: positive item"):
        Relevance.from_lists([[0], [tile]], 5)


@pytest.mark.parametrize("gallery", [1, 2, 9])
def test_defect_12_small_galleries_and_large_k_work(gallery):
    found = ranking_of([[gallery - 1]], gallery)
    assert metrics.hits_at(found, 1).tolist() == [float(gallery == 1)]
    assert metrics.hits_at(found, 1000).tolist() == [1.0]
    assert metrics.chance_at(found, 1000) == 1.0
    assert found.top.shape == (1, 10)
    assert (found.top[0, gallery:] == -1).all()
    distances = answer_distances(np.zeros((1, 2)), np.zeros((gallery, 2)), found.top)
    assert np.isnan(distances[0, gallery:]).all()
    assert metrics.spatial_distance_metric(distances, 5).shape == (1,)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((48.0, 16.0), (48.01, 16.0)),
        ((48.0, 16.0), (48.0, 16.01)),
        ((-36.8, 174.7), (-36.9, 174.7)),
        ((89.0, 10.0), (89.0, -170.0)),
        ((10.0, 179.999), (10.0, -179.999)),
    ],
)
def test_defect_13_distances_are_geodesic_in_every_direction(a, b):
    want = Geod(ellps="WGS84").inv(a[1], a[0], b[1], b[0])[2]
    got = answer_distances(np.array([a]), np.array([b]), np.zeros((1, 1), np.int64))
    assert got[0, 0] == pytest.approx(want, abs=1e-6)
    assert want > 100
