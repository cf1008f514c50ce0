"""Several photos of one place, on score maps with a known law and on a landscape."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gleam.atlas.tiles import Hit, Tile
from gleam.errors import GleamError, ImageError
from gleam.geo import Circle, distance_m, offset
from gleam.locating import Answer, Locator, Status
from gleam.locating.several.fusion import fuse, joint_places
from gleam.locating.several.sightings import Sighting, best_of_rows, log_weights, tail_width
from gleam.locating.several.together import locate_together
from gleam.views import UNKNOWN_POSE, Pose

SIDE, STRIDE_M = 20, 100.0


def tiles():
    """Tiles that do not overlap, so that each is a place of its own."""
    out = []
    for i in range(SIDE * SIDE):
        lat, lon = offset(48.0, 16.0, STRIDE_M * (i % SIDE), STRIDE_M * (i // SIDE))
        out.append(Tile(f"t{i:03d}", lat, lon, 100.0, "s"))
    return out


TILES = tiles()


def sighting(scores, searched=None, listed=None):
    order = np.argsort(-scores)[:listed]
    ordered = scores[order]
    searched = searched or len(scores)
    return Sighting(
        name="x",
        photo=None,
        answer=Answer(None, "map", Status.AMBIGUOUS),
        pose=UNKNOWN_POSE,
        tiles=tuple(TILES[i] for i in order),
        scores=ordered,
        headings=np.full(len(order), np.nan),
        log_weights=log_weights(ordered, searched),
        searched=searched,
        region=None,
    )


def draw(rng, truth, photos, bad=0, lead=2.0):
    """Wrong tiles fall off exponentially; the true one lies about ``lead`` widths above the typical best."""
    out = []
    for number in range(photos):
        scores = rng.exponential(0.04, len(TILES))
        if number >= bad:
            scores[truth] = 0.04 * (np.log(len(TILES)) - 2.0 + rng.normal(lead, 1.5))
        out.append(sighting(scores))
    return out


def top(sightings):
    fused = fuse(sightings)
    return int(fused.tiles[int(np.argmax(fused.joint))].id[1:])


def recall(photos, bad=0, rounds=150):
    rng = np.random.default_rng(3)
    alone = together = 0
    for _ in range(rounds):
        truth = int(rng.integers(len(TILES)))
        sightings = draw(rng, truth, photos, bad)
        alone += top(sightings[-1:]) == truth
        together += top(sightings) == truth
    return alone / rounds, together / rounds


def test_four_photos_beat_one():
    alone, together = recall(4)
    assert 0.2 < alone < 0.7
    assert together > alone + 0.25


def test_more_photos_are_better():
    found = [recall(n)[1] for n in (1, 2, 4, 6)]
    assert found == sorted(found)
    assert found[-1] > 0.95


def test_one_bad_photo_of_four_costs_little():
    assert recall(4, bad=1)[1] > recall(3)[1] - 0.1


def test_the_sum_is_that_of_the_plain_mixture():
    """The slow way: multiply for each tile what each photo says, as a mixture with even outliers."""
    rng = np.random.default_rng(1)
    sightings = draw(rng, 7, 3)
    fused = fuse(sightings, outlier=0.2)
    for column, tile in enumerate(fused.tiles):
        product = 1.0
        for one in sightings:
            softmax = np.exp(one.scores / tail_width(one.scores, len(TILES)))
            at = [t.id for t in one.tiles].index(tile.id)
            product *= 0.2 + 0.8 * len(TILES) * softmax[at] / softmax.sum()
        assert np.exp(fused.joint[column]) == pytest.approx(product, rel=1e-6)
    assert fused.shares.sum() < 1


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), shift=st.floats(-1, 1), stretch=st.floats(0.1, 10))
def test_the_unit_of_the_scores_does_not_matter(seed, shift, stretch):
    scores = np.sort(np.random.default_rng(seed).exponential(0.05, 200))[::-1]
    np.testing.assert_allclose(
        log_weights(scores, 300), log_weights(shift + stretch * scores, 300), rtol=1e-6, atol=1e-6
    )


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), order=st.permutations(range(4)))
def test_the_order_of_the_photos_does_not_matter(seed, order):
    sightings = draw(np.random.default_rng(seed), 5, 4, bad=1)
    one, other = fuse(sightings), fuse([sightings[i] for i in order])
    np.testing.assert_allclose(one.joint, other.joint)


def test_tiles_that_a_photo_does_not_list_count_as_its_last():
    scores = np.linspace(1.0, 0.5, len(TILES))
    short = fuse([sighting(scores, listed=50), sighting(scores)])
    full = fuse([sighting(scores), sighting(scores)])
    ids = [t.id for t in short.tiles]
    assert len(ids) == len(TILES)
    # An upper bound of what the listed ones tell exactly.
    assert short.each[0, ids.index("t399")] == pytest.approx(short.each[0, ids.index("t049")])
    assert short.each[0, ids.index("t399")] > full.each[0, ids.index("t399")]


def test_unrelated_photos_have_nothing_in_common():
    rng = np.random.default_rng(5)
    shares = [fuse([draw(rng, n + p, 1, lead=4.0)[0] for p in (0, 60, 150)]).shares.max() for n in range(20)]
    assert np.median(shares) < 0.5


def test_places_are_different_and_hold_the_share():
    fused = fuse(draw(np.random.default_rng(2), 33, 4))
    places = joint_places(fused, 250.0, 100.0, 6)
    for i, one in enumerate(places):
        for other in places[:i]:
            a, b = fused.tiles[one.best], fused.tiles[other.best]
            assert distance_m(a.lat, a.lon, b.lat, b.lon) > 0.75 * 250.0
    assert sum(p.share for p in places) <= 1 + 1e-9


@pytest.mark.parametrize(("temperature", "outlier"), [(0.0, 0.2), (1.0, 0.0), (1.0, 1.0), (-1.0, 0.2)])
def test_an_impossible_law_is_told(temperature, outlier):
    with pytest.raises(GleamError, match="impossible"):
        log_weights(np.array([1.0, 0.5]), 2, temperature=temperature, outlier=outlier)


def test_hits_of_several_headings_are_merged():
    rows = [[Hit(TILES[0], 0.5), Hit(TILES[1], 0.4)], [Hit(TILES[1], 0.9), Hit(TILES[2], 0.1)]]
    hits, row = best_of_rows(rows)
    assert [h.tile.id for h in hits] == ["t001", "t000", "t002"]
    assert row.tolist() == [1, 0, 1]


def noisy(picture, rng, much=70.0):
    """The picture under noise that hides it for a single look."""
    coarse = Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)).resize(picture.shape[1::-1])
    mixed = picture + much / 100 * (np.asarray(coarse, float) - 128)
    return np.clip(mixed, 0, 255).astype(np.uint8)


@pytest.fixture
def locator(encoder, atlas):
    return Locator(encoder, atlas)


def test_poor_photos_of_one_place_are_found_together(locator, landscape, map_pose):
    rng = np.random.default_rng(4)
    alone = together = 0
    for _ in range(4):
        x, y = rng.uniform(170, 470, 2)
        photos = [noisy(landscape.cut(x, y), rng, 260) for _ in range(4)]
        truth = landscape.position(x, y)
        singles = [locator.locate(p, "map", pose=map_pose) for p in photos]
        alone += sum(distance_m(*truth, a.lat, a.lon) < 25 for a in singles)
        answer = locate_together(locator, photos, "map", pose=map_pose)
        together += distance_m(*truth, answer.lat, answer.lon) < 25
    assert together / 4 > alone / 16
    assert together >= 3


def test_the_answer_tells_how_far_each_photo_agrees(locator, landscape, map_pose):
    good = [landscape.cut(333, 201), landscape.cut(335, 204), landscape.cut(330, 199)]
    answer = locate_together(locator, [*good, landscape.cut(170, 460)], "map", pose=map_pose, k=4)
    assert distance_m(*landscape.position(333, 201), answer.lat, answer.lon) < 6
    assert answer.status in (Status.LOCATED, Status.AMBIGUOUS)
    assert (answer.probability, answer.view) == (None, "map")
    told = "\n".join(answer.notes)
    assert "photo 1 agrees" in told
    assert "photo 4 does not fit" in told
    assert "alone it points" in told
    assert "not calibrated" in told
    assert [c.rank for c in answer.candidates] == [1, 2, 3, 4]
    assert answer.radius95_from.startswith("a single photo")
    assert answer.region95
    assert Answer.from_json(json.loads(json.dumps(answer.to_json()))) == answer


def test_views_and_headings_may_differ(locator, landscape):
    pose = Pose(pitch_deg=-90.0, height_m=64.0, fov_deg=90.0)
    photos = [landscape.cut(280, 240, 90.0), landscape.cut(280, 240, 200.0), landscape.cut(280, 240)]
    poses = [pose, pose, Pose(heading_deg=0.0, ground_width_m=128.0)]
    answer = locate_together(
        locator, photos, ["drone", "drone", "map"], pose=poses, heading=[90.0, None, None]
    )
    assert answer.view == "drone+map"
    assert distance_m(*landscape.position(280, 240), answer.lat, answer.lon) < 12


def test_an_unreadable_photo_and_one_of_nothing_do_not_stop_the_rest(locator, landscape, map_pose, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    grey = np.full((90, 90, 3), 120, np.uint8)
    photos = [landscape.cut(333, 201), tmp_path / "broken.jpg", grey, landscape.cut(333, 201)]
    answer = locate_together(locator, photos, "map", pose=map_pose)
    assert distance_m(*landscape.position(333, 201), answer.lat, answer.lon) < 6
    assert any("broken.jpg was left out" in w for w in answer.warnings)
    assert any("photo 3 shows nothing" in n for n in answer.notes)
    assert answer.timing_s["photos"] == 3


def test_one_photo_is_located_alone(locator, landscape, map_pose):
    photo = landscape.cut(333, 201)
    alone = locator.locate(photo, "map", pose=map_pose)
    answer = locate_together(locator, [photo], "map", pose=map_pose)
    assert (answer.lat, answer.lon, answer.status) == (alone.lat, alone.lon, alone.status)


def test_photos_of_nothing_cannot_tell(locator):
    answer = locate_together(locator, [np.zeros((60, 60, 3), np.uint8)] * 2, "ground")
    assert answer.status is Status.CANNOT_TELL
    assert answer.lat is None
    assert "shows enough" in answer.notes[0]


def test_a_circle_bounds_the_joint_search(locator, landscape, map_pose):
    far = Circle(*landscape.position(480, 400), 120.0)
    answer = locate_together(locator, [landscape.cut(170, 160)] * 2, "map", pose=map_pose, near=far)
    tiles = [locator.atlas.tile(c.tile) for c in answer.candidates]
    assert tiles
    assert all(far.contains(t.lat, t.lon) for t in tiles)
    assert answer.prior == far


def test_impossible_calls_are_told(locator, landscape, map_pose, tmp_path):
    photo = landscape.cut(333, 201)
    with pytest.raises(GleamError, match="No photo was given"):
        locate_together(locator, [], "map")
    with pytest.raises(GleamError, match="2 headings were given for 3 photos"):
        locate_together(locator, [photo] * 3, "map", heading=[1.0, 2.0])
    with pytest.raises(ImageError, match=r"gone\.jpg"):
        locate_together(locator, [tmp_path / "gone.jpg"], "map")
    with pytest.raises(GleamError, match=r"None of the 2 photos can be used.*a\.jpg"):
        locate_together(locator, [tmp_path / "a.jpg", tmp_path / "b.jpg"], "map")
    with pytest.raises(GleamError, match="Unknown view"):
        locate_together(locator, [photo], "mapp")
