from __future__ import annotations

import json

import numpy as np
import pytest

from gleam.errors import EncoderError, GleamError
from gleam.evaluation.features import encode_queries
from gleam.evaluation.report import evaluate
from gleam.evaluation.similarity import exact_unit_vectors
from gleam.files import to_json
from gleam.places import PlaceImage, Places
from gleam.views import Pose, View

INTERVALS = (
    "recall@1",
    "recall@5",
    "recall@10",
    "recall@1%",
    "ap_trapezoid",
    "ap_step",
    "hit_rate",
    "median_m",
    "p90_m",
    "within_10m",
    "within_25m",
    "within_50m",
    "within_100m",
    "sdm@5",
)


@pytest.fixture(scope="module")
def hard(tmp_path_factory, make_world):
    """Noise so strong that the encoder errs often."""
    return make_world(tmp_path_factory.mktemp("hard"), places=60, noise=600.0)


def test_json_has_the_promised_form(world, encoder):
    report = json.loads(to_json(evaluate(encoder, world)))
    assert sorted(report["views"]) == ["drone", "map"]
    assert report["gallery"] == 24
    assert (report["encoder"], report["fingerprint"]) == ("colour-grid", "colour-grid-6")
    assert (report["split"], report["hide"], report["seed"], report["skipped"]) == (None, [], 0, [])
    assert report["table"].endswith("places.parquet")
    assert report["seconds"]["total"] > 0
    for figures in report["views"].values():
        for name in INTERVALS:
            assert figures[name]["low"] <= figures[name]["value"] <= figures[name]["high"]
        assert (figures["queries"], figures["without_positive"], figures["with_position"]) == (24, 0, 24)
        assert figures["chance"]["recall@1"] == pytest.approx(1 / 24)
        assert figures["recall@1"]["value"] == 1.0
        assert figures["median_m"]["value"] == 0.0
        assert figures["hit_rate"]["value"] == 1.0
        # The patches are shuffled colours: without layout there is nothing to find.
        assert figures["baseline_colour_histogram"]["recall@1"]["value"] < 0.3


def test_figures_equal_the_obvious_computation(hard, encoder):
    figures = evaluate(encoder, hard, baseline=False)["views"]["drone"]
    tiles, queries = hard.select(view="satellite"), hard.select(view="drone")
    scores = (
        exact_unit_vectors(encoder.encode(queries.paths, View.DRONE, queries.poses))
        @ exact_unit_vectors(encoder.encode(tiles.paths, View.SATELLITE, tiles.poses)).T
    )
    ranks = (scores >= np.diag(scores)[:, None]).sum(axis=1)
    assert 0.1 < (ranks == 1).mean() < 0.95
    for k in (1, 5, 10):
        assert figures[f"recall@{k}"]["value"] == pytest.approx((ranks <= k).mean())
    assert figures["ap_step"]["value"] == pytest.approx((1 / ranks).mean())
    far = scores.argmax(axis=1) != np.arange(60)
    assert figures["within_50m"]["value"] == pytest.approx(1 - far.mean())


def test_hidden_heading_is_searched_over_rotations(world, encoder):
    turned = evaluate(encoder, world, hide=["heading"], baseline=False)
    assert turned["views"]["drone"]["headings_searched"] == 12
    assert turned["views"]["map"]["headings_searched"] == 1
    assert turned["views"]["drone"]["recall@1"]["value"] == 1.0
    assert turned["hide"] == ["heading"]
    assert any("drone: heading unknown" in n and "12 headings" in n for n in turned["notes"])
    one = evaluate(encoder, world, hide=["heading"], headings=1, baseline=False)
    assert one["views"]["drone"]["recall@1"]["value"] < 0.7


def test_a_heading_missing_from_the_table_is_searched_without_being_asked(world, encoder):
    rows = [
        PlaceImage(r.place, r.view, r.path, lat=r.lat, lon=r.lon)
        if r.view == "drone" and r.place < "p0006"
        else r
        for r in world
    ]
    partly = Places(rows, world.root)
    vectors = encode_queries(encoder, partly.select(view="drone"), View.DRONE)
    assert vectors.per_query.tolist() == [12] * 6 + [1] * 18
    assert vectors.names[0].endswith("0000.png")
    assert vectors.names[12 * 6].endswith("0006.png")
    report = evaluate(encoder, partly, baseline=False)
    assert report["views"]["drone"]["recall@1"]["value"] == 1.0
    assert any("heading known for 18" in n and "6 searched under 12" in n for n in report["notes"])


