"""Where on Earth a city lies: a place of its own for every seed."""

from __future__ import annotations

from gleam.geo import Frame

ZONES, ROWS = 60, 180
"""UTM zones, and rows of cities between the two latitudes in each."""
SOUTH_DEG, NORTH_DEG = 35.0, 55.0
STRIDE = 6121
"""Prime to the number of sites, so that a step of the seed visits each of them before any repeats."""


def frame_for(seed: int, width_m: float, height_m: float) -> Frame:
    """Return the frame of a city, its centre on the central meridian of a zone chosen by the seed.

    There grid north is true north. Cities whose seeds differ by less than 10,800 never overlap: sites
    are 12 km apart in a zone, and no city is larger than 10 km.
    """
    site = (seed * STRIDE) % (ZONES * ROWS)
    zone, row = site % ZONES, site // ZONES
    lat = SOUTH_DEG + (NORTH_DEG - SOUTH_DEG) * (row + 0.5) / ROWS
    centre = Frame.at(lat, -183.0 + 6.0 * (zone + 1))
    return Frame(centre.epsg, centre.east0_m - width_m / 2, centre.north0_m - height_m / 2)
