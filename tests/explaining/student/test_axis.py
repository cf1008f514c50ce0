"""The way a street runs must turn with the picture it is learnt from."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from gleam.explaining.facts import line_direction
from gleam.explaining.scene import ATTRIBUTES
from gleam.explaining.student.training.seeing import AXIS, turned_axis
from gleam.training.augmentation import Geometry
from gleam.training.warp import warp_squares

DEGREES = {
    "north_south": 0.0,
    "northeast_southwest": 45.0,
    "east_west": 90.0,
    "northwest_southeast": 135.0,
}


def street(degrees, side=64):
    image = Image.new("RGB", (side, side), (90, 120, 90))
    turn = np.radians(degrees)
    east, north = np.sin(turn) * side, np.cos(turn) * side
    middle = side / 2
    ImageDraw.Draw(image).line(
        [(middle - east, middle + north), (middle + east, middle - north)], fill=(200, 200, 200), width=9
    )
    return np.asarray(image)


@pytest.mark.parametrize("name", sorted(DEGREES))
@pytest.mark.parametrize("quarter", range(4))
@pytest.mark.parametrize("mirror", range(2))
def test_the_label_turns_with_the_street(name, quarter, mirror):
    one = np.ones((1, 1))
    geometry = Geometry(
        quarter=np.array([quarter]),
        mirror=np.array([mirror]),
        angle=0 * one,
        zoom=one,
        shift_x=0 * one,
        shift_y=0 * one,
    )
    out = np.empty((1, 3, 64, 64), np.uint8)
    warp_squares(street(DEGREES[name])[None], geometry.matrices(0, np.array([0]), np.ones(1, bool)), out)
    seen = line_direction(out[0].transpose(1, 2, 0).astype(float).mean(-1))
    values = ATTRIBUTES[AXIS].values
    said = values[turned_axis(values.index(name), quarter, mirror)]
    off = abs(seen - DEGREES[said]) % 180
    assert min(off, 180 - off) < 8


def test_an_undecided_axis_stays_undecided():
    assert turned_axis(-1, 1, 1) == -1
