"""Pictures as a whole: repeatable, antialiased, lit from the right side, seamless as a mosaic."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from gleam.city import cameras
from gleam.city.renderer.image import look
from gleam.city.renderer.packing import world_of
from gleam.city.sensor import develop, sample_sensor
from gleam.city.shots import latitude_of, mosaic_sensor, radiance, render_ortho, take
from gleam.city.weather import sample_weather
from gleam.views import View

PHOTOS = [View.SATELLITE, View.DRONE, View.PANORAMA, View.GROUND]


def digest(scene, view, seed, pixels=24):
    shot = take(scene, view, 250.0, 240.0, np.random.default_rng([7, seed]), pixels)
    return hashlib.sha256(shot.image.tobytes()).hexdigest()


@pytest.mark.parametrize("view", list(View))
def test_the_same_seed_gives_the_same_bytes_in_any_thread(town, view):
    alone = [digest(town, view, seed) for seed in range(3)]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda seed: digest(town, view, seed), [0, 1, 2] * 2))
    assert together == alone * 2
    assert len(set(alone)) == 3


@pytest.mark.parametrize("view", list(View))
def test_shots_have_the_promised_size_and_facts(town, view):
    shot = take(town, view, 250.0, 240.0, np.random.default_rng(1), 20)
    assert shot.image.dtype == np.uint8
    assert shot.image.shape == ((20, 40, 3) if view is View.PANORAMA else (20, 20, 3))
    assert shot.image.std() > 4.0
    assert np.hypot(shot.x - 250.0, shot.y - 240.0) < 20.0
    if view in (View.PANORAMA, View.GROUND):
        assert (shot.x, shot.y) == (shot.camera_x, shot.camera_y) == (250.0, 240.0)
        assert shot.pose.heading_deg is not None and shot.pose.height_m is not None
    if view in (View.SATELLITE, View.MAP):
        assert shot.pose.ground_width_m is not None and shot.pose.heading_deg == 0.0


def test_an_antialiased_picture_is_nearer_to_the_truth_than_one_ray_a_pixel(town):
    world = world_of(town)
    weather = sample_weather(np.random.default_rng(5), View.SATELLITE)
    framing = cameras.nadir(250.0, 250.0, 48.0, 48.0)
    packed, light = framing.camera.array(), weather.array()
    fine, size = 7, 24

    def shaded(n):
        places = (np.arange(n) + 0.5) / n
        rows = [[look(0, packed, u, v, world, light)[:3] for u in places] for v in places]
        return np.array(rows)

    truth = shaded(fine * size).reshape(size, fine, size, fine, 3).mean(axis=(1, 3))
    ours = np.abs(radiance(town, framing, weather, size) - truth).mean()
    single = np.abs(shaded(size) - truth).mean()
    assert ours < 0.75 * single
    assert ours < 0.06 * truth.mean()


def test_shadows_fall_away_from_the_sun(build, block):
    sunny = replace(
        sample_weather(np.random.default_rng(1), View.SATELLITE), overcast=False, sun=2.4, snow=0.0,
        sun_azimuth_deg=90.0, sun_elevation_deg=45.0,
    )  # fmt: skip
    framing = cameras.nadir(160.0, 160.0, 80.0, 80.0)
    picture = radiance(build([block(160, 160, 5, 5, 20)]), framing, sunny, 80)
    # The sun stands in the east: 20 m of shadow to the west, none to the east.
    assert picture[40, 20:34].mean() < 0.6 * picture[40, 47:60].mean()
    assert picture[40, 5:13].mean() == pytest.approx(picture[40, 47:60].mean(), rel=0.2)


def test_the_sky_is_above_and_the_ground_below(build):
    weather = sample_weather(np.random.default_rng(0), View.PANORAMA)
    picture = radiance(build(), cameras.panorama(160.0, 160.0, np.random.default_rng(0)), weather, 32)
    blue = picture[..., 2] / picture.sum(axis=2)
    assert blue[:14].mean() > blue[18:].mean() + 0.05
    assert picture[:, 0] == pytest.approx(picture[:, -1], rel=0.6)  # the seam is no seam


def test_no_car_stands_where_the_photographer_does(town):
    weather = replace(sample_weather(np.random.default_rng(0), View.GROUND), street_cars=1.0, lot_cars=1.0)
    from gleam.city.renderer.objects import car_in_slot
    from gleam.city.scene import OBJ_KIND, OBJ_X, OBJ_Y, ObjectKind

    objects = world_of(town).objects
    slots = np.flatnonzero(objects[:, OBJ_KIND] == ObjectKind.CAR)
    here = (float(objects[slots[0], OBJ_X]), float(objects[slots[0], OBJ_Y]))
    assert car_in_slot(objects, int(slots[0]), weather.array(here))[0] == 0
    assert car_in_slot(objects, int(slots[0]), weather.array((here[0] + 6.0, here[1])))[0] in (0, 1, 2)


def test_half_the_slots_hold_a_car_when_half_are_taken(town):
    from gleam.city.renderer.objects import car_in_slot
    from gleam.city.scene import OBJ_KIND, ObjectKind

    weather = sample_weather(np.random.default_rng(3), View.DRONE)
    packed = replace(weather, street_cars=0.5, lot_cars=0.5, traffic=0.5).array()
    objects = world_of(town).objects
    slots = np.flatnonzero(objects[:, OBJ_KIND] == ObjectKind.CAR)
    present = np.array([car_in_slot(objects, int(k), packed)[0] > 0 for k in slots])
    assert abs(present.mean() - 0.5) < 4 * 0.5 / np.sqrt(len(slots)) + 0.02


@pytest.fixture(scope="module")
def mosaic(town):
    rng = np.random.default_rng(9)
    weather = sample_weather(rng, View.SATELLITE, latitude_deg=latitude_of(town))
    return weather, mosaic_sensor(town, weather, rng)


def test_strips_of_a_mosaic_fit_without_a_seam(town, mosaic):
    whole = render_ortho(town, 100.0, 100.0, 160.0, 148.0, 1.5, *mosaic)
    assert whole.shape == (32, 40, 3)
    upper = render_ortho(town, 100.0, 124.0, 160.0, 148.0, 1.5, *mosaic)
    lower = render_ortho(town, 100.0, 100.0, 160.0, 124.0, 1.5, *mosaic)
    assert np.array_equal(np.concatenate([upper, lower]), whole)
    east = render_ortho(town, 130.0, 100.0, 160.0, 148.0, 1.5, *mosaic)
    assert np.array_equal(whole[:, 20:], east)


def test_a_mosaic_is_a_true_orthophoto(build, block):
    weather = replace(sample_weather(np.random.default_rng(0), View.SATELLITE), sun=0.0, snow=0.0)
    sensor = replace(sample_sensor(np.random.default_rng(0), View.SATELLITE), noise=0.0, blur=0.0)
    tower = build([block(130.0, 150.0, 4.7, 4.7, 60.0)])
    changed = np.abs(
        render_ortho(tower, 100.0, 100.0, 200.0, 200.0, 1.0, weather, sensor).astype(int)
        - render_ortho(build(), 100.0, 100.0, 200.0, 200.0, 1.0, weather, sensor)
    ).max(axis=2)
    rows, columns = np.nonzero(changed > 8)
    # No wall shows, however high the tower and however far from the middle.
    assert (columns.min(), columns.max()) == (25, 34)
    assert (rows.min(), rows.max()) == (45, 54)


def test_the_sensor_brightens_with_light_and_adds_the_noise_it_says():
    sensor = replace(
        sample_sensor(np.random.default_rng(0), View.GROUND), noise=0.02, blur=0.0, vignette=0.0,
        balance=(1.0, 1.0, 1.0), saturation=1.0, exposure=1.0,
    )  # fmt: skip
    ramp = np.repeat(np.linspace(0.0, 3.0, 64, dtype=np.float32)[None, :, None], 64, 0).repeat(3, 2)
    smooth = develop(ramp, replace(sensor, noise=0.0)).astype(int)
    assert (np.diff(smooth[0, :, 0]) >= 0).all() and smooth[0, 0, 0] < 20 and smooth[0, -1, 0] > 220
    grey = np.full((64, 64, 3), 0.2, np.float32)
    noisy, clean = (
        develop(grey, sensor).astype(float),
        develop(grey, replace(sensor, noise=0.0)).astype(float),
    )
    assert (noisy - clean).std() == pytest.approx(0.02 * 255, rel=0.1)
    assert abs((noisy - clean).mean()) < 0.3
    other = develop(grey, replace(sensor, noise_seed=sensor.noise_seed + 1))
    assert not np.array_equal(other, develop(grey, sensor))


def test_exposure_follows_the_light():
    sensor = sample_sensor(np.random.default_rng(2), View.DRONE)
    scene = np.random.default_rng(0).uniform(0.02, 0.5, (32, 32, 3)).astype(np.float32)
    dim, bright = (develop(s, sensor.exposed_for(s)).mean() for s in (scene, scene * 4))
    assert abs(dim - bright) < 30.0


def test_the_views_of_a_place_differ_in_colour(town):
    rng = np.random.default_rng(0)
    means = np.array([
        [take(town, view, 250.0, 240.0, np.random.default_rng([n, v]), 16).image.mean(axis=(0, 1))
         for v, view in enumerate([View.SATELLITE, View.DRONE])]
        for n in range(12)
    ])  # fmt: skip
    same_place = np.abs(means[:, 0] - means[:, 1]).mean()
    shuffled = np.abs(means[:, 0] - means[rng.permutation(12), 1]).mean()
    assert same_place > 0.5 * shuffled > 3.0
