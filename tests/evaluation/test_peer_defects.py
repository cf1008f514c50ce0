"""Defects found in published code, each as a test that ours does not have it.

Numbers as in the project's survey of peers. Those of evaluation are tested here; :data:`ELSEWHERE` says
where the tests of the others are, and this file checks that they are there and run.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

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
from gleam.views import View

TESTS = Path(__file__).parents[1]
SOURCE = TESTS.parent / "src" / "gleam"

ELSEWHERE: dict[int, tuple[str, list[str]]] = {
    1: (
        "ties favour the model",
        ["evaluation/protocols/test_gta_uav.py::test_collapsed_encoder_ties_are_shown_farthest_first"],
    ),
    3: (
        "a prefixed checkpoint loads nothing, silently",
        ["encoder/test_encoder.py::test_a_prefixed_checkpoint_is_refused_with_the_keys_named"],
    ),
    4: (
        "neighbours by a haversine of degrees",
        ["training/test_hard_negatives.py::test_nearest_places_equal_brute_force_anywhere"],
    ),
    5: (
        "recall@1 % by an unstated rule",
        ["evaluation/protocols/test_panoramas.py::test_cvusa_recall_of_one_percent_by_each_rule"],
    ),
    6: (
        "two average precisions under one name",
        [
            "evaluation/protocols/test_university1652.py::test_both_directions_equal_the_slow_reference",
            "evaluation/protocols/test_gta_uav.py::test_both_directions_equal_the_slow_reference",
        ],
    ),
    8: (
        "right answers and their neighbours as negatives",
        [
            "evaluation/protocols/test_panoramas.py::"
            "test_hit_rate_ignores_semi_positives_ahead_and_recall_does_not",
            "places/test_vigor.py::test_semi_positives_reach_the_evaluation_and_the_training",
            "training/test_dataset.py::test_overlapping_places_are_found",
            "training/test_loss.py::test_overlapping_places_are_no_negatives",
            "training/test_related.py::test_semi_positives_are_masked_in_the_loss",
            "training/test_related.py::test_related_places_do_not_meet",
            "training/test_sampler.py::test_every_rule_holds",
        ],
    ),
    10: (
        "broken or missing data give a small data set without a word",
        [
            "places/test_vigor.py::test_nothing_at_all_is_an_error_that_says_where_to_get_it",
            "places/test_vigor.py::test_a_part_of_the_data_works_and_says_which",
            "places/test_university1652.py::test_an_empty_folder_is_an_error",
            "places/test_university1652.py::test_a_part_works_and_says_what_is_missing",
            "places/test_gtauav.py::test_missing_images_are_counted",
            "training/test_dataset.py::test_nothing_is_silently_small",
        ],
    ),
    11: (
        "unknown tiles in a label file",
        [
            "places/test_vigor.py::test_a_wrong_label_is_refused_with_its_line",
            "places/test_gtauav.py::test_a_wrong_entry_is_refused_with_its_number",
            "places/test_cvact.py::test_a_wrong_list_is_refused_with_its_entry",
        ],
    ),
    14: (
        "a cross-area preparation that does nothing",
        [
            "places/test_vigor.py::test_both_published_orders_of_folders_give_both_protocols",
            "places/test_gtauav.py::test_one_protocol",
            "places/test_vigor.py::test_nothing_at_all_is_an_error_that_says_where_to_get_it",
        ],
    ),
    15: (
        "each scale is made from the scale before",
        [
            "encoder/test_encoder.py::test_headings_are_rotations_of_the_same_picture",
            "atlas/test_changing.py::test_several_sizes_are_cut_and_searched_apart",
        ],
    ),
    16: (
        "samplers that drop the tail and differ between processes",
        [
            "training/test_sampler.py::test_the_tail_is_kept_and_never_a_place_alone",
            "training/test_sampler.py::test_shards_cover_a_batch_once",
            "training/test_processes.py::test_torchrun_with_two_processes_learns_what_one_learns",
            "training/test_kill.py::test_killed_trainings_go_on_exactly",
        ],
    ),
    17: (
        "a switch that switches nothing",
        ["training/test_config.py::test_unknown_keys_and_recipes_list_the_choices"],
    ),
    18: (
        "gradient caching that is not exact",
        [
            "training/test_step.py::test_chunks_equal_the_whole_batch",
            "training/test_step.py::test_batch_statistics_are_refused_in_chunks",
        ],
    ),
    19: (
        "a failed pose counted as a success",
        [
            "locating/test_locator.py::test_a_photo_of_nothing_cannot_tell",
            "locating/test_geojson.py::test_no_photo_is_lost_and_no_rejected_position_shown",
        ],
    ),
    20: (
        "transforms of a library that drops its arguments",
        ["training/test_augmentation.py::test_warping_equals_torch"],
    ),
}
"""Number of a defect -> what it is, and the tests outside this file that ours does not have it."""


@pytest.mark.parametrize("where", sorted({test for _, tests in ELSEWHERE.values() for test in tests}))
def test_tests_elsewhere_are_there_and_run(where):
    file, name = where.split("::")
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    assert len(found) == 1, f"{file} has no test {name}"
    marks = {ast.unparse(decorator) for decorator in found[0].decorator_list}
    assert not any("skip" in mark or "xfail" in mark for mark in marks)
    assert any(isinstance(node, ast.Assert | ast.With) for node in ast.walk(found[0]))


def test_every_listed_defect_has_a_test():
    here = {int(name.split("_")[2]) for name in globals() if name.startswith("test_defect_")}
    assert here | set(ELSEWHERE) == set(range(1, 21))


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


@pytest.mark.parametrize(("gallery", "k"), [(1, 1), (99, 1), (100, 2), (700, 8), (1652, 17), (8884, 89)])
def test_defect_5_the_rule_of_the_first_papers(gallery, k):
    assert metrics.one_percent_k(gallery, "next") == k


def test_defect_5_one_percent_of_cvusa_by_every_rule():
    found = {rule: metrics.one_percent_k(8_884, rule) for rule in metrics.ONE_PERCENT_RULES}
    assert found == {"ceil": 89, "floor": 88, "index": 90, "next": 89}


def test_defect_5_unknown_rule_lists_the_rules_and_the_report_prints_k(world, encoder):
    with pytest.raises(GleamError, match="ceil, floor, index, next"):
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


@pytest.mark.parametrize(("lat", "lon"), [(10.0, 20.0), (85.0, 15.0), (-17.0, 179.99)])
def test_defect_4_nearest_places_are_those_of_the_geodesic(tmp_path, make_world, lat, lon):
    from gleam.imagery.preparation import Preparation
    from gleam.training.dataset import open_places
    from gleam.training.hard_negatives import nearest_places

    world = make_world(tmp_path, places=12)
    rng = np.random.default_rng(7)
    where = {place: (lat + rng.normal(0, 0.02), lon + rng.normal(0, 0.1)) for place in world.place_ids}
    where = {place: (north, (east + 180) % 360 - 180) for place, (north, east) in where.items()}
    moved = [replace(r, lat=where[r.place][0], lon=where[r.place][1], split=None) for r in world]
    Places(moved, world.root).write(world.root)
    places = open_places([str(world.root)], None, [View.DRONE], Preparation(pixels=8), tmp_path / "cache")
    found = nearest_places(places, 3, 0.0)
    at = [where[name.split(":")[1]] for name in places.names]
    for place, (north, east) in enumerate(at):
        away = [Geod(ellps="WGS84").inv(east, north, x, y)[2] for y, x in at]
        away[place] = np.inf
        # The sphere and the ellipsoid may swap places whose distances differ by less than half a percent.
        nearest = sorted(away)[:3]
        assert [away[i] for i in found[place]] == pytest.approx(nearest, rel=5e-3)


def test_defect_17_no_unknown_attribute_of_torch_is_set():
    """Setting an attribute that a module lacks creates it and switches nothing."""
    import torch

    looked_at = 0
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            targets = node.targets if isinstance(node, ast.Assign) else []
            for target in targets:
                chain = ast.unparse(target).split(".")
                if chain[0] != "torch" or not isinstance(target, ast.Attribute):
                    continue
                owner = torch
                for name in chain[1:]:
                    assert hasattr(owner, name), f"{file.name} sets {ast.unparse(target)}, which is not there"
                    owner = getattr(owner, name)
        looked_at += 1
    assert looked_at > 100


def test_defect_20_no_image_augmentation_or_table_library_is_imported():
    """Those whose new versions dropped arguments and functions under the peers."""
    unwanted = {"albumentations", "cv2", "torchvision", "pandas", "imgaug", "kornia"}
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not {name.split(".")[0] for name in names} & unwanted, file
