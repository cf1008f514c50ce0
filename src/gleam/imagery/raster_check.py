"""Does a raster lie where its numbers say? What cannot be true is told in one sentence."""

from __future__ import annotations

import math

import numpy as np
from affine import Affine
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from gleam.errors import RasterError
from gleam.geo import distance_m, wrap_lon

MIN_PIXEL_M, MAX_PIXEL_M = 0.0005, 10_000.0
"""From half a millimetre to ten kilometres: beyond, a unit was mistaken."""
_MAX_ASPECT = 25.0
"""Pixels in degrees are that oblong at 87.7 degrees of latitude."""
WIDEST_M = 3_000_000.0
"""Farther from its middle a local plane no longer keeps sizes to some percent."""
_MAX_SHEAR_DEG = 10.0
_AREA_SLACK_DEG = 9.0
"""Rasters reach over the edge of their zone, but hardly over the next one."""


def check_ground(crs: CRS, transform: Affine, width: int, height: int, where: str, *, world: bool) -> None:
    """Raise RasterError unless a georeference can be true.

    Args:
        crs: The coordinate system.
        transform: From pixel corners to its coordinates, x (east or longitude) first.
        width: Columns of the raster.
        height: Its rows.
        where: The file that tells the georeference; begins the message.
        world: Whether that is a world file, whose fourth line is easily given the wrong sign.
    """
    if not all(math.isfinite(v) for v in transform[:6]):
        raise RasterError(f"{where}: its georeference holds values that are no numbers; export it again.")
    x = transform.a * width / 2 + transform.b * height / 2 + transform.c
    y = transform.d * width / 2 + transform.e * height / 2 + transform.f
    hint = _swapped_hint(crs, x, y)
    if crs.is_geographic and not abs(y) <= 90.5:
        unit = "" if hint else " Projected coordinates in metres need their own coordinate system, not this."
        raise RasterError(
            f"{where}: its middle would lie at latitude {y:g}, which is not on Earth.{hint}{unit}"
        )
    lat, lon = _position(crs, x, y)
    if not (math.isfinite(lat) and math.isfinite(lon)) or not in_area(crs, lat, lon):
        raise RasterError(
            f"{where}: coordinates {x:g}, {y:g} lie outside the area of {_name(crs)}"
            f"{_area(crs)}; the coordinate system or the coordinates are wrong.{hint}"
        )
    if world and transform.determinant > 0 and transform.a > 0:
        raise RasterError(
            f"{where}: line 4 is {transform.e:g}, which turns the picture upside down; rows run south, "
            "so that the height of a pixel is negative."
        )
    _check_pixel(crs, transform, x, y, where)


def untrue_pixel(across_m: float, down_m: float) -> str | None:
    """Return what is wrong with pixels of this size on the ground, or None when they can be true."""
    sides = across_m, down_m
    shown = " x ".join(f"{side:.3g} m" for side in sides)
    if not all(MIN_PIXEL_M <= side <= MAX_PIXEL_M for side in sides):
        return f"a pixel of {shown} on the ground cannot be"
    if max(sides) > _MAX_ASPECT * min(sides):
        return f"a pixel of {shown} is too oblong to be true"
    return None


def in_area(crs: CRS, lat: float, lon: float) -> bool:
    """Tell whether a position lies in the area a coordinate system is made for, or not far from it."""
    area = crs.area_of_use
    if area is None:
        return True
    if not area.south - _AREA_SLACK_DEG <= lat <= area.north + _AREA_SLACK_DEG:
        return False
    span = (area.east - area.west) % 360 or 360.0
    # Degrees of longitude shrink towards the poles, and zones with them.
    slack = min(180.0, _AREA_SLACK_DEG / max(math.cos(math.radians(lat)), 0.05))
    return (lon - area.west + slack) % 360 <= span + 2 * slack


def _check_pixel(crs: CRS, transform: Affine, x: float, y: float, where: str) -> None:
    across, down = (transform.a, transform.d), (transform.b, transform.e)
    here = _position(crs, x, y)
    sides = []
    for dx, dy in (across, down):
        there = _position(crs, x + dx, y + dy)
        far = not all(math.isfinite(v) and abs(v) <= 720 for v in there)
        sides.append(math.inf if far else distance_m(*here, there[0], float(wrap_lon(there[1]))))
    untrue = untrue_pixel(*sides)
    if untrue is not None:
        unit = ""
        if crs.is_geographic and max(sides) > MAX_PIXEL_M:
            unit = " (is it in metres where degrees are meant?)"
        elif not crs.is_geographic and min(sides) < MIN_PIXEL_M:
            unit = " (is it in degrees where metres are meant?)"
        raise RasterError(f"{where}: {untrue}{unit}; check its numbers.")
    cosine = (across[0] * down[0] + across[1] * down[1]) / (math.hypot(*across) * math.hypot(*down))
    shear = abs(math.degrees(math.asin(max(-1.0, min(1.0, cosine)))))
    # In degrees the axes of a turned picture are not square to each other, on the ground they are.
    if not crs.is_geographic and shear > _MAX_SHEAR_DEG:
        raise RasterError(
            f"{where}: its rotation is inconsistent (rows and columns meet at {90 - shear:.0f} degrees); "
            "check its numbers (lines 2 and 3 of a world file)."
        )


def _position(crs: CRS, x: float, y: float) -> tuple[float, float]:
    """Return (lat, lon), infinite where there is none."""
    try:
        lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    except ProjError:
        return math.inf, math.inf
    return float(lat), float(wrap_lon(lon)) if np.isfinite(lon) else math.inf


def _swapped_hint(crs: CRS, x: float, y: float) -> str:
    if crs.is_geographic and not (abs(x) <= 90 and abs(y) <= 360):
        return ""
    lat, lon = _position(crs, y, x)
    fits = math.isfinite(lat) and math.isfinite(lon) and in_area(crs, lat, lon)
    return " The two look swapped: x (longitude, easting) comes first." if fits else ""


def _name(crs: CRS) -> str:
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else str(crs.name)


def _area(crs: CRS) -> str:
    area = crs.area_of_use
    if area is None:
        return ""
    return f" ({area.south:g}..{area.north:g} N, {area.west:g}..{area.east:g} E)"
