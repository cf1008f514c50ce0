"""Drawing the prepared square from a source image, once it is known which source point each sample sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sampling:
    """Where the samples of a square lie in a source image.

    columns, rows: (n * n) source positions in pixels, row by row from the top; the centre of the first
        pixel is at 0.5.
    seen: (n * n) whether the sample lies in the source image.
    wraps: the source closes on itself from right to left (a full panorama).
    shrink: (vertical, horizontal) whole factors by which the source may be averaged beforehand.
    coarse: samples that may be drawn from a source shrunk vertically by ``coarse_shrink`` instead;
        None when one source serves all.
    north_up: the square has north up.
    note: what was assumed, in words; empty when nothing was.
    """

    columns: Floats
    rows: Floats
    seen: NDArray[np.bool_]
    wraps: bool = False
    shrink: tuple[int, int] = (1, 1)
    coarse: NDArray[np.bool_] | None = None
    coarse_shrink: int = 1
    north_up: bool = True
    note: str = ""


class Source:
    """A picture that squares are drawn from, with its forms for drawing: many squares share them.

    image: (H, W, 3) uint8.
    """

    def __init__(self, image: Pixels) -> None:
        self.image = image
        self._forms: dict[tuple[int, int], _Form] = {}

    def form(self, factors: tuple[int, int]) -> _Form:
        """Return the image averaged over blocks of (vertical, horizontal) pixels."""
        if factors not in self._forms:
            # Writable like any other array, or numba would compile once more for what Pillow returns.
            small = np.require(shrunk(self.image, factors), requirements=["C", "W"])
            down, across = (min(by, n) for by, n in zip(factors, self.image.shape[:2], strict=True))
            steps = np.float32(_STEPS / down), np.float32(_STEPS / across)
            self._forms[factors] = _Form(small.reshape(-1), small.shape[0], small.shape[1], *steps)
        return self._forms[factors]


class _Form(NamedTuple):
    """bytes: of the pixels. down, across: how many steps a pixel of the unshrunk image is long."""

    bytes: Pixels
    height: int
    width: int
    down: np.float32
    across: np.float32


def draw(source: Source, sampling: Sampling, pixels: int) -> Pixels:
    """Return the (pixels, pixels, 3) square; what is not seen takes the mean colour of what is."""
    square = np.empty((pixels, pixels, 3), np.uint8)
    fine, coarse, is_coarse = source.form(sampling.shrink), None, _NONE
    if sampling.coarse is not None:
        coarse, is_coarse = source.form((sampling.coarse_shrink, sampling.shrink[1])), sampling.coarse
    at = sampling.columns, sampling.rows, sampling.seen
    if not _draw(fine, coarse or fine, is_coarse, *at, sampling.wraps, square):
        square[:] = np.rint(source.image.mean((0, 1))).astype(np.uint8)
    return square


def shrunk(image: Pixels, factors: tuple[int, int]) -> Pixels:
    """Return the image averaged over blocks of (vertical, horizontal) pixels."""
    down, across = min(factors[0], image.shape[0]), min(factors[1], image.shape[1])
    if down <= 1 and across <= 1:
        return image
    return np.asarray(Image.fromarray(image).reduce((across, down)))


# Between two pixels 32 positions are told apart along each direction, so that a sample is the sum of four
# pixels with whole weights that add up to 1024.
_SHIFT = 5
_STEPS = 1 << _SHIFT
_FIRST = np.float32(_STEPS / 2 - 0.5)  # the first pixel's centre, in steps, for rounding down
_BITS = 2 * _SHIFT + 2  # of the weights of the four samples of a pixel
_NONE = np.zeros(0, bool)


@njit(cache=True, nogil=True, error_model="numpy")
def _draw(
    fine: _Form,
    coarse: _Form,
    is_coarse: NDArray[np.bool_],
    columns: Floats,
    rows: Floats,
    seen: NDArray[np.bool_],
    wraps: bool,
    square: Pixels,
) -> int:
    """Fill a square with the means of its samples, and return how many of these lie in the source.

    Args:
        fine: The source.
        coarse: The source of the samples that ``is_coarse`` tells.
        is_coarse: Of no sample where it is empty.
        columns: Of the samples in the unshrunk image.
        rows: Likewise.
        seen: Which samples lie in it.
        wraps: Whether the source closes on itself.
        square: (S, S, 3).
    """
    side = square.shape[0]
    sums = np.empty((side, side, 3), np.int32)
    missing = np.zeros((side, side), np.int32)
    red, green, blue = np.int64(0), np.int64(0), np.int64(0)
    one: Any = np.uint64(1)
    for down in range(side):
        for right in range(side):
            r, g, b = np.int32(0), np.int32(0), np.int32(0)
            for part in range(4):  # OVERSAMPLING is 2: a pixel is four samples
                sample = (2 * down + (part >> 1)) * 2 * side + 2 * right + (part & 1)
                if not seen[sample]:
                    missing[down, right] += 1
                    continue
                source = coarse if is_coarse.size and is_coarse[sample] else fine
                x: Any = np.int32(np.floor(columns[sample] * source.across - _FIRST))
                y: Any = np.int32(np.floor(rows[sample] * source.down - _FIRST))
                y = min(max(y, 0), (source.height - 1) << _SHIFT)
                x = x % (source.width << _SHIFT) if wraps else min(max(x, 0), (source.width - 1) << _SHIFT)
                top, left = y >> _SHIFT, x >> _SHIFT
                y, x = y & (_STEPS - 1), x & (_STEPS - 1)
                below, beside = min(top + 1, source.height - 1), left + 1
                if beside == source.width:
                    beside = 0 if wraps else left
                # Unsigned, so that nothing asks of each whether it counts from the end.
                nw, ne = (top * source.width + left) * 3, (top * source.width + beside) * 3
                sw, se = (below * source.width + left) * 3, (below * source.width + beside) * 3
                a: Any = np.uint64(nw)
                c: Any = np.uint64(ne)
                d: Any = np.uint64(sw)
                e: Any = np.uint64(se)
                both = x * y
                of_c, of_d = (x << _SHIFT) - both, (y << _SHIFT) - both
                of_a, p = (1 << 2 * _SHIFT) - (x << _SHIFT) - of_d, source.bytes
                r += of_a * p[a] + of_c * p[c] + of_d * p[d] + both * p[e]
                a, c, d, e = a + one, c + one, d + one, e + one
                g += of_a * p[a] + of_c * p[c] + of_d * p[d] + both * p[e]
                a, c, d, e = a + one, c + one, d + one, e + one
                b += of_a * p[a] + of_c * p[c] + of_d * p[d] + both * p[e]
            sums[down, right, 0], sums[down, right, 1], sums[down, right, 2] = r, g, b
            red, green, blue = red + r, green + g, blue + b
    found = int(4 * side * side - missing.sum())
    if not found:
        return 0
    mean = np.rint(np.array([red, green, blue]) / found).astype(np.int32)
    for down in range(side):
        for right in range(side):
            for colour in range(3):
                whole = sums[down, right, colour] + missing[down, right] * mean[colour]
                square[down, right, colour] = (whole + (1 << (_BITS - 1))) >> _BITS
    return found
