"""The facts of one place: what stands within a square around it, from the vectors alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.city.facts.index import FactsIndex, index_of
from gleam.city.facts.kernels import clip_lines, covered_share, nearest_on
from gleam.city.facts.words import (
    AREA_NAMES,
    LAND_USE_NAMES,
    ROAD_CLASS_NAMES,
    ROOF_COLOURS,
    ROOF_KIND_NAMES,
    axis_name,
    bearing_of,
    junction_kind,
)
from gleam.city.scene import (
    AREA_HX,
    AREA_HY,
    AREA_KIND,
    AREA_SHAPE,
    AREA_X,
    AREA_Y,
    FLAG_BRIDGE,
    FLAG_MEDIAN,
    OBJ_FACADE,
    OBJ_HX,
    OBJ_KIND,
    OBJ_X,
    OBJ_Y,
    OBJ_Z0,
    SEG_EDGE,
    SEG_HALF_WIDTH,
    SEG_KIND,
    SEG_X0,
    SEG_Y1,
    Facade,
    Ground,
    LandUse,
    ObjectKind,
    RoadClass,
    Roof,
    Scene,
    SegmentKind,
    Shape,
)
from gleam.errors import GleamError

STREAM_HALF_WIDTH_M = 11.0
"""Up to this half width running water is called a stream."""
FOUNTAIN_M = 6.5
"""Up to this half side standing water is called a fountain."""
EQUAL_HEIGHT_M, EQUAL_FOOTPRINT = 0.5, 0.03
"""Heights (m) and footprints (share) that differ by less look alike."""
LEAST_ROAD_M = 3.0
"""Roads with less than this inside the square are left out."""

Bounds = tuple[float, float, float, float]
Fact = dict[str, Any]


def place_facts(scene: Scene, x: float, y: float, half_m: float = 64.0) -> Fact:
    """State what lies within the square of side ``2 * half_m`` around (x, y), in local metres.

    Point-like things count when their centre lies inside; lines when a part of them does. Nothing beyond
    the border of the city counts. ``alone`` says whether a superlative has no equal nearby. Bearings are
    degrees clockwise from north as seen from (x, y), distances metres. The result is nested plain data,
    ready for JSON; lists are ordered by distance.

    Raises GleamError when the centre lies outside the city or ``half_m`` is not positive.
    """
    if not (0 <= x <= scene.width_m and 0 <= y <= scene.height_m):
        raise GleamError(
            f"Position ({x:g}, {y:g}) m is outside the city; "
            f"give x in 0..{scene.width_m:g} and y in 0..{scene.height_m:g}."
        )
    if not (math.isfinite(half_m) and half_m > 0):
        raise GleamError(f"half_m {half_m!r} is not usable; give a positive number of metres.")
    index = index_of(scene)
    bounds = x0, y0, x1, y1 = x - half_m, y - half_m, x + half_m, y + half_m
    within = (max(0.0, x0), max(0.0, y0), min(scene.width_m, x1), min(scene.height_m, y1))
    roads, rivers, railways = _lines(index, x, y, within)
    areas, ponds = _areas(index, x, y, half_m, bounds)
    buildings, trees = _objects(index, x, y, half_m, bounds)
    return {
        "x_m": round(float(x), 2),
        "y_m": round(float(y), 2),
        "half_m": float(half_m),
        "junctions": _junctions(index, x, y, half_m, bounds),
        "roads": roads,
        "bridges": _by_distance(
            {"name": b.name, **_seen(b.x - x, b.y - y)}
            for b in index.bridges
            if abs(b.x - x) <= half_m and abs(b.y - y) <= half_m
        ),
        "water": _by_distance([*rivers, *ponds]),
        "railways": railways,
        "buildings": buildings,
        "trees": trees,
        "areas": areas,
        "land_use": _land_use(scene, bounds),
    }


def _seen(dx: float, dy: float) -> Fact:
    """Return how an offset from the centre is seen."""
    return {"distance_m": round(math.hypot(dx, dy), 1), "bearing_deg": round(bearing_of(dx, dy), 1) % 360}


def _by_distance(facts: Any) -> list[Fact]:
    return sorted(facts, key=lambda fact: float(fact["distance_m"]))


def _junctions(index: FactsIndex, x: float, y: float, half: float, bounds: Bounds) -> list[Fact]:
    found = []
    for k in index.junctions_near(bounds):
        node = index.junctions[k]
        dx, dy = node.x - x, node.y - y
        if abs(dx) > half or abs(dy) > half:
            continue
        fact = {
            "kind": junction_kind(node.degree, node.roundabout is not None),
            **_seen(dx, dy),
            "roads": node.degree,
            "streets": index.junction_streets[k],
        }
        if node.roundabout is not None:
            fact["radius_m"] = round(node.roundabout[0], 1)
        found.append(fact)
    return _by_distance(found)


def _lines(
    index: FactsIndex, x: float, y: float, bounds: Bounds
) -> tuple[list[Fact], list[Fact], list[Fact]]:
    """Return the roads, rivers and railways in a box: each once, with its point nearest to (x, y)."""
    x0, y0, x1, y1 = bounds
    wide = (x0 - 32, y0 - 32, x1 + 32, y1 + 32)
    segments = index.segments[index.near(index.segment_index, wide)].astype(np.float64)
    segments = segments[segments[:, SEG_KIND] != SegmentKind.PATH]
    kind = segments[:, SEG_KIND]
    # A river belongs to the square as soon as its water does; other lines by their axis.
    reach = np.where(kind == SegmentKind.RIVER, segments[:, SEG_HALF_WIDTH], 0.0)
    pieces = clip_lines(segments[:, SEG_X0 : SEG_Y1 + 1], bounds, reach, x, y)
    inside = pieces[:, 4] >= 0
    segments, pieces, kind = segments[inside], pieces[inside], kind[inside]

    roads: dict[tuple[str, int], list[int]] = {}
    edge_of = segments[:, SEG_EDGE].astype(np.int64).tolist()
    for k in np.flatnonzero(kind == SegmentKind.ROAD).tolist():
        edge = index.edges[edge_of[k]]
        roads.setdefault((edge.name, int(edge.road_class)), []).append(k)
    road_facts = []
    for (name, rank), members in roads.items():
        rows = pieces[members]
        length = float(rows[:, 4].sum())
        if length < LEAST_ROAD_M:
            continue
        edges = [index.edges[number] for number in sorted({edge_of[k] for k in members})]
        road_facts.append(
            {
                "name": name,
                "class": ROAD_CLASS_NAMES[RoadClass(rank)],
                **_line_fact(rows, 0.0),
                "length_m": round(length, 1),
                "width_m": round(2 * max(edge.half_width_m for edge in edges), 1),
                "median": any(edge.flags & FLAG_MEDIAN for edge in edges),
                "bridge": any(edge.flags & FLAG_BRIDGE for edge in edges),
            }
        )
    rivers = []
    widths = segments[:, SEG_HALF_WIDTH]
    for width in np.unique(widths[kind == SegmentKind.RIVER]).tolist():
        rows = pieces[(kind == SegmentKind.RIVER) & (widths == width)]
        name = "stream" if width <= STREAM_HALF_WIDTH_M else "river"
        rivers.append({"kind": name, **_line_fact(rows, width), "width_m": round(2 * width, 1)})
    rails = pieces[kind == SegmentKind.RAIL]
    railways = [_line_fact(rails, 0.0)] if len(rails) else []
    return _by_distance(road_facts), rivers, railways


def _line_fact(rows: NDArray[np.float64], half_width: float) -> Fact:
    """Return distance to the edge and bearing of the nearest point, and the axis, of clipped pieces."""
    best, nearest = math.inf, (0.0, 0.0)
    for row in rows:
        px, py = nearest_on(row)
        off = math.hypot(px, py)
        if off < best:
            best, nearest = off, (px, py)
    # Axis: mean direction, doubled so that both senses of a piece add up.
    turn = 2 * np.arctan2(rows[:, 2] - rows[:, 0], rows[:, 3] - rows[:, 1])
    weight = rows[:, 4]
    axis = math.degrees(math.atan2(float(weight @ np.sin(turn)), float(weight @ np.cos(turn)))) / 2 % 180
    return {
        "distance_m": round(max(0.0, best - half_width), 1),
        "bearing_deg": round(bearing_of(*nearest), 1) % 360,
        "axis": axis_name(axis),
        "axis_deg": round(axis, 1) % 180,
    }


def _areas(
    index: FactsIndex, x: float, y: float, half: float, bounds: Bounds
) -> tuple[list[Fact], list[Fact]]:
    """Return the pitches, car parks, pools and so on, and apart from them the standing water."""
    rows = index.areas[index.near(index.area_index, bounds)].astype(np.float64)
    rows = rows[(np.abs(rows[:, AREA_X] - x) <= half) & (np.abs(rows[:, AREA_Y] - y) <= half)]
    areas, ponds = [], []
    for row in rows.tolist():
        kind, hx, hy = Ground(int(row[AREA_KIND])), row[AREA_HX], row[AREA_HY]
        fact = _seen(row[AREA_X] - x, row[AREA_Y] - y)
        size = (math.pi if row[AREA_SHAPE] == Shape.BLOB else 4.0) * hx * hy
        if kind in AREA_NAMES:
            areas.append({"kind": AREA_NAMES[kind], **fact, "area_m2": round(size)})
        elif kind == Ground.WATER:
            name = "fountain" if max(hx, hy) <= FOUNTAIN_M else "pond"
            ponds.append({"kind": name, **fact, "area_m2": round(size)})
    return _by_distance(areas), ponds


def _objects(index: FactsIndex, x: float, y: float, half: float, bounds: Bounds) -> tuple[Fact, Fact]:
    """Return the facts of buildings and of trees."""
    ids = index.near(index.object_index, bounds)
    rows = index.objects[ids]
    kind = rows[:, OBJ_KIND]
    is_box = (kind == ObjectKind.BUILDING) & (rows[:, OBJ_Z0] == 0) & (rows[:, OBJ_FACADE] != Facade.PLAIN)
    is_tree = (kind == ObjectKind.TREE) | (kind == ObjectKind.CONIFER)
    boxes = rows[is_box, OBJ_X : OBJ_HX + 2].astype(np.float64)
    trees = rows[is_tree].astype(np.float64)
    crowns = trees[:, [OBJ_X, OBJ_Y, OBJ_HX]]
    cover, canopy = covered_share(x, y, half, boxes, crowns)
    in_square = (np.abs(crowns[:, 0] - x) <= half) & (np.abs(crowns[:, 1] - y) <= half)
    conifers = trees[in_square, OBJ_KIND] == ObjectKind.CONIFER
    tree_facts = {
        "count": int(in_square.sum()),
        "conifers": int(conifers.sum()),
        "canopy": round(canopy, 3),
    }
    buildings = np.unique(index.building_of[ids])
    buildings = buildings[buildings >= 0]
    return _buildings(index, buildings, x, y, half, cover), tree_facts


def _buildings(
    index: FactsIndex, numbers: NDArray[np.int64], x: float, y: float, half: float, cover: float
) -> Fact:
    """Summarise the buildings whose main part has its centre in the square."""
    table = index.buildings
    near = (np.abs(table.x[numbers] - x) <= half) & (np.abs(table.y[numbers] - y) <= half)
    numbers = numbers[near]
    fact: Fact = {"count": len(numbers), "cover": round(cover, 3)}
    if len(numbers) == 0:
        return fact
    footprint, height, floors = (
        table.footprint_m2[numbers],
        table.height_m[numbers],
        table.floors[numbers],
    )
    total = float(footprint.sum())
    by_colour = np.bincount(table.colour[numbers], weights=footprint, minlength=len(ROOF_COLOURS)) / total
    by_roof = np.bincount(table.roof[numbers], weights=footprint, minlength=len(ROOF_KIND_NAMES)) / total

    distance = np.hypot(table.x[numbers] - x, table.y[numbers] - y)

    def foremost(value: NDArray[np.float64], equal: float) -> Fact:
        """Describe the building of largest value; the nearest of those that equal it."""
        best = np.flatnonzero(value >= value.max() - 1e-3)
        number = int(numbers[best[distance[best].argmin()]])
        return {
            "alone": bool((value >= value.max() - equal).sum() == 1),
            **_seen(float(table.x[number]) - x, float(table.y[number]) - y),
            "floors": int(table.floors[number]),
            "height_m": round(float(table.height_m[number]), 1),
            "footprint_m2": round(float(table.footprint_m2[number])),
            "roof": ROOF_KIND_NAMES[Roof(int(table.roof[number]))],
            "roof_colour": ROOF_COLOURS[int(table.colour[number])],
        }

    fact |= {
        "mean_floors": round(float(floors.mean()), 2),
        "max_floors": int(floors.max()),
        "mean_height_m": round(float(height.mean()), 1),
        "max_height_m": round(float(height.max()), 1),
        "roof_colours": _shares(dict(zip(ROOF_COLOURS, by_colour.tolist(), strict=True))),
        "roof_kinds": _shares({name: float(by_roof[int(roof)]) for roof, name in ROOF_KIND_NAMES.items()}),
        "tallest": foremost(height, EQUAL_HEIGHT_M),
        "largest": foremost(footprint, EQUAL_FOOTPRINT * float(footprint.max())),
    }
    return fact


def _shares(shares: dict[str, float]) -> dict[str, float]:
    """Round shares, largest first, leaving out what is nothing."""
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    return {name: round(share, 3) for name, share in ordered if share > 0}


def _land_use(scene: Scene, bounds: Bounds) -> dict[str, float]:
    """Return the shares of land uses in the part of the square inside the city, streets included."""
    height, width = scene.block_of.shape
    i0, j0, i1, j1 = (round(v / scene.block_cell_m) for v in bounds)
    window = scene.block_of[max(0, j0) : min(height, j1), max(0, i0) : min(width, i1)]
    if window.size == 0:
        return {}
    counts = np.bincount(scene.block_use[window.ravel()], minlength=len(LandUse)) / window.size
    return _shares({LAND_USE_NAMES[use]: float(counts[use]) for use in LandUse})
