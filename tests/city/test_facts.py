"""Facts against slow counts over all arrays, with geometry of their own."""

from __future__ import annotations

import gc
import json
import math
import time
import weakref
from collections import defaultdict
from functools import cache

import numpy as np
import pytest

from gleam.city.facts import axis_name, bearing_of, colour_name, facts_row, index_of, place_facts
from gleam.city.facts.words import AREA_NAMES, LAND_USE_NAMES, ROOF_COLOURS, ROOF_KIND_NAMES
from gleam.city.plan import make_scene
from gleam.city.scene import FLAG_BRIDGE, Facade, Ground, ObjectKind, RoadClass, Roof, Scene, Shape
from gleam.errors import GleamError

SIZE_M = 1500.0
HALF_M = 64.0


@cache
def city() -> Scene:
    return make_scene(8, SIZE_M)


def spots() -> list[tuple[float, float]]:
    """Places all over the city, at its rim, on a roundabout, a bridge and a pond."""
    scene = city()
    found = np.random.default_rng(2).uniform(0, SIZE_M, (25, 2)).tolist()
    found += [(0.0, 0.0), (SIZE_M, 700.0)]
    found += [
        (n.x + 10, n.y) for n in scene.nodes.values() if n.roundabout and 0 < n.x < 1400 and 0 < n.y < 1500
    ][:2]
    bridges = [e for e in scene.edges if e.flags & FLAG_BRIDGE]
    found += [(float(e.x.mean()), float(e.y.mean())) for e in bridges if 0 < e.x.mean() < SIZE_M][:4]
    water = scene.areas[scene.areas[:, 0] == Ground.WATER]
    found += [(float(a[1]) + 5, float(a[2])) for a in water[:3]]
    return [(x, y) for x, y in found if 0 <= x <= SIZE_M and 0 <= y <= SIZE_M]


def in_square(px: float, py: float, x: float, y: float) -> bool:
    return abs(px - x) <= HALF_M and abs(py - y) <= HALF_M


def slow_buildings(scene: Scene) -> list[dict[str, object]]:
    """Group the parts of buildings pair by pair, and describe each building."""
    parts = [row for row in scene.objects.astype(float).tolist() if row[0] == 0 and row[17] != Facade.PLAIN]
    by_seed: dict[float, list[list[float]]] = defaultdict(list)
    for row in parts:
        by_seed[row[18]].append(row)
    groups: list[list[list[float]]] = []
    for rows in by_seed.values():
        open_groups: list[list[list[float]]] = []
        for row in rows:
            for group in open_groups:
                if any(math.dist(row[1:3], other[1:3]) < 60 for other in group):
                    group.append(row)
                    break
            else:
                open_groups.append([row])
        groups += open_groups
    found = []
    for group in groups:
        ground = [row for row in group if row[7] == 0]
        upper = [row for row in group if row[7] > 0]
        footprint = sum(4 * row[5] * row[6] for row in ground)
        if footprint < 25:
            continue
        main = max(ground, key=lambda row: row[5] * row[6])

        def floors(row: list[float]) -> int:
            if row[17] in (Facade.SHEET, Facade.CHURCH):
                return 1
            return max(1, math.floor((row[8] - row[7]) / row[19]))

        found.append(
            {
                "x": main[1],
                "y": main[2],
                "footprint": footprint,
                "height": max(row[8] + row[9] for row in group),
                "floors": max(map(floors, ground)) + max(map(floors, upper), default=0),
                "roof": ROOF_KIND_NAMES[Roof(int(main[10]))],
                "colour": colour_name(*main[14:17]),
            }
        )
    return found


