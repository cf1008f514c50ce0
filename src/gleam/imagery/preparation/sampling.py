"""Drawing the prepared square from a source image, once it is known which source point each sample sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gleam.imagery.preparation.square import OVERSAMPLING

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


def draw(image: Pixels, sampling: Sampling, pixels: int) -> Pixels:
    """Return the (pixels, pixels, 3) square; what is not seen takes the mean colour of what is."""
    side = pixels * OVERSAMPLING
    seen = np.flatnonzero(sampling.seen)
    if seen.size == 0:
        return np.broadcast_to(np.rint(image.mean((0, 1))).astype(np.uint8), (pixels, pixels, 3)).copy()
    if sampling.coarse is None:
        drawn = _interpolate(image, sampling, seen, sampling.shrink)
    else:
        drawn = np.empty(seen.size, np.uint64)
        is_coarse = sampling.coarse[seen]
        coarse_shrink = (sampling.coarse_shrink, sampling.shrink[1])
        for mask, shrink in ((~is_coarse, sampling.shrink), (is_coarse, coarse_shrink)):
            drawn[mask] = _interpolate(image, sampling, seen[mask], shrink)
    if seen.size == side * side:
        return _average(drawn.reshape(side, side))
    samples = np.full(side * side, _mean(drawn), np.uint64)
    samples[seen] = drawn
    return _average(samples.reshape(side, side))


def shrunk(image: Pixels, factors: tuple[int, int]) -> Pixels:
    """Return the image averaged over blocks of (vertical, horizontal) pixels."""
    down, across = min(factors[0], image.shape[0]), min(factors[1], image.shape[1])
    if down <= 1 and across <= 1:
        return image
    return np.asarray(Image.fromarray(image).reduce((across, down)))


# Interpolation works on all three colours at once: each pixel is one 64-bit word of three lanes, 21 bits
# apart. A sample is the sum of four pixels with whole weights that add up to 1024 (8 + 10 bits), and the
# sum over a block of 2 x 2 samples still fits its lane (20 bits), so lanes never run into each other.
_LANE = np.uint64(21)
_STEPS = 32  # positions told apart between two pixels, along each direction
_ONE = _STEPS * _STEPS


def _interpolate(
    image: Pixels, sampling: Sampling, at: NDArray[np.intp], shrink: tuple[int, int]
) -> NDArray[np.uint64]:
    """Return the bilinear samples numbered ``at``, as words whose lanes hold 1024 times the colour."""
    source = shrunk(image, shrink)
    height, width = source.shape[:2]
    whole = at.size == sampling.columns.size
    x = _fixed(sampling.columns if whole else sampling.columns[at], image.shape[1], shrink[1])
    y = _fixed(sampling.rows if whole else sampling.rows[at], image.shape[0], shrink[0])
    if sampling.wraps:
        x %= width * _STEPS
    else:
        np.clip(x, 0, (width - 1) * _STEPS, out=x)
    np.clip(y, 0, (height - 1) * _STEPS, out=y)
    words, stride = _words(source, sampling.wraps)
    shift = _STEPS.bit_length() - 1
    first = (y >> shift) * np.int32(stride) + (x >> shift)
    x &= _STEPS - 1
    y &= _STEPS - 1
    both = x * y
    weights = (_ONE - _STEPS * (x + y) + both, _STEPS * x - both, _STEPS * y - both, both)
    out = np.zeros(at.size, np.uint64)
    for step, weight in zip((0, 1, stride, stride + 1), weights, strict=True):
        out += words.take(first + step) * weight.astype(np.uint64)
    return out


def _fixed(position: Floats, length: int, shrink: int) -> NDArray[np.int32]:
    """Return source positions as whole steps from the centre of the first pixel of the shrunk source."""
    scale = _STEPS / min(shrink, length)
    steps: NDArray[np.int32] = np.floor(position * np.float32(scale) - np.float32(_STEPS / 2 - 0.5)).astype(
        np.int32
    )
    return steps


def _words(source: Pixels, wraps: bool) -> tuple[NDArray[np.uint64], int]:
    """Return pixels as words and their stride; the last row and column repeat (the first, if it wraps)."""
    height, width = source.shape[:2]
    words = np.empty((height + 1, width + 1), np.uint64)
    inner = words[:height, :width]
    inner[...] = source[..., 2]
    for channel in (1, 0):
        inner <<= _LANE
        inner |= source[..., channel]
    words[:height, width] = words[:height, 0 if wraps else width - 1]
    words[height] = words[height - 1]
    return words.ravel(), width + 1


def _lanes(words: NDArray[np.uint64], mask: int) -> list[NDArray[np.uint64]]:
    """Return the three lanes of words."""
    return [(words >> (_LANE * np.uint64(c))) & np.uint64(mask) for c in range(3)]


def _mean(samples: NDArray[np.uint64]) -> np.uint64:
    """Return the word nearest to the mean of samples."""
    means = [round(float(lane.mean())) for lane in _lanes(samples, (1 << 21) - 1)]
    return np.uint64(means[0] | means[1] << 21 | means[2] << 42)


def _average(samples: NDArray[np.uint64]) -> Pixels:
    """Return the mean of each block of samples as rounded uint8."""
    k = OVERSAMPLING
    half = _ONE * k * k // 2
    total = samples[0::k, 0::k] + np.uint64(half | half << 21 | half << 42)
    for i in range(k):
        for j in range(k):
            if i or j:
                total += samples[i::k, j::k]
    total >>= np.uint64((_ONE * k * k).bit_length() - 1)
    return np.stack([lane.astype(np.uint8) for lane in _lanes(total, 255)], -1)
