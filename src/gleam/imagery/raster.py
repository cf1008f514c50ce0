"""Georeferenced satellite imagery: squares of ground, north-up and to scale, from any local raster."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
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
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.vrt import WarpedVRT

from gleam.errors import RasterError
from gleam.geo import Footprint, LatLon, check_lat_lon, distance_m, wrap_lon
from gleam.imagery.raster_open import georeference, open_dataset
from gleam.imagery.raster_values import Bands, Stretch, choose_bands, find_stretch

_WORLD_WIDTH_M = 2 * math.pi * 6378137.0
"""Length of the equator in web Mercator."""


class GeoRaster:
    """A raster on the Earth, read window by window; never whole.

    Open it with :meth:`open`, and close it or use it in a ``with`` block. One object serves one thread.
    """

    def __init__(self, dataset: Any, name: str, crs: CRS) -> None:
        """Wrap an opened dataset whose coordinate system is ``crs``."""
        self.name = name
        self.height: int = dataset.height
        self.width: int = dataset.width
        self._dataset = dataset
        self._bands: Bands = choose_bands(dataset, name)
        self._crs, self._transform = _unwrapped(crs, dataset.transform, dataset.width, dataset.height)
        try:
            source = (
                ProjCRS.from_wkt(self._crs.to_wkt()) if self._crs.to_epsg() else ProjCRS(self._crs.to_proj4())
            )
            self._to_lonlat = Transformer.from_crs(source, "EPSG:4326", always_xy=True)
            self.centre: LatLon = self._at(self.width / 2, self.height / 2)
            check_lat_lon(*self.centre, name)
        except ProjError as error:
            raise RasterError(f"{name}: its coordinates cannot be brought to WGS84 ({error}).") from None

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, crs: str | None = None) -> Self:
        """Open a GeoTIFF, COG, or PNG/JPEG with a world file.

        crs: the coordinate system of rasters that do not tell theirs (any PNG or JPEG), as ``EPSG:32633``.

        Raises RasterError, naming the file and the cause: not a local file, another format, no
        georeference, damaged.
        """
        dataset = open_dataset(path)
        try:
            return cls(dataset, os.fspath(path), georeference(dataset, os.fspath(path), crs))
        except BaseException:
            dataset.close()
            raise

    def close(self) -> None:
        """Close the file."""
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
    def date(self) -> str | None:
        """When the imagery was taken, as its tag GLEAM_DATE tells."""
        return self._tag("GLEAM_DATE")

    @property
    def source(self) -> str | None:
        """Where the imagery comes from, as its tag GLEAM_SOURCE tells."""
        return self._tag("GLEAM_SOURCE")

    @property
    def licence(self) -> str | None:
        """The licence of the imagery, as its tag GLEAM_LICENCE tells."""
        return self._tag("GLEAM_LICENCE")

    def _tag(self, name: str) -> str | None:
        value = self._dataset.tags().get(name)
        return str(value) if value else None

    @cached_property
    def footprint(self) -> Footprint:
        """The ground between the outer corners of the raster, its upper left one as NW."""
        w, h = self.width, self.height
        return Footprint((self._at(0, 0), self._at(w, 0), self._at(w, h), self._at(0, h)))

    @cached_property
    def bounds_wgs84(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) in degrees; west > east when the antimeridian is crossed."""
        lats, lons = self._outline()
        relative = wrap_lon(lons - self.centre[1])
        south, north = float(lats.min()), float(lats.max())
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
        Raises RasterError when the file turns out damaged, GleamError for a point not on Earth.
        """
        lat, lon = float(lat), float(lon)  # numpy's own floats print in a form that PROJ refuses
        check_lat_lon(lat, lon, self.name)
        if not width_m > 0 or pixels < 1:
            raise RasterError(f"{self.name}: a square of {width_m:g} m and {pixels} pixels has no content.")
        palette = self._bands.palette
        side = pixels if palette is None else pixels * 2
        step = width_m / side
        try:
            values, opacity = self._warp(
                _local_crs(lat, lon), Affine(step, 0, -width_m / 2, 0, -step, width_m / 2), side
            )
            picture = self._stretch.apply(values) if palette is None else _painted(values, palette)
        except (RasterioError, ValueError) as error:
            cause = " ".join(str(error).split())[:160]
            raise RasterError(
                f"{self.name}: the raster is damaged or cut short ({cause}); copy it again."
            ) from None
        if palette is not None:
            picture, opacity = _halved(picture), _halved(opacity[None])[0]
        return _filled(picture, opacity)

    def grid(self, width_m: float, stride_m: float) -> list[LatLon]:
        """Return the centres (lat, lon) of squares of ``width_m`` that cover the raster, from the north down.

        Neighbours lie ``stride_m`` apart, the last row and column closer, flush with the edge. Of a
        raster that is no upright rectangle on the ground only squares that touch it are listed.
        """
        if not (width_m > 0 and stride_m > 0):
            raise RasterError(
                f"{self.name}: a grid of {width_m:g} m squares every {stride_m:g} m is impossible."
            )
        local = _local_proj(*self.centre)
        forth = Transformer.from_crs("EPSG:4326", local, always_xy=True)
        lats, lons = self._outline()
        xs, ys = (np.asarray(v) for v in forth.transform(lons, lats))
        columns = _centres(float(xs.min()), float(xs.max()), width_m, stride_m)
        rows = _centres(float(ys.min()), float(ys.max()), width_m, stride_m)[::-1]
        x, y = (v.ravel() for v in np.meshgrid(columns, rows))
        touched = np.zeros(x.size, bool)
        for right in np.linspace(-0.45, 0.45, 5) * width_m:
            for up in np.linspace(-0.45, 0.45, 5) * width_m:
                lon, lat = forth.transform(x + right, y + up, direction="INVERSE")
                touched |= self._covers(lat, lon)
        lon, lat = forth.transform(x[touched], y[touched], direction="INVERSE")
        return [(float(a), float(o)) for a, o in zip(lat, wrap_lon(lon), strict=True)]

    @cached_property
    def _stretch(self) -> Stretch:
        return find_stretch(self._dataset, self._bands)

    def _warp(self, crs: CRS, transform: Affine, side: int) -> tuple[NDArray[Any], NDArray[np.uint8]]:
        """Read colour bands (C, side, side) and opacity (side, side) on another grid."""
        palette, alpha = self._bands.palette is not None, self._bands.alpha
        options: dict[str, Any] = {"src_alpha": alpha} if alpha else {"add_alpha": True}
        with WarpedVRT(
            self._dataset,
            src_crs=self._crs,
            src_transform=self._transform,
            crs=crs,
            transform=transform,
            width=side,
            height=side,
            resampling=Resampling.nearest if palette else Resampling.bilinear,
            **options,
        ) as warped:
            planes = warped.read([*self._bands.colour, alpha or warped.count])
        # The mask of a warped float raster is always full, so opacity comes from the band itself.
        kind = planes.dtype
        full = np.iinfo(kind).max if kind.kind in "iu" else 255
        values = planes[:-1]
        known = (planes[-1] >= full / 2) & np.isfinite(values).all(0)
        return values, known.astype(np.uint8) * np.uint8(255)

    def _at(self, column: float, row: float) -> LatLon:
        """Return (lat, lon) of a position in pixels."""
        lats, lons = self._positions([column], [row])
        return float(lats[0]), float(lons[0])

    def _positions(self, columns: ArrayLike, rows: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return latitudes and longitudes of positions in pixels."""
        x, y = _apply(self._transform, np.asarray(columns, float), np.asarray(rows, float))
        lon, lat = self._to_lonlat.transform(x, y, errcheck=True)
        return np.asarray(lat), np.asarray(wrap_lon(lon))

    def _covers(self, lat: ArrayLike, lon: ArrayLike) -> NDArray[np.bool_]:
        """Tell which positions lie inside the raster."""
        x, y = self._to_lonlat.transform(np.asarray(lon, float), np.asarray(lat, float), direction="INVERSE")
        column, row = _apply(~self._transform, np.asarray(x), np.asarray(y))
        inside: NDArray[np.bool_] = (column >= 0) & (column <= self.width) & (row >= 0) & (row <= self.height)
        return inside

    def _outline(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return latitudes and longitudes along the border, corners included."""
        t = np.linspace(0, 1, 33)
        zero, one = np.zeros_like(t), np.ones_like(t)
        columns = np.concatenate([t, one, 1 - t, zero]) * self.width
        rows = np.concatenate([zero, t, one, 1 - t]) * self.height
        return self._positions(columns, rows)


def _local_proj(lat: float, lon: float) -> str:
    """Return a transverse Mercator centred on a point: metres from it, true north up, scale 1."""
    return f"+proj=tmerc +lat_0={lat!r} +lon_0={lon!r} +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"


def _local_crs(lat: float, lon: float) -> CRS:
    return CRS.from_proj4(_local_proj(lat, lon))


def _apply(transform: Affine, x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return transformed arrays of coordinates."""
    return (
        transform.a * x + transform.b * y + transform.c,
        transform.d * x + transform.e * y + transform.f,
    )


def _unwrapped(crs: CRS, transform: Affine, width: int, height: int) -> tuple[CRS, Affine]:
    """Return an equivalent georeference in which the raster does not reach across the edge of the CRS.

    Geographic and web Mercator coordinates jump at the antimeridian, while a raster's do not.
    """
    columns, rows = np.array([0, width, width, 0]), np.array([0, 0, height, height])
    x, _ = _apply(transform, columns, rows)
    left, right = float(x.min()), float(x.max())
    if crs.is_geographic and crs.to_epsg() == 4326 and (left < -180 or right > 180):
        middle = (left + right) / 2
        return CRS.from_proj4(f"+proj=longlat +datum=WGS84 +lon_wrap={middle!r} +no_defs"), transform
    if crs.to_epsg() == 3857 and (left < -_WORLD_WIDTH_M / 2 or right > _WORLD_WIDTH_M / 2):
        sign = 1 if right > _WORLD_WIDTH_M / 2 else -1
        moved = CRS.from_proj4("+proj=webmerc +datum=WGS84 +lon_0=180 +units=m +no_defs")
        a, b, c, d, e, f = transform[:6]
        return moved, Affine(a, b, c - sign * _WORLD_WIDTH_M / 2, d, e, f)
    return crs, transform


def _centres(low: float, high: float, width: float, stride: float) -> NDArray[np.float64]:
    """Return the centres of intervals of ``width`` that cover low..high, the last flush with the end."""
    room = high - low - width
    if room <= 0:
        return np.array([(low + high) / 2])
    count = math.ceil(room / stride - 1e-6) + 1
    steps: NDArray[np.float64] = np.minimum(np.arange(count) * stride, room)
    return steps + (low + width / 2)


def _painted(values: NDArray[Any], palette: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (3, H, W) colours of palette values."""
    colours: NDArray[np.uint8] = palette[np.clip(values[0], 0, 255).astype(np.intp)][..., :3]
    return np.moveaxis(colours, -1, 0)


def _halved(planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the mean of each 2 x 2 block of (C, H, W) planes."""
    blocks: Sequence[NDArray[np.uint16]] = [
        planes[:, i::2, j::2].astype(np.uint16) for i in (0, 1) for j in (0, 1)
    ]
    return ((blocks[0] + blocks[1] + blocks[2] + blocks[3] + 2) // 4).astype(np.uint8)


def _filled(planes: NDArray[np.uint8], opacity: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """Return the (H, W, 3) picture with its mean colour where nothing is known, and the known share."""
    picture = np.moveaxis(np.broadcast_to(planes, (3, *planes.shape[1:])), 0, -1).copy()
    known = opacity >= 128
    if known.any() and not known.all():
        picture[~known] = np.rint(picture[known].mean(0)).astype(np.uint8)
    elif not known.any():
        picture[:] = 0
    return picture, float(known.mean())