def test_buildings_agree_with_a_slow_count():
    scene = city()
    every = slow_buildings(scene)
    seen = 0
    for x, y in spots():
        got = place_facts(scene, x, y, HALF_M)["buildings"]
        want = [b for b in every if in_square(b["x"], b["y"], x, y)]
        assert got["count"] == len(want)
        if not want:
            continue
        seen += 1
        total = sum(b["footprint"] for b in want)
        assert got["mean_floors"] == pytest.approx(np.mean([b["floors"] for b in want]), abs=0.01)
        assert got["max_floors"] == max(b["floors"] for b in want)
        assert got["mean_height_m"] == pytest.approx(np.mean([b["height"] for b in want]), abs=0.06)
        assert got["max_height_m"] == pytest.approx(max(b["height"] for b in want), abs=0.06)
        for key, name, names in (
            ("colour", "roof_colours", ROOF_COLOURS),
            ("roof", "roof_kinds", ROOF_KIND_NAMES.values()),
        ):
            for value in names:
                share = sum(b["footprint"] for b in want if b[key] == value) / total
                assert got[name].get(value, 0.0) == pytest.approx(share, abs=6e-4)
        for which, key in (("tallest", "height"), ("largest", "footprint")):
            most = max(b[key] for b in want)
            equals = [b for b in want if b[key] >= most - 1e-3]
            best = min(equals, key=lambda b: math.hypot(b["x"] - x, b["y"] - y))
            assert not (got[which]["alone"] and len(equals) > 1)
            assert got[which]["distance_m"] == pytest.approx(
                math.hypot(best["x"] - x, best["y"] - y), abs=0.06
            )
            turn = got[which]["bearing_deg"] - math.degrees(math.atan2(best["x"] - x, best["y"] - y))
            assert abs((turn + 180) % 360 - 180) < 0.06
            assert got[which]["roof_colour"] == best["colour"]
    assert seen > 20


def test_cover_trees_and_canopy_agree_with_samples_of_the_ground():
    scene = city()
    o = scene.objects.astype(float)
    boxes = o[(o[:, 0] == ObjectKind.BUILDING) & (o[:, 7] == 0) & (o[:, 17] != Facade.PLAIN)]
    trees = o[(o[:, 0] == ObjectKind.TREE) | (o[:, 0] == ObjectKind.CONIFER)]
    line = np.arange(-63, 64, 2.0)
    gx, gy = np.meshgrid(line, line)
    for x, y in spots()[::3]:
        got = place_facts(scene, x, y, HALF_M)
        near = boxes[np.hypot(boxes[:, 1] - x, boxes[:, 2] - y) < 200]
        covered = np.zeros(gx.shape, bool)
        for b in near:
            dx, dy = gx + x - b[1], gy + y - b[2]
            covered |= (np.abs(dx * b[3] + dy * b[4]) <= b[5]) & (np.abs(dy * b[3] - dx * b[4]) <= b[6])
        assert got["buildings"]["cover"] == pytest.approx(covered.mean(), abs=6e-4)
        shaded = np.zeros(gx.shape, bool)
        for t in trees[np.hypot(trees[:, 1] - x, trees[:, 2] - y) < 200]:
            shaded |= np.hypot(gx + x - t[1], gy + y - t[2]) <= t[5]
        assert got["trees"]["canopy"] == pytest.approx(shaded.mean(), abs=6e-4)
        inside = [t for t in trees if in_square(t[1], t[2], x, y)]
        assert got["trees"]["count"] == len(inside)
        assert got["trees"]["conifers"] == sum(t[0] == ObjectKind.CONIFER for t in inside)


def test_junctions_and_areas_agree_with_a_slow_count():
    scene = city()
    names: dict[int, set[str]] = defaultdict(set)
    for edge in scene.edges:
        names[edge.node_a].add(edge.name)
        names[edge.node_b].add(edge.name)
    kinds, areas_seen = set(), 0
    for x, y in spots():
        got = place_facts(scene, x, y, HALF_M)
        want = sorted(
            (round(math.hypot(n.x - x, n.y - y), 1), n.degree, n.roundabout is not None, sorted(names[k]))
            for k, n in scene.nodes.items()
            if n.degree >= 3 and in_square(n.x, n.y, x, y) and 0 <= n.x <= SIZE_M and 0 <= n.y <= SIZE_M
        )
        have = [
            (j["distance_m"], j["roads"], j["kind"] == "roundabout", j["streets"]) for j in got["junctions"]
        ]
        assert sorted(have) == want
        assert have == sorted(have, key=lambda item: item[0])
        kinds |= {j["kind"] for j in got["junctions"]}
        wanted: dict[str, int] = defaultdict(int)
        ponds = 0
        for a in scene.areas.astype(float).tolist():
            if in_square(a[1], a[2], x, y):
                if Ground(int(a[0])) in AREA_NAMES:
                    wanted[AREA_NAMES[Ground(int(a[0]))]] += 1
                ponds += a[0] == Ground.WATER
        assert {name: sum(a["kind"] == name for a in got["areas"]) for name in wanted} == wanted
        assert len(got["areas"]) == sum(wanted.values())
        assert sum(w["kind"] in ("pond", "fountain") for w in got["water"]) == ponds
        areas_seen += len(got["areas"])
    assert {"roundabout", "T-junction", "crossroads"} <= kinds
    assert areas_seen > 5


