"""Nothing collides, streets hang together, and the indices are complete; checked by exact geometry."""

from __future__ import annotations

import math
from collections import defaultdict
from functools import cache

import numpy as np
import pytest

from gleam.city.plan import make_scene
from gleam.city.scene import (
    AREA_HX,
    AREA_HY,
    AREA_SHAPE,
    AREA_X,
    AREA_Y,
    CELL_M,
    FLAG_BRIDGE,
    OBJ_COS,
    OBJ_FACADE,
    OBJ_HX,
    OBJ_HY,
    OBJ_KIND,
    OBJ_SIN,
    OBJ_X,
    OBJ_Y,
    OBJ_Z0,
    OBJ_Z1,
    SEG_EDGE,
    SEG_HALF_WIDTH,
    SEG_KIND,
    SEG_LENGTH_M,
    SEG_SIDEWALK,
    SEG_START_M,
    SEG_X0,
    SEG_X1,
    SEG_Y0,
    SEG_Y1,
    Facade,
    ObjectKind,
    Scene,
    SegmentKind,
    Shape,
)

ROAD_TOLERANCE_M = 0.3
"""The collision raster has cells of a metre."""


@cache
def scene_of(seed: int, size_m: float) -> Scene:
    return make_scene(seed, size_m)


def buildings_on_ground(scene: Scene) -> np.ndarray:
    objects = scene.objects.astype(float)
    is_box = (objects[:, OBJ_KIND] == ObjectKind.BUILDING) & (objects[:, OBJ_Z0] == 0)
    # Monuments (plain stone, under two metres) stand on roundabouts on purpose.
    monument = (objects[:, OBJ_FACADE] == Facade.PLAIN) & (objects[:, OBJ_HX] < 2)
    return objects[is_box & ~monument]


