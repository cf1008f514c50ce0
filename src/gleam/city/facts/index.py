"""Tables and indices, built once per scene, from which facts are read quickly."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.city.facts.kernels import gather
from gleam.city.facts.words import ROOF_COLOURS, colour_name
from gleam.city.plan.pack import grid_index
from gleam.city.scene import (
    CELL_M,
    FLAG_BRIDGE,
    OBJ_FACADE,
    OBJ_FLOOR_M,
    OBJ_HX,
    OBJ_HY,
    OBJ_KIND,
    OBJ_RISE,
    OBJ_ROOF,
    OBJ_ROOF_R,
    OBJ_SEED,
    OBJ_X,
    OBJ_Y,
    OBJ_Z0,
    OBJ_Z1,
    Edge,
    Facade,
    GridIndex,
    Line,
    ObjectKind,
    Scene,
)

LEAST_BUILDING_M2 = 25.0
"""Smaller houses (garages, kiosks) are not counted as buildings."""
ONE_BUILDING_M = 60.0
"""Parts of one building share their seed and lie within this distance."""
NODE_CELL_M = 64.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Buildings:
    """One row per building, with wings, towers and podiums taken together.

    Position, roof and colour are those of the largest part on the ground.
    """

    x: Floats
    y: Floats
    footprint_m2: Floats
    height_m: Floats
    floors: NDArray[np.int64]
    roof: NDArray[np.int64]
    colour: NDArray[np.int64]
    """Index into ``ROOF_COLOURS``."""


@dataclass(frozen=True)
class Bridge:
    """Where a road crosses water: the middle of its way over it."""

    x: float
    y: float
    name: str


class FactsIndex:
    """What :func:`gleam.city.facts.place_facts` needs to know about a scene, prepared."""

    def __init__(self, scene: Scene) -> None:
        # Only arrays are kept, so that the index does not keep its own scene alive.
        self.objects = scene.objects
        self.segments = scene.segments
        self.areas = scene.areas
        self.edges = scene.edges
        self.size = scene.grid_size
        self.object_index = scene.object_index
        self.segment_index = scene.segment_index
        self.area_index = scene.area_index
        self.buildings, self.building_of = tabulate_buildings(scene.objects)
        self.bridges = tuple(find_bridges(scene.edges, scene.rivers))
        junctions = [(number, node) for number, node in scene.nodes.items() if node.degree >= 3]
        self.junctions = [node for _, node in junctions]
        self.junction_xy = np.array([(n.x, n.y) for n in self.junctions]).reshape(-1, 2)
        self.junction_streets = _streets_at([number for number, _ in junctions], scene.edges)
        nx, ny = int(scene.width_m // NODE_CELL_M) + 1, int(scene.height_m // NODE_CELL_M) + 1
        self._node_size = (nx, ny)
        x, y = (np.ascontiguousarray(axis) for axis in self.junction_xy.T)
        inside = (x >= 0) & (y >= 0) & (x <= scene.width_m) & (y <= scene.height_m)
        self._inside = np.flatnonzero(inside)
        x, y = x[inside], y[inside]
        self._node_index = GridIndex(*grid_index(x, y, x, y, nx, ny, NODE_CELL_M))

    def near(self, index: GridIndex, bounds: tuple[float, float, float, float]) -> NDArray[np.int32]:
        """Return the items of a scene index in the cells that meet the box (x0, y0, x1, y1)."""
        nx, ny = self.size
        found: NDArray[np.int32] = gather(index.start, index.items, nx, ny, CELL_M, bounds)
        return found

    def junctions_near(self, bounds: tuple[float, float, float, float]) -> list[int]:
        """Return the rows of the junctions in the cells that meet the box."""
        index, (nx, ny) = self._node_index, self._node_size
        found = gather(index.start, index.items, nx, ny, NODE_CELL_M, bounds)
        return [int(k) for k in self._inside[found]]


_INDICES: dict[int, tuple[weakref.ref[Scene], FactsIndex]] = {}


def index_of(scene: Scene) -> FactsIndex:
    """Return the index of a scene, built at the first call and dropped with the scene."""
    key = id(scene)
    known = _INDICES.get(key)
    if known is not None and known[0]() is scene:
        return known[1]
    index = FactsIndex(scene)
    _INDICES[key] = (weakref.ref(scene, lambda _: _INDICES.pop(key, None)), index)
    return index


def tabulate_buildings(objects: NDArray[np.float32]) -> tuple[Buildings, NDArray[np.int64]]:
    """Group the boxes of a scene into buildings.

    Returns the table, and for each object the row of its building or -1.
    """
    solid = (objects[:, OBJ_KIND] == ObjectKind.BUILDING) & (objects[:, OBJ_FACADE] != Facade.PLAIN)
    part = np.flatnonzero(solid)
    rows = objects[part].astype(np.float64)
    group = _group(rows[:, OBJ_SEED], rows[:, OBJ_X], rows[:, OBJ_Y])
    count = int(group.max(initial=-1)) + 1
    footprint: Floats = 4 * rows[:, OBJ_HX] * rows[:, OBJ_HY]
    on_ground = rows[:, OBJ_Z0] == 0
    floors = np.floor((rows[:, OBJ_Z1] - rows[:, OBJ_Z0]) / rows[:, OBJ_FLOOR_M]).astype(np.int64)
    single = np.isin(rows[:, OBJ_FACADE], (int(Facade.SHEET), int(Facade.CHURCH)))
    floors = np.maximum(1, np.where(single, 1, floors))

    area: Floats = np.zeros(count)
    np.add.at(area, group[on_ground], footprint[on_ground])
    height = np.zeros(count)
    np.maximum.at(height, group, rows[:, OBJ_Z1] + rows[:, OBJ_RISE])
    ground_floors, upper_floors = np.zeros(count, np.int64), np.zeros(count, np.int64)
    np.maximum.at(ground_floors, group[on_ground], floors[on_ground])
    np.maximum.at(upper_floors, group[~on_ground], floors[~on_ground])
    # The largest part on the ground stands for the whole: written last.
    order = np.argsort(np.where(on_ground, footprint, -1.0), kind="stable")
    main = np.zeros(count, np.int64)
    main[group[order]] = order

    counted = area >= LEAST_BUILDING_M2
    number = np.where(counted, np.cumsum(counted) - 1, -1)
    building_of = np.full(len(objects), -1, np.int64)
    building_of[part] = number[group]
    main = main[counted]
    rgbs = rows[main, OBJ_ROOF_R : OBJ_ROOF_R + 3].tolist()
    colours = [ROOF_COLOURS.index(colour_name(*rgb)) for rgb in rgbs]
    table = Buildings(
        x=rows[main, OBJ_X],
        y=rows[main, OBJ_Y],
        footprint_m2=area[counted],
        height_m=height[counted],
        floors=(ground_floors + upper_floors)[counted],
        roof=rows[main, OBJ_ROOF].astype(np.int64),
        colour=np.array(colours, np.int64),
    )
    return table, building_of


def _group(seed: Floats, x: Floats, y: Floats) -> NDArray[np.int64]:
    """Number the rows so that those of equal seed and near each other share a number."""
    order = np.argsort(seed, kind="stable")
    follows = np.zeros(len(seed), bool)
    a, b = order[:-1], order[1:]
    follows[1:] = (seed[a] == seed[b]) & (np.hypot(x[a] - x[b], y[a] - y[b]) < ONE_BUILDING_M)
    group = np.empty(len(seed), np.int64)
    group[order] = np.cumsum(~follows) - 1
    return group


def find_bridges(edges: tuple[Edge, ...], rivers: tuple[Line, ...]) -> list[Bridge]:
    """Locate the bridges: the mean of the points of a flagged edge that lie over a river."""
    bridges = []
    for edge in edges:
        if not edge.flags & FLAG_BRIDGE:
            continue
        along = np.linspace(0, edge.length_m, max(2, int(edge.length_m)) + 1)
        points = np.stack([np.interp(along, edge.along_m, edge.x), np.interp(along, edge.along_m, edge.y)], 1)
        wet = np.zeros(len(points), bool)
        for river in rivers:
            wet |= distance_to_line(points, river.points) <= river.half_width_m
        if wet.any():
            x, y = points[wet].mean(axis=0)
            bridges.append(Bridge(float(x), float(y), edge.name))
    return bridges


def distance_to_line(points: Floats, line: Floats) -> Floats:
    """Return the distance of each point (n, 2) to a polyline (m, 2)."""
    low, high = points.min(axis=0) - 200, points.max(axis=0) + 200
    a, b = line[:-1], line[1:]
    near = np.all((np.maximum(a, b) >= low) & (np.minimum(a, b) <= high), axis=1)
    a, b = a[near], b[near]
    if len(a) == 0:
        return np.full(len(points), np.inf)
    e = b - a
    rel = points[:, None] - a
    t = np.clip((rel * e).sum(axis=2) / np.maximum((e * e).sum(axis=1), 1e-12), 0, 1)
    off = rel - t[..., None] * e
    distance: Floats = np.sqrt((off * off).sum(axis=2)).min(axis=1)
    return distance


def _streets_at(numbers: list[int], edges: tuple[Edge, ...]) -> list[list[str]]:
    """Return the sorted names of the streets that meet at each of the given nodes."""
    names: dict[int, set[str]] = {number: set() for number in numbers}
    for edge in edges:
        for node in (edge.node_a, edge.node_b):
            if node in names:
                names[node].add(edge.name)
    return [sorted(names[number]) for number in numbers]
