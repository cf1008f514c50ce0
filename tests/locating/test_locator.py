"""Locating on a landscape where the right answer is known."""

import io
import json
import math

import numpy as np
import pytest
from PIL import Image

from gleam.atlas import Atlas
from gleam.errors import AtlasError, EncoderError, GleamError, ImageError
from gleam.geo import Box, Circle, distance_m
from gleam.locating import Answer, Locator, Status
from gleam.locating.calibrations import Calibrations
from gleam.locating.camera import aim_point, camera_position
from gleam.locating.region import ring_contains
from gleam.views import Pose

SPOTS = [(170.0, 160.0), (333.0, 201.0), (479.0, 311.0), (210.0, 471.0), (447.0, 465.0)]


def calibration(**changes):
    """A steep calibration of answers on the margin alone, for maps and drones."""
    data = {
        "name": "test set",
        "views": ["map", "drone"],
        "within_m": 50.0,
        "features": ["similarity", "margin", "log_gallery"],
        "intercept": -3.0,
        "coefficients": [0.0, 40.0, 0.0],
        "n": 321,
        "positive_share": 0.5,
    }
    return {**data, **changes}


@pytest.mark.parametrize("spot", SPOTS)
def test_a_map_is_found_to_a_few_metres(encoder, atlas, landscape, map_pose, spot):
    answer = Locator(encoder, atlas).locate(landscape.cut(*spot), "map", pose=map_pose)
    truth = landscape.position(*spot)
    assert answer.status in (Status.LOCATED, Status.AMBIGUOUS)
    assert distance_m(*truth, answer.lat, answer.lon) < 5
    assert distance_m(*truth, answer.lat, answer.lon) < answer.radius95_m
    assert answer.candidates[0].footprint.contains(*truth)
    assert [c.rank for c in answer.candidates] == list(range(1, 1 + len(answer.candidates)))
    scores = [c.score for c in answer.candidates]
    assert scores == sorted(scores, reverse=True)
    assert answer.probability is None
    assert any("not calibrated" in note for note in answer.notes)


def test_candidates_are_different_places(encoder, atlas, landscape, map_pose):
    answer = Locator(encoder, atlas).locate(landscape.cut(333, 201), "map", pose=map_pose)
    tiles = [atlas.tile(c.tile) for c in answer.candidates]
    for i, one in enumerate(tiles):
        for other in tiles[i + 1 :]:
            assert distance_m(one.lat, one.lon, other.lat, other.lon) > 0.75 * atlas.tile_m


def test_the_position_is_finer_than_the_grid(encoder, atlas, landscape, map_pose):
    """Weighing neighbours brings it nearer, looking between the tiles brings it there."""
    locator = Locator(encoder, atlas)
    rng = np.random.default_rng(1)
    ways = {"centre": (False, 0), "weighed": (True, 0), "refined": (True, 10)}
    errors = {way: [] for way in ways}
    for _ in range(20):
        x, y = rng.uniform(160, 480), rng.uniform(160, 480)
        cut, truth = landscape.cut(x, y), landscape.position(round(x), round(y))
        for way, (fuse, refine) in ways.items():
            answer = locator.locate(cut, "map", pose=map_pose, fuse=fuse, refine=refine)
            errors[way].append(distance_m(*truth, answer.lat, answer.lon))
    median = {way: np.median(found) for way, found in errors.items()}
    assert median["weighed"] < 0.95 * median["centre"]
    assert median["refined"] < 0.3 * median["centre"]
    assert median["refined"] < 3


@pytest.mark.parametrize("heading", [0.0, 90.0, 225.0])
def test_an_unknown_heading_is_searched_for_and_reported(encoder, atlas, landscape, heading):
    locator = Locator(encoder, atlas, headings=24)
    # Seen straight down, with a field of view that spans the cut.
    pose = Pose(pitch_deg=-90.0, height_m=64.0, fov_deg=90.0)
    cut = landscape.cut(280, 240, heading)
    answer = locator.locate(cut, "drone", pose=pose)
    assert distance_m(*landscape.position(280, 240), answer.lat, answer.lon) < 15
    assert answer.heading_from == "search"
    assert min((answer.heading_deg - heading) % 360, (heading - answer.heading_deg) % 360) <= 15
    assert answer.candidates[0].heading_deg == answer.heading_deg
    told = locator.locate(cut, "drone", pose=pose, heading=heading)
    assert (told.heading_deg, told.heading_from) == (heading, "told")
    assert told.candidates[0].heading_deg is None
    assert distance_m(*landscape.position(280, 240), told.lat, told.lon) < 12


