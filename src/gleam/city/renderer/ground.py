"""What the ground is at a point: the one answer that photos, maps and facts share."""

from __future__ import annotations

import math

from gleam.city.renderer.compiled import compiled, inlined
from gleam.city.renderer.packing import (
    BLOCK_GROUND,
    BLOCK_SEED,
    BLOCK_USE,
    START_AREAS,
    START_SEGMENTS,
    World,
)
from gleam.city.scene import (
    AREA_COS,
    AREA_HX,
    AREA_HY,
    AREA_KIND,
    AREA_PRIORITY,
    AREA_SEED,
    AREA_SHAPE,
    AREA_SIN,
    AREA_STYLE,
    AREA_X,
    AREA_Y,
    CELL_M,
    FLAG_BRIDGE,
    FLAG_CROSSING_A,
    FLAG_CROSSING_B,
    FLAG_MEDIAN,
    SEG_CLASS,
    SEG_CLEAR_A,
    SEG_CLEAR_B,
    SEG_FLAGS,
    SEG_HALF_WIDTH,
    SEG_KIND,
    SEG_LENGTH_M,
    SEG_SEED,
    SEG_SIDEWALK,
    SEG_START_M,
    SEG_X0,
    SEG_X1,
    SEG_Y0,
    SEG_Y1,
    Ground,
    Mark,
    RoadClass,
    SegmentKind,
    Shape,
)

GRASS, CONCRETE, DIRT = int(Ground.GRASS), int(Ground.CONCRETE), int(Ground.DIRT)
ROAD, SIDEWALK, PATH, WATER = int(Ground.ROAD), int(Ground.SIDEWALK), int(Ground.PATH), int(Ground.WATER)
RAIL, PARKING, SOCCER, TENNIS = int(Ground.RAIL), int(Ground.PARKING), int(Ground.SOCCER), int(Ground.TENNIS)
TRACK, ISLAND, BALL_COURT = int(Ground.TRACK), int(Ground.ISLAND), int(Ground.BALL_COURT)
NONE, WHITE, YELLOW, KERB, COURT = (
    int(m) for m in (Mark.NONE, Mark.WHITE, Mark.YELLOW, Mark.KERB, Mark.COURT)
)
ALLEY, COLLECTOR, ARTERIAL = int(RoadClass.ALLEY), int(RoadClass.COLLECTOR), int(RoadClass.ARTERIAL)
SEG_ROAD, SEG_RIVER, SEG_RAIL = int(SegmentKind.ROAD), int(SegmentKind.RIVER), int(SegmentKind.RAIL)
RECTANGLE, ROUNDABOUT, JUNCTION = int(Shape.RECTANGLE), int(Shape.ROUNDABOUT), int(Shape.JUNCTION)

_FAR = 1e9
_OVER_RIVER = 30.0
"""Areas of at least this priority cover the river's bank, paths and the block."""

Patch = tuple[int, float, float, float, float, int, int]


@compiled
def fraction(value: float) -> float:
    """Return what is left of ``value`` above the next lower integer."""
    return value - math.floor(value)


@compiled
def road_mark(
    across: float, along: float, length: float, clear_a: float, clear_b: float,
    half_width: float, road_class: int, flags: int, seed: float,
) -> int:  # fmt: skip
    """Return the paint on a road; -1 on the green median, -2 on its kerb."""
    from_a, from_b = along - clear_a, length - clear_b - along
    if from_a <= 0.0 or from_b <= 0.0:
        return NONE
    off = abs(across)
    zebra = 3.6 if road_class >= COLLECTOR else 2.8
    at_a, at_b = flags & FLAG_CROSSING_A, flags & FLAG_CROSSING_B
    if (at_a and 0.7 < from_a < zebra) or (at_b and 0.7 < from_b < zebra):
        return WHITE if fraction((across + half_width) / 1.1) < 0.55 else NONE
    if (at_a and zebra + 0.8 < from_a < zebra + 1.2) or (at_b and zebra + 0.8 < from_b < zebra + 1.2):
        return WHITE
    if from_a <= zebra + 1.2 or from_b <= zebra + 1.2:
        return NONE
    if road_class == ARTERIAL:
        if flags & FLAG_MEDIAN and off < 1.5:
            return -2 if off > 1.25 else -1
        if 0.08 < off < 0.24:
            return YELLOW if seed < 0.5 else WHITE
        if (abs(off - half_width * 0.5) < 0.09 and along - math.floor(along / 9.0) * 9.0 < 3.5) or (
            half_width - 0.45 < off < half_width - 0.3
        ):
            return WHITE
    elif road_class == COLLECTOR:
        if (off < 0.09 and along - math.floor(along / 6.0) * 6.0 < 3.2) or (
            seed > 0.5 and abs(off - (half_width - 2.2)) < 0.07
        ):
            return WHITE
    elif seed > 0.6 and off < 0.07 and along - math.floor(along / 6.0) * 6.0 < 2.5:
        return WHITE
    return NONE


