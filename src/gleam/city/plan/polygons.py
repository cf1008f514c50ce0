"""Small convex polygons as lists of (x, y), counter-clockwise.

Blocks and lots have three to eight corners and are cut thousands of times, so plain Python beats
arrays and general geometry libraries here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gleam.city.plan.dice import Dice

Point = tuple[float, float]
Polygon = list[Point]


class OrientedBox(NamedTuple):
    """A box whose x axis points along (cos, sin); the ranges are in that turned frame."""

    cos: float
    sin: float
    x0: float
    x1: float
    y0: float
    y1: float


class Rectangle(NamedTuple):
    """A rectangle by centre, angle of its x axis in radians and half sides."""

    x: float
    y: float
    angle: float
    hx: float
    hy: float


def area(polygon: Polygon) -> float:
    """Return the signed area; positive when counter-clockwise."""
    total = 0.0
    px, py = polygon[-1]
    for qx, qy in polygon:
        total += px * qy - qx * py
        px, py = qx, qy
    return total / 2


def clip(polygon: Polygon, nx: float, ny: float, offset: float) -> Polygon:
    """Keep the part where nx * x + ny * y <= offset."""
    kept: Polygon = []
    p = polygon[-1]
    dp = nx * p[0] + ny * p[1] - offset
    for q in polygon:
        dq = nx * q[0] + ny * q[1] - offset
        if (dp < 0 < dq) or (dq < 0 < dp):
            t = dp / (dp - dq)
            kept.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
        if dq <= 0:
            kept.append(q)
        p, dp = q, dq
    return kept


def clip_tagged(
    polygon: Polygon, tags: Sequence[int], nx: float, ny: float, offset: float, tag_of_cut: int
) -> tuple[Polygon, list[int]]:
    """Clip like :func:`clip` while carrying a tag per side (side i goes from corner i to i + 1)."""
    kept: Polygon = []
    kept_tags: list[int] = []
    n = len(polygon)
    distance = [nx * x + ny * y - offset for x, y in polygon]
    for i in range(n):
        p, dp = polygon[i], distance[i]
        q, dq = polygon[(i + 1) % n], distance[(i + 1) % n]
        if dp <= 0:
            kept.append(p)
            kept_tags.append(tag_of_cut if dp == 0 and dq > 0 else tags[i])
        if (dp < 0 < dq) or (dq < 0 < dp):
            t = dp / (dp - dq)
            kept.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
            kept_tags.append(tag_of_cut if dp < 0 else tags[i])
    return kept, kept_tags


def inset(polygon: Polygon, distance: float | Sequence[float]) -> Polygon:
    """Move the sides inwards by one distance or one per side; empty when nothing is left."""
    result = list(polygon)
    n = len(polygon)
    for i in range(n):
        p, q = polygon[i], polygon[(i + 1) % n]
        ex, ey = q[0] - p[0], q[1] - p[1]
        length = math.hypot(ex, ey)
        if length < 1e-6:
            continue
        nx, ny = ey / length, -ex / length
        by = distance if isinstance(distance, int | float) else distance[i]
        result = clip(result, nx, ny, nx * p[0] + ny * p[1] - by)
        if len(result) < 3:
            return []
    return result


def oriented_box(polygon: Polygon) -> OrientedBox | None:
    """Return the smallest box along one of the sides; None when all sides are under a metre."""
    best: OrientedBox | None = None
    best_area = math.inf
    px, py = polygon[-1]
    for qx, qy in polygon:
        length = math.hypot(qx - px, qy - py)
        if length >= 1.0:
            box = box_along(polygon, (qx - px) / length, (qy - py) / length)
            size = (box.x1 - box.x0) * (box.y1 - box.y0)
            if size < best_area:
                best, best_area = box, size
        px, py = qx, qy
    return best


def box_along(polygon: Polygon, cos: float, sin: float) -> OrientedBox:
    """Return the bounding box whose x axis points along (cos, sin)."""
    xs = [cos * x + sin * y for x, y in polygon]
    ys = [cos * y - sin * x for x, y in polygon]
    return OrientedBox(cos, sin, min(xs), max(xs), min(ys), max(ys))


def contains(polygon: Polygon, x: float, y: float) -> bool:
    """Tell whether a point lies in a convex counter-clockwise polygon."""
    px, py = polygon[-1]
    for qx, qy in polygon:
        if (qx - px) * (y - py) - (qy - py) * (x - px) < 0:
            return False
        px, py = qx, qy
    return True


def fit_rectangle(polygon: Polygon) -> Rectangle | None:
    """Return a large rectangle inside a convex polygon, shaped like its oriented box."""
    box = oriented_box(polygon)
    if box is None:
        return None
    c, s = box.cos, box.sin
    hx, hy = (box.x1 - box.x0) / 2, (box.y1 - box.y0) / 2
    mx, my = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    n = len(polygon)
    centres = (
        (c * mx - s * my, s * mx + c * my),
        (sum(p[0] for p in polygon) / n, sum(p[1] for p in polygon) / n),
    )
    # Reach of the rectangle beyond its centre in the direction of each side's outward normal.
    sides: list[tuple[float, float, float, float]] = []
    px, py = polygon[-1]
    for qx, qy in polygon:
        length = math.hypot(qx - px, qy - py)
        if length > 1e-9:
            nx, ny = (qy - py) / length, (px - qx) / length
            reach = abs(nx * c + ny * s) * hx + abs(ny * c - nx * s) * hy
            sides.append((nx, ny, nx * px + ny * py, reach))
        px, py = qx, qy
    best, best_scale = centres[0], 0.0
    for ox, oy in centres:
        free = ((offset - nx * ox - ny * oy) / max(reach, 1e-9) for nx, ny, offset, reach in sides)
        scale = min(1.0, *free)
        if scale > best_scale:
            best, best_scale = (ox, oy), scale
    return Rectangle(best[0], best[1], math.atan2(s, c), hx * best_scale, hy * best_scale)


def split_into_lots(
    polygon: Polygon, target_m2: float, spread: tuple[float, float], cut: tuple[float, float], dice: Dice
) -> list[Polygon]:
    """Halve a polygon across its long side until the parts are near the target area.

    ``spread`` is the range of factors on the target, ``cut`` the range of where the cut falls.
    """
    box = oriented_box(polygon)
    if box is None:
        return []
    if area(polygon) < target_m2 * dice.between(*spread):
        return [polygon]
    f = dice.between(*cut)
    if box.x1 - box.x0 > box.y1 - box.y0:
        nx, ny, offset = box.cos, box.sin, box.x0 + f * (box.x1 - box.x0)
    else:
        nx, ny, offset = -box.sin, box.cos, box.y0 + f * (box.y1 - box.y0)
    near, far = clip(polygon, nx, ny, offset), clip(polygon, -nx, -ny, -offset)
    if len(near) < 3 or len(far) < 3:
        return [polygon]
    return split_into_lots(near, target_m2, spread, cut, dice) + split_into_lots(
        far, target_m2, spread, cut, dice
    )


def random_points(polygon: Polygon, n: int, dice: Dice) -> NDArray[np.float64]:
    """Return ``n`` points, uniform over a convex polygon, as an (n, 2) array."""
    corners = np.asarray(polygon)
    a, b, c = corners[0], corners[1:-1], corners[2:]
    sizes = np.abs((b[:, 0] - a[0]) * (c[:, 1] - a[1]) - (b[:, 1] - a[1]) * (c[:, 0] - a[0]))
    u, v, w = dice.units(3, n)
    bounds = np.cumsum(sizes)
    k = np.minimum(np.searchsorted(bounds, w * bounds[-1]), len(sizes) - 1)
    over = u + v > 1
    u, v = np.where(over, 1 - u, u), np.where(over, 1 - v, v)
    points: NDArray[np.float64] = a + u[:, None] * (b[k] - a) + v[:, None] * (c[k] - a)
    return points


def random_point(polygon: Polygon, dice: Dice) -> Point:
    """Return one point, uniform over a convex polygon."""
    ax, ay = polygon[0]
    sizes = []
    for (bx, by), (cx, cy) in pairwise(polygon[1:]):
        sizes.append(abs((bx - ax) * (cy - ay) - (by - ay) * (cx - ax)))
    rest = dice.unit() * sum(sizes)
    k = 0
    while k < len(sizes) - 1 and rest > sizes[k]:
        rest -= sizes[k]
        k += 1
    u, v = dice.unit(), dice.unit()
    if u + v > 1:
        u, v = 1 - u, 1 - v
    (bx, by), (cx, cy) = polygon[k + 1], polygon[k + 2]
    return ax + u * (bx - ax) + v * (cx - ax), ay + u * (by - ay) + v * (cy - ay)