def test_the_camera_of_a_drone_stands_behind_what_it_sees(encoder, atlas, landscape):
    pose = Pose(heading_deg=90.0, pitch_deg=-45.0, height_m=60.0, fov_deg=60.0)
    answer = Locator(encoder, atlas).locate(landscape.cut(280, 240), "drone", pose=pose)
    assert distance_m(answer.lat, answer.lon, answer.camera_lat, answer.camera_lon) == pytest.approx(
        60, abs=0.01
    )
    assert answer.camera_lon < answer.lon
    back = aim_point(answer.camera_lat, answer.camera_lon, pose)
    assert distance_m(answer.lat, answer.lon, *back) < 0.01


@pytest.mark.parametrize(
    "pose",
    [
        Pose(heading_deg=10.0, pitch_deg=-45.0),
        Pose(heading_deg=10.0, pitch_deg=-5.0, height_m=60.0),
        Pose(pitch_deg=-45.0, height_m=60.0),
    ],
)
def test_no_camera_position_from_half_a_pose(pose):
    assert camera_position(48.0, 16.0, pose) is None
    assert camera_position(48.0, 16.0, Pose(pitch_deg=-90.0, height_m=60.0)) == (48.0, 16.0)


def test_a_circle_bounds_the_search(encoder, atlas, landscape, map_pose):
    locator = Locator(encoder, atlas)
    cut = landscape.cut(150, 160)
    far = Circle(*landscape.position(480, 400), 120.0)
    answer = locator.locate(cut, "map", pose=map_pose, near=far)
    assert all(far.contains(atlas.tile(c.tile).lat, atlas.tile(c.tile).lon) for c in answer.candidates)
    assert answer.prior == far
    assert answer.prior_from == "told"
    assert answer.searched.tiles == atlas.store.count(_region(far)) < len(atlas)
    here = locator.locate(cut, "map", pose=map_pose, near=Circle(*landscape.position(170, 170), 120.0))
    assert distance_m(*landscape.position(150, 160), here.lat, here.lon) < 12


def test_a_box_bounds_the_search(encoder, atlas, landscape, map_pose):
    locator = Locator(encoder, atlas)
    south, west = landscape.position(90, 230)
    north, east = landscape.position(210, 90)
    box = Box(south, west, north, east)
    answer = locator.locate(landscape.cut(150, 160), "map", pose=map_pose, near=box)
    assert distance_m(*landscape.position(150, 160), answer.lat, answer.lon) < 12
    assert all(box.contains(atlas.tile(c.tile).lat, atlas.tile(c.tile).lon) for c in answer.candidates)
    assert (answer.prior, answer.searched.bounds) == (box, box.bounds)
    assert answer.searched.tiles == atlas.store.count(_region(box)) < len(atlas)
    assert Answer.from_json(json.loads(json.dumps(answer.to_json()))) == answer


def _region(circle):
    from gleam.atlas import Region

    return Region.around(circle)


def test_a_circle_without_tiles_cannot_tell(encoder, atlas, landscape, map_pose):
    answer = Locator(encoder, atlas).locate(
        landscape.cut(150, 160), "map", pose=map_pose, near=Circle(10.0, 10.0, 500.0)
    )
    assert answer.status is Status.CANNOT_TELL
    assert (answer.lat, answer.lon, answer.candidates) == (None, None, ())
    assert "no tile within 500 m" in answer.notes[-1]


def test_a_photo_of_nothing_cannot_tell(encoder, atlas):
    answer = Locator(encoder, atlas).locate(np.full((90, 120, 3), 140, np.uint8), "ground", heading=10)
    assert answer.status is Status.CANNOT_TELL
    assert answer.lat is None
    assert "even surface" in answer.notes[-1]


def test_what_is_there_is_claimed_far_more_often_than_noise(encoder, atlas, landscape, map_pose):
    rng = np.random.default_rng(2)
    locator = Locator(encoder, atlas)
    claimed = {"real": 0, "noise": 0}
    for _ in range(15):
        spot = rng.uniform(160, 480, 2)
        small = Image.fromarray(rng.integers(0, 255, (9, 9, 3), dtype=np.uint8)).resize((128, 128))
        for kind, picture in (("real", landscape.cut(*spot)), ("noise", np.asarray(small))):
            claimed[kind] += locator.locate(picture, "map", pose=map_pose).located
    assert claimed["noise"] <= 2
    assert claimed["real"] >= claimed["noise"] + 4


