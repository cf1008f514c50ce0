"""Industry: halls on concrete, car parks, tanks, containers."""

from __future__ import annotations

import math

from gleam.city.plan.blocks.lot import Lot
from gleam.city.plan.dice import Dice
from gleam.city.plan.palettes import (
    CONTAINER,
    ROOF_INDUSTRY,
    TANK_ROOF,
    TANK_WALL,
    WALL_INDUSTRY,
    Colour,
)
from gleam.city.plan.polygons import Rectangle, area, fit_rectangle, inset, random_points, split_into_lots
from gleam.city.plan.site import ALL, BUILDING, ON_ROADS, ON_STREETS, SOLID, SOLID_OR_AREA, Body, Site
from gleam.city.scene import Facade, Ground, ObjectKind, Roof


def fill(site: Site, lot: Lot, dice: Dice) -> None:
    """Build an industrial block."""
    for part in split_into_lots(lot.polygon, 3600, (0.6, 1.5), (0.35, 0.65), dice):
        usable = inset(part, dice.between(2, 5.5))
        if len(usable) < 3 or area(usable) < 200:
            continue
        rectangle = fit_rectangle(usable)
        if rectangle is None or min(rectangle.hx, rectangle.hy) < 6:
            continue
        u = dice.unit()
        if u < 0.17:
            _car_park(site, rectangle)
        elif u < 0.25:
            _tanks(site, rectangle, dice)
        else:
            _halls(site, rectangle, dice)
    _yard(site, lot, dice)


def _car_park(site: Site, r: Rectangle) -> None:
    placed = site.add_area(Ground.PARKING, r.x, r.y, r.angle, (r.hx, r.hy), 20, blocked_by=ON_ROADS)
    if placed:
        site.add_car_park(placed)


def _tanks(site: Site, r: Rectangle, dice: Dice) -> None:
    """Set a few round tanks."""
    x, y = site.warp.point(r.x, r.y)
    for _ in range(1 + dice.below(5)):
        radius = dice.between(4, 9)
        tx, ty = x + dice.between(-0.7, 0.7) * r.hx, y + dice.between(-0.7, 0.7) * r.hy
        around = radius + 0.5
        if site.occupancy.meets(tx, ty, 1.0, 0.0, around, around, SOLID | ON_STREETS):
            continue
        site.occupancy.mark_rectangle(tx, ty, 1.0, 0.0, radius, radius, BUILDING)
        site.objects.append(
            (
                ObjectKind.TANK, tx, ty, 1, 0, radius, radius, 0, dice.between(6, 15), 0, 0,
                *TANK_WALL, *TANK_ROOF, Facade.SHEET, dice.unit(), 3, 0,
            )
        )  # fmt: skip


def _halls(site: Site, r: Rectangle, dice: Dice) -> None:
    """Build one hall, or two of different height side by side."""
    height = dice.between(6, 12)
    gabled = not dice.chance(0.7)
    wall, roof = dice.pick(WALL_INDUSTRY), dice.pick(ROOF_INDUSTRY)
    if dice.chance(0.3) and r.hx > 14:
        share = dice.between(0.35, 0.65)
        _half_hall(site, r, -1, share, (r.hy, height), wall, roof)
        _half_hall(site, r, 1, 1 - share, (r.hy * 0.7, height + 2), wall, dice.pick(ROOF_INDUSTRY))
        return
    rise = dice.between(1.5, 2.5) if gabled else 0.0
    shape = Roof.GABLE if gabled else Roof.FLAT
    body = Body(0, height, wall, roof, Facade.SHEET, shape, rise)
    placed = site.add_building(r.x, r.y, r.angle, (r.hx, r.hy), body)
    if placed and not gabled:
        site.add_roof_machinery(placed, height, dice.below(7))


def _half_hall(
    site: Site,
    r: Rectangle,
    side: int,
    share: float,
    depth_height: tuple[float, float],
    wall: Colour,
    roof: Colour,
) -> None:
    """Build a hall on one side of the rectangle, taking a share of its length."""
    hy, height = depth_height
    shift = side * r.hx * (1 - share)
    x, y = r.x + math.cos(r.angle) * shift, r.y + math.sin(r.angle) * shift
    body = Body(0, height, wall, roof, Facade.SHEET)
    site.add_building(x, y, r.angle, (r.hx * share - 0.3, hy), body)


def _yard(site: Site, lot: Lot, dice: Dice) -> None:
    """Scatter trees, and containers and trailers, over what is left."""
    n = int(lot.area_m2 / 900)
    if n == 0:
        return
    points = random_points(lot.polygon, n, dice)
    is_tree = dice.units(n) < 0.5
    trees = points[is_tree]
    if len(trees):
        site.add_trees(trees, 1.8 + 2 * dice.units(len(trees)), blocked_by=SOLID_OR_AREA)
    for x, y in points[~is_tree].tolist():
        body = Body(0, 2.6, dice.pick(CONTAINER), dice.pick(CONTAINER), Facade.PLAIN)
        site.add_building(x, y, lot.angle, (6, 1.25), body, blocked_by=ALL)
