"""The baseline every encoder must beat: the colours of the picture, and nothing else.

8 x 8 x 8 bins of CIE L*a*b* (L in 0..100, a and b in -100..100, D65), each number replaced by its
square root, so that the cosine of two histograms is their Bhattacharyya coefficient (the Hellinger
kernel). It knows no layout and no heading. Where colour alone finds places, a benchmark is too easy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.imagery.decode import load_image
from gleam.views import Pose, View

BINS = 8
SIDE_PX = 64
"""Pictures are thinned to about this side: colour shares do not need more."""

_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])


class ColourHistogram:
    """Colour histograms behind the methods of an encoder, so that every evaluation takes them."""

    name = "colour-histogram"
    fingerprint = "colour-histogram-lab-8x8x8-hellinger-1"
    dim = BINS**3

    def encode(
        self, images: Sequence[Any], view: View | str, poses: Sequence[Pose] | None = None
    ) -> NDArray[np.float32]:
        """Return unit vectors (N, 512) of images (paths, bytes, PIL pictures or arrays).

        Raises:
            ImageError: An image cannot be read; the message names it.
        """
        out = np.empty((len(images), self.dim), np.float32)
        for index, image in enumerate(images):
            out[index] = colour_histogram(load_image(image, target=SIDE_PX))
        return out

    def encode_headings(
        self, image: Any, view: View | str, pose: Pose | None = None, count: int = 12
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Return the one vector (1, 512) that serves all headings: turning a picture keeps its colours."""
        return self.encode([image], view), np.zeros(1)


def colour_histogram(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the unit vector (512,) of square roots of the colour shares of ``pixels`` (H, W, 3)."""
    step = max(1, min(pixels.shape[:2]) // SIDE_PX)
    lab = rgb_to_lab(pixels[::step, ::step].reshape(-1, 3))
    scaled = (lab - (0.0, -100.0, -100.0)) / (100.0, 200.0, 200.0)
    cells = np.clip((scaled * BINS).astype(np.int64), 0, BINS - 1)
    counts = np.bincount(cells @ (BINS * BINS, BINS, 1), minlength=BINS**3)
    return np.asarray(np.sqrt(counts / counts.sum()), np.float32)


def rgb_to_lab(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Convert sRGB (N, 3) uint8 to CIE L*a*b* (N, 3) under D65 (IEC 61966-2-1, CIE 15)."""
    linear = _linear_table()[pixels]
    xyz = linear @ _TO_XYZ.T / _WHITE
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


def _linear_table() -> NDArray[np.float64]:
    """Light intensity of each of the 256 sRGB values."""
    value = np.arange(256) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