@pytest.mark.parametrize(
    ("hide", "view", "seen"),
    [
        (["pose"], View.DRONE, Pose(heading_deg=10.0)),
        (["heading"], View.DRONE, Pose(pitch_deg=-45.0, height_m=90.0, fov_deg=60.0)),
        (["heading", "pose"], View.DRONE, Pose()),
        (["pose"], View.GROUND, Pose(10.0, -45.0, None, 90.0, 60.0)),
        (["heading"], View.PANORAMA, Pose(None, -45.0, None, 90.0, 60.0)),
        (["heading", "pose"], View.MAP, Pose(10.0, -45.0, None, 90.0, 60.0)),
    ],
)
def test_what_is_hidden_never_reaches_the_encoder(tmp_path, world, encoder, hide, view, seen):
    poses = []
    encode, turn = encoder.encode, encoder.encode_headings
    encoder.encode = lambda images, v, p=None: (poses.extend(p), encode(images, v, p))[1]
    encoder.encode_headings = lambda image, v, p, n=12: (poses.append(p), turn(image, v, p, n))[1]
    row = PlaceImage("a", view, world[0].path, heading_deg=10.0, pitch_deg=-45.0, height_m=90.0, fov_deg=60.0)
    encode_queries(encoder, Places([row], world.root), view, hide)
    assert poses == [seen]


def test_split_and_views_choose(world, encoder):
    report = evaluate(encoder, world, split="test", views=["map"], baseline=False)
    assert (list(report["views"]), report["gallery"], report["split"]) == (["map"], 12, "test")
    assert report["views"]["map"]["queries"] == 12


def test_seed_and_chunk_change_intervals_and_nothing_else(hard, encoder):
    first = evaluate(encoder, hard, baseline=False, seed=1)["views"]
    assert evaluate(encoder, hard, baseline=False, seed=1, chunk=1)["views"] == first
    other = evaluate(encoder, hard, baseline=False, seed=2)["views"]
    assert other["drone"]["recall@1"]["value"] == first["drone"]["recall@1"]["value"]
    assert other["drone"]["ap_step"] != first["drone"]["ap_step"]


def test_without_positions_metres_are_none_and_recall_stays(world, encoder):
    rows = [PlaceImage(r.place, r.view, r.path, heading_deg=r.heading_deg) for r in world]
    report = evaluate(encoder, Places(rows, world.root), baseline=False)
    figures = report["views"]["drone"]
    assert figures["recall@1"]["value"] == 1.0
    assert figures["median_m"] is figures["within_25m"] is figures["hit_rate"] is None
    assert figures["with_position"] == 0
    assert any("24 of 24 satellite images have no position" in n for n in report["notes"])


def test_several_satellite_images_of_a_place_are_all_right(world, encoder):
    rows = [r for r in world if r.view == "satellite"]
    twins = [
        PlaceImage(r.place, View.SATELLITE, r.path.replace("satellite", "map"), lat=r.lat, lon=r.lon)
        for r in rows
    ]
    drones = [r for r in world if r.view == "drone"]
    figures = evaluate(encoder, Places([*rows, *twins, *drones], world.root), baseline=False)["views"][
        "drone"
    ]
    assert figures["chance"]["recall@1"] == pytest.approx(2 / 48)
    assert figures["ap_step"]["value"] == 1.0


def test_distractors_are_told(world, encoder):
    rows = [r for r in world if r.view == "satellite" or r.place < "p0010"]
    report = evaluate(encoder, Places(rows, world.root), baseline=False)
    assert report["gallery"] == 24
    assert any("14 places have a satellite image alone" in n for n in report["notes"])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"hide": ["headings"]}, "Did you mean 'heading'"),
        ({"views": ["dron"]}, "Did you mean 'drone'"),
        ({"views": ["satellite"]}, "satellite is the gallery"),
        ({"split": "val"}, "Unknown split 'val'"),
    ],
)
def test_unknown_names_list_the_choices(world, encoder, options, says):
    with pytest.raises(GleamError, match=says):
        evaluate(encoder, world, **options)


def test_an_encoder_that_drops_images_is_refused(world, encoder):
    encode = encoder.encode
    encoder.encode = lambda images, v, p=None: encode(images, v, p)[1:]
    with pytest.raises(EncoderError, match=r"23, 108.* for 24 images"):
        evaluate(encoder, world)


def test_nan_of_an_encoder_names_the_image(world, encoder):
    encode = encoder.encode

    def broken(images, view, poses=None):
        out = encode(images, view, poses)
        if view is View.DRONE:
            out[4, 7] = np.nan
        return out

    encoder.encode = broken
    with pytest.raises(GleamError, match=r"NaN.*drone.0004\.png"):
        evaluate(encoder, world)
