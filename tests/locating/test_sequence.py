"""Flights over a landscape, and over score maps with a known law."""

import json
import math
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from gleam.errors import GleamError
from gleam.geo import distance_m
from gleam.locating import Answer, Locator, Status
from gleam.locating.several.chain import Chain
from gleam.locating.several.sequence import Follower, locate_sequence, order_of
from gleam.locating.several.sightings import log_weights
from gleam.views import Pose

SPEED = 12.0
PATH = [(170.0 + 32 * i, 200.0 + 90 * math.sin(i / 2)) for i in range(9)]
TIMES = [4.0 * i for i in range(9)]


@pytest.fixture
def locator(encoder, atlas):
    return Locator(encoder, atlas)


@pytest.fixture
def photos(landscape):
    return [landscape.cut(*spot) for spot in PATH]


def errors(landscape, answers, path=PATH):
    truths = [landscape.position(*spot) for spot in path]
    return [
        math.inf if a.lat is None else distance_m(*truth, a.lat, a.lon)
        for truth, a in zip(truths, answers, strict=True)
    ]


def follow(locator, photos, times=None, **options):
    return locate_sequence(
        locator,
        photos,
        "map",
        times_s=TIMES[: len(photos)] if times is None else times,
        max_speed_mps=options.pop("speed", SPEED),
        pose=Pose(heading_deg=0.0, ground_width_m=128.0),
        **options,
    )


def dense(weights, move):
    """Forward-backward over every cell: each photo at a cell weighs 1 (an outlier) + its weight."""
    prior = np.full(len(move), 1.0 / len(move))
    forward = [prior * (1 + weights[0])]
    for w in weights[1:]:
        forward.append((forward[-1] @ move) * (1 + w))
        forward[-1] /= forward[-1].sum()
    backward = [np.ones(len(move))]
    for w in weights[:0:-1]:
        backward.append(move @ ((1 + w) * backward[-1]))
        backward[-1] /= backward[-1].max()
    posterior = [f * b for f, b in zip(forward, backward[::-1], strict=True)]
    return [p / p.sum() for p in posterior], [f / f.sum() for f in forward]


def test_the_sparse_chain_is_the_dense_one_where_moves_compose():
    """On cells in a ring with moves between photos that are powers of one step, both are one model."""
    rng = np.random.default_rng(0)
    cells, photos = 24, 9
    move = sum(np.roll(np.eye(cells), k, 1) * p for k, p in ((0, 0.5), (1, 0.3), (-1, 0.2)))
    weights = [np.exp(rng.normal(0, 2, cells)) * (rng.random(cells) < 0.5) for _ in range(photos)]
    chain = Chain(lambda a, b: np.linalg.matrix_power(move, b - a))
    filtered = [chain.add(w, np.full(cells, 1 / cells)) for w in weights]
    smoothed, forward = dense(weights, move)
    for w, sparse, full in zip(weights, chain.smoothed(), smoothed, strict=True):
        # The dense one does not tell outliers apart: at a cell, 1 of 1 + w is one.
        np.testing.assert_allclose(sparse, full * w / (1 + w), rtol=1e-9, atol=1e-12)
    for w, sparse, full in zip(weights, filtered, forward, strict=True):
        np.testing.assert_allclose(sparse, full * w / (1 + w), rtol=1e-9, atol=1e-12)


def test_a_flight_beats_single_photos_and_a_smoother_beats_a_filter():
    """Scores drawn from the law the weights assume, on a line of cells, a quarter of the photos bad."""
    rng = np.random.default_rng(7)
    cells, photos, rounds = 200, 15, 12
    far = np.abs(np.subtract.outer(np.arange(cells), np.arange(cells)))
    step = (far <= 3) / 7.0
    powers = [np.linalg.matrix_power(step, n) for n in range(26)]
    right = dict.fromkeys(("single", "filter", "smoother"), 0)
    for _ in range(rounds):
        at = np.clip(np.cumsum(np.r_[rng.integers(40, 160), rng.integers(-3, 4, photos - 1)]), 0, cells - 1)
        chain = Chain(lambda a, b: powers[b - a])
        found = {"single": [], "filter": []}
        for truth in at:
            scores = rng.exponential(0.04, cells)
            if rng.random() > 0.25:
                scores[truth] = 0.04 * (np.log(cells) + rng.normal(0, 1))
            order = np.argsort(-scores)
            weights = np.empty(cells)
            weights[order] = np.exp(log_weights(scores[order], cells))
            found["single"].append(int(order[0]))
            found["filter"].append(int(np.argmax(chain.add(weights, np.full(cells, 1 / cells)))))
        found["smoother"] = [int(np.argmax(p)) for p in chain.smoothed()]
        for way, cells_found in found.items():
            right[way] += int((np.array(cells_found) == at).sum())
    assert right["filter"] > right["single"] + 0.08 * rounds * photos
    assert right["smoother"] > right["filter"]


