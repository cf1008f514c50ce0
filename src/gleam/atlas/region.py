"""Where to search: boxes in degrees, with an exact circle or footprint inside them when there is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gleam.errors import GleamError
from gleam.geo import Box, Circle, check_lat_lon

Degrees: TypeAlias = tuple[float, float, float, float]
"""(west, south, east, north) in degrees, edges inclusive, west <= east."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the Earth made of boxes that do not cross the antimeridian, cut to a circle if given.

    boxes: one box, or two where the region crosses or touches the antimeridian, whose two names 180 and
    -180 stores do not take for one. Edges belong to the region.
    circle: only what is also within this circle belongs to the region.
    """

    boxes: tuple[Degrees, ...]
    circle: Circle | None = None

    @classmethod
    def box(cls, west: float, south: float, east: float, north: float) -> Region:
        """Return the region of a box; ``west > east`` means that it crosses the antimeridian.

        Raises:
            GleamError: A corner is not on Earth, or south lies above north.
        """
        for lat, lon in ((south, west), (north, east)):
            check_lat_lon(lat, lon, "search box")
        if south > north:
            raise GleamError(f"The search box is empty: south {south:g} lies above north {north:g}.")
        if west <= east:
            inside = west, south, east, north
            if east == 180.0 and west > -180.0:
                return cls((inside, (-180.0, south, -180.0, north)))
            if west == -180.0 and east < 180.0:
                return cls((inside, (180.0, south, 180.0, north)))
            return cls((inside,))
        return cls(((west, south, 180.0, north), (-180.0, south, east, north)))

    @classmethod
    def around(cls, area: Circle | Box) -> Region:
        """Return the region inside a circle or a box."""
        return cls(cls.box(*area.bounds).boxes, area if isinstance(area, Circle) else None)

    def contains(self, lat: ArrayLike, lon: ArrayLike) -> NDArray[np.bool_]:
        """Tell for each position whether it lies in the region; shape of the broadcast inputs."""
        lats, lons = np.broadcast_arrays(np.asarray(lat, float), np.asarray(lon, float))
        inside = np.zeros(lats.shape, bool)
        for west, south, east, north in self.boxes:
            inside |= (lons >= west) & (lons <= east) & (lats >= south) & (lats <= north)
        if self.circle is not None and inside.any():
            # Geodesics cost; only the few inside the boxes need one.
            inside[inside] = np.asarray(self.circle.contains(lats[inside], lons[inside]))
        return inside

    def to_json(self) -> dict[str, Any]:
        """Return plain data for results: the boxes and the circle."""
        data: dict[str, Any] = {"boxes": [list(b) for b in self.boxes]}
        if self.circle is not None:
            data["circle"] = {
                "lat": self.circle.lat,
                "lon": self.circle.lon,
                "radius_m": self.circle.radius_m,
            }
        return data
