"""Georeferenced satellite imagery: squares of ground, north-up and to scale, from any local raster."""

from __future__ import annotations

import math
import os
from functools import cached_property
from types import TracebackType
from typing import Any, Self

import numpy as np
from affine import Affine
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS as ProjCRS
from pyproj import Transformer
from pyproj.exceptions import ProjError
from rasterio.crs import CRS

from gleam.errors import RasterError
from gleam.geo import Footprint, LatLon, check_lat_lon, distance_m, wrap_lon
from gleam.imagery.raster_check import WIDEST_M, check_ground
from gleam.imagery.raster_chunks import Chunks
from gleam.imagery.raster_grid import SquareGrid, cover_outline
from gleam.imagery.raster_open import Georeference, georeference, open_dataset
from gleam.imagery.raster_pixels import CHUNK, PixelReader
from gleam.imagery.raster_sample import cut_square
from gleam.imagery.raster_tags import read_date, read_licence, read_origin

_WORLD_WIDTH_M = 2 * math.pi * 6378137.0
"""Length of the equator, and width of the world in cylindrical projections in metres."""
_CYLINDERS = (3857, 3395, 4087, 32662)


class GeoRaster:
    """A raster on the Earth, read window by window; never whole.

    Open it with :meth:`open`, and close it or use it in a ``with`` block. One object serves one thread.
    """

    def __init__(self, dataset: Any, name: str, where: Georeference) -> None:
        """Wrap an opened dataset that lies ``where``."""
        self.name = name
        self.height: int = dataset.height
        self.width: int = dataset.width
        self.told_by_world_file = where.world
        self._dataset = dataset
        self._reader = PixelReader(dataset, name)
        self._chunks = Chunks(CHUNK, self._reader.load)
        self._transform: Affine = where.transform
        self._back = ~where.transform
        middle = np.array([self.width / 2]), np.array([self.height / 2])
        self._middle_x = float(_apply(self._transform, *middle)[0][0])
        try:
            crs = _proj(where.crs)
            check_ground(crs, where.transform, self.width, self.height, where.told_by, world=where.world)
            self._period = _period(crs)
            self._to_lonlat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
            self.centre: LatLon = self._at(self.width / 2, self.height / 2)
            check_lat_lon(*self.centre, name)
        except ProjError as error:
            raise RasterError(f"{name}: its coordinates cannot be brought to WGS84 ({error}).") from None

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, crs: str | None = None) -> Self:
        """Open a GeoTIFF, COG, or PNG, JPEG or TIFF with a world file.

        crs: the coordinate system of rasters that do not tell theirs (neither themselves nor in a .prj
        beside them), as ``EPSG:32633``.

        Raises RasterError, naming the file and the cause: not a local file, another format, no
        georeference or one that cannot be true, damaged.
        """
        dataset = open_dataset(path)
        try:
            return cls(dataset, os.fspath(path), georeference(dataset, os.fspath(path), crs))
        except BaseException:
            dataset.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._chunks.close()
        self._dataset.close()

    def __enter__(self) -> Self:
        """Return the raster itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about how the raster is read where its own word is not taken.

        Raises RasterError when the file turns out damaged.
        """
        band = self._reader.false_alpha
        if band is None:
            return ()
        return (
            f"{self.name}: band {band} is marked as opacity (alpha) but holds other values, as near infrared "
            "does; it is left out and all ground counts. To keep it from being marked, write the file with "
            "-co ALPHA=NO; if it is opacity, bring it to 0 and 255.",
        )

    @property
    def date(self) -> str | None:
        """When the imagery was taken, as its tags tell."""
        return read_date(self._dataset)

    @property
    def source(self) -> str | None:
        """Where the imagery comes from, as its tags tell."""
        return read_origin(self._dataset)

    @property
    def licence(self) -> str | None:
        """The licence of the imagery, as its tags tell."""
        return read_licence(self._dataset)

    @cached_property
    def footprint(self) -> Footprint:
        """The ground between the outer corners of the raster, its upper left one as NW."""
        w, h = self.width, self.height
        return Footprint((self._at(0, 0), self._at(w, 0), self._at(w, h), self._at(0, h)))

    @cached_property
    def bounds_wgs84(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) in degrees; west > east when the antimeridian is crossed."""
        lats, lons = self._outline()
        south, north = float(lats.min()), float(lats.max())
        for pole in (90.0, -90.0):
            if self._shows(pole):
                return -180.0, min(south, pole), 180.0, max(north, pole)
        edges = _apply(self._transform, np.array([0.0, self.width]), np.array([0.0, 0.0]))[0]
        if self._period and abs(edges[1] - edges[0]) >= self._period * (1 - 1e-9):
            return -180.0, south, 180.0, north
        relative = wrap_lon(lons - self.centre[1])
        west, east = self.centre[1] + float(relative.min()), self.centre[1] + float(relative.max())
        # Only what lies beyond the antimeridian is rewritten, so that an edge on it keeps its sign.
        return (west + 360 if west < -180 else west), south, (east - 360 if east > 180 else east), north

    @cached_property
    def pixel_m(self) -> float:
        """Mean length of a pixel's sides in metres, at the centre."""
        x, y = self.width / 2, self.height / 2
        span = 0.5  # the pixel around the centre
        across = distance_m(*self._at(x - span, y), *self._at(x + span, y))
        down = distance_m(*self._at(x, y - span), *self._at(x, y + span))
        return (across + down) / 2

    def read_square(
        self, lat: float, lon: float, width_m: float, pixels: int
    ) -> tuple[NDArray[np.uint8], float]:
        """Read a square of ground centred on a point, true north up.

        Returns the (pixels, pixels, 3) uint8 picture and the share of it that the raster covers with
        valid data; the rest has the mean colour of the valid part (black when there is none).

        Deeper than 8 bits: the 1st to 99th percentile of the whole raster become black and white.
        Coarse squares are read from overviews where the file has them.
        Raises RasterError when the file turns out damaged, GleamError for a point not on Earth.
        """
        lat, lon = float(lat), float(lon)
        check_lat_lon(lat, lon, self.name)
        if not width_m > 0 or pixels < 1:
            raise RasterError(f"{self.name}: a square of {width_m:g} m and {pixels} pixels has no content.")
        return cut_square(_Levels(self, lat, lon), lat, lon, width_m, pixels)

    def grid(self, width_m: float, stride_m: float) -> SquareGrid:
        """Return the centres (lat, lon) of squares of ``width_m`` that cover the raster, from the north down.

        Neighbours lie ``stride_m`` apart, the last row and column closer, flush with the edge. Of a
        raster that is no upright rectangle on the ground only squares that touch it are listed.
        """
        if not (width_m > 0 and stride_m > 0):
            raise RasterError(
                f"{self.name}: a grid of {width_m:g} m squares every {stride_m:g} m is impossible."
            )
        lats, lons = self._outline()
        farthest = float(np.max(distance_m(*self.centre, lats, lons)))
        if farthest > WIDEST_M:
            raise RasterError(
                f"{self.name}: reaches {farthest / 1000:,.0f} km from its middle, too far for one grid of "
                "squares to scale; cut it into parts (gdalwarp -te)."
            )
        local = Transformer.from_crs("EPSG:4326", _local_proj(*self.centre), always_xy=True)
        xs, ys = (np.asarray(v) for v in local.transform(lons, lats))

        def to_earth(
            x: NDArray[np.float64], y: NDArray[np.float64], _: NDArray[np.int64]
        ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            lon, lat = local.transform(x, y, direction="INVERSE")
            return np.asarray(lat), np.asarray(wrap_lon(lon))

        return SquareGrid(cover_outline(xs, ys, width_m, stride_m), to_earth)

    def _at(self, column: float, row: float) -> LatLon:
        """Return (lat, lon) of a position in pixels."""
        lats, lons = self._positions([column], [row])
        return float(lats[0]), float(lons[0])

    def _positions(self, columns: ArrayLike, rows: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return latitudes and longitudes of positions in pixels."""
        x, y = _apply(self._transform, np.asarray(columns, float), np.asarray(rows, float))
        if self._period:
            # Coordinates of a raster run on over the antimeridian, those of PROJ do not.
            half = self._period / 2
            x = np.where(np.abs(x) > half, (x + half) % self._period - half, x)
        lon, lat = self._to_lonlat.transform(x, y, errcheck=True)
        return np.asarray(lat), np.asarray(wrap_lon(lon))

    def _pixels(
        self, lats: NDArray[Any], lons: NDArray[Any], near: LatLon
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return columns and rows of positions, not finite where the projection has none.

        near: where they lie about, so that they stay together when the antimeridian runs through them.
        """
        x, y = self._to_lonlat.transform(
            np.append(lons, near[1]), np.append(lats, near[0]), direction="INVERSE"
        )
        x, y = np.asarray(x, float), np.asarray(y, float)
        if self._period and math.isfinite(x[-1]):
            half = self._period / 2
            here = self._middle_x + (x[-1] - self._middle_x + half) % self._period - half
            x = here + (x - here + half) % self._period - half
        x, y = x[:-1], y[:-1]
        # PROJ says infinity where the projection has no place; infinity times 0 would be complained of.
        nowhere = ~(np.isfinite(x) & np.isfinite(y))
        x[nowhere] = y[nowhere] = np.nan
        return _apply(self._back, x, y)

    def _shows(self, pole: float) -> bool:
        """Tell whether a pole lies inside the raster (of a geographic one it is the edge)."""
        if self._period:
            return False
        column, row = self._pixels(np.array([pole]), np.array([0.0]), (pole, 0.0))
        return bool(0 < column[0] < self.width and 0 < row[0] < self.height)

    def _outline(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return latitudes and longitudes along the border, corners included."""
        t = np.linspace(0, 1, 33)
        zero, one = np.zeros_like(t), np.ones_like(t)
        columns = np.concatenate([t, one, 1 - t, zero]) * self.width
        rows = np.concatenate([zero, t, one, 1 - t]) * self.height
        return self._positions(columns, rows)


class _Levels:
    """A raster as the sampler sees it, around one point."""

    def __init__(self, raster: GeoRaster, lat: float, lon: float) -> None:
        self._raster = raster
        self._near = (lat, lon)
        self.window = raster._chunks.window
        self.last_level = raster._reader.last_level

    def pixels_of(self, lats: NDArray[Any], lons: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        return self._raster._pixels(lats, lons, self._near)

    def extent(self, level: int) -> tuple[int, int, int, int]:
        return 0, 0, -(-self._raster.width // 2**level), -(-self._raster.height // 2**level)


def _proj(crs: CRS) -> ProjCRS:
    code = crs.to_epsg()
    return ProjCRS.from_epsg(code) if code else ProjCRS.from_wkt(crs.to_wkt())


def _period(crs: ProjCRS) -> float:
    """Return how far x runs once around the Earth, or 0 when it does not."""
    if crs.is_geographic:
        return 2 * math.pi / float(crs.axis_info[0].unit_conversion_factor)
    return _WORLD_WIDTH_M if crs.to_epsg() in _CYLINDERS else 0.0


def _local_proj(lat: float, lon: float) -> str:
    """Return a transverse Mercator centred on a point: metres from it, true north up, scale 1."""
    return f"+proj=tmerc +lat_0={lat!r} +lon_0={lon!r} +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"


def _apply(transform: Affine, x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return transformed arrays of coordinates."""
    return (
        transform.a * x + transform.b * y + transform.c,
        transform.d * x + transform.e * y + transform.f,
    )
