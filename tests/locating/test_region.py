"""Regions: the ellipse on the Earth, its scale, and what lies inside."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam.errors import GleamError
from gleam.geo import bearing_deg, distance_m, offset
from gleam.locating.region import (
    GAUSS_95,
    conformal_scale,
    ellipse_distance,
    ellipse_ring,
    ring_contains,
    rings_around,
    rings_contain,
    sigma_covariance,
)

positions = st.tuples(st.floats(-89.9, 89.9), st.floats(-180, 179.999))


@st.composite
def covariances(draw):
    long, short = draw(st.floats(1, 300)), draw(st.floats(1, 300))
    turn = draw(st.floats(0, math.pi))
    c, s = math.cos(turn), math.sin(turn)
    return (
        long**2 * c * c + short**2 * s * s,
        (long**2 - short**2) * c * s,
        long**2 * s * s + short**2 * c * c,
    )


@settings(max_examples=60, deadline=None)
@given(positions, covariances(), st.floats(0.3, 4))
def test_every_corner_lies_on_or_outside_the_ellipse_wherever_it_is(at, covariance, scale):
    for lat, lon in ellipse_ring(*at, covariance, scale):
        metres, angle = distance_m(*at, lat, lon), math.radians(bearing_deg(*at, lat, lon))
        sigmas = ellipse_distance(metres * math.sin(angle), metres * math.cos(angle), covariance)
        assert scale * 0.999 <= sigmas <= scale * 1.01
        assert -180 <= lon < 180


@settings(max_examples=60, deadline=None)
@given(st.floats(-75, 75), st.floats(-180, 179.999), covariances(), st.floats(0, 2 * math.pi))
def test_the_ring_holds_what_the_ellipse_holds(lat, lon, covariance, angle):
    ring = ellipse_ring(lat, lon, covariance, 2.0)
    direction = np.array([math.cos(angle), math.sin(angle)])
    one = float(ellipse_distance(*direction, covariance))
    for share, inside in ((0.98, True), (1.05, False)):
        east, north = direction * 2.0 * share / one
        assert ring_contains(ring, *offset(lat, lon, float(east), float(north))) is inside


def test_distance_against_the_inverse():
    covariance = (90.0, 20.0, 40.0)
    inverse = np.linalg.inv([[90, 20], [20, 40]])
    for east, north in [(1.0, 0.0), (-3.0, 7.0), (0.0, 0.0)]:
        away = np.array([east, north])
        assert ellipse_distance(east, north, covariance) == pytest.approx(math.sqrt(away @ inverse @ away))


@pytest.mark.parametrize("covariance", [(0.0, 0.0, 0.0), (1.0, 2.0, 1.0), (math.nan, 0.0, 1.0)])
def test_what_is_no_covariance_is_refused(covariance):
    with pytest.raises(GleamError, match="covariance"):
        ellipse_ring(48.0, 16.0, covariance, 1.0)


def test_the_conformal_scale_holds_the_next_one():
    """Over many draws the next distance lies inside in at least 95 %, and hardly more."""
    rng = np.random.default_rng(0)
    inside = [rng.exponential() <= conformal_scale(rng.exponential(size=99)) for _ in range(4000)]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.012)


def test_the_conformal_scale_is_the_stated_rank():
    assert conformal_scale(np.arange(1.0, 20.0)) == 19.0
    assert conformal_scale(np.arange(1.0, 40.0)) == 38.0
    assert conformal_scale(np.arange(18.0)) == math.inf
    with pytest.raises(GleamError):
        conformal_scale([1.0, math.nan])


def test_the_reported_covariance_has_the_region_as_its_95_percent_ellipse():
    covariance, scale = (90.0, 20.0, 40.0), 1.3
    reported = sigma_covariance(covariance, scale)
    assert np.array(ellipse_ring(48.0, 16.0, reported, GAUSS_95)) == pytest.approx(
        np.array(ellipse_ring(48.0, 16.0, covariance, scale))
    )


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([(48.2, 16.3), (-17.0, 180.0), (89.0, 30.0)]),
    st.lists(st.tuples(st.floats(-400, 400), st.floats(-400, 400)), min_size=1, max_size=6),
    st.floats(0, 2 * math.pi),
)
def test_rings_hold_all_ground_near_the_places_and_share_none(middle, away, angle):
    places = [tuple(float(v) for v in offset(*middle, east, north)) for east, north in away]
    rings = rings_around(places, 50.0)
    assert ring_contains(rings[0], *places[0])
    for place in places:
        rim = offset(*place, 49.5 * math.sin(angle), 49.5 * math.cos(angle))
        assert rings_contain(rings, *place)
        assert rings_contain(rings, *(float(v) for v in rim))
    # Places more than two radii from all others have a ring of their own.
    alone = [
        p for p in places if all(q is p or distance_m(*p, *q) > 102 for q in places) and places.count(p) == 1
    ]
    assert len(rings) >= len(alone)
    for n, ring in enumerate(rings):
        for other in rings[n + 1 :]:
            assert not any(ring_contains(ring, *place) for place in places if ring_contains(other, *place))


def test_far_places_have_rings_of_their_own_and_near_ones_share_one():
    near, far = offset(48.2, 16.3, 60.0, 0.0), offset(48.2, 16.3, 500.0, 0.0)
    assert len(rings_around([(48.2, 16.3), far, near], 50.0)) == 2
    assert len(rings_around([(48.2, 16.3), far], 50.0)) == 2
    assert len(rings_around([(48.2, 16.3)], 50.0)) == 1
    assert rings_around([], 50.0) == ()
