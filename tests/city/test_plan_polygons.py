"""Convex polygons, against slow and obvious references."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gleam.city.plan.dice import Dice
from gleam.city.plan.occupancy import fill_polygon, mark_polyline, mark_rectangle
from gleam.city.plan.polygons import (
    area,
    clip,
    clip_tagged,
    contains,
    fit_rectangle,
    inset,
    oriented_box,
    random_point,
    random_points,
    split_into_lots,
)


@st.composite
def convex_polygons(draw):
    """Points on an ellipse in order: always convex, counter-clockwise."""
    n = draw(st.integers(3, 8))
    turns = sorted(draw(st.lists(st.floats(0, 2 * math.pi - 0.01), min_size=n, max_size=n, unique=True)))
    rx, ry = draw(st.floats(20, 120)), draw(st.floats(20, 120))
    polygon = [(rx * math.cos(t), ry * math.sin(t)) for t in turns]
    assume(area(polygon) > 200)
    return polygon


lines = st.tuples(st.floats(0, 2 * math.pi), st.floats(-60, 60))


@given(convex_polygons(), lines)
def test_the_two_halves_of_a_cut_make_up_the_whole(polygon, line):
    turn, offset = line
    nx, ny = math.cos(turn), math.sin(turn)
    near, far = clip(polygon, nx, ny, offset), clip(polygon, -nx, -ny, -offset)
    total = sum(area(part) for part in (near, far) if len(part) >= 3)
    assert total == pytest.approx(area(polygon), rel=1e-9)
    assert all(nx * x + ny * y <= offset + 1e-9 for x, y in near)


@given(convex_polygons(), lines)
def test_tags_stay_on_their_sides(polygon, line):
    turn, offset = line
    nx, ny = math.cos(turn), math.sin(turn)
    part, tags = clip_tagged(polygon, list(range(len(polygon))), nx, ny, offset, -1)
    plain = clip(polygon, nx, ny, offset)
    assert len(part) == len(plain)
    if part:
        gaps = np.linalg.norm(np.array(part)[:, None] - np.array(plain), axis=2)
        assert gaps.min(axis=1).max() < 1e-9
    assert len(tags) == len(part)
    for i, tag in enumerate(tags):
        p, q = part[i], part[(i + 1) % len(part)]
        middle = ((p[0] + q[0]) / 2, (p[1] + q[1]) / 2)
        if tag == -1:
            assert nx * middle[0] + ny * middle[1] == pytest.approx(offset, abs=1e-6)
        else:
            a, b = polygon[tag], polygon[(tag + 1) % len(polygon)]
            cross = (b[0] - a[0]) * (middle[1] - a[1]) - (b[1] - a[1]) * (middle[0] - a[0])
            assert abs(cross) / math.dist(a, b) < 1e-6 or math.dist(p, q) < 1e-6


@given(convex_polygons(), st.floats(0.1, 10))
def test_inset_keeps_its_distance_from_every_side(polygon, distance):
    for x, y in inset(polygon, distance):
        for i in range(len(polygon)):
            (px, py), (qx, qy) = polygon[i], polygon[(i + 1) % len(polygon)]
            length = math.hypot(qx - px, qy - py)
            if length > 1e-3:
                off = ((qx - px) * (y - py) - (qy - py) * (x - px)) / length
                assert off >= distance - 1e-6


@given(convex_polygons())
def test_box_holds_the_polygon_and_the_rectangle_lies_inside(polygon):
    box = oriented_box(polygon)
    rectangle = fit_rectangle(polygon)
    assert box is not None and rectangle is not None
    for x, y in polygon:
        assert box.x0 - 1e-9 <= box.cos * x + box.sin * y <= box.x1 + 1e-9
        assert box.y0 - 1e-9 <= box.cos * y - box.sin * x <= box.y1 + 1e-9
    c, s = math.cos(rectangle.angle), math.sin(rectangle.angle)
    for sx in (-0.999, 0.999):
        for sy in (-0.999, 0.999):
            lx, ly = sx * rectangle.hx, sy * rectangle.hy
            assert contains(polygon, rectangle.x + c * lx - s * ly, rectangle.y + s * lx + c * ly)


def test_lots_make_up_the_block():
    block = [(0.0, 0.0), (200.0, 10.0), (190.0, 120.0), (-10.0, 100.0)]
    lots = split_into_lots(block, 1500, (0.7, 1.5), (0.4, 0.6), Dice(1))
    assert len(lots) > 8
    assert sum(map(area, lots)) == pytest.approx(area(block))


def test_random_points_are_inside_and_uniform():
    polygon = [(0.0, 0.0), (30.0, 0.0), (30.0, 10.0), (10.0, 20.0), (0.0, 10.0)]
    points = random_points(polygon, 20_000, Dice(3))
    assert all(contains(polygon, x, y) for x, y in points.tolist())
    # The left 10 m hold 150 of the 400 m2.
    share = (points[:, 0] < 10).mean()
    left = area(clip(polygon, 1, 0, 10)) / area(polygon)
    assert share == pytest.approx(left, abs=0.015)
    dice = Dice(4)
    single = np.array([random_point(polygon, dice) for _ in range(5000)])
    assert single.mean(axis=0) == pytest.approx(points.mean(axis=0), abs=0.4)


@given(convex_polygons(), st.floats(0.5, 4))
@settings(max_examples=15)
def test_polygons_are_filled_at_the_centres_inside(polygon, cell):
    x, y = np.array(polygon).T + 130.0
    raster = np.zeros((100, 90), np.uint16)
    fill_polygon(raster, cell, x, y, 7)
    moved = list(zip(x.tolist(), y.tolist(), strict=True))
    for j in range(0, 100, 3):
        for i in range(0, 90, 3):
            cx, cy = (i + 0.5) * cell, (j + 0.5) * cell
            edge = min(
                abs((q[0] - p[0]) * (cy - p[1]) - (q[1] - p[1]) * (cx - p[0])) / max(math.dist(p, q), 1e-9)
                for p, q in zip(moved, moved[1:] + moved[:1], strict=True)
            )
            if edge > 1e-6:
                assert (raster[j, i] == 7) == contains(moved, cx, cy)


def test_marks_cover_exactly_the_centres_inside():
    raster = np.zeros((60, 70), np.uint8)
    c, s = math.cos(0.6), math.sin(0.6)
    mark_rectangle(raster, 31.3, 24.8, c, s, 14.2, 7.7, 4)
    line_x, line_y = np.array([-5.0, 22.0, 66.0]), np.array([50.0, 38.0, 63.0])
    mark_polyline(raster, line_x, line_y, 5.0, 1, 2.0, 2)
    for j in range(60):
        for i in range(70):
            dx, dy = i + 0.5 - 31.3, j + 0.5 - 24.8
            inside = abs(dx * c + dy * s) <= 14.2 and abs(dy * c - dx * s) <= 7.7
            off = min(
                _distance(i + 0.5, j + 0.5, line_x[k], line_y[k], line_x[k + 1], line_y[k + 1])
                for k in (0, 1)
            )
            assert raster[j, i] == 4 * inside + (off <= 5.0) + 2 * (off <= 2.0)


def _distance(x, y, x0, y0, x1, y1):
    ex, ey = x1 - x0, y1 - y0
    t = min(1.0, max(0.0, ((x - x0) * ex + (y - y0) * ey) / (ex * ex + ey * ey)))
    return math.hypot(x - x0 - t * ex, y - y0 - t * ey)
