"""Old town: houses wall to wall along the streets, courtyards with sheds and trees behind."""

from __future__ import annotations

from gleam.city.plan.blocks.lot import Lot, frontage
from gleam.city.plan.dice import Dice
from gleam.city.plan.palettes import ROOF_BROWN, ROOF_DARK, ROOF_FLAT, ROOF_RED, WALL_BRICK, WALL_OLD
from gleam.city.plan.polygons import area, inset, random_point, random_points
from gleam.city.plan.site import ON_ROADS, Body, Site
from gleam.city.plan.vegetation import count_for
from gleam.city.scene import Facade, Roof

FLOOR_M = 3.2


def fill(site: Site, lot: Lot, dice: Dice) -> None:
    """Build an old-town block."""
    depth = dice.between(10.5, 13.5)
    usual_floors = 3 + dice.below(3)
    roofs = ROOF_RED if dice.chance(0.65) else (ROOF_DARK if dice.chance(0.5) else ROOF_BROWN)
    for plot in frontage(lot.polygon, 0.0, (depth, depth), (11, 20), 0.0, dice):
        if dice.chance(0.05):
            continue
        floors = max(2, usual_floors + dice.below(3) - 1)
        eaves = floors * FLOOR_M + 0.8
        if dice.chance(0.15):
            body = Body(0, eaves, dice.pick(WALL_OLD), dice.pick(ROOF_FLAT), Facade.OLD, shop=True)
        else:
            wall = dice.pick(WALL_OLD if dice.chance(0.8) else WALL_BRICK)
            facade = Facade.OLD if dice.chance(0.8) else Facade.BALCONIES
            rise = dice.between(3.2, 5.0)
            body = Body(0, eaves, wall, dice.pick(roofs), facade, Roof.GABLE, rise, shop=True)
        # Neighbours share walls, so other buildings do not block.
        site.add_building(plot.x, plot.y, plot.angle, (plot.hx, plot.hy), body, blocked_by=ON_ROADS)
    yard = inset(lot.polygon, depth + 4)
    if len(yard) < 3 or area(yard) <= 200:
        return
    for _ in range(int(area(yard) / 500)):
        x, y = random_point(yard, dice)
        if dice.chance(0.5):
            half = (dice.between(3, 7), dice.between(3, 5))
            roof = Roof.GABLE if dice.chance(0.5) else Roof.FLAT
            rise = 1.5 if roof == Roof.GABLE else 0.0
            height = dice.between(3, 6)
            body = Body(0, height, dice.pick(WALL_OLD), dice.pick(roofs), Facade.HOUSE, roof, rise)
            site.add_building(x, y, lot.angle, half, body)
    n = count_for(area(yard), 160)
    if n:
        site.add_trees(random_points(yard, n, dice), 2 + 2 * dice.units(n))
