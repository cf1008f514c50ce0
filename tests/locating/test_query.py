"""Headings that are searched: a quarter of them is drawn and seen, the rest are the same looks turned."""

import numpy as np
import pytest

from gleam.encoder import Encoder
from gleam.encoder.config import EncoderConfig
from gleam.imagery.preparation import Preparation, prepare
from gleam.locating.query import query_of
from gleam.views import Pose, View

POSES = {
    View.DRONE: Pose(pitch_deg=-50.0, height_m=70.0, fov_deg=70.0),
    View.PANORAMA: Pose(),
    View.GROUND: Pose(fov_deg=80.0),
}


@pytest.fixture(scope="module")
def picture():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (12, 24, 3), dtype=np.uint8).repeat(10, 0).repeat(10, 1)


@pytest.mark.parametrize("turns", [1, 4])
@pytest.mark.parametrize("view", POSES)
def test_turned_looks_are_what_drawing_every_heading_gives(turns, view, picture):
    preparation = Preparation(pixels=32)
    encoder = Encoder.untrained(EncoderConfig(dim=16, grid=2, preparation=preparation, turns=turns))
    query = query_of(encoder, preparation, picture, view, POSES[view], headings=8)
    assert query.headings.tolist() == [45.0 * n for n in range(8)]
    for heading, square, vector in zip(query.headings, query.squares, query.vectors, strict=True):
        drawn = prepare(picture, view, POSES[view].with_heading(float(heading)), preparation).pixels
        assert np.abs(drawn.astype(int) - square).mean() < 0.5
        assert vector @ encoder.embed(drawn[None], view)[0] > 0.999


def test_headings_that_are_no_multiple_of_four_are_all_drawn(picture):
    preparation = Preparation(pixels=32)
    encoder = Encoder.untrained(EncoderConfig(dim=16, grid=2, preparation=preparation, turns=4))
    query = query_of(encoder, preparation, picture, View.DRONE, POSES[View.DRONE], headings=6)
    drawn = prepare(picture, View.DRONE, POSES[View.DRONE].with_heading(120.0), preparation).pixels
    assert np.array_equal(query.squares[2], drawn)
