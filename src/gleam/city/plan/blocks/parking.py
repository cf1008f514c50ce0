"""Parking: one large car park with trees at its rim."""

from __future__ import annotations

from gleam.city.plan.blocks.lot import Lot
from gleam.city.plan.dice import Dice
from gleam.city.plan.polygons import fit_rectangle, inset, random_points
from gleam.city.plan.site import ON_ROADS, Site
from gleam.city.plan.vegetation import count_for
from gleam.city.scene import Ground


def fill(site: Site, lot: Lot, dice: Dice) -> None:
    """Lay out a block that is a car park."""
    r = fit_rectangle(inset(lot.polygon, 2) or lot.polygon)
    if r and min(r.hx, r.hy) > 8:
        for scale in (1.0, 0.8, 0.6, 0.45):
            half = (r.hx * scale, r.hy * scale)
            placed = site.add_area(Ground.PARKING, r.x, r.y, r.angle, half, 20, blocked_by=ON_ROADS)
            if placed:
                site.add_car_park(placed)
                break
    n = count_for(lot.area_m2, 350)
    if n:
        site.add_trees(random_points(lot.polygon, n, dice), 1.8 + 1.5 * dice.units(n))
