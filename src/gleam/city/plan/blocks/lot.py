"""The buildable part of a block, and ways to walk along its outline."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from gleam.city.plan.dice import Dice
from gleam.city.plan.polygons import (
    Point,
    Polygon,
    area,
    box_along,
    contains,
    oriented_box,
    random_point,
)


@dataclass(frozen=True)
class Lot:
    """A block without its streets, in sheet coordinates, with a frame along its longer side.

    ``x0 <= x1`` and ``y0 <= y1`` bound it in that frame; the x axis points along ``angle``.
    """

    polygon: Polygon
    area_m2: float
    angle: float
    x0: float
    x1: float
    y0: float
    y1: float
    seed: float

    @property
    def length(self) -> float:
        """Extent along the longer side, m."""
        return self.x1 - self.x0

    @property
    def depth(self) -> float:
        """Extent across, m."""
        return self.y1 - self.y0

    @property
    def middle(self) -> Point:
        """Centre of the bounding box, on the sheet."""
        return self.at((self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2)

    def at(self, lx: float, ly: float) -> Point:
        """Return the sheet position of a point of the lot's frame."""
        c, s = math.cos(self.angle), math.sin(self.angle)
        return c * lx - s * ly, s * lx + c * ly

    def holds(self, x: float, y: float) -> bool:
        """Tell whether a sheet position lies in the lot."""
        return contains(self.polygon, x, y)

    def point(self, dice: Dice) -> Point:
        """Return a random sheet position in the lot."""
        return random_point(self.polygon, dice)


def make_lot(polygon: Polygon, seed: float) -> Lot | None:
    """Measure a lot; None when its outline is degenerate."""
    box = oriented_box(polygon)
    if box is None:
        return None
    angle = math.atan2(box.sin, box.cos)
    if box.x1 - box.x0 < box.y1 - box.y0:
        angle += math.pi / 2
        box = box_along(polygon, math.cos(angle), math.sin(angle))
    return Lot(polygon, area(polygon), angle, box.x0, box.x1, box.y0, box.y1, seed)


class Plot(NamedTuple):
    """A place for a building at the street: sheet centre, angle along the street, half sides."""

    x: float
    y: float
    angle: float
    hx: float
    hy: float

    def at(self, along: float, back: float) -> Point:
        """Return the sheet position so far along the street and away from it."""
        c, s = math.cos(self.angle), math.sin(self.angle)
        return self.x + c * along - s * back, self.y + s * along + c * back


def frontage(
    polygon: Polygon,
    setback: float,
    depth: tuple[float, float],
    width: tuple[float, float],
    gap: float,
    dice: Dice,
) -> Iterator[Plot]:
    """Walk along every side of a block and yield the plots there, wall to wall when ``gap`` is 0."""
    n = len(polygon)
    for i in range(n):
        (px, py), (qx, qy) = polygon[i], polygon[(i + 1) % n]
        length = math.hypot(qx - px, qy - py)
        if length < width[0]:
            continue
        c, s = (qx - px) / length, (qy - py) / length
        angle = math.atan2(s, c)
        along = gap * dice.between(0.3, 0.8)
        while along < length - width[0] * 0.6:
            plot_width = min(dice.between(*width), length - along)
            plot_depth = dice.between(*depth)
            mx, my = along + plot_width / 2, setback + plot_depth / 2
            yield Plot(px + c * mx - s * my, py + s * mx + c * my, angle, plot_width / 2, plot_depth / 2)
            along += plot_width + gap * dice.between(0.7, 1.3)
