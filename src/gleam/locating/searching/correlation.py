"""How well the ground that a photo shows lies on the ground of places, pixel by pixel.

An encoder tells places by what they look like as a whole. Of a panorama or a photo taken at street level much
of the prepared square is ground to scale, and that can be laid on the imagery itself: its pattern correlates
at the right place and hardly anywhere else. The two know different things: README says how many more places
they find together.

Sun, season and camera change the contrast of the ground from street to street, so every pixel is compared
with the few around it only (local contrast normalisation: Jarrett et al., *What is the best multi-stage
architecture for object recognition?*, 2009). What is left is correlated under the mask of what the photo
shows by Fourier transforms: Padfield, *Masked object registration in the Fourier domain* (2012), for a mask
on one side alone, with one denominator for all layers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

Floats = NDArray[np.float32]

REACH_SHARE = 0.125
"""Of the square's width: so far the ground may be off its place along each axis."""
LEAST_SHARE = 0.02
"""Of the square: with less ground in sight nothing is compared."""
_WINDOW = 5
"""Pixels: width of the neighbourhood that a pixel is compared with."""
_FLAT = 9.0
"""Variance (of 0..255) below which a neighbourhood counts as even, and its noise is not blown up."""
_BLUR = 1.0
_SPREADS = np.array([0.71, 0.58, 0.61, 0.38, 0.19, 0.19], np.float32)[:, None, None]
"""Standard deviations of the layers in imagery of cities; dividing by them lets the layers count alike."""
_EVEN = 0.05
"""Ground of less than this share of the usual variance counts as even."""


class Template:
    """The ground of one photo, ready to be laid on squares.

    Args:
        square: (S, S, 3) as prepared, north up.
        ground: (S, S) which pixels show ground to scale.
    """

    def __init__(self, square: NDArray[np.uint8], ground: NDArray[np.bool_]) -> None:
        mask = ground.astype(np.float32)
        self.pixels = max(float(mask.sum()), 1.0)
        shown = layers(square[None])[0]
        shown = (shown - (shown * mask).sum((1, 2), keepdims=True) / self.pixels) * mask
        shown /= np.maximum(np.sqrt((shown * shown).sum((1, 2), keepdims=True)), 1e-6)
        self._shown, self._mask = (np.conj(fft.rfft2(part)) for part in (shown, mask))

    def correlation(self, squares: NDArray[np.uint8]) -> Floats:
        """Return (N, R, R) how well the ground lies on squares (N, S, S, 3), by its shift down and right.

        In the middle of the R shifts along an axis lies none; the mean over layers is about that of
        Pearson's correlations, -1..1.
        """
        side = squares.shape[1]
        reach = round(REACH_SHARE * side)
        under = layers(squares)
        under = (under - under.mean((2, 3), keepdims=True)) / _SPREADS

        def shifted(spectrum: NDArray[np.complex64]) -> Floats:
            whole = np.roll(fft.irfft2(spectrum, (side, side)), (reach, reach), (-2, -1))
            return np.asarray(whole[..., : 2 * reach + 1, : 2 * reach + 1])

        alike = shifted((fft.rfft2(under) * self._shown).mean(1))
        power = shifted(fft.rfft2((under * under).mean(1)) * self._mask)
        return np.asarray(alike / np.sqrt(np.maximum(power, _EVEN * self.pixels)))


def layers(squares: NDArray[np.uint8]) -> Floats:
    """Return (N, 6, S, S) of squares (N, S, S, 3): brightness, greener, bluer, and three of edges.

    The first three say by how many standard deviations of its neighbourhood a pixel differs from that; the
    others are the steepness of the first, and its slopes down and to the right.
    """
    colours = np.moveaxis(squares.astype(np.float32), -1, 1)
    red, green, blue = colours[:, 0], colours[:, 1], colours[:, 2]
    tints = np.stack([colours.mean(1), green - (red + blue) / 2, blue - red], axis=1)
    around = (0, 0, _WINDOW, _WINDOW)
    mean = ndimage.uniform_filter(tints, around)
    variance = ndimage.uniform_filter(tints * tints, around) - mean * mean
    local = (tints - mean) / np.sqrt(np.maximum(variance, _FLAT))
    bright = local[:, 0]
    steepness = np.hypot(*np.gradient(bright, axis=(1, 2)))
    down, right = np.gradient(ndimage.gaussian_filter(bright, (0, _BLUR, _BLUR)), axis=(1, 2))
    return np.concatenate([local, np.stack([steepness, down, right], axis=1)], axis=1).astype(np.float32)
