"""Search regions: edges, the antimeridian, circles."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.atlas import Region
from gleam.errors import GleamError
from gleam.geo import Box, Circle, distance_m

lats = st.floats(-89, 89)
lons = st.floats(-180, 180)


def test_edges_belong_to_the_box():
    region = Region.box(10.0, 40.0, 11.0, 41.0)
    assert region.contains([40, 41, 40, 41, 39.999999], [10, 11, 11, 10, 10.5]).tolist() == [True] * 4 + [
        False
    ]


def test_a_box_across_the_antimeridian_is_two():
    region = Region.box(179.0, -10.0, -179.0, 10.0)
    assert len(region.boxes) == 2
    inside = region.contains([0, 0, 0, 0], [179.5, -179.5, 0.0, 178.9])
    assert inside.tolist() == [True, True, False, False]


def slow_contains(box, lat, lon):
    """Every name of a longitude is tried."""
    west, south, east, north = box
    east += 360 if west > east else 0
    return south <= lat <= north and any(west <= lon + turn <= east for turn in (-360, 0, 360))


def check_box(west, east, lon, lat):
    box = (west, -18.0, east, -16.0)
    inside = slow_contains(box, lat, lon)
    region = Region.box(*box)
    assert bool(region.contains(lat, lon)) == inside
    # What the stores make of it: each box by itself.
    assert any(w <= lon <= e and s <= lat <= n for w, s, e, n in region.boxes) == inside
    if west != east:
        assert Box(-18.0, west, -16.0, east).contains(lat, lon) == inside
        assert Box(-18.0, west, -16.0, east).contains([lat], [lon]).tolist() == [inside]


def test_the_antimeridian_has_two_names_and_is_one_meridian():
    for west, east, lon in itertools.product((-180.0, -179.5, 0.0, 179.5, 180.0), repeat=3):
        for lat in (-18.0, -17.0, 20.0):
            check_box(west, east, lon, lat)


@given(lons, lons, lons, st.floats(-19, -15))
def test_boxes_hold_what_lies_in_them_by_any_name(west, east, lon, lat):
    check_box(west, east, lon, lat)
    check_box(west, east, west, lat)


@pytest.mark.parametrize(
    ("box", "word"), [((0, 5, 1, 4), "empty"), ((0, -91, 1, 4), "latitude"), ((200, 0, 1, 4), "longitude")]
)
def test_impossible_boxes_are_refused(box, word):
    with pytest.raises(GleamError, match=word) as caught:
        Region.box(*box)
    assert "item" not in str(caught.value)


@given(lats, lons, st.floats(10, 200_000), st.integers(0, 2**32 - 1))
def test_a_circle_holds_exactly_what_is_within_its_radius(lat, lon, radius, seed):
    circle = Circle(lat, lon, radius)
    rng = np.random.default_rng(seed)
    near_lat = np.clip(lat + rng.normal(0, radius / 8e4, 50), -90, 90)
    near_lon = (lon + rng.normal(0, radius / 8e4, 50) + 180) % 360 - 180
    expected = distance_m(lat, lon, near_lat, near_lon) <= radius
    assert Region.around(circle).contains(near_lat, near_lon).tolist() == expected.tolist()
