"""Web-map tiles of a satellite mosaic."""

from __future__ import annotations

import math
from pathlib import Path

import mercantile
import numpy as np

from gleam.city.mosaic import Mosaic
from gleam.city.raster_file import transform_of
from gleam.city.tiles import TILE, Area, Pixels, warp_tile, write_pyramid
from gleam.progress import progress

_MARGIN_PX = 4
"""Mosaic pixels read beyond a tile, for the mean over what a border pixel covers."""


def write_satellite_tiles(mosaic: Mosaic, area: Area, zooms: range, folder: Path, workers: int) -> int:
    """Write the tiles of all zooms and return how many: the finest warped, the others averaged."""
    m_per_px = mosaic.m_per_px

    def draw(tile: mercantile.Tile) -> Pixels:
        height, width = mosaic.size
        west, south, east, north = area.local_box([tile])
        left = max(0, math.floor(west / m_per_px) - _MARGIN_PX)
        right = min(width, math.ceil(east / m_per_px) + _MARGIN_PX)
        top = max(0, math.floor((area.height_m - north) / m_per_px) - _MARGIN_PX)
        bottom = min(height, math.ceil((area.height_m - south) / m_per_px) + _MARGIN_PX)
        if right <= left or bottom <= top:
            return np.zeros((TILE, TILE, 4), dtype=np.uint8)
        picture = mosaic.window(top, left, bottom - top, right - left)
        transform = transform_of(area.frame, area.height_m - top * m_per_px, m_per_px, left * m_per_px)
        return warp_tile(picture, transform, area.frame.epsg, tile)

    total = sum(len(area.tiles(zoom)) for zoom in zooms)
    with progress("Cutting satellite tiles", total) as bar:
        return write_pyramid(area, folder, zooms, draw, workers, bar)
