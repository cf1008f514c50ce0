"""Apartment slabs: parallel long blocks in green, with paths, a car park and a court."""

from __future__ import annotations

import math

from gleam.city.plan.blocks.lot import Lot
from gleam.city.plan.dice import Dice
from gleam.city.plan.palettes import ROOF_FLAT, ROOF_RED, WALL_BRICK, WALL_SLAB
from gleam.city.plan.polygons import random_points
from gleam.city.plan.site import ALL, BUILDING, ON_STREETS, SOLID_OR_AREA, Body, Site
from gleam.city.plan.vegetation import count_for
from gleam.city.scene import Facade, Ground, Roof

FLOOR_M = 3.0
FACADES = (Facade.BALCONIES, Facade.OLD, Facade.RIBBONS, Facade.BALCONIES)
COURTS = (Ground.BALL_COURT, Ground.SAND, Ground.TENNIS)


def fill(site: Site, lot: Lot, dice: Dice) -> None:
    """Build a block of apartment slabs."""
    slabs(site, lot, 3 + dice.below(8), dice.pick(FACADES), dice)
    grounds(site, lot, court=dice.chance(0.3), dice=dice)


def slabs(site: Site, lot: Lot, floors: int, facade: Facade, dice: Dice) -> None:
    """Set rows of long buildings, further apart the higher they are."""
    wall = dice.pick(WALL_SLAB if dice.chance(0.75) else WALL_BRICK)
    spacing = 26 + floors * 1.5
    across = dice.chance(0.35)
    gabled = dice.chance(0.3) and floors <= 5
    rows = max(1, int((lot.length if across else lot.depth) / spacing))
    first, width = (lot.x0, lot.length) if across else (lot.y0, lot.depth)
    start, end = (lot.y0, lot.y1) if across else (lot.x0, lot.x1)
    angle = lot.angle + (math.pi / 2 if across else 0.0)
    for row in range(rows):
        line = first + (row + 0.5) * width / rows
        along = start + 3
        while along < end - 16:
            length = min(dice.between(24, 58), end - along - 3)
            middle = along + length / 2
            x, y = lot.at(line, middle) if across else lot.at(middle, line)
            if lot.holds(x, y) and not dice.chance(0.1):
                height = (floors + dice.below(2)) * FLOOR_M + 0.8
                half = (length / 2 - 2, dice.between(6, 7))
                if gabled:
                    body = Body(0, height, wall, dice.pick(ROOF_RED), facade, Roof.GABLE, 3.0)
                else:
                    body = Body(0, height, wall, dice.pick(ROOF_FLAT), facade)
                placed = site.add_building(x, y, angle, half, body)
                if placed and not gabled:
                    site.add_roof_machinery(placed, height, 2)
            along += length + 4


def grounds(site: Site, lot: Lot, court: bool, dice: Dice) -> None:
    """Lay out the green between: car park, court, paths, trees."""
    if dice.chance(0.6):
        x, y = lot.at(
            lot.x0 + lot.length * dice.between(0.2, 0.8), lot.y0 + lot.depth * dice.between(0.2, 0.8)
        )
        half = (dice.between(14, 22), 8.5)
        placed = site.add_area(Ground.PARKING, x, y, lot.angle, half, 20, blocked_by=ON_STREETS | BUILDING)
        if placed:
            site.add_car_park(placed)
    if court:
        for _ in range(4):
            x, y = lot.point(dice)
            kind = dice.pick(COURTS)
            if site.add_area(kind, x, y, lot.angle, (12, 7), 22, blocked_by=ALL):
                break
    site.add_paths(lot.polygon, 2)
    n = count_for(lot.area_m2, dice.between(170, 420))
    if n:
        points = random_points(lot.polygon, n, dice)
        site.add_trees(points, 2.2 + 2.6 * dice.units(n), 0.1, SOLID_OR_AREA)
