"""Positions on the Earth: distances, local frames, footprints, circles and boxes.

WGS84 degrees, latitude before longitude; metres; headings clockwise from true north. Geodesics and
projections are pyproj's; nothing here approximates the Earth by a sphere. Web-map tiles are
``mercantile``'s business.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod, Transformer

from gleam.errors import GleamError

Floats: TypeAlias = NDArray[np.float64]
LatLon: TypeAlias = tuple[float, float]

_GEOD = Geod(ellps="WGS84")
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"


@overload
def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float: ...
@overload
def distance_m(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> Floats: ...
def distance_m(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> float | Floats:
    """Return the geodesic distance in metres between points; arrays broadcast, NaN gives NaN."""
    metres: float | Floats = _inverse(lat1, lon1, lat2, lon2)[1]
    return metres


@overload
def bearing_deg(lat1: float, lon1: float, lat2: float, lon2: float) -> float: ...
@overload
def bearing_deg(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> Floats: ...
def bearing_deg(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> float | Floats:
    """Return the direction in which point 2 is seen from point 1, 0 <= degrees < 360; arrays broadcast."""
    bearing: float | Floats = _inverse(lat1, lon1, lat2, lon2)[0]
    return bearing


@overload
def offset(lat: float, lon: float, east_m: float, north_m: float) -> LatLon: ...
@overload
def offset(
    lat: ArrayLike, lon: ArrayLike, east_m: ArrayLike, north_m: ArrayLike
) -> tuple[Floats, Floats]: ...
def offset(
    lat: ArrayLike, lon: ArrayLike, east_m: ArrayLike, north_m: ArrayLike
) -> LatLon | tuple[Floats, Floats]:
    """Return the (lat, lon) reached by the geodesic that starts along (east, north); arrays broadcast."""
    lats, lons, east, north = _alike(lat, lon, east_m, north_m)
    azimuth = np.degrees(np.arctan2(east, north))
    starts = lons.reshape(-1), lats.reshape(-1)
    reached = _GEOD.fwd(*starts, azimuth.reshape(-1), np.hypot(east, north).reshape(-1))
    out_lon, out_lat = (np.asarray(a, float).reshape(lats.shape) for a in reached[:2])
    if lats.ndim == 0:
        return float(out_lat), wrap_lon(float(out_lon))
    return out_lat, wrap_lon(out_lon)


@overload
def wrap_lon(lon: float) -> float: ...
@overload
def wrap_lon(lon: ArrayLike) -> Floats: ...
def wrap_lon(lon: ArrayLike) -> float | Floats:
    """Bring longitudes to -180 <= lon < 180; values already there come back unchanged to the last bit."""
    degrees = np.asarray(lon, float)
    out = np.where((degrees >= -180) & (degrees < 180), degrees, (degrees + 180) % 360 - 180)
    return float(out) if out.ndim == 0 else out


def check_lat_lon(lat: ArrayLike, lon: ArrayLike, where: str = "") -> None:
    """Raise a ``GleamError`` naming the first coordinate that is not on Earth; ``where`` says whose it is."""
    one: Any = (lat, lon)
    if all(isinstance(v, float) for v in one) and abs(one[0]) <= 90 and abs(one[1]) <= 180:
        return  # in a hundredth of the time
    lats, lons = _alike(np.atleast_1d(np.asarray(lat, float)), lon)
    bad = ~((np.abs(lats) <= 90) & (np.abs(lons) <= 180))
    if not bad.any():
        return
    at = int(np.flatnonzero(bad.ravel())[0])
    a, o = float(lats.ravel()[at]), float(lons.ravel()[at])
    prefix = f"{where}: " if where else ""
    item = f" (item {at})" if lats.size > 1 else ""
    hint = " They look swapped: latitude comes first." if abs(o) <= 90 < abs(a) <= 180 else ""
    raise GleamError(
        f"{prefix}latitude {a:g}, longitude {o:g}{item} is not a position on Earth; "
        f"give latitude in -90..90 and longitude in -180..180 degrees.{hint}"
    )


def utm_epsg(lat: float, lon: float) -> int:
    """Return the EPSG code of the plain 6-degree UTM zone (WGS84) that holds a point.

    The exceptions around Norway and Svalbard are not applied: any zone serves as a local metric frame.
    """
    check_lat_lon(lat, lon)
    zone = int((wrap_lon(float(lon)) + 180) // 6) + 1
    return (32600 if lat >= 0 else 32700) + zone


@lru_cache(maxsize=64)
def transformer(source: str, target: str) -> Transformer:
    """Return a cached pyproj transformer between two CRS (any pyproj text), x or longitude first."""
    return Transformer.from_crs(source, target, always_xy=True)


@dataclass(frozen=True, slots=True)
class Frame:
    """Local metres, x east and y north, tied to the Earth through a projected CRS.

    epsg: the projected CRS in metres, usually a UTM zone (see :func:`utm_epsg`).
    east0_m, north0_m: its coordinates of the local origin.
    """

    epsg: int
    east0_m: float
    north0_m: float

    @classmethod
    def at(cls, lat: float, lon: float) -> Frame:
        """Return the frame whose origin is this point, in the UTM zone that holds it."""
        epsg = utm_epsg(lat, lon)
        east, north = transformer("EPSG:4326", f"EPSG:{epsg}").transform(lon, lat)
        return cls(epsg, float(east), float(north))

    @overload
    def to_wgs84(self, x: float, y: float) -> LatLon: ...
    @overload
    def to_wgs84(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]: ...
    def to_wgs84(self, x: ArrayLike, y: ArrayLike) -> LatLon | tuple[Floats, Floats]:
        """Return (lat, lon) of local metres; arrays broadcast."""
        east, north = np.asarray(x, float) + self.east0_m, np.asarray(y, float) + self.north0_m
        lon, lat = _project(f"EPSG:{self.epsg}", "EPSG:4326", east, north)
        return (float(lat), float(lon)) if lat.ndim == 0 else (lat, lon)

    @overload
    def to_local(self, lat: float, lon: float) -> LatLon: ...
    @overload
    def to_local(self, lat: ArrayLike, lon: ArrayLike) -> tuple[Floats, Floats]: ...
    def to_local(self, lat: ArrayLike, lon: ArrayLike) -> LatLon | tuple[Floats, Floats]:
        """Return local metres (x, y) of positions; arrays broadcast."""
        east, north = _project("EPSG:4326", f"EPSG:{self.epsg}", lon, lat)
        x, y = east - self.east0_m, north - self.north0_m
        return (float(x), float(y)) if np.ndim(x) == 0 else (x, y)


@dataclass(frozen=True, slots=True)
class Footprint:
    """The ground an image covers: its corners as (lat, lon), in the order NW, NE, SE, SW of the image."""

    corners: tuple[LatLon, LatLon, LatLon, LatLon]

    def __post_init__(self) -> None:
        """Refuse anything but four positions on Earth."""
        if len(self.corners) != 4:
            raise GleamError(f"A footprint has 4 corners, not {len(self.corners)}; give NW, NE, SE, SW.")
        # Plainly first, in a tenth of the time: answers are made of hundreds of corners.
        if not all(-90 <= lat <= 90 and -180 <= lon <= 180 for lat, lon in self.corners):
            for lat, lon in self.corners:
                check_lat_lon(lat, lon, "footprint")

    @classmethod
    def square(cls, lat: float, lon: float, width_m: float, heading_deg: float = 0.0) -> Footprint:
        """Return the square of ``width_m`` centred on a point, its upward side facing ``heading_deg``."""
        return cls.squares([lat], [lon], [width_m], heading_deg)[0]

    @classmethod
    def squares(
        cls, lats: ArrayLike, lons: ArrayLike, widths_m: ArrayLike, heading_deg: float = 0.0
    ) -> list[Footprint]:
        """Return the squares of (N,) widths centred on (N,) points; many take hardly longer than one."""
        lat, lon, width = _alike(lats, lons, widths_m)
        check_lat_lon(lat, lon, "footprint")
        if not (width > 0).all():
            least = width[~(width > 0)][0]
            raise GleamError(f"A footprint of {least:g} m is not a square; give a width above 0 metres.")
        turn = math.radians(heading_deg)
        right, up = np.array([-0.5, 0.5, 0.5, -0.5]), np.array([0.5, 0.5, -0.5, -0.5])
        east = right * math.cos(turn) + up * math.sin(turn)
        north = up * math.cos(turn) - right * math.sin(turn)
        corners = offset(lat[:, None], lon[:, None], width[:, None] * east, width[:, None] * north)
        made = []
        for nw, ne, se, sw in np.stack(corners, -1).tolist():
            made.append(cls((tuple(nw), tuple(ne), tuple(se), tuple(sw))))
        return made

    @property
    def centre(self) -> LatLon:
        """The mean of the corners (lat, lon), right across the antimeridian too."""
        lon0 = self.corners[0][1]
        lats, lons = np.array(self.corners).T
        return float(lats.mean()), wrap_lon(lon0 + float(wrap_lon(lons - lon0).mean()))

    @property
    def width_m(self) -> float:
        """The mean length of the upper and lower sides in metres."""
        nw, ne, se, sw = self.corners
        return (distance_m(*nw, *ne) + distance_m(*sw, *se)) / 2

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) in degrees; west > east when the antimeridian is crossed (RFC 7946)."""
        lats, lons = np.array(self.corners).T
        middle = self.centre[1]
        relative = wrap_lon(lons - middle)
        if not np.any((middle + relative < -180) | (middle + relative >= 180)):
            return float(lons.min()), float(lats.min()), float(lons.max()), float(lats.max())
        west, east = (wrap_lon(middle + float(v)) for v in (relative.min(), relative.max()))
        return west, float(lats.min()), east, float(lats.max())

    def contains(self, lat: ArrayLike, lon: ArrayLike) -> Any:
        """Tell whether points lie inside or on the edge: a bool for one point, a bool array for arrays.

        The sides are straight in (lat, lon), which for footprints of kilometres differs from geodesics
        by less than a millimetre. The footprint must be convex, in either direction of turning.
        """
        lat0, lon0 = self.centre
        lats, lons = np.asarray(lat, float) - lat0, wrap_lon(np.asarray(lon, float) - lon0)
        following = self.corners[1:] + self.corners[:1]
        left, right = [], []
        for (a_lat, a_lon), (b_lat, b_lon) in zip(self.corners, following, strict=True):
            ax, ay = wrap_lon(a_lon - lon0), a_lat - lat0
            bx, by = wrap_lon(b_lon - lon0), b_lat - lat0
            turn = (bx - ax) * (lats - ay) - (by - ay) * (lons - ax)
            slack = 1e-10 * math.hypot(bx - ax, by - ay)  # 0.01 mm, so that rounding leaves the edge inside
            left.append(turn >= -slack)
            right.append(turn <= slack)
        inside = np.all(left, 0) | np.all(right, 0)
        return bool(inside) if np.ndim(inside) == 0 else inside

    def to_wkt(self) -> str:
        """Return ``POLYGON ((lon lat, ...))``, closed, exact to the last bit when read back."""
        ring = ", ".join(f"{lon!r} {lat!r}" for lat, lon in (*self.corners, self.corners[0]))
        return f"POLYGON (({ring}))"

    @classmethod
    def from_wkt(cls, text: str) -> Footprint:
        """Read a four-cornered WKT polygon (lon lat); raise ``GleamError`` when it is anything else."""
        pair = rf"({_NUMBER})\s+({_NUMBER})"
        match = re.fullmatch(r"\s*POLYGON\s*\(\s*\((.*)\)\s*\)\s*", text, re.IGNORECASE | re.DOTALL)
        points: list[LatLon] = []
        for part in match.group(1).split(",") if match else ():
            found = re.fullmatch(rf"\s*{pair}\s*", part)
            if not found:
                points = []
                break
            points.append((float(found.group(2)), float(found.group(1))))
        if len(points) != 5 or points[0] != points[4]:
            raise GleamError(
                f"Footprint {text[:80]!r} is not a WKT polygon of four corners; "
                "write POLYGON ((lon lat, lon lat, lon lat, lon lat, first lon lat))."
            )
        return cls((points[0], points[1], points[2], points[3]))

    def to_geojson(self) -> dict[str, Any]:
        """Return a GeoJSON polygon, longitude first, the ring closed and counter-clockwise (RFC 7946).

        Longitudes run on past 180 when the antimeridian is crossed, so that the ring stays one piece.
        """
        middle = self.centre[1]
        ring = [[_near(lon, middle), lat] for lat, lon in self.corners]
        xs, ys = np.array([*ring, ring[0]]).T
        if float(np.sum(xs[:-1] * ys[1:] - xs[1:] * ys[:-1])) < 0:
            ring = [ring[0], *ring[:0:-1]]
        return {"type": "Polygon", "coordinates": [[*ring, list(ring[0])]]}


