"""The planar road graph: roads are split where other roads end on them."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gleam.city.plan.pack import grid_index
from gleam.city.plan.subdivision import Road
from gleam.city.scene import RoadClass

BUCKET_M = 64.0
TOUCHING_M = 0.08
"""An end this near a road lies on it (corners are rounded to a centimetre)."""


class Link(NamedTuple):
    """A straight stretch between two junctions, given by their numbers."""

    a: int
    b: int
    road_class: RoadClass
    street: int


def planar_graph(roads: list[Road]) -> tuple[NDArray[np.float64], list[Link]]:
    """Return the junctions (n, 2) on the sheet and the links between them, each pair once."""
    points = sorted({end for road in roads for end in (road.start, road.end)})
    number = {point: k for k, point in enumerate(points)}
    ends = np.array(points)
    shifted = ends - ends.min(axis=0)
    origin = ends.min(axis=0)
    nx, ny = (int(v // BUCKET_M) + 1 for v in shifted.max(axis=0))
    start, items = grid_index(shifted[:, 0], shifted[:, 1], shifted[:, 0], shifted[:, 1], nx, ny, BUCKET_M)
    links: list[Link] = []
    seen: set[tuple[int, int]] = set()
    for road in roads:
        (px, py), (qx, qy) = road.start, road.end
        if (px - qx) ** 2 + (py - qy) ** 2 < 1:
            continue
        between = _ends_on_road(
            ends, start, items, nx, ny, px, py, qx, qy, float(origin[0]), float(origin[1])
        )
        chain = [number[road.start], *between.tolist(), number[road.end]]
        for a, b in pairwise(chain):
            key = (a, b) if a < b else (b, a)
            if a != b and key not in seen:
                seen.add(key)
                links.append(Link(a, b, road.road_class, road.street))
    return ends, links


@njit(cache=True)
def _ends_on_road(
    ends: NDArray[np.float64],
    start: NDArray[np.int64],
    items: NDArray[np.int32],
    nx: int,
    ny: int,
    px: float,
    py: float,
    qx: float,
    qy: float,
    origin_x: float,
    origin_y: float,
) -> NDArray[np.int64]:
    """Return the numbers of the points strictly inside the road from p to q, in order."""
    ex, ey = qx - px, qy - py
    squared = ex * ex + ey * ey
    length = np.sqrt(squared)
    found = np.empty(256, np.int64)
    where = np.empty(256)
    n = 0
    i0 = max(0, int((min(px, qx) - TOUCHING_M - origin_x) / BUCKET_M))
    i1 = min(nx - 1, int((max(px, qx) + TOUCHING_M - origin_x) / BUCKET_M))
    j0 = max(0, int((min(py, qy) - TOUCHING_M - origin_y) / BUCKET_M))
    j1 = min(ny - 1, int((max(py, qy) + TOUCHING_M - origin_y) / BUCKET_M))
    for j in range(j0, j1 + 1):
        for i in range(i0, i1 + 1):
            cell = j * nx + i
            for k in range(start[cell], start[cell + 1]):
                point = items[k]
                rx, ry = ends[point, 0] - px, ends[point, 1] - py
                t = (rx * ex + ry * ey) / squared
                off = abs(rx * ey - ry * ex) / length
                if off < TOUCHING_M and 1e-4 < t < 1 - 1e-4 and n < 256:
                    found[n] = point
                    where[n] = t
                    n += 1
    order = np.argsort(where[:n])
    return found[:n][order]