def test_another_encoder_is_refused_with_both_names(atlas, pixel_encoder_class):
    other = pixel_encoder_class(name="other", fingerprint="00ff00ff00ff00ff")
    with pytest.raises(AtlasError, match=r"'pixels' \(f1e2d3c4\).*'other' \(00ff00ff\)"):
        Locator(other, atlas)


def test_pictures_in_every_form_give_the_same_answer(encoder, atlas, landscape, map_pose, tmp_path):
    locator = Locator(encoder, atlas)
    image = Image.fromarray(landscape.cut(333, 201))
    image.save(tmp_path / "q.png")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    forms = [tmp_path / "q.png", str(tmp_path / "q.png"), buffer.getvalue(), image, np.asarray(image)]
    answers = [locator.locate(form, "map", pose=map_pose) for form in forms]
    assert {(a.lat, a.lon, a.status) for a in answers} == {
        (answers[0].lat, answers[0].lon, answers[0].status)
    }
    assert [a.photo for a in answers] == ["q.png", "q.png", None, None, None]


def test_bad_arguments_are_told(encoder, atlas, landscape, tmp_path):
    locator = Locator(encoder, atlas)
    cut = landscape.cut(150, 160)
    with pytest.raises(GleamError, match=r"Unknown view 'drne'.*'drone'"):
        locator.locate(cut, "drne")
    with pytest.raises(GleamError, match="k is 0"):
        locator.locate(cut, "map", k=0)
    with pytest.raises(ImageError, match=r"gone\.jpg"):
        locator.locate(tmp_path / "gone.jpg", "ground")
    with pytest.raises(GleamError, match="field of view"):
        locator.locate(cut, "ground", pose=Pose(heading_deg=0.0, fov_deg=400.0))
    with pytest.raises(GleamError, match="heading_deg is nan"):
        locator.locate(cut, "ground", heading=math.nan)


def test_a_calibrated_answer_names_its_calibration(encoder, atlas, landscape, map_pose):
    encoder.calibration = {
        "answers": [calibration()],
        "radius95": {"map": {"radius95_m": 9.0, "name": "x", "n": 50}},
    }
    answer = Locator(encoder, atlas).locate(landscape.cut(333, 201), "map", pose=map_pose)
    margin = answer.candidates[0].score - answer.candidates[1].score
    assert answer.probability == pytest.approx(1 / (1 + math.exp(3 - 40 * margin)), abs=1e-3)
    assert answer.status is (Status.LOCATED if answer.probability >= 0.5 else Status.AMBIGUOUS)
    assert (answer.calibration.name, answer.calibration.within_m, answer.calibration.n) == (
        "test set",
        50.0,
        321,
    )
    grid = math.hypot(32, 32) / 2 + 8
    assert answer.radius95_m == pytest.approx(math.hypot(9.0, grid), abs=0.06)
    assert "widened by the grid" in answer.radius95_from


@pytest.mark.parametrize(
    ("intercept", "pairs", "status"),
    [
        (9.0, [], Status.LOCATED),
        (-1.0, [], Status.AMBIGUOUS),
        (-9.0, [], Status.CANNOT_TELL),
        (-9.0, [(-50.0, "pair")], Status.NOT_HERE),
        (-9.0, [(50.0, "pair")], Status.CANNOT_TELL),
    ],
)
def test_the_status_follows_the_probability(encoder, atlas, landscape, map_pose, intercept, pairs, status):
    encoder.calibration = {
        "answers": [calibration(intercept=intercept, coefficients=[0.0, 0.0, 0.0])],
        "pairs": [
            calibration(intercept=i, coefficients=[1.0], features=["similarity"], within_m=None, name=n)
            for i, n in pairs
        ],
    }
    assert Locator(encoder, atlas).locate(landscape.cut(333, 201), "map", pose=map_pose).status is status


def ambiguous(chances):
    """Calibrations by which every answer is ambiguous and so many places are right with given chances."""
    always = {"features": ["margin"], "coefficients": [0.0]}
    modes = {str(n): calibration(**always, intercept=math.log(p / (1 - p))) for n, p in chances.items()}
    claims = {"map": {"located_from": 0.9, "ambiguous_from": 0.1, "not_here_below": 0.0}}
    return {"answers": [calibration(**always, intercept=0.0)], "claims": claims, "modes": {"map": modes}}


