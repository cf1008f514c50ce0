"""The plan from end to end: a seed and a size in, a scene out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gleam.city.plan import pack
from gleam.city.plan.blocks import BLOCK_CELL_M, fill_blocks
from gleam.city.plan.dice import Dice
from gleam.city.plan.graph import planar_graph
from gleam.city.plan.on_earth import frame_for
from gleam.city.plan.site import Site
from gleam.city.plan.street_furniture import car_rows, furnish_streets, plant_banks
from gleam.city.plan.streets import lay_streets
from gleam.city.plan.subdivision import plan_sheet
from gleam.city.plan.warp import Warp
from gleam.city.plan.waterways import lay_waterways, plan_waterways
from gleam.city.scene import AREA_COLUMNS, OBJ_COLUMNS, OBJ_RISE, OBJ_Z1, SEG_COLUMNS, Scene
from gleam.errors import GleamError

SMALLEST_M, LARGEST_M = 500.0, 10_000.0


def make_scene(seed: int, size_m: float | tuple[float, float]) -> Scene:
    """Plan a whole city.

    seed: any integer from 0; the same seed and size give identical arrays on one platform.
    size_m: side of the square, or (width, height), 500 to 10,000 m each.

    Raises GleamError for a seed or size out of range.
    """
    width_m, height_m = _checked(seed, size_m)
    # Each stage has dice of its own, so that a change in one leaves the others as they were.
    warp_dice, sheet_dice, water_dice, street_dice, planting_dice = (Dice(seed, k) for k in range(5))
    site = Site(width_m, height_m, Warp(warp_dice), planting_dice)
    sheet = plan_sheet(width_m, height_m, sheet_dice)
    waterways = plan_waterways(width_m, height_m, water_dice)
    lay_waterways(site, waterways)
    site.dice = street_dice
    ends, links = planar_graph(sheet.roads)
    network = lay_streets(site, ends, links, street_dice)
    blocks = fill_blocks(site, sheet.blocks, seed)
    furnish_streets(site, network.edges, planting_dice)
    plant_banks(site, waterways, planting_dice)

    built = np.array(site.objects, np.float32).reshape(-1, OBJ_COLUMNS)
    trees = site.trees.plant(site.occupancy, planting_dice)
    cars = car_rows(site, planting_dice)
    objects = pack.keep_inside(np.concatenate([built, trees, cars]), width_m, height_m)
    segments = np.array(site.segments, np.float32).reshape(-1, SEG_COLUMNS)
    areas = pack.sort_areas(np.array(site.areas, np.float32).reshape(-1, AREA_COLUMNS))
    nx, ny = pack.grid_size(width_m, height_m)
    object_index, cell_top_m = pack.index_objects(objects, nx, ny)
    tops = objects[:, OBJ_Z1] + objects[:, OBJ_RISE]
    return Scene(
        seed=seed,
        width_m=width_m,
        height_m=height_m,
        frame=frame_for(seed, width_m, height_m),
        objects=objects,
        object_index=object_index,
        cell_top_m=cell_top_m,
        segments=segments,
        segment_index=pack.index_segments(segments, nx, ny),
        areas=areas,
        area_index=pack.index_areas(areas, nx, ny),
        block_of=blocks.block_of,
        block_cell_m=BLOCK_CELL_M,
        block_ground=blocks.ground,
        block_use=blocks.use,
        block_seed=blocks.seed,
        grid_size=(nx, ny),
        top_m=float(tops.max(initial=0.0)) + 0.1,
        edges=network.edges,
        nodes=network.nodes,
        rivers=waterways.rivers,
        rails=waterways.rails,
    )


def _checked(seed: int, size_m: float | tuple[float, float]) -> tuple[float, float]:
    """Return (width, height) as floats after checking both arguments."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise GleamError(f"City seed {seed!r} is not usable; give an integer from 0 up.")
    sides = tuple(size_m) if isinstance(size_m, Sequence) else (size_m, size_m)
    usable = len(sides) == 2 and all(
        math.isfinite(side) and SMALLEST_M <= side <= LARGEST_M for side in sides
    )
    if not usable:
        raise GleamError(
            f"City size {size_m!r} is not usable; give one side or (width, height) "
            f"from {SMALLEST_M:g} to {LARGEST_M:g} m."
        )
    return float(sides[0]), float(sides[1])