def walk(line: np.ndarray) -> np.ndarray:
    """Return points every quarter of a metre along a polyline (n, 2)."""
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.arange(0, along[-1], 0.25)
    return np.stack([np.interp(at, along, line[:, 0]), np.interp(at, along, line[:, 1])], axis=1)


def test_roads_water_and_railways_agree_with_walking_along_them():
    scene = city()
    roads = [(e.name, e.road_class, walk(np.stack([e.x, e.y], axis=1))) for e in scene.edges]
    rivers = [(r.half_width_m, walk(r.points)) for r in scene.rivers]
    rails = [walk(r.points) for r in scene.rails]
    seen = {"roads": 0, "rivers": 0, "rails": 0}
    for x, y in spots():
        got = place_facts(scene, x, y, HALF_M)
        here = np.array([x, y])
        length: dict[tuple[str, RoadClass], float] = defaultdict(float)
        nearest: dict[tuple[str, RoadClass], float] = defaultdict(lambda: math.inf)
        for name, rank, points in roads:
            off = points - here
            inside = (np.abs(off) <= HALF_M).all(axis=1)
            inside &= ((points >= 0) & (points <= SIZE_M)).all(axis=1)
            if inside.any():
                length[name, rank] += 0.25 * inside.sum()
                nearest[name, rank] = min(nearest[name, rank], np.hypot(*off[inside].T).min())
        have = {(r["name"], r["class"]): r for r in got["roads"]}
        words = {0: "path", 1: "local street", 2: "collector road", 3: "main road"}
        for (name, rank), metres in length.items():
            if metres > 5:
                fact = have.pop((name, words[int(rank)]))
                assert fact["length_m"] == pytest.approx(metres, abs=2.5)
                assert fact["distance_m"] == pytest.approx(nearest[name, rank], abs=0.4)
                seen["roads"] += 1
        assert all(fact["length_m"] < 7 for fact in have.values())
        for half_width, points in rivers:
            off = points - here
            low, high = (
                np.maximum(here - HALF_M, 0) - half_width,
                np.minimum(here + HALF_M, SIZE_M) + half_width,
            )
            inside = ((points >= low) & (points <= high)).all(axis=1)
            facts = [w for w in got["water"] if w.get("width_m") == round(2 * half_width, 1)]
            if inside.sum() > 8:
                distance = max(0.0, np.hypot(*off[inside].T).min() - half_width)
                assert facts[0]["distance_m"] == pytest.approx(distance, abs=0.4)
                seen["rivers"] += 1
            else:
                assert not facts or inside.any()
        for points in rails:
            off = points - here
            inside = (np.abs(off) <= HALF_M).all(axis=1)
            inside &= ((points >= 0) & (points <= SIZE_M)).all(axis=1)
            assert bool(got["railways"]) == bool(inside.any()) or inside.sum() < 8
            if inside.sum() > 8:
                assert got["railways"][0]["distance_m"] == pytest.approx(
                    np.hypot(*off[inside].T).min(), abs=0.4
                )
                seen["rails"] += 1
    assert seen["roads"] > 60 and seen["rivers"] > 3 and seen["rails"] > 0


def test_bridges_are_found_where_roads_cross_water():
    scene = city()
    found = 0
    for x, y in spots():
        got = place_facts(scene, x, y, HALF_M)
        wanted = 0
        for edge in scene.edges:
            if edge.flags & FLAG_BRIDGE:
                points = walk(np.stack([edge.x, edge.y], axis=1))
                wet = np.zeros(len(points), bool)
                for river in scene.rivers:
                    for p in walk(river.points)[::8]:
                        wet |= np.hypot(*(points - p).T) <= river.half_width_m
                if wet.any() and in_square(*points[wet].mean(axis=0), x, y):
                    wanted += 1
        found += wanted
        assert len(got["bridges"]) == wanted
    assert found >= 3


