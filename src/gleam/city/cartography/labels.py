"""Street names on a map: where they go depends on the streets alone, so neighbouring tiles agree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from gleam.city.cartography.styles import MapStyle, rgb
from gleam.city.renderer.derived import once_per_scene
from gleam.city.scene import Edge, RoadClass, Scene

_SAME_NAME_M = 160.0
"""A name is not repeated within this distance."""
_DROPPED = 0.3
"""Share of the names missing from a random map."""
_POI_COLOURS = ((240, 140, 40), (90, 130, 240), (200, 80, 120), (60, 160, 90), (120, 90, 200))


@dataclass(frozen=True)
class Anchors:
    """Where the names of all streets may stand: the middle of each street, most important first.

    x, y: local metres. angle_deg: direction of the text. name_of:
    number of the name in ``names``. length_m: of the street.
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


@once_per_scene
def anchors(scene: Scene) -> Anchors:
    """Find the anchors of all named streets."""
    edges = [e for e in scene.edges if e.road_class != RoadClass.ALLEY and e.name and len(e.x) > 1]
    edges.sort(key=lambda e: (-int(e.road_class), -e.length_m, float(e.x[0]), float(e.y[0])))
    names = tuple(sorted({e.name for e in edges}))
    number = {name: n for n, name in enumerate(names)}
    places = np.array([_middle(e) for e in edges], np.float64).reshape(-1, 3)
    return Anchors(
        places[:, 0],
        places[:, 1],
        places[:, 2],
        np.array([e.length_m for e in edges], np.float64),
        np.array([number[e.name] for e in edges], np.int64),
        names,
    )


def _middle(edge: Edge) -> tuple[float, float, float]:
    """Return the middle of a street and the angle of upright text along it."""
    half = edge.length_m / 2
    i = min(len(edge.x) - 2, max(0, int(np.searchsorted(edge.along_m, half)) - 1))
    span = float(edge.along_m[i + 1] - edge.along_m[i]) or 1.0
    part = (half - float(edge.along_m[i])) / span
    dx, dy = float(edge.x[i + 1] - edge.x[i]), float(edge.y[i + 1] - edge.y[i])
    angle = math.degrees(math.atan2(dy, dx))
    if angle > 90.0:
        angle -= 180.0
    elif angle < -90.0:
        angle += 180.0
    return float(edge.x[i]) + part * dx, float(edge.y[i]) + part * dy, angle


@lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


@lru_cache(maxsize=4096)
def _text_mask(text: str, size: int, stroke: int) -> Image.Image:
    """Draw upright text as a grey mask with a margin."""
    font = _font(size)
    left, top, right, bottom = font.getbbox(text, stroke_width=stroke)
    mask = Image.new("L", (int(right - left) + 2, int(bottom - top) + 2), 0)
    ImageDraw.Draw(mask).text((1 - left, 1 - top), text, fill=255, font=font, stroke_width=stroke)
    return mask


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


def draw_labels(
    scene: Scene, picture: Image.Image, x0: float, y0: float, x1: float, y1: float, style: MapStyle,
    size: int, drop: np.random.Generator | None,
) -> None:  # fmt: skip
    """Write street names into ``picture``, which shows the window x0, y0, x1, y1.

    ``drop`` leaves out some at random.
    """
    per_m = picture.width / (x1 - x0)
    found = anchors(scene)
    for n in chosen(found, x0, y0, x1, y1, 0.52 * size / per_m):
        if drop is not None and drop.random() < _DROPPED:
            continue
        column, row = (found.x[n] - x0) * per_m, (y1 - found.y[n]) * picture.height / (y1 - y0)
        _write(picture, found.names[found.name_of[n]], float(found.angle_deg[n]), column, row, style, size)


def _write(
    picture: Image.Image, name: str, angle_deg: float, column: float, row: float, style: MapStyle, size: int
) -> None:
    for stroke, colour in ((max(1, size // 9), style.halo), (0, style.text)):
        mask = _text_mask(name, size, stroke).rotate(
            angle_deg, expand=True, resample=Image.Resampling.BICUBIC
        )
        picture.paste(rgb(colour), (round(column - mask.width / 2), round(row - mask.height / 2)), mask)


def draw_marks(picture: Image.Image, rng: np.random.Generator) -> None:
    """Put up to three point-of-interest marks anywhere, as maps do."""
    draw = ImageDraw.Draw(picture)
    width, height = picture.size
    radius = max(2.0, 0.019 * width)
    for _ in range(int(rng.integers(0, 4))):
        x, y = float(rng.uniform(0.06, 0.94)) * width, float(rng.uniform(0.06, 0.94)) * height
        colour = _POI_COLOURS[int(rng.integers(len(_POI_COLOURS)))]
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour, outline=(255, 255, 255))
