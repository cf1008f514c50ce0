"""Along the streets and banks: trees, parked cars, traffic."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gleam.city.plan.dice import Dice
from gleam.city.plan.occupancy import Occupancy, Taken
from gleam.city.plan.site import SOLID, CarSlot, Site
from gleam.city.plan.streets import SIDEWALK_M
from gleam.city.plan.waterways import STEP_M, WIDE_RIVER_M, Waterways
from gleam.city.scene import (
    FLAG_BRIDGE,
    FLAG_MEDIAN,
    OBJ_COLUMNS,
    OBJ_COS,
    OBJ_HX,
    OBJ_HY,
    OBJ_KIND,
    OBJ_ROOF,
    OBJ_SEED,
    OBJ_SIN,
    OBJ_X,
    OBJ_Y,
    OBJ_Z1,
    Edge,
    ObjectKind,
    RoadClass,
)

TREE_SHARE = {RoadClass.ARTERIAL: 0.6, RoadClass.COLLECTOR: 0.45, RoadClass.LOCAL: 0.28}
"""Share of street sides lined with trees."""
LANES = {RoadClass.ARTERIAL: (0.28, 0.72), RoadClass.COLLECTOR: (0.36,), RoadClass.LOCAL: (0.28,)}
"""Offsets of the driving lanes from the axis, in half widths."""
PARKED_SHARE, PARKED_STEP_M = 0.7, 6.0
CAR_HALF_M, CAR_HEIGHT_M = (2.4, 1.0), 1.9


class _Requests:
    """Things wanted along edges, collected first and then placed all at once."""

    def __init__(self) -> None:
        self._at: list[NDArray[np.float64]] = []
        self._edge: list[int] = []
        self._off: list[float] = []
        self._value: list[float] = []

    def add(self, edge: int, at: NDArray[np.float64], off_m: float, value: float) -> None:
        """Ask for something at each distance along an edge, ``off_m`` to its left."""
        self._at.append(at)
        self._edge.append(edge)
        self._off.append(off_m)
        self._value.append(value)

    def place(self, edges: tuple[Edge, ...]) -> _Places:
        """Return where all of it goes."""
        count = [len(at) for at in self._at]
        at = np.concatenate([*self._at, np.zeros(0)])
        edge = np.repeat(np.array(self._edge, np.int64), count)
        off = np.repeat(np.array(self._off), count)
        value = np.repeat(np.array(self._value), count)
        # All polylines in one, each starting a metre after the end of the one before.
        points = np.array([len(e.x) for e in edges])
        first = np.cumsum(points) - points
        length = np.array([e.length_m for e in edges]) + 1
        base = np.cumsum(length) - length
        along = np.concatenate([e.along_m for e in edges]) + np.repeat(base, points)
        x, y = np.concatenate([e.x for e in edges]), np.concatenate([e.y for e in edges])
        wanted = base[edge] + at
        k = np.clip(np.searchsorted(along, wanted) - 1, first[edge], first[edge] + points[edge] - 2)
        piece = along[k + 1] - along[k]
        c, s = (x[k + 1] - x[k]) / piece, (y[k + 1] - y[k]) / piece
        f = wanted - along[k]
        return _Places(x[k] + f * c - s * off, y[k] + f * s + c * off, np.arctan2(s, c), off, value)


class _Places(NamedTuple):
    """Positions along edges: place, direction of the edge there, offset to the left, value asked with."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    direction: NDArray[np.float64]
    off_m: NDArray[np.float64]
    value: NDArray[np.float64]


def furnish_streets(site: Site, edges: tuple[Edge, ...], dice: Dice) -> None:
    """Line all streets with trees, parked cars and traffic."""
    site.dice = dice
    trees, median, cars = _Requests(), _Requests(), _Requests()
    for number, edge in enumerate(edges):
        rank = edge.road_class
        if rank == RoadClass.ALLEY:
            continue
        start, end = edge.clear_m[0], edge.length_m - edge.clear_m[1]
        half, bridge = edge.half_width_m, bool(edge.flags & FLAG_BRIDGE)
        for side in (-1, 1):
            if not bridge and dice.chance(TREE_SHARE[rank]):
                spacing = dice.between(8, 15)
                at = _stops(start + 8, end - 8, 0.9 * spacing, 1.1 * spacing, dice)
                off = half + min(1.3, SIDEWALK_M[rank] * 0.5)
                trees.add(number, at, side * off, dice.between(1.6, 3.6))
            if not bridge and rank <= RoadClass.COLLECTOR and dice.chance(PARKED_SHARE):
                at = np.arange(start + 9, end - 9, PARKED_STEP_M)
                cars.add(number, at, side * (half - 1.1), CarSlot.STREET)
            at = _stops(start + 4, end - 4, 11.0, 17.0, dice)
            for lane in LANES[rank]:
                cars.add(number, at, side * lane * half, CarSlot.DRIVING)
        if edge.flags & FLAG_MEDIAN:
            median.add(number, np.arange(start + 8, end - 8, 12.0), 0.0, 1.9)
    if not edges:
        return
    _plant(site, trees.place(edges), int(SOLID), 0.15, dice)
    _plant(site, median.place(edges), int(Taken.RAIL | Taken.WATER), 0.16, dice)
    found = cars.place(edges)
    # Traffic keeps to the right: left of the axis, cars head the other way.
    heading = found.direction + np.where(found.off_m > 0, math.pi, 0.0)
    site.cars.append(np.stack([found.x, found.y, heading, found.value], axis=1))


