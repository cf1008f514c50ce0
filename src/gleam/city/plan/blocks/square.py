"""Square: paved, with a church, a fountain, or nothing, and trees round about."""

from __future__ import annotations

from gleam.city.plan.blocks.lot import Lot
from gleam.city.plan.dice import Dice
from gleam.city.plan.palettes import ROOF_COPPER, ROOF_DARK, ROOF_RED, WALL_OLD
from gleam.city.plan.polygons import inset, random_points
from gleam.city.plan.site import ON_ROADS, Body, Placed, Site
from gleam.city.plan.vegetation import count_for
from gleam.city.scene import Facade, Ground, Roof, Shape


def fill(site: Site, lot: Lot, dice: Dice) -> None:
    """Lay out a square."""
    u = dice.unit()
    x, y = lot.middle
    if u < 0.45:
        _church(site, lot, dice)
    elif u < 0.7:
        site.add_area(Ground.WATER, x, y, lot.angle, (6, 6), 35, Shape.BLOB, blocked_by=ON_ROADS)
    n = count_for(lot.area_m2, 220)
    if n:
        points = random_points(inset(lot.polygon, 3) or lot.polygon, n, dice)
        site.add_trees(points, 2 + 1.6 * dice.units(n))


def _church(site: Site, lot: Lot, dice: Dice) -> None:
    """Build a nave with a tower at its end."""
    x, y = lot.middle
    roof, wall = dice.pick(ROOF_RED + ROOF_DARK + ROOF_COPPER), dice.pick(WALL_OLD)
    half_length = min(20, lot.length * 0.3)
    nave = Body(0, 11, wall, roof, Facade.CHURCH, Roof.GABLE, 8)
    # Seeds outside this range would give the roof solar panels or dormers.
    parish = Placed(x, y, lot.angle, half_length, 8, seed=dice.between(0.25, 0.85))
    placed = site.add_building(x, y, lot.angle, (half_length, 8), nave, part_of=parish)
    if placed is None:
        return
    tx, ty = placed.at(-(placed.hx + 3), 0)
    spire = dice.pick(ROOF_COPPER) if dice.chance(0.5) else roof
    tower = Body(0, dice.between(30, 38), wall, spire, Facade.CHURCH, Roof.HIP, 12)
    site.add_building_world(tx, ty, placed.angle, (4, 4), tower, ON_ROADS, part_of=placed)
