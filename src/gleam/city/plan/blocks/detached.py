"""Detached and row houses with driveways, garages, gardens, pools and hedges."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gleam.city.plan.blocks.lot import Lot, Plot, frontage
from gleam.city.plan.dice import Dice
from gleam.city.plan.occupancy import WALL_SLACK_M
from gleam.city.plan.palettes import (
    HEDGE,
    ROOF_BROWN,
    ROOF_DARK,
    ROOF_FLAT,
    ROOF_RED,
    WALL_HOUSE,
    Colour,
    Palette,
)
from gleam.city.plan.site import ALL, BUILDING, ON_STREETS, Body, CarSlot, Placed, Site
from gleam.city.scene import Facade, Ground, ObjectKind, Roof, Shape

STOREY_M = 2.8
DRIVEWAY_HALF_WIDTH_M = 1.5


class Style(NamedTuple):
    """What the houses of one block have in common."""

    setback: float
    roofs: Palette
    row: bool
    hip_share: float
    hedges: bool


def fill(site: Site, lot: Lot, dice: Dice) -> None:
    """Build a block of houses."""
    style = Style(
        setback=dice.between(4, 8),
        roofs=dice.pick((ROOF_RED, ROOF_RED, ROOF_DARK, ROOF_BROWN)),
        row=dice.chance(0.22),
        hip_share=0.6 * dice.unit(),
        hedges=dice.chance(0.5),
    )
    if style.row:
        plots = frontage(lot.polygon, style.setback, (9, 9), (7, 7.5), 0.0, dice)
    else:
        plots = frontage(lot.polygon, style.setback, (8, 11.5), (9, 14), 7.5, dice)
    trees: list[tuple[float, float]] = []
    for plot in plots:
        if not dice.chance(0.06):
            _house(site, lot, plot, style, trees, dice)
    if trees:
        radius = 1.4 + 2.4 * dice.units(len(trees)) ** 1.5
        site.add_trees(np.array(trees), radius, conifer_share=0.2, blocked_by=ALL)


def _house(
    site: Site, lot: Lot, plot: Plot, style: Style, trees: list[tuple[float, float]], dice: Dice
) -> None:
    """Build one house with what belongs to it."""
    eaves = (1 + dice.below(1.6)) * STOREY_M + 0.5
    palette = style.roofs if dice.chance(0.8) else dice.pick((ROOF_RED, ROOF_DARK, ROOF_BROWN))
    wall, colour = dice.pick(WALL_HOUSE), dice.pick(palette)
    if dice.chance(style.hip_share):
        roof = Roof.HIP
    else:
        roof = Roof.GABLE if dice.chance(0.93) else Roof.FLAT
    rise = dice.between(1.8, 4.0) if roof != Roof.FLAT else 0.0
    gable_to_street = dice.chance(0.3) and not style.row
    angle = plot.angle + (math.pi / 2 if gable_to_street else 0.0)
    half = (plot.hy, plot.hx) if gable_to_street else (plot.hx, plot.hy)
    body = Body(0, eaves, wall, colour, Facade.HOUSE, roof, rise)
    house = site.add_building(plot.x, plot.y, angle, half, body)
    if house is None:
        return
    if not style.row:
        if dice.chance(0.35):
            _wing(site, plot, house, body)
        if dice.chance(0.75):
            _driveway(site, plot, style.setback, wall, dice)
    _garden(site, lot, plot, style, trees, dice)


def _wing(site: Site, plot: Plot, house: Placed, body: Body) -> None:
    """Add a lower wing behind the house that runs into it, where the garden there is free."""
    reach, half_width = plot.hy * 0.9, plot.hx * 0.45
    angle = plot.angle + math.pi / 2
    # The part that stands clear of the house.
    start, end = plot.hy + WALL_SLACK_M, plot.hy + reach * 1.5
    x, y = plot.at(0, (start + end) / 2)
    wx, wy, turned = site.warp.pose(x, y, angle)
    c, s = math.cos(turned), math.sin(turned)
    if site.occupancy.meets(wx, wy, c, s, (end - start) / 2, half_width, BUILDING):
        return
    x, y = plot.at(0, plot.hy + reach * 0.5)
    wing = body._replace(z1=body.z1 - 0.6, roof=Roof.GABLE, rise=1.8)
    site.add_building(x, y, angle, (reach, half_width), wing, ON_STREETS, part_of=house)


def _driveway(site: Site, plot: Plot, setback: float, wall: Colour, dice: Dice) -> None:
    """Lay a driveway beside the house with a car slot, often with a garage at its end."""
    side = plot.hx + 2.0 if dice.chance(0.5) else -plot.hx - 2.0
    half_length = (setback + plot.hy * 1.2) / 2 + 1.2
    x, y = plot.at(side, -(plot.hy + setback - half_length + 1.5))
    drive = site.add_area(
        Ground.DRIVEWAY, x, y, plot.angle + math.pi / 2, (half_length, DRIVEWAY_HALF_WIDTH_M), 30
    )
    if drive is None:
        return
    site.add_car(drive.x, drive.y, drive.angle, CarSlot.LOT)
    if dice.chance(0.5):
        gx, gy = plot.at(side, plot.hy * 0.3)
        garage = Body(0, 2.6, wall, dice.pick(ROOF_FLAT), Facade.SHEET)
        site.add_building(gx, gy, plot.angle, (1.7, 2.8), garage)


def _garden(
    site: Site, lot: Lot, plot: Plot, style: Style, trees: list[tuple[float, float]], dice: Dice
) -> None:
    """Give the house a pool at times, a few trees, and a hedge at the street."""
    if dice.chance(0.10):
        x, y = plot.at(0, plot.hy + 8)
        shape = Shape.RECTANGLE if dice.chance(0.6) else Shape.BLOB
        site.add_area(Ground.POOL, x, y, plot.angle, (3.4, 1.9), 40, shape, blocked_by=ALL)
    for _ in range(1 + dice.below(3)):
        x, y = plot.x + dice.between(-11, 11), plot.y + dice.between(-15, 15)
        if lot.holds(x, y):
            trees.append((x, y))
    if style.hedges and dice.chance(0.8):
        x, y = plot.at(0, -(plot.hy + style.setback - 0.6))
        _hedge(site, Placed(*site.warp.pose(x, y, plot.angle), plot.hx * 0.8, 0.35), dice)


def _hedge(site: Site, hedge: Placed, dice: Dice) -> None:
    """Plant a hedge where the ground is free."""
    c, s = math.cos(hedge.angle), math.sin(hedge.angle)
    if site.occupancy.meets(hedge.x, hedge.y, c, s, hedge.hx, 0.3, ALL):
        return
    site.objects.append(
        (
            ObjectKind.HEDGE, hedge.x, hedge.y, c, s, hedge.hx, hedge.hy, 0, dice.between(0.8, 1.6), 0, 0,
            *HEDGE, *HEDGE, Facade.PLAIN, dice.unit(), 3, 0,
        )
    )  # fmt: skip