def _stops(start: float, end: float, least: float, most: float, dice: Dice) -> NDArray[np.float64]:
    """Return positions from ``start`` on, before ``end``, at random distances."""
    if end <= start:
        return np.zeros(0)
    step = least + (most - least) * dice.units(math.ceil((end - start) / least))
    step[0] = start
    at: NDArray[np.float64] = np.cumsum(step)
    return at[at < end]


def _plant(site: Site, found: _Places, blocked_by: int, spread: float, dice: Dice) -> None:
    """Plant rows of trees, sizes varying a little within each.

    The pavement is narrow: the trunk alone, not the crown, must keep off what is in ``blocked_by``.
    """
    free = (site.occupancy.at_points(found.x, found.y) & blocked_by) == 0
    x, y, size = found.x[free], found.y[free], found.value[free]
    radius = size * (1 - spread + 2 * spread * dice.units(len(x)))
    site.add_trees_world(x, y, radius, blocked_by=int(Taken.BUILDING))


def plant_banks(site: Site, waterways: Waterways, dice: Dice) -> None:
    """Plant trees along rivers and streams."""
    site.dice = dice
    for river in waterways.rivers:
        step = np.diff(river.points, axis=0)
        length = np.hypot(step[:, 0], step[:, 1])
        # The last step of a line is a remainder, at times of no length.
        whole = length > 0.5 * STEP_M
        start, direction = river.points[:-1][whole], step[whole] / length[whole, None]
        off = river.half_width_m + (7.5 if river.half_width_m > WIDE_RIVER_M else 4.0)
        for side in (-1, 1):
            here = dice.units(len(start)) < 0.7
            x = start[here, 0] - direction[here, 1] * side * off
            y = start[here, 1] + direction[here, 0] * side * off
            radius = 2 + 2 * dice.units(len(x))
            blocked_by = int(Taken.ROAD | Taken.BUILDING | Taken.RAIL | Taken.WET)
            site.add_trees_world(x, y, radius, blocked_by=blocked_by)


def car_rows(site: Site, dice: Dice) -> NDArray[np.float32]:
    """Return the object rows of all car slots that stand on free ground."""
    if not site.cars:
        return np.zeros((0, OBJ_COLUMNS), np.float32)
    slots = np.concatenate(site.cars)
    slots = slots[_standing(slots, site.occupancy)]
    rows = np.zeros((len(slots), OBJ_COLUMNS), np.float32)
    rows[:, OBJ_KIND] = ObjectKind.CAR
    rows[:, OBJ_X], rows[:, OBJ_Y] = slots[:, 0], slots[:, 1]
    rows[:, OBJ_COS], rows[:, OBJ_SIN] = np.cos(slots[:, 2]), np.sin(slots[:, 2])
    rows[:, OBJ_HX], rows[:, OBJ_HY], rows[:, OBJ_Z1] = *CAR_HALF_M, CAR_HEIGHT_M
    rows[:, OBJ_ROOF] = slots[:, 3]
    rows[:, OBJ_SEED] = dice.units(len(slots))
    return rows


def _standing(slots: NDArray[np.float64], occupancy: Occupancy) -> NDArray[np.bool_]:
    """Tell which slots are neither on rails nor, off the street, in a house, on a road or in water."""
    bits = occupancy.at_points(slots[:, 0], slots[:, 1])
    blocked_by = np.where(slots[:, 3] == CarSlot.LOT, int(SOLID), int(Taken.RAIL))
    result: NDArray[np.bool_] = (bits & blocked_by) == 0
    return result
