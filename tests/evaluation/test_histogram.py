from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gleam.errors import ImageError
from gleam.evaluation.histogram import ColourHistogram, colour_histogram, rgb_to_lab
from gleam.views import View


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 255, 255), (100.0, 0.0, 0.0)),
        ((0, 0, 0), (0.0, 0.0, 0.0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 255, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((119, 119, 119), (50.03, 0.0, 0.0)),
    ],
)
def test_lab_of_known_colours(rgb, lab):
    np.testing.assert_allclose(rgb_to_lab(np.array([rgb], np.uint8))[0], lab, atol=0.03)


def test_histogram_is_unit_and_its_cosine_is_bhattacharyya():
    half = np.zeros((64, 64, 3), np.uint8)
    half[:, 32:] = 255
    black, both = colour_histogram(np.zeros((64, 64, 3), np.uint8)), colour_histogram(half)
    assert np.linalg.norm(both) == pytest.approx(1.0)
    assert float(black @ both) == pytest.approx(np.sqrt(0.5))


def test_turning_and_shuffling_change_nothing():
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    shuffled = np.random.default_rng(1).permutation(pixels.reshape(-1, 3)).reshape(pixels.shape)
    for other in (np.rot90(pixels), shuffled):
        np.testing.assert_allclose(colour_histogram(other), colour_histogram(pixels), atol=1e-6)


def test_behaves_as_an_encoder(tmp_path):
    Image.new("RGB", (300, 200), (200, 30, 30)).save(tmp_path / "a.jpg")
    baseline = ColourHistogram()
    vectors = baseline.encode([tmp_path / "a.jpg", tmp_path / "a.jpg"], View.DRONE)
    assert vectors.shape == (2, baseline.dim)
    turned, headings = baseline.encode_headings(tmp_path / "a.jpg", View.DRONE)
    assert (turned.shape, len(headings)) == ((1, baseline.dim), 1)
    with pytest.raises(ImageError, match=r"b\.jpg"):
        baseline.encode([tmp_path / "b.jpg"], View.DRONE)
