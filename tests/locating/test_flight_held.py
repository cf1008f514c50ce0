"""What the photos beside an outlier leave of where it was taken."""

from types import SimpleNamespace

import numpy as np
import pytest

from gleam.geo import distance_m, offset
from gleam.locating import Answer, Status
from gleam.locating.judging.confidence import LIKE_NO_PLACE, MORE_THAN_ARE_LISTED, NO_PLACE_STANDS_OUT
from gleam.locating.region import ellipse_ring
from gleam.locating.several.flight_answers import _held, _own_notes

AT = (48.0, 11.0)


def flight(apart_m, reach_m, blur_m=7.0):
    """Three photos, the second an outlier; the outer ones so far apart, each left by so much at most."""
    ends = [AT, AT, offset(*AT, apart_m, 0.0)]
    spots = [SimpleNamespace(lats=np.array([a]), lons=np.array([o]), blur_m=blur_m) for a, o in ends]
    motion = SimpleNamespace(moved=lambda *_: (0.0, 0.0), reach_m=lambda *_: reach_m)
    return SimpleNamespace(spots=spots, motion=motion)


@pytest.mark.parametrize("apart_m", [0.0, 30.0, 127.9, 128.0, 400.0])
def test_the_room_is_never_smaller_than_what_the_neighbours_know_of_themselves(apart_m):
    found = [SimpleNamespace(best=0)] * 3
    lat, lon, radius = _held(flight(apart_m, reach_m=50.0), 1, found, 0, 2)
    assert radius >= 14.0
    assert distance_m(*AT, lat, lon) == pytest.approx(apart_m / 2, abs=0.01)
    variance = (radius / 2.4477) ** 2
    assert len(ellipse_ring(lat, lon, (variance, 0.0, variance), 2.4477)) == 32


def test_why_a_photo_alone_was_refused_is_not_told_of_its_place_in_the_flight():
    """Placed by its neighbours with a region, it must not be told too that it has none."""
    about_alone = (LIKE_NO_PLACE, NO_PLACE_STANDS_OUT, MORE_THAN_ARE_LISTED)
    alone = Answer(
        "a.jpg", "drone", Status.NOT_HERE, notes=("heading unknown: 48 headings were tried", *about_alone)
    )
    assert _own_notes(alone) == ("heading unknown: 48 headings were tried",)