def distance_to_box(box: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    dx, dy = x - box[OBJ_X], y - box[OBJ_Y]
    lx = np.abs(dx * box[OBJ_COS] + dy * box[OBJ_SIN]) - box[OBJ_HX]
    ly = np.abs(dy * box[OBJ_COS] - dx * box[OBJ_SIN]) - box[OBJ_HY]
    return np.hypot(np.maximum(lx, 0), np.maximum(ly, 0))


@pytest.mark.parametrize("seed", [5, 6])
def test_no_building_stands_on_a_road_a_river_a_railway_or_a_roundabout(seed):
    scene = scene_of(seed, 1000)
    segments = scene.segments.astype(float)
    segments = segments[segments[:, SEG_KIND] != SegmentKind.PATH]
    low_x, high_x = np.sort(segments[:, [SEG_X0, SEG_X1]], axis=1).T
    low_y, high_y = np.sort(segments[:, [SEG_Y0, SEG_Y1]], axis=1).T
    boxes = buildings_on_ground(scene)
    assert len(boxes) > 500
    checked = 0
    for box in boxes:
        reach = math.hypot(box[OBJ_HX], box[OBJ_HY]) + 40
        near = (low_x < box[OBJ_X] + reach) & (high_x > box[OBJ_X] - reach)
        near &= (low_y < box[OBJ_Y] + reach) & (high_y > box[OBJ_Y] - reach)
        t = np.linspace(0, 1, 81)
        rows = segments[near]
        x = rows[:, [SEG_X0]] + t * (rows[:, [SEG_X1]] - rows[:, [SEG_X0]])
        y = rows[:, [SEG_Y0]] + t * (rows[:, [SEG_Y1]] - rows[:, [SEG_Y0]])
        gap = distance_to_box(box, x, y).min(axis=1) - rows[:, SEG_HALF_WIDTH]
        allowed = np.where(rows[:, SEG_KIND] == SegmentKind.ROAD, -ROAD_TOLERANCE_M, 0.0)
        assert (gap >= allowed).all(), (box[:7], rows[gap < allowed], gap.min())
        checked += len(rows)
    assert checked > 5000
    round_ones = scene.areas[scene.areas[:, AREA_SHAPE] == Shape.ROUNDABOUT].astype(float)
    for area in round_ones:
        for box in boxes:
            off = distance_to_box(box, np.array([area[AREA_X]]), np.array([area[AREA_Y]]))[0]
            assert off >= area[AREA_HX]


def test_houses_stand_apart_outside_the_old_town():
    boxes = buildings_on_ground(scene_of(5, 1000))
    seeds = boxes[:, 18]
    houses = boxes[boxes[:, OBJ_FACADE] == Facade.HOUSE]
    assert len(houses) > 100
    for house in houses:
        others = boxes[(np.hypot(boxes[:, OBJ_X] - house[OBJ_X], boxes[:, OBJ_Y] - house[OBJ_Y]) < 60)]
        others = others[~np.isin(others[:, 18], seeds[seeds == house[18]])]
        if len(others):
            # A house never swallows the centre of another building.
            assert (distance_to_box(house, others[:, OBJ_X], others[:, OBJ_Y]) > 0).all()


def test_edges_end_at_their_nodes_and_segments_follow_their_edges():
    scene = scene_of(5, 1000)
    degree: dict[int, int] = defaultdict(int)
    for edge in scene.edges:
        for number, k in ((edge.node_a, 0), (edge.node_b, -1)):
            node = scene.nodes[number]
            assert math.hypot(edge.x[k] - node.x, edge.y[k] - node.y) < 1e-6
            degree[number] += 1
        assert edge.along_m[0] == 0
        assert edge.length_m == pytest.approx(np.hypot(np.diff(edge.x), np.diff(edge.y)).sum())
        assert edge.name
    assert {number: node.degree for number, node in scene.nodes.items()} == dict(degree)
    roads = scene.segments[scene.segments[:, SEG_KIND] == SegmentKind.ROAD]
    assert len(roads) == sum(len(edge.x) - 1 for edge in scene.edges)
    for row in roads[:: max(1, len(roads) // 300)]:
        edge = scene.edges[int(row[SEG_EDGE])]
        at = (
            np.interp(row[SEG_START_M], edge.along_m, edge.x),
            np.interp(row[SEG_START_M], edge.along_m, edge.y),
        )
        assert at == pytest.approx((row[SEG_X0], row[SEG_Y0]), abs=1e-3)
        assert row[SEG_LENGTH_M] == pytest.approx(edge.length_m, rel=1e-5)


@pytest.mark.parametrize(("seed", "size"), [(5, 1000), (6, 1000), (11, 3000)])
def test_streets_hang_together(seed, size):
    scene = scene_of(seed, size)
    parent = {number: number for number in scene.nodes}

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for edge in scene.edges:
        parent[root(edge.node_a)] = root(edge.node_b)
    length: dict[int, float] = defaultdict(float)
    for edge in scene.edges:
        length[root(edge.node_a)] += edge.length_m
    assert max(length.values()) > 0.95 * sum(length.values())


def test_roads_meet_water_only_on_bridges():
    scene = scene_of(5, 1000)
    for edge in scene.edges:
        at = np.arange(0, edge.length_m, 2.0)
        x, y = np.interp(at, edge.along_m, edge.x), np.interp(at, edge.along_m, edge.y)
        deepest = 0.0
        for river in scene.rivers:
            a, b = river.points[:-1], river.points[1:]
            e = b - a
            rel = np.stack([x, y], axis=1)[:, None] - a
            t = np.clip((rel * e).sum(axis=2) / (e * e).sum(axis=1), 0, 1)
            off = np.linalg.norm(rel - t[..., None] * e, axis=2).min(axis=1)
            deepest = max(deepest, float((river.half_width_m - off).max()))
        inside = (x.min() > 0) and (y.min() > 0) and (x.max() < 1000) and (y.max() < 1000)
        if deepest > 3 and inside:
            assert edge.flags & FLAG_BRIDGE


def brute_force_cells(low: np.ndarray, high: np.ndarray, nx: int, ny: int) -> list[set[int]]:
    """Return for each cell the numbers of the boxes whose range of cells holds it."""
    cells: list[set[int]] = [set() for _ in range(nx * ny)]
    for k, ((x0, y0), (x1, y1)) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
        for j in range(max(0, math.floor(y0 / CELL_M)), min(ny - 1, math.floor(y1 / CELL_M)) + 1):
            for i in range(max(0, math.floor(x0 / CELL_M)), min(nx - 1, math.floor(x1 / CELL_M)) + 1):
                cells[j * nx + i].add(k)
    return cells


def held(index) -> list[set[int]]:
    cells = [set(index.items[a:b].tolist()) for a, b in zip(index.start[:-1], index.start[1:], strict=True)]
    assert sum(map(len, cells)) == len(index.items)
    return cells


def test_object_index_is_complete_and_tops_are_right():
    scene = scene_of(5, 1000)
    o = scene.objects.astype(float)
    ax = np.abs(o[:, OBJ_COS]) * o[:, OBJ_HX] + np.abs(o[:, OBJ_SIN]) * o[:, OBJ_HY]
    ay = np.abs(o[:, OBJ_SIN]) * o[:, OBJ_HX] + np.abs(o[:, OBJ_COS]) * o[:, OBJ_HY]
    centre, reach = o[:, [OBJ_X, OBJ_Y]], np.stack([ax, ay], axis=1)
    # A hair inside, so that rounding to float32 cannot decide.
    wanted = brute_force_cells(centre - reach + 1e-3, centre + reach - 1e-3, *scene.grid_size)
    cells = held(scene.object_index)
    for number, (want, have) in enumerate(zip(wanted, cells, strict=True)):
        assert want <= have
        top = max((o[k, OBJ_Z1] + o[k, 9] for k in have), default=0.0)
        assert scene.cell_top_m[number] == pytest.approx(top)
    assert (o[:, OBJ_X] - ax > -1e-3).all() and (o[:, OBJ_X] + ax < scene.width_m + 1e-3).all()


def test_segment_index_holds_all_that_shows_on_the_ground():
    scene = scene_of(5, 1000)
    s = scene.segments.astype(float)
    banks = {SegmentKind.ROAD: 0.0, SegmentKind.RIVER: 8.0, SegmentKind.RAIL: 2.0, SegmentKind.PATH: 0.0}
    pad = (
        s[:, SEG_HALF_WIDTH]
        + s[:, SEG_SIDEWALK]
        + np.array([banks[SegmentKind(int(k))] for k in s[:, SEG_KIND]])
    )
    ends = np.stack([s[:, [SEG_X0, SEG_Y0]], s[:, [SEG_X1, SEG_Y1]]])
    low, high = ends.min(axis=0) - pad[:, None], ends.max(axis=0) + pad[:, None]
    wanted = brute_force_cells(low, high, *scene.grid_size)
    assert all(want <= have for want, have in zip(wanted, held(scene.segment_index), strict=True))


def test_area_index_holds_every_area_and_priorities_ascend():
    scene = scene_of(5, 1000)
    a = scene.areas.astype(float)
    assert (np.diff(a[:, 10]) >= 0).all()
    corners = np.hypot(a[:, AREA_HX], a[:, AREA_HY])
    blob = np.sqrt(1.22) * np.maximum(a[:, AREA_HX], a[:, AREA_HY])
    reach = np.where(a[:, AREA_SHAPE] == Shape.RECTANGLE, corners, blob)
    reach = np.where(a[:, AREA_SHAPE] == Shape.ROUNDABOUT, a[:, AREA_HX] + 3.0, reach)
    reach = np.where(a[:, AREA_SHAPE] == Shape.JUNCTION, a[:, AREA_HX], reach)[:, None] - 1e-3
    centre = a[:, [AREA_X, AREA_Y]]
    wanted = brute_force_cells(centre - reach, centre + reach, *scene.grid_size)
    assert all(want <= have for want, have in zip(wanted, held(scene.area_index), strict=True))
