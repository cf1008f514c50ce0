"""From OpenStreetMap tags to what a map shows: classes, widths and what lies above what, as data.

Tags as https://wiki.openstreetmap.org/wiki/Map_features describes them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from gleam.streetmaps import styles as s


@dataclass(frozen=True, slots=True)
class Look:
    """How one feature is drawn.

    order: what lies above what, the least at the bottom. shows: a class of
    :mod:`gleam.streetmaps.styles`. width_m: of a line on the ground; 0 for areas. road: whether it has a
    casing and may bear its name.
    """

    order: int
    shows: int
    width_m: float = 0.0
    road: bool = False


COASTLINE = Look(-1, s.WATER)
"""Not drawn itself: it tells land from sea, with the sea on its right."""

_ROADS = {
    "motorway": (13, s.ARTERIAL, 12.0),
    "trunk": (13, s.ARTERIAL, 11.0),
    "primary": (13, s.ARTERIAL, 10.0),
    "motorway_link": (12, s.ARTERIAL, 6.0),
    "trunk_link": (12, s.ARTERIAL, 6.0),
    "primary_link": (12, s.ARTERIAL, 6.0),
    "secondary": (12, s.COLLECTOR, 9.0),
    "tertiary": (12, s.COLLECTOR, 8.0),
    "secondary_link": (11, s.COLLECTOR, 6.0),
    "tertiary_link": (11, s.COLLECTOR, 6.0),
    "unclassified": (11, s.LOCAL, 6.5),
    "residential": (11, s.LOCAL, 6.5),
    "road": (11, s.LOCAL, 6.0),
    "living_street": (11, s.LOCAL, 5.5),
    "service": (10, s.LOCAL, 4.0),
    "pedestrian": (10, s.LOCAL, 5.0),
}
_PATHS = {
    "footway": 1.8,
    "path": 1.5,
    "cycleway": 2.2,
    "bridleway": 1.8,
    "steps": 2.0,
    "track": 2.6,
    "corridor": 1.5,
}
_WATERWAYS = {"river": 15.0, "canal": 10.0, "stream": 2.5, "drain": 2.0, "ditch": 1.5, "tidal_channel": 5.0}
_RAILWAYS = {"rail": 2.4, "light_rail": 2.2, "tram": 1.6, "narrow_gauge": 1.8, "monorail": 1.6}

_GREEN = (
    ("landuse", ("grass", "forest", "meadow", "recreation_ground", "cemetery", "village_green", "orchard")),
    ("landuse", ("vineyard", "allotments", "greenfield", "flowerbed", "plant_nursery")),
    ("leisure", ("park", "garden", "golf_course", "nature_reserve", "common", "dog_park")),
    ("natural", ("wood", "scrub", "grassland", "heath", "fell")),
    ("amenity", ("grave_yard",)),
)
_WET = (
    ("natural", ("water", "bay", "strait")),
    ("landuse", ("reservoir", "basin", "salt_pond")),
    ("waterway", ("riverbank", "dock", "river", "canal")),
    ("leisure", ("swimming_pool",)),
)
_PLAY = (("leisure", ("pitch", "track", "stadium", "sports_centre", "playground")),)
_SAND = (("natural", ("sand", "beach")),)
_PARKED = (("amenity", ("parking", "bicycle_parking", "motorcycle_parking")),)
_WORKS = (("landuse", ("industrial", "port", "quarry", "railway", "depot")),)
_SHOPS = (("landuse", ("commercial", "retail")),)
_SQUARES = (
    ("highway", ("pedestrian", "footway", "service", "platform")),
    ("area:highway", ("pedestrian", "footway")),
)
_AREAS: tuple[tuple[tuple[tuple[str, tuple[str, ...]], ...], Look], ...] = (
    (_SQUARES, Look(6, s.PATH)),
    (_WET, Look(4, s.WATER)),
    (_PLAY, Look(3, s.SPORT)),
    (_PARKED, Look(2, s.PARKING)),
    (_SAND, Look(2, s.SPORT)),
    (_GREEN, Look(1, s.PARK)),
    (_WORKS, Look(0, s.INDUSTRY)),
    (_SHOPS, Look(0, s.COMMERCE)),
)
"""The first that fits decides."""

_NO = frozenset({"no", "", "none"})
_NUMBER = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(m|ft|')?\s*$")
_LANE_M = 3.2


def line_look(tags: Mapping[str, str]) -> Look | None:
    """Return how a line with these tags is drawn, or None when it is not.

    What runs in a tunnel or is not there yet is not drawn: from above nobody sees it.
    """
    if tags.get("natural") == "coastline":
        return COASTLINE
    if tags.get("tunnel", "no") not in _NO or tags.get("location") == "underground":
        return None
    highway, waterway, railway = tags.get("highway"), tags.get("waterway"), tags.get("railway")
    if highway in _ROADS:
        order, shows, width = _ROADS[highway]
        return Look(order, shows, _told_width(tags, width), road=True)
    if highway in _PATHS:
        return Look(8, s.PATH, _told_width(tags, _PATHS[highway]))
    if waterway in _WATERWAYS:
        return Look(5, s.WATER, _told_width(tags, _WATERWAYS[waterway]))
    if railway in _RAILWAYS:
        return Look(14, s.RAIL, _RAILWAYS[railway])
    return None


def area_look(tags: Mapping[str, str]) -> Look | None:
    """Return how an area with these tags is drawn, or None when it is not."""
    if tags.get("location") == "underground" or tags.get("tunnel", "no") not in _NO:
        return None
    if tags.get("building", "no") not in _NO:
        return Look(7, s.BUILDING)
    for kinds, look in _AREAS:
        for key, values in kinds:
            # A closed way along a street is a ring road unless it says that it is a place.
            if tags.get(key) in values and (key != "highway" or tags.get("area") == "yes"):
                return look
    return None


def name_of(tags: Mapping[str, str]) -> str:
    """Return the name of a feature, or nothing."""
    return " ".join(tags.get("name", "").split())


def _told_width(tags: Mapping[str, str], default: float) -> float:
    """The width in metres that the tags tell, by themselves or by the number of lanes."""
    told = _NUMBER.match(tags.get("width", ""))
    if told:
        metres = float(told[1]) * (0.3048 if told[2] in ("ft", "'") else 1.0)
        if 0.5 <= metres <= 100.0:
            return metres
    lanes = tags.get("lanes", "")
    if lanes.isdecimal() and 1 <= int(lanes) <= 14:
        return max(default, _LANE_M * int(lanes)) if int(lanes) > 1 else default
    return default if math.isfinite(default) else 0.0
