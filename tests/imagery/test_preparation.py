"""Every view comes back to its metric positions on the ground, north-up, or says that it does not."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.errors import ConfigError, GleamError, ImageError
from gleam.imagery.preparation import Preparation, prepare, prepare_each, source_coordinates
from gleam.imagery.preparation.sampling import Sampling, Source, draw
from gleam.views import Pose, View

_spec = importlib.util.spec_from_file_location("world", Path(__file__).with_name("world.py"))
world = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(world)

RNG = np.random.default_rng(3)
NOISE = RNG.integers(0, 256, (96, 128, 3), dtype=np.uint8)
FINE = Preparation(pixels=64, ground_width_m=64.0)


def worst_error_m(picture, seen, width_m, quantile=1.0):
    """Return how far the told positions of seen pixels lie from where they are drawn, in metres."""
    told_x, told_y = world.told_positions(picture)
    x, y = world.square_positions(len(picture), width_m)
    return np.quantile(np.hypot(told_x - x, told_y - y)[seen], quantile)


@pytest.mark.parametrize(
    ("heading", "pitch", "roll"), [(0, -90, 0), (130, -90, 0), (40, -60, 0), (290, -50, 7), (200, -75, -12)]
)
def test_drone_photos_come_back_to_their_metric_positions(heading, pitch, roll):
    height, fov = 60.0, 65.0
    away = height / math.tan(math.radians(-pitch)) if pitch > -90 else 0.0
    camera = (-away * math.sin(math.radians(heading)), -away * math.cos(math.radians(heading)), height)
    photo = world.photograph((120, 160), camera, heading, pitch, roll, fov)
    out = prepare(photo, View.DRONE, Pose(heading, pitch, roll, height, fov), FINE)
    assert out.north_up
    assert out.note == ""
    where = source_coordinates((120, 160), View.DRONE, Pose(heading, pitch, roll, height, fov), FINE)
    seen = inner(~np.isnan(where[..., 0]))
    assert seen.mean() > 0.4
    assert worst_error_m(out.pixels, seen, 64.0) < 1.0  # one pixel


def test_the_checkerboard_of_a_drone_photo_lands_on_its_squares():
    camera, pose = (0.0, -60.0, 60.0), Pose(0, -45, 0, 60, 60)
    photo = world.photograph((240, 240), camera, 0, -45, 0, 60)
    out = prepare(photo, View.DRONE, pose, FINE).pixels[..., 2].astype(float)
    x, y = world.square_positions(64, 64.0)
    expected = 60 + 100 * ((np.floor(x / 8) + np.floor(y / 8)) % 2)
    seen = inner(~np.isnan(source_coordinates((240, 240), View.DRONE, pose, FINE)[..., 0]))
    assert np.corrcoef(out[seen], expected[seen])[0, 1] > 0.9


@pytest.mark.parametrize("heading", [0, 77, 250])
def test_panoramas_come_back_to_their_metric_positions(heading):
    p = Preparation(pixels=64, ground_width_m=40.0)
    pano = world.panorama((256, 512), (0, 0, 2.5), heading)
    out = prepare(pano, View.PANORAMA, Pose(heading, height_m=2.5), p)
    assert out.north_up and out.note == ""
    x, y = world.square_positions(64, 40.0)
    ground = (np.hypot(x, y) < 0.55 * 20) & (np.hypot(x, y) > 1.5)
    assert worst_error_m(out.pixels, ground, 40.0) < 40 / 64
    assert (out.pixels[0, 0] == world.SKY).all()  # the corner shows the sky


def test_a_tilted_panorama_is_levelled():
    p = Preparation(pixels=48, ground_width_m=40.0)
    level = prepare(world.panorama((200, 400), (0, 0, 2.5), 30), View.PANORAMA, Pose(30, 0, 0, 2.5), p)
    tilted = prepare(
        world.panorama((200, 400), (0, 0, 2.5), 30, 8, -5), View.PANORAMA, Pose(30, 8, -5, 2.5), p
    )
    x, y = world.square_positions(48, 40.0)
    ground = (np.hypot(x, y) < 0.5 * 20) & (np.hypot(x, y) > 2)
    wrong = prepare(world.panorama((200, 400), (0, 0, 2.5), 30, 8, -5), View.PANORAMA, Pose(30, 0, 0, 2.5), p)
    error = np.abs(level.pixels.astype(int) - tilted.pixels)[ground][:, :2].mean()
    assert error < 1
    assert np.abs(level.pixels.astype(int) - wrong.pixels)[ground][:, :2].mean() > 3


def test_a_panorama_strip_shows_the_same_as_the_whole_sphere_where_it_sees():
    p = Preparation(pixels=64, ground_width_m=60.0)
    whole = world.panorama((256, 512), (0, 0, 2.0), 30)
    strip = whole[128 - 50 : 128 + 50]
    pose = Pose(30, height_m=2.0)
    seen = inner(~np.isnan(source_coordinates(strip.shape[:2], View.PANORAMA, pose, p)[..., 0]))
    full, part = prepare(whole, View.PANORAMA, pose, p).pixels, prepare(strip, View.PANORAMA, pose, p).pixels
    assert 0.3 < seen.mean() < 1
    assert np.array_equal(full[seen], part[seen])


@pytest.mark.parametrize(("heading", "pitch", "roll"), [(0, 0, 0), (120, -12, 0), (300, -8, 6)])
def test_ground_photos_come_back_to_their_metric_positions(heading, pitch, roll):
    p = Preparation(pixels=64, ground_width_m=40.0)
    pose = Pose(heading, pitch, roll, 2.5, 90)
    photo = world.photograph((300, 300), (0, 0, 2.5), heading, pitch, roll, 90)
    out = prepare(photo, View.GROUND, pose, p)
    assert out.north_up and out.note == ""
    seen = inner(~np.isnan(source_coordinates((300, 300), View.GROUND, pose, p)[..., 0]))
    x, y = world.square_positions(64, 40.0)
    ground = seen & (np.hypot(x, y) < 0.55 * 20)
    assert ground.sum() > 100
    assert worst_error_m(out.pixels, ground, 40.0) < 40 / 64
    ahead = x * math.sin(math.radians(heading)) + y * math.cos(math.radians(heading))
    assert not (seen & (ahead < 0)).any()


def test_a_satellite_image_is_cropped_to_scale_and_turned():
    x, y = world.square_positions(200, 100.0)
    picture = np.stack([127.5 + x * 2, 127.5 + y * 2, 0 * x], -1).astype(np.uint8)
    p = Preparation(pixels=50, ground_width_m=50.0)
    upright = prepare(picture, View.SATELLITE, Pose(0, ground_width_m=100), p)
    turned = prepare(np.rot90(picture).copy(), View.SATELLITE, Pose(90, ground_width_m=100), p)
    assert upright.north_up and upright.note == ""
    assert (
        worst_error_m(upright.pixels, np.ones((50, 50), bool), 50.0) < 60
    )  # colours tell another scale here
    assert np.abs(upright.pixels.astype(int) - turned.pixels).max() <= 1
    true_x, true_y = world.square_positions(50, 50.0)
    assert np.abs((upright.pixels[..., 0] - 127.5) / 2 - true_x).max() < 0.6
    assert np.abs((upright.pixels[..., 1] - 127.5) / 2 - true_y).max() < 0.6


def test_a_small_map_is_padded_with_its_mean_colour():
    picture = np.full((40, 40, 3), (200, 100, 50), np.uint8)
    picture[:20] = (100, 200, 150)
    out = prepare(
        picture, View.MAP, Pose(0, ground_width_m=64), Preparation(pixels=64, ground_width_m=128.0)
    ).pixels
    assert (np.abs(out[:15].astype(int) - (150, 150, 100)) <= 1).all()
    assert (out[17:31, 17:47] == (100, 200, 150)).all()


@given(st.sampled_from([0, 1, 7, 64, 128, 255]), st.floats(-720, 720))
def test_a_rolled_panorama_with_its_heading_turned_is_the_same(columns, heading):
    pano = RNG.integers(0, 256, (128, 256, 3), dtype=np.uint8)
    a = prepare(pano, View.PANORAMA, Pose(heading, height_m=2)).pixels
    rolled = np.roll(pano, -columns, axis=1)  # its centre column now lies `columns` further right
    b = prepare(rolled, View.PANORAMA, Pose(heading + columns * 360 / 256, height_m=2)).pixels
    # Positions are told apart to 1/32 of a pixel, which may round either way.
    assert np.abs(a.astype(int) - b).max() <= 12
    assert np.abs(a.astype(int) - b).mean() < 1


@pytest.mark.parametrize(
    ("view", "pose"),
    [
        (View.DRONE, Pose(0, -60, 0, 80, 60)),
        (View.DRONE, Pose(0)),
        (View.GROUND, Pose(0, 0, 0, 1.7, 90)),
        (View.PANORAMA, Pose(0, height_m=2.0)),
        (View.MAP, Pose(0, ground_width_m=128)),
    ],
)
@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_headings_turn_the_square(view, pose, quarter):
    square = RNG.integers(0, 256, (96, 192 if view is View.PANORAMA else 96, 3), dtype=np.uint8)
    up = prepare(square, view, pose).pixels
    turned = prepare(square, view, pose.with_heading(90.0 * quarter)).pixels
    difference = np.abs(np.rot90(up, -quarter).astype(int) - turned)
    assert difference.mean() < 1
    assert np.quantile(difference, 0.99) < 16


@pytest.mark.parametrize(
    ("view", "pose", "words"),
    [
        (View.DRONE, Pose(), ["heading unknown", "height and field of view unknown"]),
        (View.DRONE, Pose(10), ["height and field of view unknown"]),
        (View.DRONE, Pose(10, None, None, 100, 70), ["pitch unknown: scaled as if it looked straight down"]),
        (View.DRONE, Pose(10, -5, 0, 100, 70), ["too flat"]),
        (View.DRONE, Pose(None, -60, 0, 100, 70), ["heading unknown"]),
        (View.DRONE, Pose(10, -60, 0, -3, 70), ["height above 0 unknown"]),
        (View.PANORAMA, Pose(), ["heading unknown", "camera height unknown: taken as 2 m"]),
        (
            View.GROUND,
            Pose(),
            ["heading unknown", "field of view unknown: taken as 75", "height unknown", "pitch"],
        ),
        (View.MAP, Pose(), ["ground width unknown", "heading unknown: taken as north-up", "not square"]),
        (View.SATELLITE, Pose(0, ground_width_m=128), []),
    ],
)
def test_what_is_assumed_is_said(view, pose, words):
    out = prepare(NOISE, view, pose)
    assert all(word in out.note for word in words), out.note
    assert bool(words) == bool(out.note)
    overhead = view in (View.MAP, View.SATELLITE)
    assert out.north_up == (pose.heading_deg is not None or overhead)


@pytest.mark.parametrize("view", list(View))
@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (37, 53), (700, 900)])
@pytest.mark.parametrize("pixels", [1, 17, 64])
def test_any_size_gives_the_square_asked_for(view, size, pixels):
    image = RNG.integers(0, 256, (*size, 3), dtype=np.uint8)
    for pose in (Pose(), Pose(33, -70, 3, 50, 60, 100)):
        out = prepare(image, view, pose, Preparation(pixels=pixels))
        assert out.pixels.shape == (pixels, pixels, 3)
        assert out.pixels.dtype == np.uint8
        assert out.pixels.flags.c_contiguous or out.pixels.flags.owndata


@pytest.mark.parametrize("view", list(View))
def test_one_colour_stays_one_colour(view):
    flat = np.full((256, 512, 3), (3, 130, 255), np.uint8)
    for pose in (Pose(), Pose(33, -70, 3, 50, 60, 100)):
        assert (prepare(flat, view, pose).pixels == (3, 130, 255)).all()


@pytest.mark.parametrize("view", list(View))
def test_prepared_squares_equal_slow_bilinear_sampling(view):
    """The fast kernel against plain loops: every sample interpolated in floats, blocks averaged."""
    pose = Pose(25, -65, 4, 60, 70, 100) if view not in (View.PANORAMA, View.GROUND) else Pose(25, -5, 4, 2.0)
    image = RNG.integers(0, 256, (60, 120, 3), dtype=np.uint8)
    p = Preparation(pixels=64, ground_width_m=90.0)
    out = prepare(image, view, pose, p).pixels
    expected = slow_square(image, view, pose, p)
    assert np.abs(out.astype(int) - expected).max() <= 6  # 1/64 pixel of noise
    assert np.abs(out.astype(int) - expected).mean() < 0.8


def slow_square(image, view, pose, p):
    """Average of four float bilinear samples per pixel, pixel by pixel; unseen ones take the seen mean."""
    from gleam.imagery.preparation.prepare import _sampling

    s = _sampling(image.shape[:2], view, pose, p)
    assert s.coarse is None and s.shrink == (1, 1)
    height, width = image.shape[:2]
    samples = np.full((s.columns.size, 3), np.nan)
    for k in np.flatnonzero(s.seen):
        x, y = float(s.columns[k]) - 0.5, float(s.rows[k]) - 0.5
        y = min(max(y, 0), height - 1)
        x = x % width if s.wraps else min(max(x, 0), width - 1)
        j, i = math.floor(x), math.floor(y)
        right = (j + 1) % width if s.wraps else min(j + 1, width - 1)
        below = min(i + 1, height - 1)
        fx, fy = x - j, y - i
        upper = image[i, j] * (1 - fx) + image[i, right] * fx
        lower = image[below, j] * (1 - fx) + image[below, right] * fx
        samples[k] = upper * (1 - fy) + lower * fy
    samples[np.isnan(samples[:, 0])] = np.nanmean(samples, 0)
    return samples.reshape(p.pixels, 2, p.pixels, 2, 3).mean((1, 3))


@pytest.mark.parametrize("view", list(View))
def test_large_sources_do_not_alias(view):
    """A fine checkerboard averages to grey, whatever the source's size."""
    i, j = np.mgrid[:1200, :2400]
    board = np.repeat((((i + j) % 2) * 255).astype(np.uint8)[..., None], 3, 2)
    pose = Pose(0, -90, 0, 100, 65, 128) if view is not View.PANORAMA else Pose(0)
    out = prepare(board, view, pose).pixels.astype(float)
    if view in (View.GROUND, View.PANORAMA):
        out = out[:8]  # the wall ring; far ground is magnified and shows the board itself
    assert 100 < out.mean() < 155
    assert out.std() < 40


