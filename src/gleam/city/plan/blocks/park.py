"""Park: winding paths, clumps of trees, a pond, a playground."""

from __future__ import annotations

import numpy as np

from gleam.city.plan.blocks.lot import Lot
from gleam.city.plan.dice import Dice
from gleam.city.plan.polygons import inset, random_point, random_points
from gleam.city.plan.site import ALL, ON_STREETS, SOLID_OR_AREA, Site
from gleam.city.plan.vegetation import count_for
from gleam.city.scene import Ground, Shape


def fill(site: Site, lot: Lot, dice: Dice) -> None:
    """Lay out a park."""
    site.add_paths(lot.polygon, 3 + dice.below(3))
    if dice.chance(0.4) and lot.area_m2 > 4000:
        px, py = random_point(inset(lot.polygon, 15) or lot.polygon, dice)
        half = (dice.between(10, 24), dice.between(7, 16))
        angle = lot.angle + dice.unit()
        site.add_area(Ground.WATER, px, py, angle, half, 35, Shape.BLOB, blocked_by=ON_STREETS)
    if dice.chance(0.35):
        px, py = lot.point(dice)
        site.add_area(Ground.SAND, px, py, lot.angle, (7, 5), 30, Shape.BLOB, blocked_by=ALL)
    n = count_for(lot.area_m2, dice.between(60, 260))
    if n == 0:
        return
    x, y = site.warp.points(*random_points(lot.polygon, n, dice).T)
    # A coarse wave decides between meadow and grove.
    wave = np.sin(x / 23 + lot.seed * 9) + np.sin(y / 19 + lot.seed * 5)
    grove = wave > -0.5 + 0.8 * dice.units(n)
    x, y = x[grove], y[grove]
    site.add_trees_world(x, y, 2.4 + 3 * dice.units(len(x)), 0.12, SOLID_OR_AREA)