@compiled
def area_mark(kind: int, a: float, b: float, half_a: float, half_b: float) -> int:
    """Return the paint of a car park or a court at local (a, b)."""
    x, y = abs(a), abs(b)
    if kind == PARKING:
        rows = max(1, int(2.0 * half_b / 16.0))
        row = 2.0 * half_b / rows
        v = (b + half_b) - math.floor((b + half_b) / row) * row
        if (v < 5.0 or v > row - 5.0) and fraction((a + half_a - 0.25) / 2.7) < 0.055:
            return WHITE
    elif kind == SOCCER:
        end, side = half_a - 2.5, half_b - 2.5
        box = end - 13.0
        line = (
            (abs(x - end) < 0.12 and y < side)
            or (abs(y - side) < 0.12 and x < end)
            or (x < 0.12 and y < side)
        )
        line = line or abs(math.sqrt(a * a + b * b) - 8.0) < 0.12
        if line or (abs(x - box) < 0.12 and y < 16.0) or (abs(y - 16.0) < 0.12 and box < x < end):
            return WHITE
    elif kind == TENNIS:
        line = (abs(x - 5.5) < 0.1 and y < 12.0) or (abs(y - 12.0) < 0.1 and x < 5.5)
        line = line or (abs(x - 4.1) < 0.1 and y < 12.0) or (abs(y - 6.4) < 0.1 and x < 4.1) or y < 0.1
        if line:
            return WHITE
        if x < 5.5 and y < 12.0:
            return COURT
    elif kind == BALL_COURT:
        arc = math.sqrt((x - half_a + 1.5) ** 2 + b * b)
        if x < 0.12 or abs(x - half_a + 0.5) < 0.1 or abs(y - half_b + 0.5) < 0.1 or abs(arc - 5.0) < 0.1:
            return WHITE
    return NONE


@compiled
def track_patch(a: float, b: float, half_a: float, half_b: float, seed: float, block: int) -> Patch:
    """Return the ground of a running track: an oval ring around a football field."""
    beyond = max(0.0, abs(a) - (half_a - half_b))
    radius = math.sqrt(beyond * beyond + b * b)
    if half_b - 8.0 < radius < half_b:
        lane = WHITE if fraction((half_b - radius) / 1.22) < 0.09 else NONE
        return TRACK, a, b, seed, 1.0, lane, block
    if radius <= half_b - 8.0:
        x, y = abs(a), abs(b)
        end, side = half_a - 22.0, half_b - 12.0
        line = (
            (abs(x - end) < 0.12 and y < side)
            or (abs(y - side) < 0.12 and x < end)
            or (x < 0.12 and y < side)
        )
        return SOCCER, a, b, seed, 1.0, (WHITE if line else NONE), block
    return GRASS, a, b, 0.5, 0.0, NONE, block