def test_ground_seen_by_nobody_is_the_mean_colour_of_what_is_seen():
    photo = np.full((60, 60, 3), (10, 20, 30), np.uint8)
    photo[:30] = (200, 210, 220)
    out = prepare(photo, View.GROUND, Pose(0, 0, 0, 2, 60)).pixels
    assert (out[-5:] == out[-1, 0]).all()
    assert (out[-1, 0] > (10, 20, 30)).all() and (out[-1, 0] < (200, 210, 220)).all()
    nothing = prepare(photo, View.GROUND, Pose(0, 90, 0, 2, 1), Preparation(pixels=8)).pixels
    assert (np.abs(nothing.astype(int) - (105, 115, 125)) <= 1).all()


def test_the_same_input_gives_the_same_square_and_leaves_the_image_alone():
    before = NOISE.copy()
    a = prepare(NOISE, View.PANORAMA, Pose(10))
    b = prepare(NOISE, View.PANORAMA, Pose(10))
    assert np.array_equal(a.pixels, b.pixels)
    assert np.array_equal(NOISE, before)
    a.pixels[:] = 0  # a caller may write into its square
    assert np.array_equal(prepare(NOISE, View.PANORAMA, Pose(10)).pixels, b.pixels)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((5, 5), np.uint8),
        np.zeros((5, 5, 3)),
        np.zeros((5, 5, 4), np.uint8),
        np.zeros((0, 5, 3), np.uint8),
    ],
)
def test_arrays_that_are_no_picture_are_refused(image):
    with pytest.raises(ImageError, match="cannot be prepared"):
        prepare(image, View.MAP)