@pytest.mark.parametrize("online", [False, True])
def test_a_clean_flight_is_followed(locator, landscape, photos, online):
    answers = follow(locator, photos, online=online)
    assert max(errors(landscape, answers)) < 8
    assert all(a.status in (Status.LOCATED, Status.AMBIGUOUS) for a in answers)
    assert all(a.probability is None and a.calibration is None for a in answers[1:])
    data = json.loads(json.dumps(answers[3].to_json()))
    assert Answer.from_json(data) == answers[3]
    assert answers[3].region95
    assert answers[3].candidates[0].lat == answers[3].lat


def test_poor_photos_are_found_with_the_help_of_the_flight(locator, landscape):
    pose = Pose(heading_deg=0.0, ground_width_m=128.0)
    alone, together = 0, 0
    # Several strengths of haze: at least one of them makes single photos fail, whatever the locator.
    for seed, strength in ((2, 1.9), (3, 2.6), (4, 3.4)):
        rng = np.random.default_rng(seed)
        photos = []
        for spot in PATH:
            haze = Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)).resize((128, 128))
            mixed = landscape.cut(*spot) + strength * (np.asarray(haze, float) - 128)
            photos.append(np.clip(mixed, 0, 255).astype(np.uint8))
        singles = errors(landscape, [locator.locate(p, "map", pose=pose) for p in photos])
        alone += int(np.sum(np.array(singles) < 40))
        together += int(np.sum(np.array(errors(landscape, follow(locator, photos))) < 40))
    assert alone < 3 * len(PATH)
    assert together > alone


def test_a_photo_from_elsewhere_is_an_outlier_and_is_placed_by_its_neighbours(locator, landscape, photos):
    photos[4] = landscape.cut(200, 480)
    answers = follow(locator, photos)
    told = "\n".join(answers[4].notes)
    assert answers[4].status is not Status.LOCATED
    assert "outlier" in told
    assert "photo 4 and photo 6" in told
    error = errors(landscape, answers)
    assert error[4] < answers[4].radius95_m < 100
    assert max(error[:4] + error[5:]) < 8


def test_an_impossible_speed_between_photos_is_not_believed(locator, landscape, photos):
    """What is shown lies 280 m away, which 12 m/s do not reach in 4 s."""
    photos[4] = landscape.cut(200, 480)
    answers = follow(locator, photos)
    for before, after in pairwise(answers):
        away = distance_m(before.lat, before.lon, after.lat, after.lon)
        assert away <= SPEED * 4 + 3 * 2**0.5 * 16 + 10
    free = follow(locator, photos, speed=200.0)
    assert errors(landscape, free, [*PATH[:4], (200.0, 480.0), *PATH[5:]])[4] < 8


def test_a_photo_that_cannot_be_read_is_reported_and_the_flight_goes_on(locator, landscape, photos, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"nothing")
    photos[3] = tmp_path / "broken.jpg"
    photos[6] = np.full((80, 80, 3), 90, np.uint8)
    answers = follow(locator, photos)
    assert (answers[3].status, answers[3].lat, answers[3].photo) == (Status.CANNOT_TELL, None, "broken.jpg")
    assert "broken.jpg" in answers[3].warnings[0]
    assert "outlier" in "\n".join(answers[6].notes)
    error = errors(landscape, answers)
    assert max(error[:3] + error[4:6] + error[7:]) < 8
    assert error[6] < answers[6].radius95_m


def test_a_photo_outside_the_atlas_after_a_long_time_has_no_position(locator, landscape, photos):
    rng = np.random.default_rng(8)
    elsewhere = np.asarray(
        Image.fromarray(rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)).resize((128, 128))
    )
    answers = follow(locator, [*photos[:4], elsewhere], [0.0, 4.0, 8.0, 12.0, 60.0])
    assert answers[4].lat is None or answers[4].status is not Status.LOCATED
    assert max(errors(landscape, answers[:4], PATH[:4])) < 8


def test_a_gap_in_time_is_told_and_bridged(locator, landscape, photos):
    times = [t if i < 4 else t + 3600 for i, t in enumerate(TIMES)]
    answers = follow(locator, photos, times)
    assert any("gap of 3604 s" in note for note in answers[4].notes)
    assert not any("gap" in note for a in answers[:4] + answers[5:] for note in a.notes)
    assert max(errors(landscape, answers)) < 8


