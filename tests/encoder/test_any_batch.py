"""Vectors have the same bits in any batch: what is remembered of a square does not depend on its company."""

import numpy as np
import pytest

from gleam import Encoder
from gleam.views import View


@pytest.mark.parametrize("exact", ["0", "1"])
@pytest.mark.parametrize("view", [View.SATELLITE, View.DRONE])
def test_vectors_do_not_depend_on_what_is_embedded_with_them(view, exact, monkeypatch):
    monkeypatch.setenv("GLEAM_EXACT", exact)
    encoder = Encoder.from_pretrained("city")
    assert encoder.same_in_any_batch
    squares = np.random.default_rng(4).integers(0, 256, (21, 96, 96, 3), np.uint8)
    alone = np.concatenate([encoder.embed(square[None], view) for square in squares])
    for size in (2, 3, 4, 5, 9, 16, 21):
        batches = [encoder.embed(squares[at : at + size], view) for at in range(0, len(squares), size)]
        np.testing.assert_array_equal(np.concatenate(batches), alone)
