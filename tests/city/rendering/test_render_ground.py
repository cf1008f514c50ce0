"""The ground: what is where, and noise that is smooth and repeatable."""

import numpy as np
import pytest

from gleam.city.renderer.ground import ground_at
from gleam.city.renderer.noise import hash_cell, hash_pair, noise, noise_3d
from gleam.city.renderer.packing import world_of
from gleam.city.scene import (
    AREA_COLUMNS,
    FLAG_CROSSING_A,
    FLAG_MEDIAN,
    SEG_COLUMNS,
    Ground,
    Mark,
    RoadClass,
    SegmentKind,
    Shape,
)


def road(x0, y0, x1, y1, half, rank, *, flags=0, sidewalk=3.0, kind=SegmentKind.ROAD, seed=0.9):
    row = np.zeros(SEG_COLUMNS, np.float32)
    length = np.hypot(x1 - x0, y1 - y0)
    row[:] = kind, x0, y0, x1, y1, half, rank, 0, length, 10, 10, flags, seed, sidewalk, 0
    return row


def area(kind, x, y, hx, hy, shape, priority, *, style=0.0):
    row = np.zeros(AREA_COLUMNS, np.float32)
    row[:] = kind, x, y, 1, 0, hx, hy, shape, 0.3, style, priority
    return row


def at(scene, x, y):
    return ground_at(x, y, world_of(scene))


def test_a_street_has_tarmac_kerb_sidewalk_and_marks(build):
    scene = build(segments=[road(50, 100, 250, 100, 6.0, RoadClass.COLLECTOR, flags=FLAG_CROSSING_A)])
    kind, across, along, _, rank, mark, _ = at(scene, 150.0, 102.0)
    assert (kind, rank, mark) == (Ground.ROAD, RoadClass.COLLECTOR, Mark.NONE)
    assert across == pytest.approx(2.0) and along == pytest.approx(100.0)
    assert at(scene, 150.0, 98.0)[1] == pytest.approx(-2.0)
    kind, beside, *_, mark, _ = at(scene, 150.0, 106.1)
    assert (kind, mark) == (Ground.SIDEWALK, Mark.KERB) and beside == pytest.approx(0.1, abs=1e-5)
    assert at(scene, 150.0, 108.0)[0] == Ground.SIDEWALK
    assert at(scene, 150.0, 109.5)[0] == Ground.GRASS
    stripes = {at(scene, 62.0, 94.0 + 0.1 * n)[5] for n in range(1, 119)}
    assert stripes == {Mark.NONE, Mark.WHITE}  # the zebra
    dashes = {at(scene, 100.0 + 0.5 * n, 100.0)[5] for n in range(100)}
    assert dashes == {Mark.NONE, Mark.WHITE}  # the middle line


def test_the_higher_road_wins_where_two_cross(build):
    local = road(150, 20, 150, 300, 4.0, RoadClass.LOCAL)
    arterial = road(20, 150, 300, 150, 9.0, RoadClass.ARTERIAL, flags=FLAG_MEDIAN)
    for order in ([local, arterial], [arterial, local]):
        assert at(build(segments=order), 150.0, 155.0)[4] == RoadClass.ARTERIAL
    assert at(build(segments=[arterial]), 100.0, 150.5)[0] == Ground.ISLAND  # the green median


def test_a_roundabout_lies_over_junctions_and_roads(build):
    segments = [
        road(100, 150, 200, 150, 4.0, RoadClass.LOCAL),
        road(150, 100, 150, 200, 4.0, RoadClass.LOCAL),
    ]
    junction = area(Ground.ROAD, 150, 150, 12.0, 0, Shape.JUNCTION, 80)
    ring = area(Ground.ISLAND, 150, 150, 15.0, 7.0, Shape.ROUNDABOUT, 90)
    scene = build(segments=segments, areas=[ring, junction])
    assert at(scene, 150.0, 150.0)[0] == Ground.ISLAND
    assert at(scene, 161.0, 150.0)[0] == Ground.ROAD
    assert at(scene, 150.0 + 12.0, 150.0 + 12.0)[0] == Ground.SIDEWALK
    corner = (150.0 + 5.0, 150.0 + 5.0)
    assert at(build(segments=segments), *corner)[0] == Ground.SIDEWALK
    assert at(build(segments=segments, areas=[junction]), *corner)[0] == Ground.ROAD


def test_water_banks_bridges_and_rails(build):
    river = road(50, 160, 270, 160, 20.0, 0, kind=SegmentKind.RIVER)
    bridge = road(150, 100, 150, 220, 6.0, RoadClass.COLLECTOR, flags=8)
    rail = road(50, 60, 270, 60, 6.5, 0, kind=SegmentKind.RAIL)
    scene = build(segments=[river, bridge, rail])
    assert at(scene, 100.0, 160.0)[0] == Ground.WATER
    assert at(scene, 150.0, 160.0)[0] == Ground.ROAD
    assert at(scene, 100.0, 184.5)[0] == Ground.PATH  # along the bank
    kind, across, *_ = at(scene, 100.0, 62.6)
    assert kind == Ground.RAIL and across == pytest.approx(2.6, abs=1e-4)


def test_areas_show_by_priority_and_outside_the_city_is_grass(build):
    parking = area(Ground.PARKING, 100, 100, 20, 16, Shape.RECTANGLE, 20)
    pond = area(Ground.WATER, 100, 100, 6, 6, Shape.BLOB, 35)
    scene = build(areas=[pond, parking])
    assert at(scene, 100.0, 100.0)[0] == Ground.WATER
    assert at(scene, 115.0, 100.0)[0] == Ground.PARKING
    assert at(scene, 125.0, 100.0)[0] == Ground.GRASS
    for x, y in ((-5.0, 10.0), (10.0, -5.0), (400.0, 10.0), (10.0, 400.0)):
        assert at(scene, x, y)[0] == Ground.GRASS


def test_noise_is_smooth_and_within_bounds():
    rng = np.random.default_rng(0)
    points = rng.uniform(-300, 300, (400, 3))
    flat = np.array([noise(x, y) for x, y, _ in points])
    deep = np.array([noise_3d(*p) for p in points])
    assert 0 <= flat.min() < 0.2 and 0.8 < flat.max() < 1 and deep.min() >= 0 and deep.max() < 1
    moved = np.array([noise(x + 1e-3, y) for x, y, _ in points])
    assert np.abs(moved - flat).max() < 3e-3
    assert np.array([noise_3d(x, y, z + 1e-3) for x, y, z in points]) == pytest.approx(deep, abs=3e-3)


def test_hashes_spread_evenly():
    cells = np.array([hash_cell(i, j) for i in range(60) for j in range(60)])
    counts, _ = np.histogram(cells, 10, (0, 1))
    assert counts.min() > 280 and counts.max() < 440
    assert hash_pair(0.1, 0.2) != hash_pair(0.2, 0.1)