@dataclass(frozen=True, slots=True)
class Circle:
    """All positions within ``radius_m`` of a point."""

    lat: float
    lon: float
    radius_m: float

    def __post_init__(self) -> None:
        """Refuse a centre off the Earth and a radius that is not positive."""
        check_lat_lon(self.lat, self.lon, "circle")
        if not (self.radius_m > 0 and math.isfinite(self.radius_m)):
            raise GleamError(f"A circle of radius {self.radius_m:g} m is empty; give one above 0 metres.")

    @classmethod
    def parse(cls, text: str) -> Circle:
        """Read ``LAT,LON,RADIUS`` (degrees, degrees, metres); raise ``GleamError`` otherwise."""
        parts = [p.strip() for p in text.split(",")]
        if len(parts) != 3 or not all(re.fullmatch(_NUMBER, p) for p in parts):
            raise GleamError(
                f"{text!r} is not a circle; write LAT,LON,RADIUS in degrees and metres, as 48.2,16.37,500."
            )
        lat, lon, radius = (float(p) for p in parts)
        return cls(lat, lon, radius)

    @property
    def in_words(self) -> str:
        """Where that is, to follow a noun in a message."""
        return f"within {self.radius_m:g} m of {self.lat:.6f}, {self.lon:.6f}"

    def contains(self, lat: ArrayLike, lon: ArrayLike) -> Any:
        """Tell whether points lie inside or on the rim: a bool for one point, a bool array for arrays."""
        inside = np.asarray(distance_m(self.lat, self.lon, lat, lon)) <= self.radius_m
        return bool(inside) if inside.ndim == 0 else inside

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) of a box that holds the circle; west > east across the antimeridian."""
        # The smallest radius of curvature of the ellipsoid makes the box a little too large, never too small.
        reach = math.degrees(self.radius_m / 6_335_000.0)
        south, north = self.lat - reach, self.lat + reach
        if south <= -90 or north >= 90:
            return -180.0, max(south, -90.0), 180.0, min(north, 90.0)
        ratio = math.sin(math.radians(reach)) / math.cos(math.radians(self.lat))
        wide = math.degrees(math.asin(min(ratio, 1.0)))
        if wide >= 180 or ratio >= 1:
            return -180.0, south, 180.0, north
        return wrap_lon(self.lon - wide), south, wrap_lon(self.lon + wide), north


@dataclass(frozen=True, slots=True)
class Box:
    """All positions between two parallels and two meridians, edges included.

    ``west > east`` means that the box crosses the antimeridian.
    """

    south: float
    west: float
    north: float
    east: float

    def __post_init__(self) -> None:
        """Refuse corners off the Earth and a box without ground."""
        for lat, lon in ((self.south, self.west), (self.north, self.east)):
            check_lat_lon(lat, lon, "box")
        if not self.south < self.north or self.west == self.east:
            raise GleamError(
                f"The box {self.south:g},{self.west:g},{self.north:g},{self.east:g} is empty: write "
                "SOUTH,WEST,NORTH,EAST with south below north (west above east crosses the antimeridian)."
            )

    @classmethod
    def parse(cls, text: str) -> Box:
        """Read ``SOUTH,WEST,NORTH,EAST`` in degrees; raise ``GleamError`` otherwise."""
        parts = [p.strip() for p in text.split(",")]
        if len(parts) != 4 or not all(re.fullmatch(_NUMBER, p) for p in parts):
            raise GleamError(
                f"{text!r} is not a box; write SOUTH,WEST,NORTH,EAST in degrees, as 48.1,16.2,48.3,16.5."
            )
        south, west, north, east = (float(p) for p in parts)
        return cls(south, west, north, east)

    @property
    def in_words(self) -> str:
        """Where that is, to follow a noun in a message."""
        return f"in the box {self.south:g},{self.west:g},{self.north:g},{self.east:g}"

    def contains(self, lat: ArrayLike, lon: ArrayLike) -> Any:
        """Tell whether points lie inside or on the edge: a bool for one point, a bool array for arrays."""
        lats, lons = np.asarray(lat, float), np.asarray(lon, float)
        wide = (lons >= self.west, lons <= self.east)
        across = wide[0] | wide[1] if self.west > self.east else wide[0] & wide[1]
        if self.west == -180 or self.east == 180:
            across |= np.abs(lons) == 180  # two names of one meridian
        inside = (lats >= self.south) & (lats <= self.north) & across
        return bool(inside) if inside.ndim == 0 else inside

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north), as :attr:`Circle.bounds` has them."""
        return self.west, self.south, self.east, self.north