def test_land_use_is_the_share_of_the_ground():
    scene = city()
    for x, y in spots()[:8]:
        got = place_facts(scene, x, y, HALF_M)["land_use"]
        count: dict[str, int] = defaultdict(int)
        i0, j0 = round((x - HALF_M) / 2), round((y - HALF_M) / 2)
        for j in range(max(0, j0), min(scene.block_of.shape[0], j0 + 64)):
            for i in range(max(0, i0), min(scene.block_of.shape[1], i0 + 64)):
                count[LAND_USE_NAMES[scene.block_use[scene.block_of[j, i]]]] += 1
        total = sum(count.values())
        for name, n in count.items():
            assert got.get(name, 0.0) == pytest.approx(n / total, abs=0.03)
        assert sum(got.values()) == pytest.approx(1, abs=0.01)


def test_facts_are_plain_data_and_rows_have_the_same_columns_everywhere():
    scene = city()
    rows = []
    for x, y in spots():
        facts = place_facts(scene, x, y)
        assert json.loads(json.dumps(facts, allow_nan=False)) == facts
        row = facts_row(facts)
        assert json.loads(row["facts"]) == facts
        assert row["buildings_count"] == facts["buildings"]["count"]
        assert row["streets"] == [road["name"] for road in facts["roads"]]
        assert row["bridges_count"] == len(facts["bridges"])
        rows.append(row)
    assert len({tuple(row) for row in rows}) == 1
    for column in rows[0]:
        types = {type(row[column]) for row in rows} - {type(None)}
        assert len(types) <= 1, (column, types)
    assert any(row["roundabout_distance_m"] is not None for row in rows)
    assert any(row["roundabout_distance_m"] is None for row in rows)


def test_facts_take_about_a_millisecond():
    scene = city()
    place_facts(scene, 700, 700)
    start = time.process_time()
    for k in range(100):
        place_facts(scene, 200 + 10 * k, 300 + 9 * k)
    assert (time.process_time() - start) / 100 < 0.010


def test_index_is_kept_with_its_scene_and_goes_with_it():
    scene = make_scene(3, 500)
    index = index_of(scene)
    assert index_of(scene) is index
    gone = weakref.ref(index)
    del scene, index
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    ("dx", "dy", "bearing"), [(0, 1, 0), (1, 0, 90), (0, -1, 180), (-1, 0, 270), (-1e-9, 1, 360), (1, 1, 45)]
)
def test_bearings_run_clockwise_from_north(dx, dy, bearing):
    assert bearing_of(dx, dy) == pytest.approx(bearing, abs=1e-3)


def test_words():
    assert axis_name(2) == axis_name(178) == axis_name(182) == "north-south"
    assert axis_name(45) == axis_name(225) == "north-east to south-west"
    assert colour_name(0.42, 0.17, 0.11) == "red"
    assert colour_name(0.30, 0.21, 0.15) == "brown"
    assert colour_name(0.30, 0.50, 0.42) == "green"
    assert colour_name(0.25, 0.36, 0.50) == "blue"
    assert colour_name(0.16, 0.16, 0.18) == "dark grey"
    assert colour_name(0.72, 0.72, 0.71) == "white"


def test_places_outside_the_city_are_refused():
    with pytest.raises(GleamError, match="outside the city"):
        place_facts(city(), -1, 100)
    with pytest.raises(GleamError, match="half_m"):
        place_facts(city(), 100, 100, 0)


def test_blob_areas_are_ellipses():
    scene = city()
    pools = scene.areas[(scene.areas[:, 0] == Ground.POOL)]
    a = next(a for a in pools if a[7] == Shape.BLOB and 0 < a[1] < SIZE_M and 0 < a[2] < SIZE_M)
    facts = place_facts(scene, float(a[1]), float(a[2]), 5)["areas"]
    assert facts[0]["kind"] == "swimming pool"
    assert facts[0]["area_m2"] == round(math.pi * float(a[5]) * float(a[6]))