@pytest.mark.parametrize(
    "pose",
    [
        Pose(float("nan")),
        Pose(height_m=float("inf")),
        Pose(fov_deg=0),
        Pose(fov_deg=180),
        Pose(pitch_deg=-91),
        Pose(ground_width_m=0),
    ],
)
def test_impossible_poses_are_refused(pose):
    with pytest.raises(GleamError, match="ground pose"):
        prepare(NOISE, View.GROUND, pose)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("pixels", 0),
        ("ground_width_m", -1),
        ("metric_share", 1.0),
        ("rim_elevation_deg", 90),
        ("ground_fov_deg", 180),
    ],
)
def test_settings_without_meaning_are_refused_by_name(key, value):
    with pytest.raises(ConfigError, match=key):
        Preparation(**{key: value})


def test_real_drone_photos_line_up_with_the_map(realdata):
    """Rectified by their metadata, Fengyuan photos match the map at the measured place, not elsewhere."""
    import csv

    from gleam.imagery.decode import load_image
    from gleam.imagery.exif import read_metadata

    folder = realdata / "fengyuan_uav"
    city = load_image(folder / "satmap_east.jpg")
    p = Preparation(pixels=96, ground_width_m=110.0)
    rows = [r for r in csv.DictReader((folder / "photos.csv").open()) if r["reg_ok"] == "1"][:4]
    here, elsewhere = [], []
    for row in rows:
        x, y = int(float(row["reg_center_px_x"])) - 1900, int(float(row["reg_center_px_y"]))
        photo = folder / "photos" / row["filename"]
        out = edges(prepare(load_image(photo), View.DRONE, read_metadata(photo).pose, p).pixels)
        for shift, scores in ((0, here), (300, elsewhere)):
            tile = city[y - 340 : y + 340, x - 340 + shift : x + 340 + shift]
            tile = prepare(tile, View.SATELLITE, Pose(0, ground_width_m=110), p).pixels
            spectrum = np.fft.fft2(edges(tile)) * np.conj(np.fft.fft2(out))
            scores.append(np.fft.ifft2(spectrum).real.max() / out.size)
    assert np.mean(here) > 1.2 * np.mean(elsewhere)


