"""Sports ground: a running track or football pitch, tennis courts, a club house, trees."""

from __future__ import annotations

from gleam.city.plan.blocks.lot import Lot
from gleam.city.plan.dice import Dice
from gleam.city.plan.palettes import ROOF_FLAT, WALL_SLAB
from gleam.city.plan.polygons import random_points
from gleam.city.plan.site import ALL, ON_ROADS, SOLID_OR_AREA, Body, Site
from gleam.city.plan.vegetation import count_for
from gleam.city.scene import Facade, Ground

TRACK_HALF_M = (58.0, 34.0)
TENNIS_HALF_M = (9.0, 17.0)
COURT_COLOURS = 3


def fill(site: Site, lot: Lot, dice: Dice) -> None:
    """Lay out a sports ground."""
    x, y = lot.middle
    done = False
    if lot.length > 125 and lot.depth > 76:
        done = bool(site.add_area(Ground.TRACK, x, y, lot.angle, TRACK_HALF_M, 25, blocked_by=ON_ROADS))
    if not done and lot.length > 74 and lot.depth > 48:
        half = (min(50, lot.length * 0.4), min(30, lot.depth * 0.36))
        done = bool(site.add_area(Ground.SOCCER, x, y, lot.angle, half, 25, blocked_by=ON_ROADS))
    if not done or dice.chance(0.5):
        colour = dice.below(COURT_COLOURS)
        for _ in range(8):
            x, y = lot.point(dice)
            site.add_area(Ground.TENNIS, x, y, lot.angle, TENNIS_HALF_M, 24, style=colour, blocked_by=ALL)
    for _ in range(3):
        x, y = lot.point(dice)
        house = Body(0, 4.5, dice.pick(WALL_SLAB), dice.pick(ROOF_FLAT), Facade.RIBBONS)
        if site.add_building(x, y, lot.angle, (10, 5), house, blocked_by=ALL):
            break
    n = count_for(lot.area_m2, 260)
    if n:
        points = random_points(lot.polygon, n, dice)
        site.add_trees(points, 2.2 + 2 * dice.units(n), blocked_by=SOLID_OR_AREA)
