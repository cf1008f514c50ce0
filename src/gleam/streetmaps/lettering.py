"""Street names on a map: where they go depends on the streets alone, so neighbouring tiles agree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFont

from gleam.streetmaps.styles import MapStyle, rgb

_SAME_NAME_M = 160.0
"""A name is not repeated within this distance."""
_DROPPED = 0.3
"""Share of the names missing from a random map."""


@dataclass(frozen=True)
class Anchors:
    """Where the names of all streets may stand: the middle of each street, most important first.

    x, y: metres in a plane. angle_deg: direction of the text. length_m: of the street. name_of:
    number of the name in ``names``.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    angle_deg: NDArray[np.float64]
    length_m: NDArray[np.float64]
    name_of: NDArray[np.int64]
    names: tuple[str, ...]

    def within(self, x0: float, y0: float, x1: float, y1: float) -> NDArray[np.int64]:
        """Return the numbers of the anchors in a window, most important first."""
        inside = (self.x >= x0) & (self.x <= x1) & (self.y >= y0) & (self.y <= y1)
        return np.flatnonzero(inside)


def middle_of(x: ArrayLike, y: ArrayLike) -> tuple[float, float, float]:
    """Return the middle (x, y) of a line and the angle in degrees of upright text along it."""
    xs, ys = np.asarray(x, float), np.asarray(y, float)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(xs), np.diff(ys)))])
    half = along[-1] / 2
    i = min(len(xs) - 2, max(0, int(np.searchsorted(along, half)) - 1))
    span = float(along[i + 1] - along[i]) or 1.0
    part = (half - float(along[i])) / span
    dx, dy = float(xs[i + 1] - xs[i]), float(ys[i + 1] - ys[i])
    angle = math.degrees(math.atan2(dy, dx))
    if angle > 90.0:
        angle -= 180.0
    elif angle < -90.0:
        angle += 180.0
    return float(xs[i]) + part * dx, float(ys[i]) + part * dy, angle


def chosen(found: Anchors, x0: float, y0: float, x1: float, y1: float, m_per_letter: float) -> list[int]:
    """Return which anchors in or near a window bear their name.

    A name gives way to a more important one that it would touch, or to the same name near by,
    whether or not that one is drawn: so the answer for an anchor is the same in every window.
    """
    letters = np.array([len(name) for name in found.names], np.float64)
    reach = 0.5 * m_per_letter * (letters.max() if len(letters) else 0.0)
    candidates = found.within(x0 - reach, y0 - reach, x1 + reach, y1 + reach)
    text_m = m_per_letter * letters[found.name_of]
    candidates = candidates[found.length_m[candidates] >= 0.8 * text_m[candidates]]
    apart = max(_SAME_NAME_M, 2.0 * reach)
    rivals = found.within(x0 - reach - apart, y0 - reach - apart, x1 + reach + apart, y1 + reach + apart)
    rivals = rivals[found.length_m[rivals] >= 0.8 * text_m[rivals]]
    dx = found.x[candidates, None] - found.x[None, rivals]
    dy = found.y[candidates, None] - found.y[None, rivals]
    space = 0.4 * (text_m[candidates, None] + text_m[None, rivals])
    space = np.where(found.name_of[candidates, None] == found.name_of[None, rivals], _SAME_NAME_M, space)
    beaten = (dx * dx + dy * dy < space * space) & (rivals[None, :] < candidates[:, None])
    return [int(n) for n in candidates[~beaten.any(axis=1)]]


def write_names(
    picture: Image.Image, found: Anchors, x0: float, y0: float, x1: float, y1: float, style: MapStyle,
    size: int, drop: np.random.Generator | None = None, font: str | None = None,
) -> None:  # fmt: skip
    """Write street names into ``picture``, which shows the window x0, y0, x1, y1.

    size: of the letters in pixels. ``drop`` leaves out some at random. font: a font file; Pillow's own
    when not given.
    """
    per_m = picture.width / (x1 - x0)
    for n in chosen(found, x0, y0, x1, y1, 0.52 * size / per_m):
        if drop is not None and drop.random() < _DROPPED:
            continue
        column, row = (found.x[n] - x0) * per_m, (y1 - found.y[n]) * picture.height / (y1 - y0)
        name = found.names[found.name_of[n]]
        for stroke, colour in ((max(1, size // 9), style.halo), (0, style.text)):
            mask = _text_mask(name, size, stroke, font).rotate(
                float(found.angle_deg[n]), expand=True, resample=Image.Resampling.BICUBIC
            )
            corner = round(column - mask.width / 2), round(row - mask.height / 2)
            picture.paste(rgb(colour), corner, mask)


@lru_cache(maxsize=32)
def font_of(size: int, font: str | None = None) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return a font in a size, Pillow's own when none is named."""
    return ImageFont.load_default(size) if font is None else ImageFont.truetype(font, size)


@lru_cache(maxsize=4096)
def _text_mask(text: str, size: int, stroke: int, font: str | None) -> Image.Image:
    """Draw upright text as a grey mask with a margin."""
    face = font_of(size, font)
    left, top, right, bottom = face.getbbox(text, stroke_width=stroke)
    mask = Image.new("L", (int(right - left) + 2, int(bottom - top) + 2), 0)
    ImageDraw.Draw(mask).text((1 - left, 1 - top), text, fill=255, font=face, stroke_width=stroke)
    return mask
