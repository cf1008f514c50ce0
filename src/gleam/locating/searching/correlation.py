"""How well the ground that a photo shows lies on the ground of a place, pixel by pixel.

An encoder tells places by what they look like as a whole. Of a panorama or a photo taken at street level much
of the prepared square is ground to scale, and that can be laid on the imagery itself: edges, and what is
greener or bluer than its surroundings, correlate at the right place and hardly anywhere else. The two know
different things: README says how many more places they find together.

Normalised correlation under a mask by Fourier transforms: Padfield, *Masked object registration in the
Fourier domain* (2012), for a mask on one side alone.
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
_BLUR, _AROUND_SHARE = 1.0, 0.16


class Template:
    """The ground of one photo, ready to be laid on squares.

    Args:
        square: (S, S, 3) as prepared, north up.
        ground: (S, S) which pixels show ground to scale.
    """

    def __init__(self, square: NDArray[np.uint8], ground: NDArray[np.bool_]) -> None:
        mask = ground.astype(np.float32)
        self.pixels = float(mask.sum())
        shown = layers(square[None])[0]
        shown = (shown - (shown * mask).sum((1, 2), keepdims=True) / max(self.pixels, 1.0)) * mask
        self._length = np.sqrt((shown * shown).sum((1, 2)))
        self._shown, self._mask = (np.conj(fft.rfft2(part)) for part in (shown, mask))

    def correlation(self, squares: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return (N,) how well the ground lies on squares (N, S, S, 3), -1..1, at the best shift in reach.

        The mean over the layers of the normalised correlation; a shift is the same for all.
        """
        side = squares.shape[1]
        reach = round(REACH_SHARE * side)
        under = layers(squares)
        seen, power = fft.rfft2(under), fft.rfft2(under * under)

        def shifted(spectrum: NDArray[np.complex64]) -> Floats:
            whole = np.roll(fft.irfft2(spectrum, (side, side)), (reach, reach), (-2, -1))
            return np.asarray(whole[..., : 2 * reach + 1, : 2 * reach + 1])

        sums = shifted(seen * self._mask)
        spread = shifted(power * self._mask) - sums * sums / self.pixels
        found = shifted(seen * self._shown) / np.sqrt(np.maximum(spread, 1e-6))
        found /= np.maximum(self._length, 1e-6)[:, None, None]
        return np.asarray(found.mean(1).max((-2, -1)), np.float64)


def layers(squares: NDArray[np.uint8]) -> Floats:
    """Return (N, 5, S, S) of squares (N, S, S, 3): edges, and how much greener and bluer than around."""
    colours = np.moveaxis(squares.astype(np.float32) / 255, -1, 1)
    red, green, blue = colours[:, 0], colours[:, 1], colours[:, 2]
    bright = colours.mean(1)
    steepness = np.hypot(*np.gradient(bright, axis=(1, 2)))
    down, right = np.gradient(ndimage.gaussian_filter(bright, (0, _BLUR, _BLUR)), axis=(1, 2))
    around = round(_AROUND_SHARE * squares.shape[1])
    tints = [green - (red + blue) / 2, blue - red]
    tints = [tint - ndimage.uniform_filter(tint, (0, around, around)) for tint in tints]
    return np.stack([steepness, right, down, *tints], axis=1).astype(np.float32)
