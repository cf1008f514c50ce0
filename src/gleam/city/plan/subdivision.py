"""From superblocks to streets and blocks, on the flat planning sheet.

The city is a jittered lattice of superblocks bounded by main roads. Each has one land use and is cut
into blocks in one of three ways: halved again and again, by a diagonal avenue, or by a grid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from gleam.city.plan.dice import Dice
from gleam.city.plan.polygons import Point, Polygon, area, clip_tagged, oriented_box
from gleam.city.scene import LandUse, RoadClass

MARGIN_M = 350.0
"""Streets reach this far beyond the city, so that the warped edge shows no gap."""
SUPERBLOCK_M = (560.0, 480.0)
DIAGONAL_SHARE, GRID_SHARE = 0.12, 0.38
MISSING_STREET_SHARE = 0.06
STREET_NAME_SPAN = 3
"""A main road changes its name after this many superblocks."""


class Division(NamedTuple):
    """How a land use is halved: target block area, least side, how askew the cuts are (radians)."""

    target_m2: float
    side_m: float
    skew: float


HALVING = {
    LandUse.DOWNTOWN: Division(9000, 55, 0.05),
    LandUse.OLD_TOWN: Division(5200, 42, 0.28),
    LandUse.SLABS: Division(15000, 75, 0.15),
    LandUse.DETACHED: Division(8200, 52, 0.16),
    LandUse.INDUSTRY: Division(24000, 100, 0.08),
}
GRID_CELL_M = {
    LandUse.DOWNTOWN: (95.0, 80.0),
    LandUse.DETACHED: (150.0, 72.0),
    LandUse.OLD_TOWN: (85.0, 66.0),
    LandUse.SLABS: (150.0, 120.0),
}
LAND_USE_BAG = (
    LandUse.DOWNTOWN,
    LandUse.OLD_TOWN,
    LandUse.SLABS,
    LandUse.DETACHED,
    LandUse.DETACHED,
    LandUse.INDUSTRY,
    LandUse.OLD_TOWN,
    LandUse.DETACHED,
    LandUse.SLABS,
)
"""Superblocks draw their land use from this bag without putting back, which keeps the mix everywhere."""


class Road(NamedTuple):
    """A straight stretch of street on the sheet; stretches of one street share its number."""

    start: Point
    end: Point
    road_class: RoadClass
    street: int


class Block(NamedTuple):
    """Land between streets: convex outline, the class of the road along each side, land use."""

    outline: Polygon
    side_classes: list[int]
    use: LandUse


@dataclass
class Sheet:
    """The planned roads and blocks."""

    roads: list[Road] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    streets: int = 0

    def new_street(self) -> int:
        """Return a fresh street number."""
        self.streets += 1
        return self.streets - 1


def plan_sheet(width_m: float, height_m: float, dice: Dice) -> Sheet:
    """Lay out all roads and blocks of a city of the given size, before warping."""
    nx = max(1, round((width_m + 2 * MARGIN_M) / SUPERBLOCK_M[0]))
    ny = max(1, round((height_m + 2 * MARGIN_M) / SUPERBLOCK_M[1]))
    corners = [
        [
            _rounded(
                -MARGIN_M + (width_m + 2 * MARGIN_M) * i / nx + dice.between(-75, 75),
                -MARGIN_M + (height_m + 2 * MARGIN_M) * j / ny + dice.between(-65, 65),
            )
            for j in range(ny + 1)
        ]
        for i in range(nx + 1)
    ]
    sheet = Sheet()
    east_class, north_class = _main_roads(sheet, corners, nx, ny, dice)
    bag: list[LandUse] = []
    for i in range(nx):
        for j in range(ny):
            if not bag:
                bag = [LAND_USE_BAG[k] for k in dice.generator.permutation(len(LAND_USE_BAG))]
            outline = [corners[i][j], corners[i + 1][j], corners[i + 1][j + 1], corners[i][j + 1]]
            classes = [east_class[i, j], north_class[i + 1, j], east_class[i, j + 1], north_class[i, j]]
            _fill_superblock(sheet, outline, classes, bag.pop(), dice)
    return sheet


def _rounded(x: float, y: float) -> Point:
    """Round to a centimetre, so that equal junctions compare equal."""
    return round(x, 2), round(y, 2)


def _main_roads(
    sheet: Sheet, corners: list[list[Point]], nx: int, ny: int, dice: Dice
) -> tuple[dict[tuple[int, int], int], dict[tuple[int, int], int]]:
    """Add the roads between superblocks; every second line is an arterial, others are at times."""
    first = dice.below(2)
    names: dict[tuple[str, int, int], int] = {}
    east: dict[tuple[int, int], int] = {}
    north: dict[tuple[int, int], int] = {}

    def add(axis: str, line: int, step: int, start: Point, end: Point) -> int:
        arterial = (line + first) % 2 == 0 or dice.chance(0.3)
        road_class = RoadClass.ARTERIAL if arterial else RoadClass.COLLECTOR
        key = (axis, line, step // STREET_NAME_SPAN)
        if key not in names:
            names[key] = sheet.new_street()
        sheet.roads.append(Road(start, end, road_class, names[key]))
        return int(road_class)

    for i in range(nx + 1):
        for j in range(ny + 1):
            if i < nx:
                east[i, j] = add("east", j, i, corners[i][j], corners[i + 1][j])
            if j < ny:
                north[i, j] = add("north", i, j, corners[i][j], corners[i][j + 1])
    return east, north


def _fill_superblock(sheet: Sheet, outline: Polygon, classes: list[int], use: LandUse, dice: Dice) -> None:
    """Cut one superblock into blocks in one of the three ways."""
    u = dice.unit()
    if u < DIAGONAL_SHARE:
        avenue = RoadClass.COLLECTOR
        sheet.roads.append(Road(outline[0], outline[2], avenue, sheet.new_street()))
        a, b, c, d = outline
        _halve(sheet, [a, b, c], [classes[0], classes[1], avenue], use, 1, dice)
        _halve(sheet, [a, c, d], [avenue, classes[2], classes[3]], use, 1, dice)
    elif u < DIAGONAL_SHARE + GRID_SHARE and use in GRID_CELL_M:
        _grid(sheet, outline, classes, use, dice)
    else:
        _halve(sheet, outline, classes, use, 0, dice)


def _halve(sheet: Sheet, outline: Polygon, classes: list[int], use: LandUse, depth: int, dice: Dice) -> None:
    """Cut a block across its long side, again and again until the parts are small enough."""
    box = oriented_box(outline)
    if box is None:
        return
    rule = HALVING[use]
    lx, ly = box.x1 - box.x0, box.y1 - box.y0
    if abs(area(outline)) < rule.target_m2 * dice.between(0.7, 1.6) or max(lx, ly) < 2 * rule.side_m:
        sheet.blocks.append(Block(outline, classes, use))
        return
    f = dice.between(0.38, 0.62)
    if lx > ly:
        mx, my = box.x0 + f * lx, (box.y0 + box.y1) / 2
        direction = math.atan2(box.sin, box.cos)
    else:
        mx, my = (box.x0 + box.x1) / 2, box.y0 + f * ly
        direction = math.atan2(box.cos, -box.sin)
    px, py = box.cos * mx - box.sin * my, box.sin * mx + box.cos * my
    direction += dice.between(-rule.skew, rule.skew)
    nx, ny = math.cos(direction), math.sin(direction)
    offset = nx * px + ny * py
    if depth == 0 or (depth == 1 and dice.chance(0.4)):
        road_class = RoadClass.COLLECTOR
    else:
        road_class = RoadClass.LOCAL if dice.chance(0.93) else RoadClass.ALLEY
    near, near_classes = clip_tagged(outline, classes, nx, ny, offset, road_class)
    far, far_classes = clip_tagged(outline, classes, -nx, -ny, -offset, road_class)
    if len(near) < 3 or len(far) < 3 or min(abs(area(near)), abs(area(far))) < 1500:
        sheet.blocks.append(Block(outline, classes, use))
        return
    on_cut = [p for p in near if abs(nx * p[0] + ny * p[1] - offset) < 1e-6]
    if len(on_cut) >= 2:
        street = sheet.new_street()
        sheet.roads.append(Road(_rounded(*on_cut[0]), _rounded(*on_cut[-1]), road_class, street))
    _halve(sheet, near, near_classes, use, depth + 1, dice)
    _halve(sheet, far, far_classes, use, depth + 1, dice)


def _grid(sheet: Sheet, outline: Polygon, classes: list[int], use: LandUse, dice: Dice) -> None:
    """Cut a superblock by a jittered grid of streets, some of them missing: four-way crossings."""
    cell = GRID_CELL_M[use]
    if dice.chance(0.5):
        cell = cell[::-1]
    gx, gy = (max(2, round(side / step)) for side, step in zip(SUPERBLOCK_M, cell, strict=True))

    def stops(n: int) -> list[float]:
        inner = np.sort((np.arange(1, n) + (dice.units(n - 1) - 0.5) * 0.5) / n)
        return [0.0, *map(float, inner), 1.0]

    a, b, c, d = outline

    def corner(t: float, v: float) -> Point:
        return _rounded(
            (1 - t) * (1 - v) * a[0] + t * (1 - v) * b[0] + t * v * c[0] + (1 - t) * v * d[0],
            (1 - t) * (1 - v) * a[1] + t * (1 - v) * b[1] + t * v * c[1] + (1 - t) * v * d[1],
        )

    along, across = stops(gx), stops(gy)
    grid = [[corner(t, v) for v in across] for t in along]
    missing = int(RoadClass.ALLEY)

    def street_class(line: int, middle: int) -> RoadClass:
        if line == middle:
            return RoadClass.COLLECTOR
        return RoadClass.LOCAL if dice.chance(0.94) else RoadClass.ALLEY

    # Classes of the stretches between grid corners, for the blocks beside them.
    east = {(i, 0): classes[0] for i in range(gx)} | {(i, gy): classes[2] for i in range(gx)}
    north = {(0, j): classes[3] for j in range(gy)} | {(gx, j): classes[1] for j in range(gy)}
    for j in range(1, gy):
        street = sheet.new_street()
        for i in range(gx):
            east[i, j] = missing
            if not dice.chance(MISSING_STREET_SHARE):
                east[i, j] = street_class(j, gy // 2)
                sheet.roads.append(Road(grid[i][j], grid[i + 1][j], RoadClass(east[i, j]), street))
    for i in range(1, gx):
        street = sheet.new_street()
        for j in range(gy):
            north[i, j] = missing
            if not dice.chance(MISSING_STREET_SHARE):
                north[i, j] = street_class(i, gx // 2)
                sheet.roads.append(Road(grid[i][j], grid[i][j + 1], RoadClass(north[i, j]), street))
    for i in range(gx):
        for j in range(gy):
            corners = [grid[i][j], grid[i + 1][j], grid[i + 1][j + 1], grid[i][j + 1]]
            sides = [east[i, j], north[i + 1, j], east[i, j + 1], north[i, j]]
            sheet.blocks.append(Block(corners, sides, use))
