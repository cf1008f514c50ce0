"""The short way of preparing a stored tile gives the bytes of the general way."""

import numpy as np
import pytest

from gleam.atlas.embedding import prepare_tile
from gleam.imagery.preparation import Preparation, prepare
from gleam.views import Pose, View


@pytest.mark.parametrize(
    ("pixels", "size", "tile_m", "ground_m"),
    [(96, 192, 112.0, 112.0), (32, 64, 128.0, 128.0), (96, 192, 112.0, 90.0), (96, 200, 112.0, 112.0)],
)
def test_both_ways_agree(pixels, size, tile_m, ground_m):
    rng = np.random.default_rng(pixels + size)
    preparation = Preparation(pixels=pixels, ground_width_m=ground_m)
    pose = Pose(heading_deg=0.0, ground_width_m=tile_m)
    for square in (
        rng.integers(0, 256, (size, size, 3), dtype=np.uint8),
        rng.integers(254, 256, (size, size, 3), dtype=np.uint8),
        np.zeros((size, size, 3), np.uint8),
    ):
        general = prepare(square, View.SATELLITE, pose, preparation).pixels
        np.testing.assert_array_equal(prepare_tile(square, tile_m, preparation), general)
