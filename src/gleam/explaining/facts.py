"""What can be measured on a region's pixels and position: colour, brightness, lines, direction."""

from __future__ import annotations

import colorsys
import math

import numpy as np
from numpy.typing import NDArray

from gleam.explaining.verdict import Look

COLOURS = (
    "black",
    "dark grey",
    "grey",
    "light grey",
    "white",
    "red",
    "brown",
    "yellow",
    "green",
    "blue",
    "purple",
)
"""The words of :func:`colour_word`; every language has all of them."""
DIRECTIONS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
"""The words of :func:`direction_word`, clockwise from north."""

_GREY_BELOW = 0.13
"""Saturation below which a mean colour is called grey: averaging dulls, so this is low."""
_LINES_FROM = 0.35
"""Coherence of the gradients, 0..1, from which lines are said to run in one direction."""
_GREYS = ((40, "black"), (90, "dark grey"), (150, "grey"), (215, "light grey"), (256, "white"))
_HUES = (
    (20, "red"),
    (45, "brown"),
    (70, "yellow"),
    (170, "green"),
    (260, "blue"),
    (330, "purple"),
    (361, "red"),
)


def look_of(patch: NDArray[np.uint8]) -> Look:
    """Measure a patch of a prepared north-up square, (h, w, 3) uint8."""
    grey = patch.astype(np.float64).mean(-1)
    return Look(
        colour=colour_word(patch.reshape(-1, 3).mean(0)),
        brightness=round(float(grey.mean()), 1),
        contrast=round(float(grey.std()), 1),
        lines_deg=line_direction(grey),
    )


def colour_word(rgb: NDArray[np.float64]) -> str:
    """Name a mean colour (0..255 each) by one of ``COLOURS``."""
    red, green, blue = (float(v) / 255 for v in rgb)
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    if saturation < _GREY_BELOW or value < 0.12:
        grey = 255 * (red + green + blue) / 3
        return next(word for limit, word in _GREYS if grey < limit)
    return next(word for limit, word in _HUES if hue * 360 < limit)


def line_direction(grey: NDArray[np.float64]) -> float | None:
    """Return the direction in which lines run, 0 <= degrees < 180 clockwise from up, or None when mixed.

    By the structure tensor of the gradients (Bigun and Granlund 1987): lines run across the gradients.
    """
    if min(grey.shape) < 3:
        return None
    down, right = np.gradient(grey)
    xx, yy, xy = (right * right).sum(), (down * down).sum(), (right * down).sum()
    energy = xx + yy
    if energy < grey.size:  # about one grey level per pixel: noise
        return None
    coherence = math.hypot(xx - yy, 2 * xy) / energy
    if coherence < _LINES_FROM:
        return None
    # Gradient angle from "right" towards "down"; measured clockwise from up, a line across it has that angle.
    return round(math.degrees(0.5 * math.atan2(2 * xy, xx - yy)) % 180, 1) % 180


def lines_apart(a: float, b: float) -> float:
    """Return the angle between two undirected lines, 0..90 degrees."""
    apart = abs(a - b) % 180
    return min(apart, 180 - apart)


def direction_word(east: float, north: float) -> str:
    """Return the one of eight ``DIRECTIONS`` nearest to an offset."""
    bearing = math.degrees(math.atan2(east, north)) % 360
    return DIRECTIONS[round(bearing / 45) % 8]


def region_offset(row: int, column: int, grid: int, width_m: float) -> tuple[float, float]:
    """Return (east, north) metres of a region's centre from the centre of a north-up square."""
    step = width_m / grid
    return (column + 0.5) * step - width_m / 2, width_m / 2 - (row + 0.5) * step
