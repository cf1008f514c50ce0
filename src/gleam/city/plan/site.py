"""The building site: what every part of the plan puts things on, with checks that nothing collides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gleam.city.plan.dice import Dice
from gleam.city.plan.occupancy import Occupancy, Taken, largest_fit, mark_rectangle
from gleam.city.plan.palettes import MACHINERY, MACHINERY_WALL, Colour
from gleam.city.plan.polygons import Polygon
from gleam.city.plan.vegetation import TreeCandidates
from gleam.city.plan.warp import Warp, warp_pose
from gleam.city.scene import Facade, Ground, ObjectKind, Roof, SegmentKind, Shape

# Common combinations, as plain integers: arithmetic with flags is slow in the inner loops.
ON_ROADS = int(Taken.ROAD | Taken.WATER | Taken.RAIL)
ON_STREETS = int(ON_ROADS | Taken.SIDEWALK)
SOLID = int(ON_ROADS | Taken.BUILDING)
SOLID_OR_AREA = int(SOLID | Taken.AREA)
ALL = int(SOLID | Taken.SIDEWALK | Taken.AREA)
BUILDING, AREA = int(Taken.BUILDING), int(Taken.AREA)
STALL_M, BAY_M = 2.7, 16.0
"""Car parks have stalls this wide in bays this deep (stall, aisle, stall); the renderer paints the same."""


class CarSlot:
    """Where a car may stand; ``OBJ_ROOF`` of a car."""

    STREET, LOT, DRIVING = 0, 1, 2


class Placed(NamedTuple):
    """Where something was put, in city metres: centre, angle of the x axis, half sides.

    Parts of one building (wings, towers) have the same seed; None stands for a fresh one.
    """

    x: float
    y: float
    angle: float
    hx: float
    hy: float
    seed: float | None = None

    def at(self, lx: float, ly: float) -> tuple[float, float]:
        """Return the city position of a point in its own frame."""
        c, s = math.cos(self.angle), math.sin(self.angle)
        return self.x + lx * c - ly * s, self.y + lx * s + ly * c


class Body(NamedTuple):
    """Shape and looks of a building: heights in metres, roof, colours, facade."""

    z0: float
    z1: float
    wall: Colour
    roof_colour: Colour
    facade: Facade
    roof: Roof = Roof.FLAT
    rise: float = 0.0
    shop: bool = False


class Site:
    """Collects the rows of the scene. Positions are sheet coordinates unless a name says ``world``."""

    def __init__(self, width_m: float, height_m: float, warp: Warp, dice: Dice) -> None:
        self.width_m, self.height_m = width_m, height_m
        self.warp = warp
        self.occupancy = Occupancy(width_m, height_m)
        self.dice = dice
        self.objects: list[tuple[float, ...]] = []
        self.areas: list[tuple[float, ...]] = []
        self.segments: list[tuple[float, ...]] = []
        self.cars: list[NDArray[np.float64]] = []
        self.trees = TreeCandidates()

    def add_building(
        self,
        x: float,
        y: float,
        angle: float,
        half: tuple[float, float],
        body: Body,
        blocked_by: int = SOLID,
        part_of: Placed | None = None,
    ) -> Placed | None:
        """Put a building on the ground, shrunk by up to a quarter to fit; None when it does not.

        ``part_of`` names the building that this is a wing of.
        """
        wx, wy, turned = warp_pose(self.warp.waves, x, y, angle)
        return self.add_building_world(wx, wy, turned, half, body, blocked_by, part_of)

    def add_building_world(
        self,
        x: float,
        y: float,
        angle: float,
        half: tuple[float, float],
        body: Body,
        blocked_by: int = SOLID,
        part_of: Placed | None = None,
    ) -> Placed | None:
        """Like :meth:`add_building`, with position and angle in the city."""
        c, s = math.cos(angle), math.sin(angle)
        hx, hy = half
        raster = self.occupancy.raster
        strict, walls = blocked_by & ~BUILDING, blocked_by & BUILDING
        scale = largest_fit(raster, x, y, c, s, hx, hy, strict, walls)
        if scale == 0.0:
            return None
        hx, hy = hx * scale, hy * scale
        mark_rectangle(raster, x, y, c, s, hx, hy, BUILDING)
        placed = Placed(x, y, angle, hx, hy, part_of.seed if part_of else self.dice.unit())
        self.stack(placed, body)
        return placed

    def stack(self, placed: Placed, body: Body) -> None:
        """Add a building box exactly there, unchecked: on top of another, or on a roof."""
        x, y, angle, hx, hy, seed = placed
        if body.roof == Roof.HIP and hx < hy:
            angle, hx, hy = angle + math.pi / 2, hy, hx
        unit = self.dice.unit
        shade = 0.94 + 0.12 * unit()
        wall = [v * shade for v in body.wall]
        roof = [v * (0.95 + 0.1 * unit()) for v in body.roof_colour]
        self.objects.append(
            (
                ObjectKind.BUILDING, x, y, math.cos(angle), math.sin(angle), hx, hy,
                body.z0, body.z1, body.rise, body.roof, *wall, *roof,
                body.facade, unit() if seed is None else seed, 2.9 + 0.7 * unit(), float(body.shop),
            )
        )  # fmt: skip

    def add_roof_machinery(self, under: Placed, z: float, count: int) -> None:
        """Scatter boxes (lifts, cooling, stairs) over a flat roof at height ``z``."""
        if under.hx < 3 or under.hy < 3:
            return
        dice = self.dice
        for _ in range(count):
            size = dice.between(0.8, 2.4)
            depth = size * dice.between(0.6, 1.2)
            lx = dice.between(-1, 1) * max(0.0, under.hx - 0.3 - size)
            ly = dice.between(-1, 1) * max(0.0, under.hy - 0.3 - depth)
            x, y = under.at(lx, ly)
            body = Body(z, z + dice.between(1, 2.6), MACHINERY_WALL, MACHINERY, Facade.PLAIN)
            self.stack(Placed(x, y, under.angle, size, depth), body)

    def add_area(
        self,
        kind: Ground,
        x: float,
        y: float,
        angle: float,
        half: tuple[float, float],
        priority: float,
        shape: Shape = Shape.RECTANGLE,
        style: float = 0.0,
        blocked_by: int = 0,
    ) -> Placed | None:
        """Lay an area on the ground and take it; None when something in ``blocked_by`` is in the way."""
        wx, wy, turned = warp_pose(self.warp.waves, x, y, angle)
        c, s = math.cos(turned), math.sin(turned)
        hx, hy = half
        if blocked_by and self.occupancy.meets(wx, wy, c, s, hx, hy, blocked_by):
            return None
        self.areas.append((kind, wx, wy, c, s, hx, hy, shape, self.dice.unit(), style, priority))
        self.occupancy.mark_rectangle(wx, wy, c, s, hx, hy, AREA)
        return Placed(wx, wy, turned, hx, hy)

    def add_car(self, x: float, y: float, angle: float, slot: int) -> None:
        """Add one car slot in city coordinates."""
        self.cars.append(np.array([[x, y, angle, slot]]))

    def add_car_park(self, lot: Placed) -> None:
        """Fill a car park with slots, one per painted stall."""
        bays = max(1, int(2 * lot.hy / BAY_M))
        depth = 2 * lot.hy / bays
        along = np.arange(-lot.hx + 1.6, lot.hx - 1.5, STALL_M)
        centres = -lot.hy + (np.arange(bays) + 0.5) * depth
        rows = np.stack([centres - (depth / 2 - 2.6), centres + (depth / 2 - 2.6)], axis=1).ravel()
        lx, ly = np.tile(along, len(rows)), np.repeat(rows, len(along))
        c, s = math.cos(lot.angle), math.sin(lot.angle)
        slots = np.empty((len(lx), 4))
        slots[:, 0] = lot.x + lx * c - ly * s
        slots[:, 1] = lot.y + lx * s + ly * c
        slots[:, 2] = lot.angle + math.pi / 2
        slots[:, 3] = CarSlot.LOT
        self.cars.append(slots)

    def add_trees(
        self,
        points: NDArray[np.float64],
        radius_m: NDArray[np.float64],
        conifer_share: float = 0.0,
        blocked_by: int = SOLID,
    ) -> None:
        """Propose trees at sheet points (n, 2); those on something in ``blocked_by`` fall away later."""
        x, y = self.warp.points(points[:, 0], points[:, 1])
        self.add_trees_world(x, y, radius_m, conifer_share, blocked_by)

    def add_trees_world(
        self,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        radius_m: NDArray[np.float64],
        conifer_share: float = 0.0,
        blocked_by: int = SOLID,
    ) -> None:
        """Propose trees at city points."""
        conifer = self.dice.units(len(x)) < conifer_share
        self.trees.add(x, y, radius_m, conifer, blocked_by)

    def add_paths(self, polygon: Polygon, count: int) -> None:
        """Lay winding footpaths between random points of the outline."""
        dice = self.dice
        n = len(polygon)
        for _ in range(count):
            i, j = dice.below(n), dice.below(n)
            if i == j:
                j = (i + 1 + n // 2) % n
            p = _between(polygon[i], polygon[(i + 1) % n], dice.between(0.2, 0.8))
            q = _between(polygon[j], polygon[(j + 1) % n], dice.between(0.2, 0.8))
            length = math.hypot(q[0] - p[0], q[1] - p[1])
            if length < 15:
                continue
            t = np.linspace(0, 1, max(3, int(length / 8)) + 1)
            bulge = dice.between(-0.15, 0.15) * np.sin(np.pi * t)
            ex, ey = q[0] - p[0], q[1] - p[1]
            x, y = self.warp.points(p[0] + t * ex - bulge * ey, p[1] + t * ey + bulge * ex)
            self.add_line(SegmentKind.PATH, x, y, half_width=1.3, seed=dice.unit())

    def add_line(
        self,
        kind: SegmentKind,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        half_width: float,
        seed: float,
        flags: Sequence[int] | None = None,
    ) -> None:
        """Add a polyline that is no road: a river, railway or path, in city metres."""
        start = 0.0
        for k in range(len(x) - 1):
            self.segments.append(
                (
                    kind, x[k], y[k], x[k + 1], y[k + 1], half_width, 0, start, 0, 0, 0,
                    flags[k] if flags else 0, seed, 0, -1,
                )
            )  # fmt: skip
            start += math.hypot(x[k + 1] - x[k], y[k + 1] - y[k])


def _between(p: tuple[float, float], q: tuple[float, float], t: float) -> tuple[float, float]:
    return p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])