@inlined
def ground_at(x: float, y: float, world: World) -> Patch:
    """Return (kind, a, b, seed, style, mark, block) of the ground at a point.

    a, b: local coordinates whose meaning depends on the kind: across and along a road or railway,
    metres from the kerb on a sidewalk, metres from the bank (negative) in water, position within
    an area, else x, y. style: road class, river half width, area style, or use of the block.
    """
    i, j = int(x / CELL_M), int(y / CELL_M)
    block_of = world.block_of
    bi, bj = int(x * world.block_cells_per_m), int(y * world.block_cells_per_m)
    if x < 0.0 or y < 0.0 or i >= world.cells_x or j >= world.cells_y:
        return GRASS, x, y, 0.5, 0.0, NONE, 0
    if bj >= block_of.shape[0] or bi >= block_of.shape[1]:
        return GRASS, x, y, 0.5, 0.0, NONE, 0
    cell = j * world.cells_x + i
    block = int(block_of[bj, bi])
    start, segments = world.start, world.segments
    road_class, road_in, across, along, road = -1, _FAR, 0.0, 0.0, -1
    walk, walk_seed, bridge = _FAR, 0.0, False
    river, river_half, path = _FAR, 0.0, _FAR
    rail, rail_across, rail_along = _FAR, 0.0, 0.0
    for n in range(start[cell, START_SEGMENTS], start[cell + 1, START_SEGMENTS]):
        x0, y0 = segments[n, SEG_X0], segments[n, SEG_Y0]
        ex, ey = segments[n, SEG_X1] - x0, segments[n, SEG_Y1] - y0
        px, py = x - x0, y - y0
        length_sq = ex * ex + ey * ey + 1e-9
        part = min(1.0, max(0.0, (px * ex + py * ey) / length_sq))
        rx, ry = px - part * ex, py - part * ey
        distance_sq = rx * rx + ry * ry
        half = segments[n, SEG_HALF_WIDTH]
        kind = int(segments[n, SEG_KIND])
        if kind == SEG_ROAD:
            edge = half + segments[n, SEG_SIDEWALK]
            if distance_sq >= edge * edge:
                continue
            beyond = math.sqrt(distance_sq) - half
            if beyond < 0.0:
                rank = int(segments[n, SEG_CLASS])
                if rank > road_class or (rank == road_class and beyond < road_in):
                    length = math.sqrt(length_sq)
                    road_class, road_in, road = rank, beyond, n
                    across = (ex * py - ey * px) / length
                    along = segments[n, SEG_START_M] + part * length
            elif beyond < walk:
                walk, walk_seed = beyond, segments[n, SEG_SEED]
                bridge = bridge or int(segments[n, SEG_FLAGS]) & FLAG_BRIDGE != 0
        elif kind == SEG_RIVER:
            beyond = math.sqrt(distance_sq) - half
            if beyond < river:
                river, river_half = beyond, half
        elif kind == SEG_RAIL:
            beyond = math.sqrt(distance_sq) - half
            if beyond < rail:
                length = math.sqrt(length_sq)
                rail = beyond
                rail_across = (ex * py - ey * px) / length
                rail_along = segments[n, SEG_START_M] + part * length
        elif distance_sq < half * half:
            path = min(path, math.sqrt(distance_sq) - half)
    areas = world.areas
    area, area_a, area_b, junction = -1, 0.0, 0.0, -1
    for n in range(start[cell, START_AREAS], start[cell + 1, START_AREAS]):
        px, py = x - areas[n, AREA_X], y - areas[n, AREA_Y]
        hx, hy = areas[n, AREA_HX], areas[n, AREA_HY]
        shape = int(areas[n, AREA_SHAPE])
        if shape >= ROUNDABOUT:
            distance = math.sqrt(px * px + py * py)
            seed = areas[n, AREA_SEED]
            if shape == JUNCTION:
                if distance < hx and road_class < 0 and walk < _FAR:
                    junction = n  # unless a roundabout lies over it
            elif distance < hy:
                return ISLAND, px, py, seed, 0.0, (KERB if distance > hy - 0.3 else NONE), block
            elif distance < hx:
                line = hx - 0.45 < distance < hx - 0.3 and road_class < 0
                return ROAD, px, py, seed, 3.0, (WHITE if line else NONE), block
            elif distance < hx + 3.0 and road_class < 0:
                return (
                    SIDEWALK,
                    distance - hx,
                    0.0,
                    seed,
                    0.0,
                    (KERB if distance < hx + 0.25 else NONE),
                    block,
                )
            continue
        a = px * areas[n, AREA_COS] + py * areas[n, AREA_SIN]
        b = py * areas[n, AREA_COS] - px * areas[n, AREA_SIN]
        if shape == RECTANGLE:
            inside = abs(a) < hx and abs(b) < hy
        else:
            u, v = a / hx, b / hy
            round_sq = u * u + v * v
            inside = round_sq < 0.78
            if not inside and round_sq < 1.22:
                inside = round_sq < 1.0 + 0.22 * math.sin(3.0 * math.atan2(b, a) + 10.0 * areas[n, AREA_SEED])
        if inside:
            area, area_a, area_b = n, a, b
    if road_class >= 0:
        seed = segments[road, SEG_SEED]
        if road_class == ALLEY:
            return PATH, across, along, seed, 1.0, NONE, block
        mark = road_mark(
            across, along, segments[road, SEG_LENGTH_M], segments[road, SEG_CLEAR_A],
            segments[road, SEG_CLEAR_B], segments[road, SEG_HALF_WIDTH], road_class,
            int(segments[road, SEG_FLAGS]), seed,
        )  # fmt: skip
        if mark < 0:
            return ISLAND, across, along, seed, 0.0, (KERB if mark == -2 else NONE), block
        return ROAD, across, along, seed, float(road_class), mark, block
    if junction >= 0:
        return ROAD, x, y, walk_seed, 1.0, NONE, block
    if walk < _FAR:
        return SIDEWALK, walk, x + y, walk_seed, 0.0, (KERB if walk < 0.22 else NONE), block
    if river < 0.0:
        return WATER, river, 0.0, 0.3, river_half, NONE, block
    if rail < 0.0:
        return RAIL, rail_across, rail_along, 0.5, rail, NONE, block
    if area < 0 or areas[area, AREA_PRIORITY] < _OVER_RIVER:
        if river < 1.2:
            return CONCRETE, x, y, 0.5, 0.0, KERB, block
        if path < 0.0:
            return PATH, path, 0.0, 0.3, 0.0, NONE, block
        if river < 8.0:
            if river_half > 15.0 and 3.0 < river < 6.0:
                return PATH, river, 0.0, 0.3, 0.0, NONE, block
            return GRASS, x, y, 0.4, 0.0, NONE, block
        if rail < 2.0:
            return DIRT, x, y, 0.5, 0.0, NONE, block
    if area >= 0:
        kind, seed = int(areas[area, AREA_KIND]), areas[area, AREA_SEED]
        hx, hy = areas[area, AREA_HX], areas[area, AREA_HY]
        if kind == TRACK:
            return track_patch(area_a, area_b, hx, hy, seed, block)
        return (
            kind,
            area_a,
            area_b,
            seed,
            areas[area, AREA_STYLE],
            area_mark(kind, area_a, area_b, hx, hy),
            block,
        )
    blocks = world.blocks
    return (
        int(blocks[block, BLOCK_GROUND]),
        x,
        y,
        blocks[block, BLOCK_SEED],
        blocks[block, BLOCK_USE],
        NONE,
        block,
    )
