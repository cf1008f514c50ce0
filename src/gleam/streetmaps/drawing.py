"""Draw the features around a point as a street map, on the pixels of the satellite square there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from PIL import Image
from rasterio.features import rasterize

from gleam.errors import unknown_name
from gleam.streetmaps import styles as s
from gleam.streetmaps.features import Features
from gleam.streetmaps.lettering import write_names
from gleam.streetmaps.names import StreetNames
from gleam.streetmaps.plane import Plane
from gleam.streetmaps.sea import sea_of
from gleam.streetmaps.styles import STYLES, MapStyle

FINER = 4
"""Points along a pixel's side that are looked at; their colours are averaged."""

_MARGIN_M = 60.0
"""How far beyond the tile features are kept: half of the widest road and its casing."""
_OUTLINE_M = 0.45
_OUTLINE_FROM = 0.7
"""Pixels per metre below which outlines would be all that is seen of a building."""
_LEAST_PX = {s.ARTERIAL: 2.2, s.COLLECTOR: 1.8, s.LOCAL: 1.4, s.PATH: 0.7, s.RAIL: 1.2, s.WATER: 1.0}
"""Lines are at least so wide, however small the scale."""
_CASING_FROM_PX = 2.5
"""Roads narrower than this on the map have no casing."""
_LETTER_SHARE = 0.05
_NAMES_REACH_M = 900.0


@dataclass(frozen=True)
class Tile:
    """What is drawn: a square of ``width_m`` around a point, ``pixels`` wide, north up."""

    lat: float
    lon: float
    width_m: float
    pixels: int

    @property
    def metre_px(self) -> float:
        """Pixels per metre."""
        return self.pixels / self.width_m


def style_named(name: str) -> MapStyle:
    """Return the style called ``name``; raise a ``GleamError`` that lists them otherwise."""
    if name not in STYLES:
        raise unknown_name("map style", name, STYLES)
    return STYLES[name]


def draw_tile(
    features: Features, tile: Tile, style: MapStyle, names: StreetNames | None = None, font: str | None = None
) -> tuple[NDArray[np.uint8], int]:
    """Draw a tile; return the picture (pixels, pixels, 3) and how many features it shows.

    names: of the streets, where they are to be written. Widths are those on the ground, but lines never
    vanish at small scales.
    """
    plane, half = Plane(tile.lat, tile.lon), tile.width_m / 2
    numbers = features.within(*plane.box(half + _MARGIN_M))
    west, south, east, north = plane.box(2 * (half + _MARGIN_M))
    rough = features.shapes[numbers]
    if west >= -180.0 and east <= 180.0:
        # Cut roughly first: a forest or a river may be far larger than the tile.
        rough = shapely.clip_by_rect(rough, west, south, east, north)
    reach = half + _MARGIN_M
    cut = shapely.clip_by_rect(plane.shapes(rough), -reach, -reach, reach, reach)
    looks = [features.drawn[n].look for n in numbers]
    square = shapely.box(-half, -half, half, half)
    shown = int(shapely.intersects(cut, square).sum()) if len(cut) else 0
    sea = sea_of(features, plane, half)
    painted = [(shape, s.WATER) for shape in sea]
    painted += list(_painted(cut, looks, tile, style))
    image = _colours(_classes(painted, tile), style)
    if names is not None:
        picture = Image.fromarray(image)
        size = max(7, round(_LETTER_SHARE * min(tile.pixels, 256)))
        anchors = names.near(plane, half + _NAMES_REACH_M)
        write_names(picture, anchors, -half, -half, half, half, style, size, font=font)
        image = np.array(picture, np.uint8)
    return image, shown + len(sea)


def _painted(
    cut: NDArray[np.object_], looks: list[Any], tile: Tile, style: MapStyle
) -> Iterator[tuple[Any, int]]:
    """Yield polygons and what they show, from the bottom up."""
    order = np.array([look.order for look in looks], np.int64)
    # Casings lie below all roads, so that junctions stay open.
    first_road = min((look.order for look in looks if look.road), default=99)
    for n in np.flatnonzero(order < first_road):
        yield from _one(cut[n], looks[n], tile, style)
    roads = [n for n in np.flatnonzero(order >= first_road) if looks[n].road]
    for n in roads:
        width = _width(looks[n].width_m, looks[n].shows, tile)
        if width * tile.metre_px >= _CASING_FROM_PX:
            casing = max(style.casing_m, 0.6 / tile.metre_px)
            yield _wide(cut[n], width + 2 * casing), s.CASING
    for n in np.flatnonzero(order >= first_road):
        yield from _one(cut[n], looks[n], tile, style)


def _one(shape: Any, look: Any, tile: Tile, style: MapStyle) -> Iterator[tuple[Any, int]]:
    if look.shows == s.BUILDING:
        if style.buildings and tile.metre_px >= _OUTLINE_FROM:
            yield shape, s.OUTLINE
            inset = max(_OUTLINE_M, 0.5 / tile.metre_px)
            yield shapely.buffer(shape, -inset, join_style="mitre"), s.BUILDING
        elif style.buildings:
            yield shape, s.BUILDING
        return
    if look.width_m == 0:
        yield shape, look.shows
        return
    width = _width(look.width_m, look.shows, tile)
    yield _wide(shape, width), look.shows
    if look.shows == s.RAIL and width * tile.metre_px >= 2.0:
        yield from ((_wide(dash, 0.5 * width, flat=True), s.LAND) for dash in _dashes(shape, 4.0 * width))


def _width(width_m: float, shows: int, tile: Tile) -> float:
    return max(width_m, _LEAST_PX.get(shows, 1.0) / tile.metre_px)


def _wide(line: Any, width_m: float, flat: bool = False) -> Any:
    return shapely.buffer(line, width_m / 2, cap_style="flat" if flat else "round", quad_segs=6)


def _dashes(lines: Any, length_m: float) -> Iterator[Any]:
    """Yield every other piece of ``length_m`` of lines."""
    for line in shapely.get_parts(lines):
        for start in np.arange(length_m / 2, line.length, 2 * length_m):
            yield shapely.ops.substring(line, start, min(start + length_m, line.length))


def _classes(painted: list[tuple[Any, int]], tile: Tile) -> NDArray[np.uint8]:
    """What each point shows, FINER by FINER of them in a pixel."""
    side, half = tile.pixels * FINER, tile.width_m / 2
    step = tile.width_m / side
    usable = [(shape, shows) for shape, shows in painted if not shape.is_empty and shape.area > 0]
    if not usable:
        return np.full((side, side), s.LAND, np.uint8)
    return np.asarray(
        rasterize(
            usable,
            out_shape=(side, side),
            transform=Affine(step, 0.0, -half, 0.0, -step, half),
            fill=s.LAND,
            dtype="uint8",
        )
    )


def _colours(classes: NDArray[np.uint8], style: MapStyle) -> NDArray[np.uint8]:
    """Average the colours of the points of each pixel."""
    fine = Image.fromarray(classes, "P")
    fine.putpalette(style.palette().astype(np.uint8).tobytes())
    return np.asarray(fine.convert("RGB").reduce(FINER))
