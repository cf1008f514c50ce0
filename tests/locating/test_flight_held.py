"""What the photos beside an outlier leave of where it was taken."""

from types import SimpleNamespace

import numpy as np
import pytest

from gleam.geo import distance_m, offset
from gleam.locating.region import ellipse_ring
from gleam.locating.several.flight_answers import _held

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
