"""Distances, frames, footprints and circles, on the whole Earth."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gleam.errors import GleamError
from gleam.geo import (
    Box,
    Circle,
    Footprint,
    Frame,
    bearing_deg,
    check_lat_lon,
    distance_m,
    offset,
    utm_epsg,
    wrap_lon,
)

LATS = st.floats(-80, 80)
LONS = st.floats(-180, 179.999)
STEPS = st.floats(-3000, 3000)


def test_a_degree_of_latitude_has_its_known_length():
    # Meridian arc of WGS84 from 0 to 1 and from 59.5 to 60.5 degrees (NIMA TR8350.2).
    assert distance_m(0, 0, 1, 0) == pytest.approx(110_574.39, abs=0.02)
    assert distance_m(59.5, 10, 60.5, 10) == pytest.approx(111_412.27, abs=0.5)
    assert distance_m(0, 179.5, 0, -179.5) == pytest.approx(111_319.49, abs=0.01)


def test_distance_and_bearing_broadcast_and_keep_scalars():
    one = distance_m(48.0, 16.0, 48.1, 16.0)
    many = distance_m(48.0, 16.0, [48.1, 48.2], [[16.0], [16.5]])
    assert isinstance(one, float)
    assert many.shape == (2, 2)
    assert many[0, 0] == one
    assert math.isnan(distance_m(float("nan"), 0, 0, 0))
    assert distance_m([], [], [], []).shape == (0,)


@pytest.mark.parametrize(
    ("lat", "lon", "expected"), [(1, 0, 0), (0, 1, 90), (-1, 0, 180), (0, -1, 270), (-1e-9, -1e-15, 180)]
)
def test_bearings_run_clockwise_from_north(lat, lon, expected):
    bearing = bearing_deg(0, 0, lat, lon)
    assert 0 <= bearing < 360
    assert bearing == pytest.approx(expected, abs=1e-3)


@given(LATS, LONS, STEPS, STEPS)
@example(48.0, 179.9999, 100.0, 100.0)
@example(0.0, -180.0, -5.0, 0.0)
def test_offset_goes_as_far_and_in_the_direction_it_is_told(lat, lon, east, north):
    to = offset(lat, lon, east, north)
    assert -180 <= to[1] < 180
    assert distance_m(lat, lon, *to) == pytest.approx(math.hypot(east, north), abs=1e-5)
    if math.hypot(east, north) > 1:
        turn = bearing_deg(lat, lon, *to) - math.degrees(math.atan2(east, north))
        assert (turn + 180) % 360 - 180 == pytest.approx(0, abs=1e-3)


@given(LATS, LONS, STEPS, STEPS)
@example(-33.9, 151.2, 10.0, -10.0)
def test_frame_round_trip(lat, lon, x, y):
    frame = Frame.at(lat, lon)
    back = frame.to_local(*frame.to_wgs84(x, y))
    assert back == pytest.approx((x, y), abs=1e-5)
    assert frame.to_wgs84(0, 0) == pytest.approx((lat, wrap_lon(lon)), abs=1e-9) or abs(lon) > 179.99


def test_frame_on_the_central_meridian_points_north_and_measures_metres():
    frame = Frame(32633, 500_000.0, 5_300_000.0)  # UTM zone 33, central meridian 15 degrees east
    lat, lon = frame.to_wgs84(0, 0)
    assert lon == pytest.approx(15, abs=1e-9)
    north = frame.to_wgs84(0, 1000)
    assert bearing_deg(lat, lon, *north) == pytest.approx(0, abs=1e-6)
    assert distance_m(lat, lon, *north) == pytest.approx(1000 / 0.9996, abs=0.01)
    lats, lons = frame.to_wgs84(np.array([0.0, 10.0]), 5.0)
    assert lats.shape == lons.shape == (2,)


def test_utm_zones():
    assert utm_epsg(48.2, 16.4) == 32633
    assert utm_epsg(-33.9, 151.2) == 32756
    assert utm_epsg(10, -180) == 32601
    assert utm_epsg(10, 180) == 32601
    assert utm_epsg(10, 179.99) == 32660


@given(st.floats(-1e6, 1e6))
def test_wrapped_longitudes_name_the_same_meridian(lon):
    wrapped = wrap_lon(lon)
    assert -180 <= wrapped < 180
    assert math.cos(math.radians(wrapped - lon)) == pytest.approx(1, abs=1e-9)
    if -180 <= lon < 180:
        assert wrapped == lon


@pytest.mark.parametrize(
    ("lat", "lon"), [(90.1, 0), (-91, 0), (0, 181), (0, -180.5), (float("nan"), 0), (0, math.inf)]
)
def test_positions_off_the_earth_are_refused(lat, lon):
    with pytest.raises(GleamError, match=r"row 7: .*not a position on Earth"):
        check_lat_lon(lat, lon, "row 7")


def test_the_first_bad_position_of_many_is_named_and_swapped_ones_are_recognised():
    check_lat_lon([1, 2], [3, 4])
    with pytest.raises(GleamError, match=r"item 1"):
        check_lat_lon([1, 100, 200], 3)
    with pytest.raises(GleamError, match="swapped"):
        check_lat_lon(120.7, 24.2)


@given(LATS, LONS, st.floats(5, 5000), st.floats(0, 360))
@example(10.0, 180.0 - 1e-9, 500.0, 30.0)
def test_a_square_footprint_is_square_and_reads_back_the_same(lat, lon, width, heading):
    square = Footprint.square(lat, lon, width, heading)
    corners = square.corners
    for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
        assert distance_m(*a, *b) == pytest.approx(width, rel=1e-5)
    nw, _, _, sw = corners
    turn = bearing_deg(*sw, *nw) - heading
    assert (turn + 180) % 360 - 180 == pytest.approx(0, abs=0.5)
    assert distance_m(*square.centre, lat, lon) < max(1e-3, 1e-3 * width)
    assert Footprint.from_wkt(square.to_wkt()) == square
    assert square.contains(lat, lon)
    outside = offset(lat, lon, 0.75 * width, 0.75 * width)
    assert not square.contains(*outside)


@given(LATS, LONS, st.floats(20, 3000), st.floats(0, 90), st.integers(0, 2**32 - 1))
def test_contains_agrees_with_local_metres(lat, lon, width, heading, seed):
    square = Footprint.square(lat, lon, width, heading)
    right, up = np.random.default_rng(seed).uniform(-width, width, (2, 200))
    clear = np.abs(np.maximum(np.abs(right), np.abs(up)) - width / 2) > 0.002 * width
    turn = math.radians(heading)
    east = right * math.cos(turn) + up * math.sin(turn)
    north = up * math.cos(turn) - right * math.sin(turn)
    lats, lons = offset(np.full(200, lat), np.full(200, lon), east, north)
    expected = np.maximum(np.abs(right), np.abs(up)) < width / 2
    assert np.array_equal(square.contains(lats, lons)[clear], expected[clear])


def test_corners_and_edges_count_as_inside():
    square = Footprint.square(48.2, 16.37, 100, 33)
    assert all(square.contains(*corner) for corner in square.corners)


def test_footprint_across_the_antimeridian():
    square = Footprint.square(-17, 179.9999, 200)
    west, south, east, north = square.bounds
    assert west > 179.99 and east < -179.99 and south < -17 < north
    assert square.contains(-17, -179.9995)
    assert not square.contains(-17, 0.0)
    ring = square.to_geojson()["coordinates"][0]
    assert ring[0] == ring[-1]
    assert max(x for x, _ in ring) - min(x for x, _ in ring) < 0.01


@given(LATS, LONS, st.floats(5, 5000), st.floats(0, 360))
def test_geojson_rings_are_closed_and_counter_clockwise(lat, lon, width, heading):
    polygon = Footprint.square(lat, lon, width, heading).to_geojson()
    ring = np.array(polygon["coordinates"][0])
    assert polygon["type"] == "Polygon"
    assert ring.shape == (5, 2)
    assert np.array_equal(ring[0], ring[-1])
    x, y = (ring - ring[0]).T
    assert np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) > 0
    assert y.max() < 1 and np.abs(ring[:, 1]).max() <= 90


@pytest.mark.parametrize(
    "text",
    [
        "",
        "POINT (1 2)",
        "POLYGON ((0 0, 1 0, 1 1))",
        "POLYGON ((0 0, 1 0, 1 1, 0 1, 0.5 0))",
        "POLYGON ((0 0, 1 0, 1 1, x y, 0 0))",
        "POLYGON ((0 0, 200 0, 200 1, 0 1, 0 0))",
        "POLYGON ((0 0 0, 1 0 0, 1 1 0, 0 1 0, 0 0 0))",
    ],
)
def test_other_wkt_is_refused(text):
    with pytest.raises(GleamError):
        Footprint.from_wkt(text)


@given(st.text(max_size=60))
def test_garbage_wkt_and_circles_give_clear_errors(text):
    for read in (Footprint.from_wkt, Circle.parse):
        try:
            read(text)
        except GleamError:
            continue


def test_circles():
    circle = Circle.parse(" 48.2, 16.37 ,500")
    assert circle == Circle(48.2, 16.37, 500)
    inside, outside = offset(48.2, 16.37, 499, 0), offset(48.2, 16.37, 501, 0)
    assert circle.contains(*inside) is True
    assert circle.contains(*outside) is False
    assert circle.contains([inside[0], outside[0]], [inside[1], outside[1]]).tolist() == [True, False]


def test_boxes():
    box = Box.parse("48.1, 16.2,48.3,16.5")
    assert box == Box(south=48.1, west=16.2, north=48.3, east=16.5)
    assert box.bounds == (16.2, 48.1, 16.5, 48.3)
    assert box.contains(48.3, 16.2) is True
    assert box.contains([48.2, 48.2, 48.0], [16.3, 16.6, 16.3]).tolist() == [True, False, False]
    across = Box(-1.0, 179.5, 1.0, -179.5)
    assert across.contains(0.0, [180.0, -180.0, 179.4, -179.4]).tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    "text",
    ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "2,1,1,2", "1,1,1,2", "1,2,2,2", "-91,1,2,2", "1,2,nan,3"],
)
def test_bad_boxes_are_refused(text):
    with pytest.raises(GleamError, match="box"):
        Box.parse(text)


@given(st.floats(-89, 89), LONS, st.floats(1, 200_000), st.floats(0, 360))
@example(0.0, 179.999, 1000.0, 90.0)
@example(85.0, 10.0, 900_000.0, 0.0)
def test_the_bounds_of_a_circle_hold_all_of_it(lat, lon, radius, direction):
    west, south, east, north = Circle(lat, lon, radius).bounds
    turn = math.radians(direction)
    at_lat, at_lon = offset(lat, lon, radius * math.sin(turn), radius * math.cos(turn))
    assert south <= at_lat <= north
    if west <= east:
        assert west <= at_lon <= east
    else:
        assert at_lon >= west or at_lon <= east


@pytest.mark.parametrize(
    "text", ["", "1,2", "1,2,3,4", "a,b,c", "1,2,-5", "1,2,0", "91,2,5", "1,2,nan", "1 2 3"]
)
def test_bad_circles_are_refused(text):
    with pytest.raises(GleamError):
        Circle.parse(text)


def test_footprints_need_four_corners_and_a_width():
    with pytest.raises(GleamError, match="4 corners"):
        Footprint(((0, 0), (0, 1), (1, 1)))  # type: ignore[arg-type]
    with pytest.raises(GleamError, match="width above 0"):
        Footprint.square(0, 0, 0)
