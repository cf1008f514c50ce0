"""Web-map tiles of the street map, drawn anew for every zoom as map services do."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mercantile
import numpy as np
from rasterio.enums import Resampling

from gleam.city.cartography import draw_map
from gleam.city.raster_file import transform_of
from gleam.city.scene import Scene
from gleam.city.tiles import TILE, Area, blocks_of, warp_tile, write_tile
from gleam.progress import progress

STYLE = "daylight"
_BLOCK_TILES = 4
"""Tiles along the side of what is drawn at once, so that few street names meet a border."""
_MARGIN_PX = 8


def write_map_tiles(scene: Scene, area: Area, zooms: range, folder: Path, labels: bool, workers: int) -> int:
    """Write the tiles of all zooms and return how many."""
    blocks = [block for zoom in zooms for block in blocks_of(area.tiles(zoom), _BLOCK_TILES)]

    def make(block: list[mercantile.Tile]) -> int:
        return _write_block(scene, area, block, folder, labels)

    written = 0
    total = sum(len(block) for block in blocks)
    with progress("Drawing map tiles", total) as bar, ThreadPoolExecutor(workers) as pool:
        try:
            for block, count in zip(blocks, pool.map(make, blocks), strict=True):
                written += count
                bar.advance(len(block))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return written


def _write_block(scene: Scene, area: Area, block: list[mercantile.Tile], folder: Path, labels: bool) -> int:
    """Draw the map below a block of tiles, as far as the city goes, and cut the tiles from it."""
    west, south, east, north = area.local_box(block)
    columns = len({tile.x for tile in block})
    m_per_px = (east - west) / (columns * TILE)
    margin = _MARGIN_PX * m_per_px
    west, east = max(0.0, west - margin), min(area.width_m, east + margin)
    south, north = max(0.0, south - margin), min(area.height_m, north + margin)
    if east - west < m_per_px or north - south < m_per_px:
        return 0
    # Whole pixels from the upper left corner; the city ends within the last one.
    width, height = math.ceil((east - west) / m_per_px), math.ceil((north - south) / m_per_px)
    east, south = west + width * m_per_px, north - height * m_per_px
    picture = np.ascontiguousarray(draw_map(scene, west, south, east, north, width, STYLE, labels))
    transform = transform_of(area.frame, north, m_per_px, west)
    return sum(
        write_tile(folder, tile, warp_tile(picture, transform, area.frame.epsg, tile, Resampling.cubic))
        for tile in block
    )
