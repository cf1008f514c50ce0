"""What a small circle or box needs so that a photo can be judged in it: ground around to compare with.

Where few tiles lie in the area searched, the best of them leads the others by chance, and a photo of quite
another place would be claimed. So the photo is compared with the tiles around the area too; the answer
is still one inside.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from gleam.atlas import Region
from gleam.geo import Box, Circle, LatLon, distance_m, wrap_lon
from gleam.locating.searching.places import LEAST_M_PER_DEGREE, SAME_PLACE_SHARE, Place

GROWTH = 1.3
"""The circle compared with grows by this factor until it holds enough tiles."""
MOST_GROWN = 40
"""Times: from 10 m that is farther than around the Earth."""
EDGE_STRIDES = 0.75
"""A tile's centre may lie so far outside an area that the tile shows better than any other."""


def grown(area: Circle | Box, margin_m: float) -> Circle | Box:
    """Return an area with so many metres around it, a box as far as the poles at most."""
    if isinstance(area, Circle):
        return Circle(area.lat, area.lon, area.radius_m + margin_m)
    up = margin_m / LEAST_M_PER_DEGREE
    south, north = max(area.south - up, -90.0), min(area.north + up, 90.0)
    aside = up / max(math.cos(math.radians(max(abs(south), abs(north)))), 1e-9)
    if _degrees_wide(area) + 2 * aside >= 360.0:
        return Box(south, -180.0, north, 180.0)
    return Box(south, float(wrap_lon(area.west - aside)), north, float(wrap_lon(area.east + aside)))


def middle_of(area: Circle | Box) -> tuple[float, float]:
    """Return (lat, lon) of the middle of an area, also of a box that crosses the antimeridian."""
    if isinstance(area, Circle):
        return area.lat, area.lon
    return (area.south + area.north) / 2, float(wrap_lon(area.west + _degrees_wide(area) / 2))


def _degrees_wide(box: Box) -> float:
    """Return the degrees of longitude of a box; one from -180 to 180 is once around, not none."""
    return (box.east - box.west) % 360.0 or 360.0


def enough_around(
    area: Circle | Box, stride_m: float, least: int, count: Callable[[Region], int], most: int
) -> Region | None:
    """Return the region to compare with; None when the area itself holds enough tiles.

    Args:
        area: The one searched.
        stride_m: Metres between neighbouring tiles.
        least: So many tiles are enough.
        count: Tiles in a region.
        most: Tiles that there are at all.
    """
    if count(Region.around(area)) >= min(least, most):
        return None
    lat, lon = middle_of(area)
    corners = [(area.bounds[n], area.bounds[m]) for n in (1, 3) for m in (0, 2)]
    circle = Circle(lat, lon, max(float(distance_m(lat, lon, *corner)) for corner in corners) + stride_m)
    for _ in range(MOST_GROWN):
        if count(Region.around(circle)) >= min(least, most):
            break
        circle = Circle(lat, lon, circle.radius_m * GROWTH)
    return Region.around(circle)


def rivals_of(first: Place, others: Sequence[Place], around: Sequence[Place], tile_m: float) -> list[Place]:
    """Return the places that the first competes with, best first: the other ones, and those around the area.

    Args:
        first: The best place in the area.
        others: The other places in the area.
        around: Places found in the wider region, which may be the same ones.
        tile_m: Width of the tiles.
    """
    known = [first, *others]
    reach = SAME_PLACE_SHARE * tile_m
    new = [
        place
        for place in around
        if all(distance_m(place.lat, place.lon, other.lat, other.lon) > reach for other in known)
    ]
    return sorted([*others, *new], key=lambda place: (-place.score, place.best.tile.id))


def moved_inside(place: Place, area: Circle | Box) -> Place:
    """Return a place at the nearest position inside an area; the place itself where it is inside already."""
    lat, lon = nearest_inside(place.lat, place.lon, area)
    return place if (lat, lon) == (place.lat, place.lon) else replace(place, lat=lat, lon=lon)


def nearest_inside(lat: float, lon: float, area: Circle | Box) -> LatLon:
    """Return the position inside an area that is nearest to one hardly outside; one inside as it is.

    The peak of the scores may lie a little outside though its tile lies inside, and who gives an area knows
    better.
    """
    if area.contains(lat, lon):
        return lat, lon
    if isinstance(area, Circle):
        away = float(distance_m(area.lat, area.lon, lat, lon))
        # A little more than the way to the rim, as rounding must not leave it outside.
        back = min(1.0, ((away - area.radius_m) * 1.001 + 0.001) / away)
        east = float(wrap_lon(area.lon - lon))
        return lat + back * (area.lat - lat), float(wrap_lon(lon + back * east))
    inside = min(max(lat, area.south), area.north)
    east, half = float(wrap_lon(lon - middle_of(area)[1])), _degrees_wide(area) / 2
    if abs(east) <= half:
        return inside, lon
    return inside, area.east if east > 0 else area.west
