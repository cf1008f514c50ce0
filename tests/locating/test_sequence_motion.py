"""How far a camera may have moved."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam.errors import GleamError
from gleam.geo import distance_m, offset
from gleam.locating.several.motion import ODOMETRY_ERROR, Motion, Spots, between, geocentric, move_density


def spots(points, lat=48.0, lon=16.0, blur=10.0):
    lats, lons = zip(*[offset(lat, lon, float(e), float(n)) for e, n in points], strict=True)
    return Spots(np.array(lats), np.array(lons), blur)


@settings(max_examples=50, deadline=None)
@given(
    lat=st.floats(-89.9, 89.9),
    lon=st.floats(-180, 180),
    east=st.floats(-3000, 3000),
    north=st.floats(-3000, 3000),
)
def test_chords_are_distances(lat, lon, east, north):
    """Anywhere on Earth, also across the antimeridian."""
    there = offset(lat, lon, east, north)
    chord = float(np.linalg.norm(geocentric(lat, lon) - geocentric(*there)))
    assert chord == pytest.approx(distance_m(lat, lon, *there), abs=0.01)


@pytest.mark.parametrize(("reach", "blur"), [(0.0, 10.0), (40.0, 10.0), (200.0, 5.0)])
def test_moves_add_up_to_one(reach, blur):
    step = 5.0
    around = np.arange(-300, 301, step)
    grid = spots([(e, n) for e in around for n in around], blur=blur)
    density = move_density(spots([(0, 0)], blur=0.0), grid, reach, (0.0, 0.0), 1e12)
    assert density.sum() * step**2 == pytest.approx(1.0, abs=0.02)


def test_no_move_beyond_the_reach_and_the_blur():
    there = spots([(100, 0), (129, 0), (143, 0), (5000, 0)])
    density = move_density(spots([(0, 0)]), there, 100.0, (0.0, 0.0), 1e12)[0]
    assert density[0] > density[1] > 0
    assert density[2:].tolist() == [0.0, 0.0]


def test_a_move_that_may_lead_anywhere_is_as_likely_everywhere():
    area = 1000.0**2
    density = move_density(spots([(0, 0)]), spots([(300, 0), (900, 200)]), 1e6, (0.0, 0.0), area)
    np.testing.assert_allclose(density, 1 / area)


def test_the_speed_cap_and_odometry_tell_the_reach():
    motion = Motion(10.0)
    for time_s, moved in ((0.0, None), (4.0, None), (4.0, None), (10.0, (30.0, -40.0)), (12.0, None)):
        motion.add(time_s, moved)
    assert motion.reach_m(0, 1) == 40.0
    assert motion.reach_m(1, 2) == 0.0
    assert motion.reach_m(2, 3) == pytest.approx(50.0 * ODOMETRY_ERROR)
    assert motion.reach_m(0, 4) == pytest.approx(40.0 + 5.0 + 20.0)
    assert motion.moved(0, 4) == (30.0, -40.0)
    expected = spots([(30, -40), (0, 0)])
    density = move_density(spots([(0, 0)]), expected, motion.reach_m(2, 3), motion.moved(2, 3), 1e12)[0]
    assert density[0] > 0
    assert density[1] < 1e-2 * density[0]


@settings(max_examples=100, deadline=None)
@given(
    r1=st.floats(0.1, 500),
    r2=st.floats(0.1, 500),
    part=st.floats(0, 1),
    angle=st.floats(0, 2 * math.pi),
    radius=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_what_two_ends_allow_lies_within_the_circle(r1, r2, part, angle, radius, seed):
    apart = part * (r1 + r2)
    share, circle = between(r1, r2, apart)
    middle = np.array([share * apart, 0.0])
    point = radius * r1 * np.array([math.cos(angle), math.sin(angle)])
    if np.hypot(*(point - [apart, 0.0])) <= r2:
        assert np.hypot(*(point - middle)) <= circle + 1e-6


def test_the_circle_is_the_smallest():
    """Where both ends reach just as far, their outermost points lie on it."""
    share, circle = between(50.0, 50.0, 60.0)
    assert share == 0.5
    assert circle == pytest.approx(math.sqrt(50.0**2 - 30.0**2))


@pytest.mark.parametrize("speed", [0.0, -1.0, math.nan, math.inf])
def test_an_impossible_speed_is_told(speed):
    with pytest.raises(GleamError, match="greatest speed"):
        Motion(speed)


def test_impossible_times_and_displacements_are_told():
    motion = Motion(5.0)
    motion.add(10.0)
    with pytest.raises(GleamError, match="Photo 2 was taken 4 s before"):
        motion.add(6.0)
    with pytest.raises(GleamError, match="time of photo 2 is nan"):
        motion.add(math.nan)
    with pytest.raises(GleamError, match="displacement to photo 2"):
        motion.add(11.0, (math.nan, 0.0))
    assert motion.times_s == [10.0]
