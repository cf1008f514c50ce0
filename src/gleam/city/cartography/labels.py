"""Street names on a map: where they go depends on the streets alone, so neighbouring tiles agree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gleam.city.cartography.styles import MapStyle, rgb
from gleam.city.renderer.derived import once_per_scene
from gleam.city.scene import Edge, RoadClass, Scene

_BUCKET_M = 200.0
_POI_COLOURS = ((240, 140, 40), (90, 130, 240), (200, 80, 120), (60, 160, 90), (120, 90, 200))


@dataclass(frozen=True)
class Anchor:
    """A place for a street's name: the middle of the street, and the direction it runs there."""

    x: float
    y: float
    angle_deg: float
    name: str
    length_m: float
    rank: tuple[int, float]


@once_per_scene
def anchors(scene: Scene) -> dict[tuple[int, int], list[Anchor]]:
    """Return every street's label anchor, by square of 200 m."""
    found: dict[tuple[int, int], list[Anchor]] = {}
    for edge in scene.edges:
        if edge.road_class == RoadClass.ALLEY or not edge.name or len(edge.x) < 2:
            continue
        anchor = _anchor(edge)
        found.setdefault((int(anchor.x // _BUCKET_M), int(anchor.y // _BUCKET_M)), []).append(anchor)
    return found


def _anchor(edge: Edge) -> Anchor:
    middle = edge.length_m / 2
    i = min(len(edge.x) - 2, max(0, int(np.searchsorted(edge.along_m, middle)) - 1))
    span = float(edge.along_m[i + 1] - edge.along_m[i]) or 1.0
    part = (middle - float(edge.along_m[i])) / span
    dx, dy = float(edge.x[i + 1] - edge.x[i]), float(edge.y[i + 1] - edge.y[i])
    angle = math.degrees(math.atan2(dy, dx))
    if angle > 90.0:
        angle -= 180.0
    elif angle < -90.0:
        angle += 180.0
    x, y = float(edge.x[i]) + part * dx, float(edge.y[i]) + part * dy
    return Anchor(x, y, angle, edge.name, edge.length_m, (-int(edge.road_class), -edge.length_m))


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


def draw_labels(
    scene: Scene, picture: Image.Image, x0: float, y0: float, x1: float, y1: float, style: MapStyle,
    size: int, drop: np.random.Generator | None,
) -> None:  # fmt: skip
    """Write street names into ``picture``, which shows the window x0, y0, x1, y1.

    A name is left out where a more important one is near. ``drop`` leaves out some more at random.
    """
    width, height = picture.size
    per_m = width / (x1 - x0)
    reach = 100.0
    nearby = [
        anchor
        for i in range(int((x0 - 2 * reach) // _BUCKET_M), int((x1 + 2 * reach) // _BUCKET_M) + 1)
        for j in range(int((y0 - 2 * reach) // _BUCKET_M), int((y1 + 2 * reach) // _BUCKET_M) + 1)
        for anchor in anchors(scene).get((i, j), ())
    ]
    taken: list[tuple[float, float, float, str]] = []
    for anchor in sorted(nearby, key=lambda a: (a.rank, a.x, a.y)):
        text_m = 0.52 * size * len(anchor.name) / per_m
        if anchor.length_m < 0.8 * text_m:
            continue
        radius = 0.55 * text_m
        crowded = any(
            (anchor.x - x) ** 2 + (anchor.y - y) ** 2 < ((0.75 * (radius + r)) ** 2 if name != anchor.name else 160.0**2)
            for x, y, r, name in taken
        )
        if crowded:
            continue
        taken.append((anchor.x, anchor.y, radius, anchor.name))
        out = anchor.x < x0 - radius or anchor.x > x1 + radius or anchor.y < y0 - radius or anchor.y > y1 + radius
        if out or (drop is not None and drop.random() < 0.3):
            continue
        _write(picture, anchor, (anchor.x - x0) * per_m, (y1 - anchor.y) * height / (y1 - y0), style, size)


def _write(picture: Image.Image, anchor: Anchor, column: float, row: float, style: MapStyle, size: int) -> None:
    for stroke, colour in ((max(1, size // 9), style.halo), (0, style.text)):
        mask = _text_mask(anchor.name, size, stroke).rotate(
            anchor.angle_deg, expand=True, resample=Image.Resampling.BICUBIC
        )
        at = (round(column - mask.width / 2), round(row - mask.height / 2))
        picture.paste(rgb(colour), at, mask)


def draw_marks(picture: Image.Image, rng: np.random.Generator) -> None:
    """Put up to three point-of-interest marks anywhere, as maps do."""
    draw = ImageDraw.Draw(picture)
    width, height = picture.size
    radius = max(2.0, 0.019 * width)
    for _ in range(int(rng.integers(0, 4))):
        x, y = float(rng.uniform(0.06, 0.94)) * width, float(rng.uniform(0.06, 0.94)) * height
        colour = _POI_COLOURS[int(rng.integers(len(_POI_COLOURS)))]
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour, outline=(255, 255, 255))

