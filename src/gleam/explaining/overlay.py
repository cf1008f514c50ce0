"""The two pictures side by side with the cited regions drawn and numbered on both."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from gleam.explaining.verdict import Box, Region, Verdict
from gleam.files import atomic_write
from gleam.imagery.decode import load_image

FOR_COLOUR, AGAINST_COLOUR = (0, 114, 178), (213, 94, 0)
"""Blue and vermilion of Okabe and Ito (2008): told apart by all kinds of colour vision. Regions against
are dashed too, so that the difference does not hang on colour."""
HEIGHT = 480
_GAP, _DASH = 12, 9


def draw_overlay(query: Any, tile: Any, verdict: Verdict, *, height: int = HEIGHT) -> NDArray[np.uint8]:
    """Return the query (left) and the tile (right) with the cited regions, (H, W, 3) uint8.

    Args:
        query: The query picture as it was explained.
        tile: The tile as it was explained.
        verdict: Tells the regions; solid blue speaks for a match, dashed vermilion against.
        height: Of the result in pixels.

    Raises:
        ImageError: A picture cannot be read.
    """
    left = _panel(load_image(query), list(_query_boxes(verdict.regions)), height)
    right = _panel(load_image(tile), [(r, r.tile_box, True) for r in verdict.regions], height)
    sheet = Image.new("RGB", (left.width + _GAP + right.width, height), (255, 255, 255))
    sheet.paste(left, (0, 0))
    sheet.paste(right, (left.width + _GAP, 0))
    return np.asarray(sheet)


def write_overlay(path: str | os.PathLike[str], query: Any, tile: Any, verdict: Verdict) -> None:
    """Write :func:`draw_overlay` as an image file, atomically; the suffix chooses the format."""
    picture = Image.fromarray(draw_overlay(query, tile, verdict))
    with atomic_write(path) as temporary:
        picture.save(temporary)


def _query_boxes(regions: tuple[Region, ...]) -> Iterator[tuple[Region, Box, bool]]:
    for region in regions:
        yield region, region.query_box, True
        if region.query_box_rest is not None:
            yield region, region.query_box_rest, False


def _panel(pixels: NDArray[np.uint8], boxes: list[tuple[Region, Box, bool]], height: int) -> Image.Image:
    scale = height / pixels.shape[0]
    size = (max(1, round(pixels.shape[1] * scale)), height)
    panel = Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(panel)
    thick = max(2, height // 160)
    for region, box, _ in boxes:
        # Half a line inside the picture, or the outer edge would be cut off.
        inset = thick
        x0, y0 = max(box.left * scale, inset), max(box.top * scale, inset)
        x1 = max(min(box.right * scale, size[0] - 1 - inset), x0 + 1)
        y1 = max(min(box.bottom * scale, size[1] - 1 - inset), y0 + 1)
        _frame(draw, (x0, y0, x1, y1), _colour(region), thick, dashed=not region.supports)
    taken: list[tuple[float, float]] = []
    for region, box, numbered in boxes:
        if numbered:
            taken.append(_badge(draw, region, box, scale, size, taken))
    return panel


def _colour(region: Region) -> tuple[int, int, int]:
    return FOR_COLOUR if region.supports else AGAINST_COLOUR


def _frame(
    draw: ImageDraw.ImageDraw,
    box: tuple[float, float, float, float],
    colour: tuple[int, int, int],
    thick: int,
    *,
    dashed: bool,
) -> None:
    x0, y0, x1, y1 = box
    sides = (((x0, y0), (x1, y0)), ((x1, y0), (x1, y1)), ((x1, y1), (x0, y1)), ((x0, y1), (x0, y0)))
    for (ax, ay), (bx, by) in sides:
        # White below, so that the line shows on any ground.
        draw.line((ax, ay, bx, by), fill=(255, 255, 255), width=thick + 2)
        length = max(abs(bx - ax), abs(by - ay))
        count = max(1, int(length // (2 * _DASH))) if dashed else 1
        fill = 0.55 if dashed else 1.0
        for n in range(count):
            a, b = n / count, (n + fill) / count
            start = (ax + (bx - ax) * a, ay + (by - ay) * a)
            end = (ax + (bx - ax) * b, ay + (by - ay) * b)
            draw.line((*start, *end), fill=colour, width=thick)


def _badge(
    draw: ImageDraw.ImageDraw,
    region: Region,
    box: Box,
    scale: float,
    size: tuple[int, int],
    taken: list[tuple[float, float]],
) -> tuple[float, float]:
    """Draw the number in a disc at the box's upper left corner, moved aside when one is there already."""
    radius = max(9.0, size[1] / 30)
    x = min(max(box.left * scale + radius, radius + 1), size[0] - radius - 2)
    y = min(max(box.top * scale + radius, radius + 1), size[1] - radius - 2)
    while any(abs(x - u) < 2 * radius and abs(y - v) < 2 * radius for u, v in taken):
        x += 2 * radius
        if x > size[0] - radius - 2:
            x, y = radius + 1, y + 2 * radius
        if y > size[1] - radius - 2:
            break
    draw.ellipse(
        (x - radius, y - radius, x + radius, y + radius),
        fill=_colour(region),
        outline=(255, 255, 255),
        width=2,
    )
    font = ImageFont.load_default(size=radius * 1.35)
    draw.text((x, y), str(region.number), fill=(255, 255, 255), font=font, anchor="mm")
    return x, y