def test_an_ambiguous_answer_draws_every_place_it_leaves_open(encoder, atlas, landscape, map_pose):
    encoder.calibration = ambiguous({1: 0.5, 3: 0.97, 10: 0.99})
    answer = Locator(encoder, atlas).locate(landscape.cut(333, 201), "map", pose=map_pose)
    assert answer.status is Status.AMBIGUOUS
    # What was measured on located answers is not told of one that leaves three places open.
    assert (answer.radius95_m, answer.radius95_from, answer.covariance_m2) == (None, None, None)
    assert len(answer.rings) == 3
    for ring, place in zip(answer.rings, answer.candidates[:3], strict=True):
        assert ring_contains(ring, place.lat, place.lon)
        assert all(abs(distance_m(place.lat, place.lon, *at) - 50.0) < 0.5 for at in ring)
    assert Answer.from_json(json.loads(json.dumps(answer.to_json()))) == answer


def test_no_region_is_drawn_that_would_not_hold(encoder, atlas, landscape, map_pose):
    encoder.calibration = ambiguous({1: 0.5, 3: 0.7, 10: 0.9})
    answer = Locator(encoder, atlas).locate(landscape.cut(333, 201), "map", pose=map_pose)
    assert answer.status is Status.AMBIGUOUS
    assert answer.rings == ()
    assert any("no 95 % region" in note for note in answer.notes)


@pytest.mark.parametrize(
    "damage",
    [
        {"answers": [{"name": "x"}]},
        {"answers": [calibration(features=["a", "b", "c"])]},
        {"radius95": {"map": {"radius95_m": 1.0}}},
        {"answers": 7},
        {"answers": [calibration(features=["similarity", "margin", "correlation"])]},
    ],
)
def test_a_damaged_calibration_is_told(encoder, damage):
    encoder.calibration = damage
    with pytest.raises(
        EncoderError, match="calibration of the encoder 'pixels' is damaged or of another version"
    ):
        Calibrations.of(encoder)


def test_an_answer_survives_json(encoder, atlas, landscape, map_pose):
    encoder.calibration = {"answers": [calibration()]}
    locator = Locator(encoder, atlas)
    circle = Circle(*landscape.position(333, 201), 300.0)
    for answer in (
        locator.locate(landscape.cut(333, 201), "map", pose=map_pose, near=circle),
        locator.locate(landscape.cut(333, 201), "drone"),
        locator.locate(np.zeros((40, 40, 3), np.uint8), "ground"),
    ):
        data = json.loads(json.dumps(answer.to_json()))
        assert Answer.from_json(data) == answer
        assert data["version"] == 3
    with pytest.raises(GleamError, match="version 99"):
        Answer.from_json({**data, "version": 99})
    with pytest.raises(GleamError, match="not an answer"):
        Answer.from_json({"version": 3, "status": "located"})


def test_imagery_and_fingerprints_are_in_the_answer(encoder, atlas, landscape, map_pose):
    answer = Locator(encoder, atlas).locate(landscape.cut(333, 201), "map", pose=map_pose)
    assert answer.searched.imagery == (
        {"name": "m.csv", "date": "2024-05-01", "licence": "CC0", "origin": None},
    )
    assert answer.searched.tiles == len(atlas)
    assert answer.searched.area_km2 == pytest.approx(len(atlas) * 32**2 / 1e6)
    assert answer.encoder["fingerprint"] == encoder.fingerprint
    assert answer.atlas["fingerprint"] == atlas.fingerprint
    assert answer.timing_s["total"] >= answer.timing_s["search"]


def test_reading_an_atlas_while_another_handle_is_open(encoder, atlas_folder, landscape, map_pose):
    first, second = (Locator(encoder, Atlas.open(atlas_folder)) for _ in range(2))
    one = first.locate(landscape.cut(395, 311), "map", pose=map_pose)
    two = second.locate(landscape.cut(395, 311), "map", pose=map_pose)
    assert (one.lat, one.lon) == (two.lat, two.lon)


def test_the_rule_of_chance_holds_for_exponential_tails():
    """The best ten of many wrong places: a lead that chance gives in 5 % of cases is reached in 5 %."""
    from gleam.locating.judging.confidence import chance_of_lead

    rng = np.random.default_rng(0)
    draws = np.sort(rng.exponential(0.04, (4000, 300)), axis=1)[:, ::-1][:, :10]
    chances = np.array([chance_of_lead(list(row)) for row in draws])
    assert np.mean(chances < 0.05) == pytest.approx(0.05, abs=0.012)
    assert np.mean(chances < 0.5) == pytest.approx(0.5, abs=0.03)
    assert chance_of_lead([0.5, 0.5, 0.4]) == 1.0
    assert chance_of_lead([0.6, 0.5, 0.5]) == 0.0
