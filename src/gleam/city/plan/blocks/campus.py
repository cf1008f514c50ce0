"""Campus: a school or college, low slabs in green with courts."""

from __future__ import annotations

from gleam.city.plan.blocks.lot import Lot
from gleam.city.plan.blocks.slabs import grounds, slabs
from gleam.city.plan.dice import Dice
from gleam.city.plan.site import Site
from gleam.city.scene import Facade


def fill(site: Site, lot: Lot, dice: Dice) -> None:
    """Build a campus block."""
    slabs(site, lot, 3 + dice.below(2), Facade.RIBBONS, dice)
    grounds(site, lot, court=True, dice=dice)
