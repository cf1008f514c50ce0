"""The plane of one tile: metres east and north of its centre, as satellite squares are cut."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Proj

from gleam.geo import offset


@dataclass(frozen=True)
class Plane:
    """The azimuthal equidistant plane around a point.

    :func:`gleam.imagery.raster_sample.cut_square` finds the ground of each pixel by distance and bearing
    from the centre, which is this projection: what is drawn here lies on the same pixels.
    """

    lat: float
    lon: float

    @cached_property
    def _projection(self) -> Proj:
        place = f"+lat_0={float(self.lat)!r} +lon_0={float(self.lon)!r}"
        return Proj(f"+proj=aeqd {place} +ellps=WGS84 +units=m +no_defs")

    def to_metres(self, lon: Any, lat: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return metres east and north of positions."""
        x, y = self._projection(np.asarray(lon, float), np.asarray(lat, float))
        return np.asarray(x), np.asarray(y)

    def shapes(self, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
        """Return shapes of longitude and latitude in metres."""
        if not len(shapes):
            return shapes
        return np.asarray(shapely.transform(shapes, lambda c: np.stack(self.to_metres(*c.T), axis=1)), object)

    def box(self, half_m: float) -> tuple[float, float, float, float]:
        """Return west, south, east, north in degrees of the square that reaches ``half_m`` each way."""
        lats, lons = offset(
            self.lat,
            self.lon,
            np.array([-half_m, half_m, -half_m, half_m, 0.0, 0.0]),
            np.array([-half_m, -half_m, half_m, half_m, -half_m, half_m]),
        )
        # Longitudes on the centre's side of the antimeridian.
        lons = self.lon + (lons - self.lon + 180.0) % 360.0 - 180.0
        return float(lons.min()), float(lats.min()), float(lons.max()), float(lats.max())
