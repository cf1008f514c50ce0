"""Rings on the map: the 95 % region as GeoJSON and KML want it, cut at the antimeridian."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from gleam.geo import LatLon, offset, wrap_lon
from gleam.locating.answer import Answer, Status
from gleam.locating.exporters.claims import DECIMALS, place_of

CIRCLE_POINTS = 64

Ring: TypeAlias = list[list[float]]
"""A closed counter-clockwise ring of [lon, lat], longitudes within -180..180."""
_Corner: TypeAlias = tuple[float, float]


def region_rings(answer: Answer) -> list[Ring]:
    """Return the rings of an answer's 95 % region: none when it claims no place or the region is unknown.

    A located answer that tells only a radius gives the circle around its position.
    """
    place = place_of(answer)
    if place is None:
        return []
    if answer.region95:
        return [piece for ring in answer.rings for piece in cut_ring(ring)]
    # The radius speaks of answers that are right, which an ambiguous one without a region may not be.
    if answer.radius95_m is None or answer.status is not Status.LOCATED:
        return []
    return cut_ring(circle(*place, answer.radius95_m))


def circle(lat: float, lon: float, radius_m: float, points: int = CIRCLE_POINTS) -> tuple[LatLon, ...]:
    """Return an open ring of (lat, lon) at a geodesic distance from a point."""
    angle = np.arange(points) * (2 * math.pi / points)
    lats, lons = offset(lat, lon, radius_m * np.cos(angle), radius_m * np.sin(angle))
    return tuple(zip(lats.tolist(), lons.tolist(), strict=True))


def cut_ring(ring: Sequence[LatLon]) -> list[Ring]:
    """Return an open ring of (lat, lon) as closed rings on one map, as RFC 7946, 3.1.6 and 3.1.9, asks.

    Rings that cross the antimeridian come back in two pieces; one that goes round a pole follows the
    upper or lower edge of the map. What is smaller than a centimetre gives no ring.
    """
    if len(ring) < 3:
        return []
    line: list[_Corner] = [(float(ring[0][1]), float(ring[0][0]))]
    for lat, lon in ring[1:]:
        line.append((line[-1][0] + wrap_lon(lon - line[-1][0]), float(lat)))
    turn = line[-1][0] + wrap_lon(ring[0][1] - line[-1][0]) - line[0][0]
    first = math.floor((min(x for x, _ in line) + 180) / 360)
    last = math.floor((max(x for x, _ in line) + 180) / 360)
    if abs(turn) > 180:
        # Once round the Earth. Twice round holds one whole map, which is closed along the pole.
        pole = math.copysign(90.0, sum(lat for _, lat in line))
        line += [(x + turn, lat) for x, lat in line]
        line += [(line[0][0] + 2 * turn, line[0][1]), (line[0][0] + 2 * turn, pole), (line[0][0], pole)]
        first = last = math.floor((line[0][0] + turn + 180) / 360)
    out: list[Ring] = []
    for world in range(first, last + 1):
        west = world * 360.0 - 180.0
        piece = _keep(_keep(line, west, 1.0), west + 360.0, -1.0)
        closed = _closed([(x - world * 360.0, y) for x, y in piece])
        if closed is not None:
            out.append(closed)
    return out


def _keep(line: list[_Corner], meridian: float, side: float) -> list[_Corner]:
    """Return the part of a polygon east (side 1) or west (-1) of a meridian, by Sutherland and Hodgman."""
    out: list[_Corner] = []
    for (x0, y0), (x1, y1) in zip(line, [*line[1:], *line[:1]], strict=True):
        before, after = (x0 - meridian) * side, (x1 - meridian) * side
        if before >= 0:
            out.append((x0, y0))
        if (before > 0 > after) or (before < 0 < after):
            out.append((meridian, y0 + (y1 - y0) * before / (before - after)))
    return out


def _closed(line: list[_Corner]) -> Ring | None:
    """Return the corners rounded, closed and counter-clockwise, or None when nothing is left of them."""
    ring: Ring = []
    for x, y in line:
        corner = [min(max(round(x, DECIMALS), -180.0), 180.0), round(y, DECIMALS)]
        if not ring or corner != ring[-1]:
            ring.append(corner)
    while len(ring) > 1 and ring[0] == ring[-1]:
        ring.pop()
    # Around its first corner: far from the origin a shoelace of small rings would drown in rounding.
    x, y = (np.array(ring) - ring[0]).T if len(ring) > 2 else np.zeros((2, 1))
    area = float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
    if abs(area) < 10.0 ** (-2 * DECIMALS):
        return None
    if area < 0:
        ring.reverse()
    return [*ring, list(ring[0])]
