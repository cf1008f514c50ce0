"""Encoders that see pictures as they were taken: only panoramas are searched under several headings."""

import numpy as np

from gleam.atlas.embedding import prepare_tile
from gleam.encoder import Encoder, EncoderConfig
from gleam.imagery.preparation import Preparation
from gleam.locating.query import HEADINGS, query_of
from gleam.views import Pose, View

RAW = Preparation(pixels=32, geometry="raw", panorama_pixels=(32, 96))
CONFIG = EncoderConfig(
    backbone="convnext",
    backbone_options={"hidden_sizes": [4, 6, 8, 12], "depths": [1, 1, 1, 1]},
    head="pooled",
    preparation=RAW,
)
PICTURE = np.random.default_rng(0).integers(0, 256, (48, 144, 3), np.uint8)


def test_a_raw_drone_photo_of_unknown_heading_is_shown_once() -> None:
    encoder = Encoder.untrained(CONFIG, seed=1)
    for view in (View.DRONE, View.GROUND):
        query = query_of(encoder, RAW, PICTURE, view, Pose())
        assert query.vectors.shape == (1, 12) and query.headings is None
        assert query.squares.shape == (1, 32, 32, 3)
        assert query.notes == ("shown as it was taken; what is known of the camera was not used",)
    reversed_too = query_of(encoder, RAW, PICTURE, View.DRONE, Pose(heading_deg=10.0), or_reversed=True)
    assert len(reversed_too.vectors) == 1


def test_a_raw_panorama_of_unknown_heading_is_rolled_under_all_headings() -> None:
    encoder = Encoder.untrained(CONFIG, seed=1)
    query = query_of(encoder, RAW, PICTURE, View.PANORAMA, Pose())
    assert query.vectors.shape == (HEADINGS, 12) and query.squares.shape == (HEADINGS, 32, 96, 3)
    assert query.headings is not None
    for number in (1, 7, 20):
        rolled = np.roll(PICTURE, round(query.headings[number] / 360 * 144), axis=1)
        alone = query_of(encoder, RAW, rolled, View.PANORAMA, Pose(heading_deg=0.0))
        np.testing.assert_array_equal(query.squares[number], alone.squares[0])
    half = query_of(encoder, RAW, PICTURE, View.PANORAMA, Pose(fov_deg=180.0))
    assert half.headings is None and len(half.vectors) == 1


def test_tiles_are_shown_whole() -> None:
    square = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    tile = prepare_tile(square, 100.0, RAW)
    assert tile.shape == (32, 32, 3)
    photo = query_of(Encoder.untrained(CONFIG), RAW, square, View.MAP, Pose())
    np.testing.assert_array_equal(tile, photo.squares[0])