def test_photos_out_of_order_are_put_in_order(locator, landscape, photos):
    mixed = [0, 2, 1, 3]
    answers = follow(locator, [photos[i] for i in mixed], [TIMES[i] for i in mixed])
    assert max(errors(landscape, answers, [PATH[i] for i in mixed])) < 8
    assert any("4 s before the photo listed in front of it" in n for n in answers[2].notes)


def test_equal_times_mean_the_same_position(locator, landscape, photos):
    answers = follow(locator, [photos[0], photos[0], photos[8]], [0.0, 0.0, 0.0])
    assert any("at the same time" in n for n in answers[1].notes)
    error = errors(landscape, answers, [PATH[0], PATH[0], PATH[8]])
    assert max(error[:2]) < 8
    assert answers[2].status is not Status.LOCATED


def test_without_times_the_order_counts_and_it_is_said(locator, landscape, photos):
    answers = locate_sequence(
        locator, photos[:3], "map", times_s=None, max_speed_mps=SPEED, pose=Pose(0.0, ground_width_m=128.0)
    )
    assert all(any("capture times are unknown" in n for n in a.notes) for a in answers)
    assert max(errors(landscape, answers, PATH[:3])) < 8


def test_odometry_replaces_the_speed_cap(locator, landscape, photos):
    moved = [None, *[(b[0] - a[0], a[1] - b[1]) for a, b in pairwise(PATH)]]
    photos[4] = landscape.cut(200, 480)
    answers = follow(locator, photos, odometry=moved, speed=0.1)
    error = errors(landscape, answers)
    assert max(error[:4] + error[5:]) < 8
    assert error[4] < 40
    capped = follow(locator, photos)
    assert answers[4].radius95_m < capped[4].radius95_m


def test_a_drone_is_followed_by_its_camera_not_by_what_it_looks_at(locator, landscape):
    """It turns half around on the spot: the ground in the picture jumps, the camera does not."""
    pitch, height = -45.0, 60.0
    stand = (320.0, 320.0)
    poses, aims = [], []
    for heading in (90.0, 270.0):
        poses.append(Pose(heading_deg=heading, pitch_deg=pitch, height_m=height, fov_deg=60.0))
        aims.append((stand[0] + (60.0 if heading == 90.0 else -60.0), stand[1]))
    from gleam.locating.several.flight import Flight

    flight = Flight(locator, 1.0)
    for number, (pose, aim) in enumerate(zip(poses, aims, strict=True)):
        flight.take(landscape.cut(*aim), "drone", float(number), pose=pose)
        spots, tiles = flight.spots[-1], flight.sightings[-1].tiles
        best = distance_m(spots.lats[0], spots.lons[0], tiles[0].lat, tiles[0].lon)
        assert best == pytest.approx(60.0, abs=0.1)
        turn = -1 if pose.heading_deg == 90.0 else 1
        assert (spots.lons[0] - tiles[0].lon) * turn > 0


def test_following_photo_by_photo_is_the_online_answer(locator, photos):
    follower = Follower(locator, "map", SPEED)
    pose = Pose(heading_deg=0.0, ground_width_m=128.0)
    live = [follower.add(p, t, pose=pose) for p, t in zip(photos[:4], TIMES[:4], strict=True)]
    batch = follow(locator, photos[:4], online=True)
    assert [(a.lat, a.lon, a.status) for a in live] == [(a.lat, a.lon, a.status) for a in batch]
    with pytest.raises(GleamError, match="before the one in front of it"):
        follower.add(photos[4], 3.0)


def test_one_photo_is_located_alone(locator, photos):
    (answer,) = follow(locator, photos[:1])
    alone = locator.locate(photos[0], "map", pose=Pose(heading_deg=0.0, ground_width_m=128.0))
    assert (answer.lat, answer.lon, answer.status) == (alone.lat, alone.lon, alone.status)


def test_impossible_calls_are_told(locator, photos):
    with pytest.raises(GleamError, match="No photo was given"):
        follow(locator, [])
    with pytest.raises(GleamError, match="2 times were given for 3 photos"):
        follow(locator, photos[:3], [0.0, 1.0])
    with pytest.raises(GleamError, match="time of photo 2 is nan"):
        follow(locator, photos[:2], [0.0, math.nan])
    with pytest.raises(GleamError, match="greatest speed of 0 m/s"):
        follow(locator, photos[:2], speed=0.0)
    with pytest.raises(GleamError, match="1 displacements were given for 2 photos"):
        follow(locator, photos[:2], odometry=[None])


def test_the_order_of_times_is_stable():
    times, order, remarks = order_of([0] * 4, [5.0, 1.0, 5.0, 2.0])
    assert times == [5.0, 1.0, 5.0, 2.0]
    assert order == [1, 3, 0, 2]
    assert [len(r) for r in remarks] == [0, 1, 1, 1]
