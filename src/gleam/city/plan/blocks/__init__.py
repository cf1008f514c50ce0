"""Blocks: what each becomes, and one file per land use that fills it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.city.plan.blocks import (
    campus,
    detached,
    downtown,
    industry,
    old_town,
    park,
    parking,
    slabs,
    sport,
    square,
)
from gleam.city.plan.blocks.lot import Lot, make_lot
from gleam.city.plan.dice import Dice
from gleam.city.plan.occupancy import fill_polygon
from gleam.city.plan.polygons import Polygon, area, inset
from gleam.city.plan.site import Site
from gleam.city.plan.streets import HALF_WIDTH_M, SIDEWALK_M
from gleam.city.plan.subdivision import Block
from gleam.city.scene import Ground, LandUse, RoadClass

BLOCK_CELL_M = 2.0
BEYOND_M = 150.0
LEAST_LOT_M2 = 350.0

FILL: dict[LandUse, Callable[[Site, Lot, Dice], None]] = {
    LandUse.DOWNTOWN: downtown.fill,
    LandUse.OLD_TOWN: old_town.fill,
    LandUse.SLABS: slabs.fill,
    LandUse.DETACHED: detached.fill,
    LandUse.INDUSTRY: industry.fill,
    LandUse.PARK: park.fill,
    LandUse.SQUARE: square.fill,
    LandUse.PARKING: parking.fill,
    LandUse.SPORT: sport.fill,
    LandUse.CAMPUS: campus.fill,
}
GROUND = {
    LandUse.DOWNTOWN: Ground.PAVED,
    LandUse.OLD_TOWN: Ground.YARD,
    LandUse.SLABS: Ground.GRASS,
    LandUse.DETACHED: Ground.YARD,
    LandUse.INDUSTRY: Ground.CONCRETE,
    LandUse.PARK: Ground.GRASS,
    LandUse.SQUARE: Ground.PLAZA,
    LandUse.PARKING: Ground.PAVED,
    LandUse.SPORT: Ground.GRASS,
    LandUse.CAMPUS: Ground.GRASS,
}


@dataclass(frozen=True)
class BlockTable:
    """The blocks of a city: a raster of their numbers, and cover, use and seed of each.

    Number 0 is the land outside all blocks: a park.
    """

    block_of: NDArray[np.uint16]
    ground: NDArray[np.float32]
    use: NDArray[np.int32]
    seed: NDArray[np.float32]


def fill_blocks(site: Site, blocks: list[Block], seed: int) -> BlockTable:
    """Decide the use of every block in the city and build on it.

    Each block has dice of its own, so that one block's contents never depend on another's.
    """
    height, width = (-(-side // int(BLOCK_CELL_M)) for side in site.occupancy.raster.shape)
    block_of = np.zeros((height, width), np.uint16)
    uses, seeds = [LandUse.PARK], [0.5]
    for number, block in enumerate(blocks):
        outline = block.outline
        x, y = (sum(p[axis] for p in outline) / len(outline) for axis in (0, 1))
        wx, wy = site.warp.point(x, y)
        if not (-BEYOND_M < wx < site.width_m + BEYOND_M and -BEYOND_M < wy < site.height_m + BEYOND_M):
            continue
        dice = site.dice = Dice(seed, 5, number)
        use = _use(block.use, area(outline), dice)
        uses.append(use)
        seeds.append(dice.unit())
        _colour(site, block_of, outline, len(uses) - 1)
        usable = inset(outline, [_street_m(c) for c in block.side_classes])
        if len(usable) >= 3 and area(usable) >= LEAST_LOT_M2:
            lot = make_lot(usable, seeds[-1])
            if lot is not None:
                FILL[use](site, lot, dice)
    ground = np.array([GROUND[use] for use in uses], np.float32)
    return BlockTable(block_of, ground, np.array(uses, np.int32), np.array(seeds, np.float32))


def _use(use: LandUse, area_m2: float, dice: Dice) -> LandUse:
    """Turn some blocks of a district into its parks, squares, schools, pitches and car parks."""
    u = dice.unit()
    if use == LandUse.INDUSTRY:
        return LandUse.PARKING if u < 0.06 else use
    if u < 0.055:
        return LandUse.PARK
    if u < 0.085 and area_m2 > 7000:
        return LandUse.SPORT
    if u < 0.105 and use in (LandUse.DOWNTOWN, LandUse.OLD_TOWN):
        return LandUse.SQUARE
    if u < 0.125:
        return LandUse.PARKING
    if u < 0.15 and area_m2 > 6000:
        return LandUse.CAMPUS
    return use


def _street_m(road_class: int) -> float:
    """Return how far the street along a side reaches into the block."""
    rank = RoadClass(road_class)
    return HALF_WIDTH_M[rank] * 1.04 + SIDEWALK_M[rank] + (0.3 if rank > RoadClass.ALLEY else 1.0)


def _colour(site: Site, block_of: NDArray[np.uint16], outline: Polygon, number: int) -> None:
    """Write the block's number into the raster, following its bent outline."""
    corners = np.asarray(outline)
    following = np.roll(corners, -1, axis=0)
    t = np.arange(6) / 6
    dense = (corners[:, None] + t[:, None] * (following - corners)[:, None]).reshape(-1, 2)
    x, y = site.warp.points(dense[:, 0], dense[:, 1])
    fill_polygon(block_of, BLOCK_CELL_M, x, y, number)