def _near(lon: float, middle: float) -> float:
    """Return ``lon`` written without a jump of 360 degrees from ``middle``."""
    return lon if abs(lon - middle) < 180 else middle + wrap_lon(lon - middle)


def _inverse(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> tuple[Any, Any]:
    """Return (bearing, distance) by pyproj's inverse geodesic, broadcasting, floats for scalars."""
    points = _alike(lat1, lon1, lat2, lon2)
    shape = points[0].shape
    a_lat, a_lon, b_lat, b_lon = (p.reshape(-1) for p in points)
    azimuth, _, metres = _GEOD.inv(a_lon, a_lat, b_lon, b_lat)
    bearing = np.asarray(azimuth) % 360.0
    bearing = np.where(bearing >= 360.0, 0.0, bearing)  # -tiny % 360 rounds to 360
    if not shape:
        return float(bearing[0]), float(metres[0])
    return bearing.reshape(shape), np.asarray(metres).reshape(shape)


def _project(source: str, target: str, x: ArrayLike, y: ArrayLike) -> tuple[Any, Any]:
    """Transform broadcast coordinates between CRS, x or longitude first."""
    xs, ys = _alike(x, y)
    out_x, out_y = transformer(source, target).transform(xs, ys)
    return np.asarray(out_x, float), np.asarray(out_y, float)


def _alike(*values: ArrayLike) -> list[Floats]:
    """Return values broadcast against each other, as arrays of one shape.

    What ``np.broadcast_arrays`` does, without what it spends on views: here the arrays are small and many.
    """
    arrays = [np.asarray(value, float) for value in values]
    shape = np.broadcast(*arrays).shape
    return [a if a.shape == shape and a.flags.c_contiguous else np.full(shape, a) for a in arrays]
