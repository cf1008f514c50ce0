"""Web Mercator and the Earth: rows of tiles, latitudes, and how long a degree is."""

from __future__ import annotations

import math

import mercantile
import numpy as np
from numpy.typing import NDArray

EARTH_M = 2 * math.pi * 6378137.0
"""Length of the equator in web Mercator."""
MAX_LAT = 85.0511287798066
"""Where web Mercator ends."""
_ECCENTRICITY2 = 0.00669437999014


def mercator_share(lats: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return how far down the web Mercator square latitudes lie: 0 at the upper edge, 1 at the lower."""
    sine = np.sin(np.radians(np.clip(lats, -89.9, 89.9)))
    share: NDArray[np.float64] = 0.5 - np.arctanh(sine) / (2 * math.pi)
    return share


def row_of(lat: float, z: int) -> int:
    """Return the row of tiles, from the north, that holds a latitude; the first or last one beyond them."""
    return int(min(max(float(mercator_share(lat)) * 2**z, 0), 2**z - 1))


def latitude_of(z: int, y: int) -> float:
    """Return the latitude of the upper edge of a row of tiles; y may be one beyond the last row."""
    return float(mercantile.ul(0, y, z).lat) if y < 2**z else -MAX_LAT


def degrees_per_metre(lat: float) -> tuple[float, float]:
    """Return degrees of latitude and of longitude per metre on the WGS84 ellipsoid."""
    sine2 = math.sin(math.radians(lat)) ** 2
    across = 6378137.0 / math.sqrt(1 - _ECCENTRICITY2 * sine2)
    along = across * (1 - _ECCENTRICITY2) / (1 - _ECCENTRICITY2 * sine2)
    return math.degrees(1 / along), math.degrees(1 / (across * max(math.cos(math.radians(lat)), 1e-3)))
