"""Downtown: lots of different size with flat-roofed buildings, towers on podiums, small gardens."""

from __future__ import annotations

import math

import numpy as np

from gleam.city.plan.blocks.lot import Lot
from gleam.city.plan.dice import Dice
from gleam.city.plan.palettes import ROOF_FLAT, WALL_BRICK, WALL_DOWNTOWN
from gleam.city.plan.polygons import Rectangle, area, fit_rectangle, inset, split_into_lots
from gleam.city.plan.site import Body, Placed, Site
from gleam.city.scene import Facade, Ground

FLOOR_M = 3.3
PODIUM_FLOORS = 4
FACADES = (
    Facade.OLD,
    Facade.RIBBONS,
    Facade.CURTAIN,
    Facade.CURTAIN,
    Facade.RIBBONS,
    Facade.OLD,
    Facade.BALCONIES,
)


def fill(site: Site, lot: Lot, dice: Dice) -> None:
    """Build a downtown block."""
    for part in split_into_lots(lot.polygon, 1500, (0.7, 1.5), (0.4, 0.6), dice):
        if area(part) < 120:
            continue
        usable = inset(part, dice.between(1.2, 2.7))
        rectangle = fit_rectangle(usable) if len(usable) >= 3 else None
        if rectangle is None or min(rectangle.hx, rectangle.hy) < 4:
            continue
        u = dice.unit()
        if u < 0.08:
            _car_park(site, rectangle)
        elif u < 0.13:
            _garden(site, rectangle, dice)
        else:
            _building(site, rectangle, dice)


def _car_park(site: Site, r: Rectangle) -> None:
    placed = site.add_area(Ground.PARKING, r.x, r.y, r.angle, (r.hx, r.hy), 20)
    if placed:
        site.add_car_park(placed)


def _garden(site: Site, r: Rectangle, dice: Dice) -> None:
    site.add_area(Ground.GRASS, r.x, r.y, r.angle, (r.hx, r.hy), 20)
    n = int(r.hx * r.hy / 18)
    spots = dice.units(n, 2) * 2 - 1
    c, s = math.cos(r.angle), math.sin(r.angle)
    lx, ly = 0.8 * r.hx * spots[:, 0], 0.8 * r.hy * spots[:, 1]
    points = np.stack([r.x + c * lx - s * ly, r.y + s * lx + c * ly], axis=1)
    site.add_trees(points, 2 + 1.5 * dice.units(n))


def _building(site: Site, r: Rectangle, dice: Dice) -> None:
    floors = int(min(24, max(3, dice.generator.lognormal(1.85, 0.45))))
    wall = dice.pick(WALL_DOWNTOWN if dice.chance(0.75) else WALL_BRICK)
    facade, roof = dice.pick(FACADES), dice.pick(ROOF_FLAT)
    height = floors * FLOOR_M + 0.6
    if floors > 8 and dice.chance(0.6) and min(r.hx, r.hy) > 9:
        podium_top = PODIUM_FLOORS * FLOOR_M
        podium = Body(0, podium_top, wall, roof, facade, shop=True)
        base = site.add_building(r.x, r.y, r.angle, (r.hx, r.hy), podium)
        if base:
            share = dice.between(0.5, 0.7)
            tower = Placed(base.x, base.y, base.angle, base.hx * share, base.hy * share, base.seed)
            site.stack(tower, Body(podium_top, height, wall, dice.pick(ROOF_FLAT), facade))
            site.add_roof_machinery(tower, height, 2)
        return
    body = Body(0, height, wall, roof, facade, shop=True)
    placed = site.add_building(r.x, r.y, r.angle, (r.hx, r.hy), body)
    if placed:
        site.add_roof_machinery(placed, height, 1 + dice.below(4))
