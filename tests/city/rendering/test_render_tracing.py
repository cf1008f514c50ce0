"""Rays: every solid against sampling its inside, the grid against trying every object."""

import numba
import numpy as np
import pytest

from gleam.city.renderer import objects as solids
from gleam.city.renderer.objects import CAR_VAN, hit_object
from gleam.city.renderer.packing import world_of
from gleam.city.renderer.traverse import trace
from gleam.city.weather import sample_weather
from gleam.views import View

REACH, STEP = 60.0, 0.01
ALONG = np.arange(0.0, REACH, STEP)


def rays(count, seed, spread=6.0):
    """Rays from a sphere of 20 m towards somewhere near the middle."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        start = rng.normal(size=3)
        start *= 20.0 / np.linalg.norm(start)
        start[2] = abs(start[2]) + 0.5
        towards = rng.uniform(-spread, spread, 3) * (1, 1, 0.4) + (0, 0, 2) - start
        yield start, towards / np.linalg.norm(towards)


def in_box(p):
    return (abs(p[0]) <= 4) & (abs(p[1]) <= 2.5) & (p[2] >= 0) & (p[2] <= 5)


def in_gable(p):
    return (abs(p[0]) <= 4) & (abs(p[1]) <= 2.5) & (p[2] >= 0) & (p[2] <= 3 + 2 * (1 - abs(p[1]) / 2.5))


def in_hip(p):
    return in_gable(p) & (p[2] <= 3 + 2 * (1 - (abs(p[0]) - 1.5) / 2.5))


def in_cone(p):
    return (p[2] > 0.6) & (p[2] < 8) & (np.hypot(p[0], p[1]) <= 2.5 * (8 - p[2]) / 7.4)


def in_tank(p):
    return (np.hypot(p[0], p[1]) <= 4) & (p[2] >= 0) & (p[2] <= 5)


def in_cabin(p):
    low = p[2] - 0.86
    ends = (p[0] >= -1.95 + 0.75 * low) & (p[0] <= 1.05 - 1.25 * low)
    return ends & (abs(p[1]) <= 0.84 - 0.22 * low) & (low >= 0) & (p[2] <= 1.44)


def in_saloon(p):
    return in_cabin(p) | ((abs(p[0]) <= 2.15) & (abs(p[1]) <= 0.88) & (p[2] >= 0.22) & (p[2] <= 0.86))


SHAPES = {
    "box": (lambda o, d: solids.hit_box(*o, *d, 4.0, 2.5, 0.0, 5.0), in_box),
    "gable": (lambda o, d: solids.hit_gabled(*o, *d, 4.0, 2.5, 0.0, 3.0, 2.0, False), in_gable),
    "hip": (lambda o, d: solids.hit_gabled(*o, *d, 4.0, 2.5, 0.0, 3.0, 2.0, True), in_hip),
    "cone": (lambda o, d: solids.hit_conifer(*o, *d, 1e9, 2.5, 0.6, 8.0), in_cone),
    "tank": (lambda o, d: solids.hit_tank(*o, *d, 4.0, 5.0), in_tank),
    "saloon": (lambda o, d: solids.hit_car(*o, *d, 1), in_saloon),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_ray_meets_a_solid_where_sampling_first_finds_its_inside(name):
    hit, inside = SHAPES[name]
    met = 0
    for origin, direction in rays(150, 3, 3.0 if name == "saloon" else 6.0):
        within = np.flatnonzero(inside(origin[:, None] + direction[:, None] * ALONG))
        distance, face = hit(origin, direction)
        if len(within) > 3:  # thinner grazes fall between the samples
            assert face >= 0
            assert distance == pytest.approx(ALONG[within[0]], abs=2 * STEP)
            met += 1
        if len(within) == 0 and distance > 0:
            # Only a graze thinner than a sample may be met where sampling finds nothing.
            assert not inside(origin + direction * (distance + 2 * STEP))
    assert met > 25


def test_a_van_is_a_box():
    distance, face = solids.hit_car(-10.0, 0.3, 1.0, 1.0, 0.0, 0.0, CAR_VAN)
    assert distance == pytest.approx(7.6) and face == solids.FACE_BODY


def test_tree_hits_lie_in_the_crown_or_on_the_trunk():
    crowns = trunks = 0
    for origin, direction in rays(600, 8, 3.0):
        distance, face = solids.hit_tree(*origin, *direction, 1e9, 3.0, 2.5, 2.0, 7.0, 0.4, 0.3, True)
        if face < 0:
            assert distance == -1.0
            continue
        p = origin + direction * distance
        if face == solids.FACE_TRUNK:
            assert np.hypot(p[0], p[1]) == pytest.approx(0.3, abs=1e-6) and 0 <= p[2] < 4.5
            trunks += 1
        else:
            assert (p[0] / 3) ** 2 + (p[1] / 3) ** 2 + ((p[2] - 4.5) / 2.5) ** 2 <= 1.0 + 1e-6
            crowns += 1
    assert crowns > 50 and trunks > 3


def test_leaves_thin_out_with_the_gap():
    def hits(gap):
        tries = (
            solids.hit_tree(*o, *d, 1e9, 3.0, 2.5, 2.0, 7.0, 0.4, gap, False)[1] for o, d in rays(200, 9)
        )
        return sum(solids.FACE_CROWN <= face < solids.FACE_TRUNK for face in tries)

    assert hits(0.28) > hits(0.56) > 0


@numba.njit
def nearest_of_all(objects, ox, oy, oz, dx, dy, dz, limit, weather):
    """The slow reference: try every object of the city."""
    best, found, on = limit, -1, -1
    for k in range(len(objects)):
        distance, face = hit_object(objects, k, ox, oy, oz, dx, dy, dz, best, weather, True)
        if 0.0 < distance < best:
            best, found, on = distance, k, face
    return best, found, on


def test_the_grid_finds_what_trying_every_object_finds(town):
    world = world_of(town)
    weather = sample_weather(np.random.default_rng(2), View.DRONE).array()
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(1500):
        origin = rng.uniform((-60, -60, 0.5), (560, 560, 120))
        if rng.random() < 0.5:
            origin[2] = rng.uniform(0.5, 4.0)
        direction = rng.normal(size=3) * (1, 1, 0.5)
        if rng.random() < 0.1:
            direction[:2] *= 1e-12  # straight up or down
        if rng.random() < 0.1:
            direction[int(rng.integers(2))] = 0.0
        direction /= np.linalg.norm(direction)
        expected = nearest_of_all(world.objects, *origin, *direction, 400.0, weather)
        found = trace(*origin, *direction, 400.0, world.top, world, weather, False, -1)
        if expected[1] < 0:
            assert found == (-1.0, -1, -1)
            continue
        hits += 1
        assert found[0] == pytest.approx(expected[0], abs=1e-9)
        assert found[1:] == expected[1:]
        blocker = trace(*origin, *direction, 400.0, world.top, world, weather, True, -1)[1]
        # A shadow is looked for without the fine leaves, so only crowns may let light through.
        if expected[2] < solids.FACE_CROWN or expected[2] > solids.FACE_TRUNK:
            assert blocker >= 0
    assert hits > 200


def test_a_skipped_object_is_looked_through(build, block):
    world = world_of(build([block(100, 100, 5, 5, 10), block(130, 100, 5, 5, 10)]))
    weather = sample_weather(np.random.default_rng(0), View.DRONE).array()
    ray = (50.0, 100.0, 5.0, 1.0, 0.0, 0.0, 300.0, 50.0)
    assert trace(*ray, world, weather, False, -1) == (pytest.approx(45.0), 0, 0)
    assert trace(*ray, world, weather, False, 0) == (pytest.approx(75.0), 1, 0)
    assert trace(*ray, world, weather, True, 0)[1] == 1
