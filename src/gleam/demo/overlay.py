"""What is drawn over pictures, as sharp vectors: positions on the map, numbered regions on a pair."""

from __future__ import annotations

import html

from gleam.demo.findings import Overview, Photo, Region
from gleam.demo.markup import VIEW_NAMES, metres

_SAME_SPOT = 0.012
"""Closer than this share of the map, the answer lies on the truth and no line is drawn."""


def map_overlay(overview: Overview, photos: tuple[Photo, ...]) -> str:
    """Return an SVG over the overview: a ring at the truth, a dot at the answer, a line between."""
    height, width = overview.picture.shape[:2]
    unit = max(width, height) / 100
    shapes = [_photo_marks(overview, photo, number, unit) for number, photo in enumerate(photos, start=1)]
    shapes.append(_scale_bar(overview, width, height, unit))
    return (
        f'<svg class="overlay" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="Map of true and answered positions">{"".join(shapes)}</svg>'
    )


def region_overlay(regions: tuple[Region, ...], *, on_tile: bool) -> str:
    """Return the boxes and numbers of the regions over one of the two pictures."""
    boxes, badges = [], []
    for region in regions:
        kind = "for" if region.supports else "against"
        for index, box in enumerate(region.tile_boxes if on_tile else region.query_boxes):
            left, top, right, bottom = (100 * min(max(side, 0.0), 1.0) for side in box)
            shape = f'x="{left:.2f}" y="{top:.2f}" width="{right - left:.2f}" height="{bottom - top:.2f}"'
            # White below the colour, so that a box shows on any ground.
            boxes.append(f'<rect class="under" {shape}/><rect class="{kind}" {shape}/>')
            if index == 0:
                x, y = min(max(left, 5.0), 95.0), min(max(top, 5.0), 95.0)
                badges.append(
                    f'<span class="badge {kind}" style="left:{x:.2f}%;top:{y:.2f}%">{region.number}</span>'
                )
    svg = (
        '<svg class="overlay regions" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">'
        f"{''.join(boxes)}</svg>"
    )
    return svg + "".join(badges)


def _photo_marks(overview: Overview, photo: Photo, number: int, unit: float) -> str:
    height, width = overview.picture.shape[:2]
    true_x, true_y = overview.place(photo.truth)
    x, y = true_x * width, true_y * height
    colour = f"var(--{photo.view.value})"
    name = VIEW_NAMES[photo.view][0]
    label = f"{number} {name}: {photo.status}, error {metres(photo.error_m)}"
    parts = [f"<title>{html.escape(label)}</title>"]
    if photo.answer is not None:
        answer_x, answer_y = overview.place(photo.answer)
        ax, ay = answer_x * width, answer_y * height
        if abs(answer_x - true_x) + abs(answer_y - true_y) > _SAME_SPOT:
            parts.append(_line(x, y, ax, ay, "#fff", unit * 0.62, 0.9))
            parts.append(_line(x, y, ax, ay, colour, unit * 0.34, 1.0))
        parts.append(_circle(ax, ay, unit * 0.85, fill=colour, stroke="#fff", width=unit * 0.22))
    parts.append(_circle(x, y, unit * 1.35, fill="none", stroke="#fff", width=unit * 0.6))
    parts.append(_circle(x, y, unit * 1.35, fill="none", stroke=colour, width=unit * 0.32))
    parts.append(_label(x, y, number, unit, height, width))
    return f"<g>{''.join(parts)}</g>"


def _label(x: float, y: float, number: int, unit: float, height: int, width: int) -> str:
    right = x < width - 4 * unit
    tx = x + 1.7 * unit if right else x - 1.7 * unit
    ty = y - 1.2 * unit if y > 3.5 * unit else y + 2.8 * unit
    anchor = "start" if right else "end"
    return (
        f'<text x="{tx:.1f}" y="{ty:.1f}" font-size="{2.3 * unit:.1f}" font-weight="700" '
        f'text-anchor="{anchor}" font-family="system-ui, sans-serif" fill="#fff" stroke="#000" '
        f'stroke-width="{0.5 * unit:.1f}" paint-order="stroke" stroke-linejoin="round">{number}</text>'
    )


def _line(x0: float, y0: float, x1: float, y1: float, colour: str, width: float, opacity: float) -> str:
    return (
        f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{colour}" '
        f'stroke-width="{width:.1f}" opacity="{opacity}"/>'
    )


def _circle(x: float, y: float, radius: float, *, fill: str, stroke: str, width: float) -> str:
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{fill}" stroke="{stroke}" '
        f'stroke-width="{width:.1f}"/>'
    )


def _scale_bar(overview: Overview, width: int, height: int, unit: float) -> str:
    steps = (2000, 1000, 500, 200, 100, 50, 20)
    length_m = next((step for step in steps if step <= overview.width_m * 0.3), 10)
    length = length_m / overview.width_m * width
    x, y = 2.5 * unit, height - 2.5 * unit
    bar = _line(x, y, x + length, y, "#000", unit * 0.9, 0.6) + _line(
        x, y, x + length, y, "#fff", unit * 0.4, 1.0
    )
    return bar + (
        f'<text x="{x:.1f}" y="{y - 1.1 * unit:.1f}" font-size="{2.1 * unit:.1f}" fill="#fff" stroke="#000" '
        f'stroke-width="{0.45 * unit:.1f}" paint-order="stroke" font-family="system-ui, sans-serif">'
        f"{length_m} m</text>"
    )
