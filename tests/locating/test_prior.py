"""Small areas to search: what a photo is compared with there, and positions that stay inside."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam.atlas import Region
from gleam.atlas.tiles import Hit, Tile
from gleam.geo import Box, Circle, distance_m, offset
from gleam.locating import Locator, Status
from gleam.locating.judging.confidence import Judgement, among_enough
from gleam.locating.searching.places import Place
from gleam.locating.searching.prior import (
    enough_around,
    grown,
    middle_of,
    nearest_inside,
    rivals_of,
)
from gleam.locating.several.together import AT_ODDS, locate_together

LATS, LONS = st.floats(-80, 80), st.floats(-180, 179.99)


@settings(max_examples=60, deadline=None)
@given(LATS, LONS, st.floats(1, 5000), st.floats(0, 360), st.floats(0.01, 60))
def test_a_position_just_outside_a_circle_moves_to_its_rim(lat, lon, radius, bearing, beyond):
    circle = Circle(lat, lon, radius)
    turn = math.radians(bearing)
    reach = radius + beyond
    at = offset(lat, lon, reach * math.sin(turn), reach * math.cos(turn))
    inside = nearest_inside(*at, circle)
    assert circle.contains(*inside)
    moved = float(distance_m(*at, *inside))
    needed = max(float(distance_m(lat, lon, *at)) - radius, 0.0)
    assert needed <= moved + 1e-6 and moved <= 1.02 * needed + 0.01
    assert nearest_inside(*inside, circle) == inside


@settings(max_examples=60, deadline=None)
@given(LATS, LONS, st.floats(0.0001, 0.5), st.floats(0.0001, 0.5), st.floats(-3, 3), st.floats(-3, 3))
def test_a_position_outside_a_box_moves_to_its_edge(lat, lon, tall, wide, up, right):
    east = (lon + wide + 180) % 360 - 180
    box = Box(lat - tall, lon, lat + tall, east)
    middle = middle_of(box)
    assert box.contains(*middle)
    at = (lat + up * tall, (middle[1] + right * wide / 2 + 180) % 360 - 180)
    inside = nearest_inside(*at, box)
    assert box.contains(*inside)
    assert nearest_inside(*inside, box) == inside
    assert inside[0] == at[0] or inside[0] in (box.south, box.north)
    assert inside[1] == at[1] or inside[1] in (box.west, box.east)


@settings(max_examples=60, deadline=None)
@given(LATS, LONS, st.floats(0.0001, 30), st.floats(1, 3000))
def test_a_grown_area_holds_what_lies_so_far_around_it(lat, lon, wide, margin):
    east = (lon + wide + 180) % 360 - 180
    for area in (Box(lat - 0.01, lon, lat + 0.01, east), Circle(lat, lon, 50.0)):
        larger = grown(area, margin)
        west, south, right, north = area.bounds
        edges = [(lat, lon)] if isinstance(area, Circle) else [(south, west), (north, right), (lat, west)]
        for at in edges:
            for turn in np.radians([0, 90, 180, 270]):
                assert larger.contains(
                    *offset(*at, 0.999 * margin * math.sin(turn), 0.999 * margin * math.cos(turn))
                )


def test_a_box_once_around_the_earth_stays_that():
    band = Box(-1.0, -180.0, 1.0, 180.0)
    assert middle_of(band) == (0.0, 0.0)
    assert grown(band, 100.0).contains(1.0, 77.0)
    assert nearest_inside(1.5, 77.0, band) == (1.0, 77.0)


def grid(side, stride):
    at = [offset(48.0, 16.0, stride * i, stride * j) for i in range(side) for j in range(side)]
    lats, lons = np.array(at).T
    return lambda region: int(region.contains(lats, lons).sum()), side * side


@pytest.mark.parametrize("box", [True, False])
def test_a_photo_is_compared_with_enough_tiles(box):
    count, most = grid(30, 28.0)
    lat, lon = offset(48.0, 16.0, 420.0, 420.0)
    for radius in (5.0, 40.0, 90.0, 300.0):
        area = Circle(lat, lon, radius)
        if box:
            west, south, east, north = area.bounds
            area = Box(south, west, north, east)
        own, region = count(Region.around(area)), enough_around(area, 28.0, 74, count, most)
        if own >= 74:
            assert region is None
        else:
            assert 74 <= count(region) < 300
    # Where the atlas has fewer, all of it is what there is.
    assert count(enough_around(Circle(lat, lon, 40.0), 28.0, 5000, count, most)) == most
    assert enough_around(Circle(lat, lon, 40.0), 28.0, 0, count, most) is None


def place(name, east, score):
    lat, lon = offset(48.0, 16.0, east, 0.0)
    return Place(lat, lon, Hit(Tile(name, lat, lon, 100.0, "s"), score), 0, 1)


def test_rivals_are_the_other_places_and_those_around_but_not_the_same_again():
    first, other = place("a", 0.0, 0.6), place("b", 90.0, 0.3)
    around = [place("c", 400.0, 0.9), place("a2", 10.0, 0.7), place("b", 90.0, 0.3), place("d", 300.0, 0.1)]
    found = rivals_of(first, [other], around, 100.0)
    assert [p.best.tile.id for p in found] == ["c", "b", "d"]


def calibrated(least_tiles):
    """A calibration by which the lead alone decides, fitted with so many tiles at least."""
    answer = {
        "name": "test",
        "views": ["map"],
        "within_m": 50.0,
        "features": ["margin"],
        "intercept": -2.0,
        "coefficients": [60.0],
        "n": 300,
        "positive_share": 0.5,
    }
    claims = {"located_from": 0.8, "ambiguous_from": 0.1, "not_here_below": 0.0, "least_tiles": least_tiles}
    return {"answers": [answer], "claims": {"map": claims}}


@pytest.fixture
def stranger(landscape):
    """A photo of another place of the landscape than the small circles of these tests lie around."""
    return landscape.cut(285, 275)


def test_a_photo_of_another_place_is_not_claimed_in_a_small_circle(
    encoder, atlas, landscape, map_pose, stranger
):
    encoder.calibration = calibrated(60)
    locator = Locator(encoder, atlas)
    small = Circle(*landscape.position(200, 200), 40.0)
    answer = locator.locate(stranger, "map", pose=map_pose, near=small)
    assert answer.status is not Status.LOCATED
    assert answer.probability < 0.2  # the place that it does show is a better one
    assert all(small.contains(c.lat, c.lon) for c in answer.candidates)
    own = locator.locate(landscape.cut(205, 190), "map", pose=map_pose, near=small)
    assert own.status is Status.LOCATED
    assert distance_m(own.lat, own.lon, *landscape.position(205, 190)) < 5
    encoder.calibration = calibrated(0)
    alone = Locator(encoder, atlas).locate(stranger, "map", pose=map_pose, near=small)
    assert alone.probability > answer.probability  # without anything to compare with


def test_a_circle_between_the_centres_of_tiles_is_searched_all_the_same(encoder, atlas, landscape, map_pose):
    encoder.calibration = calibrated(60)
    tiny = Circle(*landscape.position(208, 208), 3.0)
    assert atlas.store.count(Region.around(tiny)) == 0
    answer = Locator(encoder, atlas).locate(landscape.cut(209, 207), "map", pose=map_pose, near=tiny)
    assert answer.status is Status.LOCATED
    assert tiny.contains(answer.lat, answer.lon)


def test_positions_stay_in_the_circle_though_the_peak_lies_outside(encoder, atlas, landscape, map_pose):
    encoder.calibration = calibrated(0)
    photo = landscape.cut(300, 200)
    circle = Circle(*landscape.position(230, 200), 60.0)  # ends ten metres before it
    answer = Locator(encoder, atlas).locate(photo, "map", pose=map_pose, near=circle)
    assert all(circle.contains(c.lat, c.lon) for c in answer.candidates)
    assert circle.contains(answer.lat, answer.lon)


def test_too_few_tiles_give_no_claim():
    sure = Judgement(Status.LOCATED, 0.99)
    assert among_enough(sure, 74, 74) is sure
    few = among_enough(sure, 9, 74)
    assert (few.status, few.probability, few.open) == (Status.AMBIGUOUS, None, 0)
    assert "9 tiles" in few.notes[0] and "74" in few.notes[0]
    refused = Judgement(Status.NOT_HERE, 0.01)
    assert among_enough(refused, 9, 74) is refused


def test_an_atlas_of_few_tiles_claims_nothing(encoder, atlas, landscape, map_pose):
    encoder.calibration = calibrated(len(atlas) + 1)
    answer = Locator(encoder, atlas).locate(landscape.cut(205, 190), "map", pose=map_pose)
    assert (answer.status, answer.probability, answer.region95) == (Status.AMBIGUOUS, None, ())
    assert any(f"{len(atlas)} tiles only" in note for note in answer.notes)
    together = locate_together(Locator(encoder, atlas), [landscape.cut(205, 190)] * 3, "map", pose=map_pose)
    assert together.status is not Status.LOCATED or together.probability is None


def test_photos_of_two_places_are_not_one_place(encoder, atlas, landscape, map_pose):
    locator = Locator(encoder, atlas)
    one, other = landscape.cut(170, 170), landscape.cut(470, 460)
    apart = locate_together(locator, [one, other], "map", pose=map_pose)
    assert apart.status is not Status.LOCATED
    same = locate_together(locator, [one, landscape.cut(172, 168)], "map", pose=map_pose)
    assert distance_m(same.lat, same.lon, *landscape.position(171, 169)) < 10
    assert AT_ODDS not in same.notes