def edges(picture):
    """Return normalised edge strength."""
    down, across = np.gradient(picture.astype(float).mean(2))
    strength = np.hypot(down, across)
    strength = np.minimum(strength, np.percentile(strength, 95))
    return (strength - strength.mean()) / strength.std()


def inner(mask):
    """Return the mask without pixels next to unseen ones."""
    out = mask.copy()
    for axis in (0, 1):
        for step in (-1, 1):
            moved = np.roll(mask, step, axis)
            edge = [slice(None)] * 2
            edge[axis] = 0 if step == 1 else -1
            moved[tuple(edge)] = False
            out &= moved
    return out


@pytest.mark.parametrize("view", list(View))
def test_several_poses_at_once_are_several_times_one(view):
    poses = [Pose(heading, height_m=30.0, fov_deg=70.0) for heading in (0.0, 33.0, 290.0)]
    together = prepare_each(NOISE, view, poses, FINE)
    for pose, made in zip(poses, together, strict=True):
        alone = prepare(NOISE, view, pose, FINE)
        assert np.array_equal(made.pixels, alone.pixels)
        assert (made.north_up, made.note) == (alone.north_up, alone.note)


@pytest.mark.parametrize("wraps", [False, True])
def test_samples_are_the_mean_of_four_pixels_in_steps_of_a_thirtysecond(wraps):
    rng, side = np.random.default_rng(6), 8
    picture = rng.integers(0, 256, (5, 7, 3), np.uint8)
    x, y = (rng.uniform(0, n, 4 * side**2).astype(np.float32) for n in (7, 5))
    drawn = draw(Source(picture), Sampling(x, y, np.ones(len(x), bool), wraps=wraps), side)

    whole = picture.astype(int)

    def sample(column, row):
        # Whole steps from the centre of the first pixel, rounded to the nearest.
        c, r = math.floor(column * 32 - 15.5), math.floor(row * 32 - 15.5)
        c = c % (7 * 32) if wraps else min(max(c, 0), 6 * 32)
        r = min(max(r, 0), 4 * 32)
        right, below = (c // 32 + 1) % 7 if wraps else min(c // 32 + 1, 6), min(r // 32 + 1, 4)
        across, down = c % 32, r % 32
        above = (32 - across) * whole[r // 32, c // 32] + across * whole[r // 32, right]
        under = (32 - across) * whole[below, c // 32] + across * whole[below, right]
        return (32 - down) * above + down * under

    samples = np.array([sample(c, r) for c, r in zip(x, y, strict=True)]).reshape(side, 2, side, 2, 3)
    expected = (samples.sum((1, 3)) + 2048) // 4096
    assert np.array_equal(drawn, expected)
