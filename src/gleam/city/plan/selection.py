"""Which roads of the sheet are built: bending, bridges, level crossings, dead ends."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gleam.city.plan.dice import Dice
from gleam.city.plan.graph import Link
from gleam.city.plan.site import Site
from gleam.city.scene import RoadClass

STEP_M = 18.0
BEYOND_M = 60.0
LONGEST_BRIDGE_M, LONGEST_LEVEL_CROSSING_M = 90.0, 45.0
LOCAL_BRIDGE_SHARE, LOCAL_LEVEL_CROSSING_SHARE = 0.45, 0.6
STRAIGHT_COS = math.cos(math.radians(40))
"""Two roads that meet in the water become one bridge when they turn by less than this."""
MAIN_STUB_M, STUB_M = 120.0, 40.0
"""Dead ends shorter than this are not built: main roads, other roads."""


@dataclass
class Street:
    """A link that is built, bent into the city."""

    link: Link
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    bridge: bool

    @property
    def length_m(self) -> float:
        """Length along the polyline."""
        return float(np.hypot(np.diff(self.x), np.diff(self.y)).sum())


def select_streets(site: Site, ends: NDArray[np.float64], links: list[Link], dice: Dice) -> list[Street]:
    """Bend every link and keep those in the city that cross water and rails in a sensible way."""
    kept: list[Street] = []
    # Main roads with one end in the water, by that end's number.
    reaching: dict[int, list[tuple[Street, float]]] = {}
    for link, x, y in _bend(site, ends, links):
        start_wet, end_wet, wet, rail = _crossings(site.occupancy.raster, x, y)
        length = math.hypot(*(ends[link.b] - ends[link.a]))
        wet_m, rail_m, rank = wet * length, rail * length, link.road_class
        if rail_m > LONGEST_LEVEL_CROSSING_M:
            continue
        if rail > 0 and rank <= RoadClass.LOCAL and not dice.chance(LOCAL_LEVEL_CROSSING_SHARE):
            continue
        street = Street(link, x, y, wet > 0)
        if wet == 0:
            kept.append(street)
        elif wet_m <= LONGEST_BRIDGE_M and rank > RoadClass.ALLEY:
            if start_wet != end_wet:
                if rank >= RoadClass.COLLECTOR:
                    reaching.setdefault(link.a if start_wet else link.b, []).append((street, wet_m))
            elif not start_wet and (rank >= RoadClass.COLLECTOR or dice.chance(LOCAL_BRIDGE_SHARE)):
                kept.append(street)
    for number in sorted(reaching):
        kept += _bridge_over(number, reaching[number])
    return _without_stubs(kept, site)


def _bend(
    site: Site, ends: NDArray[np.float64], links: list[Link]
) -> list[tuple[Link, NDArray[np.float64], NDArray[np.float64]]]:
    """Bend all links into polylines and drop those beyond the city."""
    a = ends[[link.a for link in links]]
    step = ends[[link.b for link in links]] - a
    pieces = np.maximum(1, np.ceil(np.hypot(step[:, 0], step[:, 1]) / STEP_M).astype(np.int64))
    owner = np.repeat(np.arange(len(links)), pieces + 1)
    first = np.concatenate([[0], np.cumsum(pieces + 1)])
    t = (np.arange(len(owner)) - first[owner]) / pieces[owner]
    x, y = site.warp.points(*(a[owner] + t[:, None] * step[owner]).T)
    bent = []
    for k, link in enumerate(links):
        px, py = x[first[k] : first[k + 1]].copy(), y[first[k] : first[k + 1]].copy()
        if (
            px.max() >= -BEYOND_M
            and px.min() <= site.width_m + BEYOND_M
            and py.max() >= -BEYOND_M
            and py.min() <= site.height_m + BEYOND_M
        ):
            bent.append((link, px, py))
    return bent


@njit(cache=True)
def _crossings(
    raster: NDArray[np.uint8], x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[bool, bool, float, float]:
    """Return whether start and end are in water, and the shares of the way over water and rails."""
    height, width = raster.shape
    per_piece = 8
    total = per_piece * (len(x) - 1)
    wet, rail, start_wet, end_wet = 0, 0, False, False
    for q in range(total + 1):
        k = min(q // per_piece, len(x) - 2)
        f = q / per_piece - k
        i = math.floor(x[k] + f * (x[k + 1] - x[k]))
        j = math.floor(y[k] + f * (y[k + 1] - y[k]))
        if i < 0 or j < 0 or i >= width or j >= height:
            continue
        bits = raster[j, i]
        if bits & 64:
            wet += 1
            start_wet = start_wet or q == 0
            end_wet = end_wet or q == total
        if bits & 8:
            rail += 1
    return start_wet, end_wet, wet / total, rail / total


def _bridge_over(number: int, reaching: list[tuple[Street, float]]) -> list[Street]:
    """Return the two main roads that run straight on through a junction in the water, if any do."""
    best: tuple[float, list[Street]] = (-STRAIGHT_COS, [])
    for i, (one, one_wet) in enumerate(reaching):
        for other, other_wet in reaching[i + 1 :]:
            if one_wet + other_wet > LONGEST_BRIDGE_M:
                continue
            (ax, ay), (bx, by) = _leaving(one, number), _leaving(other, number)
            cos = ax * bx + ay * by
            if cos < best[0]:
                best = (cos, [one, other])
    return best[1]


def _leaving(street: Street, number: int) -> tuple[float, float]:
    """Return the unit direction in which a street leaves one of its ends."""
    near, far = (0, 1) if street.link.a == number else (-1, -2)
    dx, dy = float(street.x[far] - street.x[near]), float(street.y[far] - street.y[near])
    length = math.hypot(dx, dy)
    return dx / length, dy / length


def _without_stubs(streets: list[Street], site: Site) -> list[Street]:
    """Drop short dead ends inside the city, and what becomes one by that."""
    while True:
        degree: dict[int, int] = {}
        for street in streets:
            for number in (street.link.a, street.link.b):
                degree[number] = degree.get(number, 0) + 1
        kept = [street for street in streets if not _is_stub(street, degree, site)]
        if len(kept) == len(streets):
            return kept
        streets = kept


def _is_stub(street: Street, degree: dict[int, int], site: Site) -> bool:
    dead = [
        k
        for number, k in ((street.link.a, 0), (street.link.b, -1))
        if degree[number] == 1 and 0 <= street.x[k] <= site.width_m and 0 <= street.y[k] <= site.height_m
    ]
    if not dead:
        return False
    main = street.link.road_class >= RoadClass.COLLECTOR
    return street.length_m < (MAIN_STUB_M if main else STUB_M)
