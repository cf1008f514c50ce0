"""Rivers, streams and railways, as smooth curves in city metres."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.city.plan.dice import Dice
from gleam.city.plan.occupancy import Taken
from gleam.city.plan.site import Site
from gleam.city.scene import FLAG_BRIDGE, Line, SegmentKind

STEP_M = 14.0
OVERHANG_M = 100.0
"""Lines run on this far beyond the city."""
RAIL_HALF_WIDTH_M = 6.5
WIDE_RIVER_M = 15.0
"""Rivers wider than this (half width) have a walk on the bank."""
SECOND_STREAM_FROM_M, RAIL_FROM_M, SECOND_RAIL_FROM_M = 1800.0, 800.0, 2600.0


@dataclass(frozen=True)
class Waterways:
    """The linear features that streets must cross."""

    rivers: tuple[Line, ...]
    rails: tuple[Line, ...]


class _Curve:
    """A line that crosses the city along one axis, swaying about a place on the other."""

    def __init__(self, base_m: float, swings: list[tuple[float, float]], dice: Dice) -> None:
        self.base_m = base_m
        self.swings = [(amplitude, length, dice.between(0, 2 * math.pi)) for amplitude, length in swings]

    def across(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the position across the axis at positions along it."""
        at: NDArray[np.float64] = np.full_like(t, self.base_m)
        for amplitude, length, phase in self.swings:
            at += amplitude * np.sin(t / length + phase)
        return at


def plan_waterways(width_m: float, height_m: float, dice: Dice) -> Waterways:
    """Plan a main river, streams and railways that suit the size of the city.

    The river crosses the city from side to side on a random axis, which "along" and "across" refer to.
    Sways shrink with the city, so that even the smallest has its river inside.
    """
    eastward = dice.chance(0.6)
    along, across = (width_m, height_m) if eastward else (height_m, width_m)
    small = min(1.0, across / 2600.0)
    swings = [(260 * small, 900 * small**0.5), (90 * small, 370 * small**0.5)]
    river = _Curve(across * dice.between(0.40, 0.62), swings, dice)
    half_width = 27.0 * min(1.0, max(0.45, (min(width_m, height_m) / 1600.0) ** 0.5)) * dice.between(0.9, 1.1)
    rivers = [_line(river, -OVERHANG_M, along + OVERHANG_M, eastward, half_width)]
    if along >= SECOND_STREAM_FROM_M:
        rivers += _streams(river, along, across, eastward, dice)
    rails = []
    if min(width_m, height_m) >= RAIL_FROM_M:
        side = 1.0 if river.base_m < across / 2 else -1.0
        base = river.base_m + side * across * dice.between(0.26, 0.34)
        rail = _Curve(base, [(160 * small, 1500.0)], dice)
        rails.append(_line(rail, -OVERHANG_M, along + OVERHANG_M, eastward, RAIL_HALF_WIDTH_M))
    if min(width_m, height_m) >= SECOND_RAIL_FROM_M:
        rail = _Curve(along * dice.between(0.45, 0.65), [(200.0, 1400.0)], dice)
        rails.append(_line(rail, -OVERHANG_M, across + OVERHANG_M, not eastward, RAIL_HALF_WIDTH_M))
    return Waterways(tuple(rivers), tuple(rails))


def _streams(river: _Curve, along: float, across: float, eastward: bool, dice: Dice) -> list[Line]:
    """Plan narrow streams across the river's axis: tributaries, and some that cross the whole city."""
    count = max(1, round(along / 2500.0))
    streams = []
    for k in range(count):
        base = along * (k + dice.between(0.2, 0.8)) / count
        swings = [(dice.between(90, 180), 675.0), (40.0, 245.0)]
        if min(base, along - base) < 250:
            swings = [(40.0, 245.0)]
        stream = _Curve(base, swings, dice)
        mouth = _meeting(stream, river)
        # The first is a tributary from the longer side, as are most; the others run right through.
        if k == 0 or dice.chance(0.6):
            t0, t1 = (-OVERHANG_M, mouth) if mouth > across / 2 else (mouth, across + OVERHANG_M)
        else:
            t0, t1 = -OVERHANG_M, across + OVERHANG_M
        streams.append(_line(stream, t0, t1, not eastward, dice.between(7.5, 10.5)))
    return streams


def _meeting(stream: _Curve, river: _Curve) -> float:
    """Return where along its own axis a stream meets the river, by fixed-point iteration."""
    t = river.base_m
    for _ in range(20):
        t = float(river.across(stream.across(np.array([t])))[0])
    return t


def _line(curve: _Curve, t0: float, t1: float, eastward: bool, half_width: float) -> Line:
    t = np.append(np.arange(t0, t1, STEP_M), t1)
    at = curve.across(t)
    return Line(np.stack([t, at] if eastward else [at, t], axis=1), half_width)


def bank_m(half_width: float) -> float:
    """Return how wide the banks of a river are on which nothing is built."""
    return 11.0 if half_width > WIDE_RIVER_M else 6.0


def lay_waterways(site: Site, waterways: Waterways) -> None:
    """Put rivers with their banks, and railways, on the site."""
    occupancy = site.occupancy
    for river in waterways.rivers:
        x, y = (np.ascontiguousarray(axis) for axis in river.points.T)
        occupancy.mark_line(x, y, river.half_width_m + bank_m(river.half_width_m), int(Taken.WATER))
        occupancy.mark_line(x, y, river.half_width_m, int(Taken.WET))
        site.add_line(SegmentKind.RIVER, x, y, river.half_width_m, site.dice.unit())
    for rail in waterways.rails:
        x, y = (np.ascontiguousarray(axis) for axis in rail.points.T)
        occupancy.mark_line(x, y, rail.half_width_m + 2.5, int(Taken.RAIL))
        wet = occupancy.at_points(x, y) & Taken.WET > 0
        flags = np.where(wet[:-1] | wet[1:], FLAG_BRIDGE, 0).tolist()
        site.add_line(SegmentKind.RAIL, x, y, rail.half_width_m, 0.5, flags)
