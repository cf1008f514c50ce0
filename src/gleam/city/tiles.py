"""Web-map tiles (XYZ, web mercator, 256 px PNG) of pictures that are drawn in the city's own metres.

Every tile is warped through the true projections: tile pixel -> web mercator -> WGS84 -> the city's
UTM zone -> pixel of the picture. Pixels beyond the city are transparent; a tile without any is RGB.
"""

from __future__ import annotations

import io
import math
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import mercantile
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rasterio.enums import Resampling
from rasterio.transform import Affine
from rasterio.warp import reproject

from gleam.geo import Frame
from gleam.progress import Bar

TILE = 256
"""Side of a tile in pixels."""

Pixels: TypeAlias = NDArray[np.uint8]
_MERCATOR_M_PER_PX = 2 * math.pi * 6378137.0 / TILE
"""Metres per pixel of zoom 0 at the equator."""

_EDGE_TILES = 8
"""Sample points along each side of the city when its bounds in degrees are taken."""


_one_at_a_time = threading.Lock()
"""rasterio silences warnings while it wraps arrays, for the whole process: two threads would undo it."""

_BLOCK_ZOOMS = 3
"""Zooms that are made together: blocks of 8 x 8 finest tiles."""


@dataclass(frozen=True)
class Area:
    """The rectangle of the city: its frame and its size in metres."""

    frame: Frame
    width_m: float
    height_m: float

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) in degrees; a UTM rectangle bulges, so sides are sampled."""
        t = np.linspace(0.0, 1.0, _EDGE_TILES + 1)
        x = np.concatenate([t, t, 0 * t, 0 * t + 1]) * self.width_m
        y = np.concatenate([0 * t, 0 * t + 1, t, t]) * self.height_m
        lat, lon = self.frame.to_wgs84(x, y)
        return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())

    def zooms(self, m_per_px: float) -> range:
        """Return the zooms worth making: from all in about one tile to a pixel of ``m_per_px``."""
        lat = self.frame.to_wgs84(self.width_m / 2, self.height_m / 2)[0]
        metres = _MERCATOR_M_PER_PX * math.cos(math.radians(lat))
        # A quarter of a zoom is granted: tiles a little finer than the picture lose nothing of it.
        last = min(19, math.floor(math.log2(metres / m_per_px) + 0.25))
        first = math.floor(math.log2(metres * TILE / max(self.width_m, self.height_m)))
        return range(max(0, min(first, last)), last + 1)

    def tiles(self, zoom: int) -> list[mercantile.Tile]:
        """Return the tiles of one zoom that touch the city."""
        return list(mercantile.tiles(*self.bounds, zooms=zoom))

    def tile_json(self, zooms: range, **said: str) -> dict[str, Any]:
        """Return what a TileJSON 3.0 file beside the tiles says: how rows count, zooms, bounds, terms."""
        return {
            "tilejson": "3.0.0",
            "scheme": "xyz",
            "tiles": ["{z}/{x}/{y}.png"],
            "minzoom": zooms[0],
            "maxzoom": zooms[-1],
            "bounds": list(self.bounds),
            **said,
        }

    def local_box(self, tiles: list[mercantile.Tile]) -> tuple[float, float, float, float]:
        """Return (west, south, east, north) in local metres of a box that holds the tiles."""
        corners = [mercantile.bounds(t) for t in tiles]
        lat = np.array([v for b in corners for v in (b.south, b.north, b.south, b.north)])
        lon = np.array([v for b in corners for v in (b.west, b.west, b.east, b.east)])
        x, y = self.frame.to_local(lat, lon)
        return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def warp_tile(
    picture: Pixels,
    transform: Affine,
    epsg: int,
    tile: mercantile.Tile,
    resampling: Resampling = Resampling.average,
) -> Pixels:
    """Return the (256, 256, 4) RGBA tile of a georeferenced picture (height, width, 3).

    resampling: the mean of what a tile pixel covers suits a finer picture, cubic one of the same
    resolution. Alpha is 0 where the picture does not reach.
    """
    source = np.empty((4, *picture.shape[:2]), dtype=np.uint8)
    source[:3] = np.moveaxis(picture, 2, 0)
    source[3] = 255
    target = np.zeros((4, TILE, TILE), dtype=np.uint8)
    bounds = mercantile.xy_bounds(tile)
    step = (bounds.right - bounds.left) / TILE
    with _one_at_a_time:
        reproject(
            source,
            target,
            src_transform=transform,
            src_crs=f"EPSG:{epsg}",
            dst_transform=Affine(step, 0.0, bounds.left, 0.0, -step, bounds.top),
            dst_crs="EPSG:3857",
            resampling=resampling,
            num_threads=1,
        )
    return np.ascontiguousarray(np.moveaxis(target, 0, 2))


def parent_tile(children: dict[mercantile.Tile, Pixels], tile: mercantile.Tile) -> Pixels:
    """Return a tile as the mean of its four children; what is transparent does not count."""
    whole = np.zeros((2 * TILE, 2 * TILE, 4), dtype=np.float32)
    for child in mercantile.children(tile):
        if child in children:
            row, column = (child.y - 2 * tile.y) * TILE, (child.x - 2 * tile.x) * TILE
            whole[row : row + TILE, column : column + TILE] = children[child]
    whole[..., :3] *= whole[..., 3:] / 255.0
    mean = whole.reshape(TILE, 2, TILE, 2, 4).mean((1, 3))
    alpha = np.maximum(mean[..., 3:], 1e-6)
    mean[..., :3] = mean[..., :3] * 255.0 / alpha
    pixels: Pixels = np.clip(mean + 0.5, 0, 255).astype(np.uint8)
    return pixels


def write_tile(folder: Path, tile: mercantile.Tile, pixels: Pixels) -> bool:
    """Write ``folder/Z/X/Y.png`` unless the tile is empty; return whether it was written."""
    if not pixels[..., 3].any():
        return False
    opaque = bool((pixels[..., 3] == 255).all())
    buffer = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(pixels[..., :3]) if opaque else pixels)
    image.save(buffer, "PNG", compress_level=4)
    path = folder / str(tile.z) / str(tile.x) / f"{tile.y}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.partial")
    temporary.write_bytes(buffer.getvalue())
    os.replace(temporary, path)
    return True


def write_pyramid(
    area: Area,
    folder: Path,
    zooms: range,
    draw: Callable[[mercantile.Tile], Pixels],
    workers: int,
    bar: Bar,
) -> int:
    """Draw the tiles of the last zoom, derive those above by averaging; return how many were written.

    draw: gives the (256, 256, 4) tile; it is called from ``workers`` threads.
    """
    written = 0
    cut = max(zooms[0], zooms[-1] - _BLOCK_ZOOMS)
    with ThreadPoolExecutor(workers) as pool:

        def make(tile: mercantile.Tile, below: dict[mercantile.Tile, Pixels] | None) -> tuple[Pixels, bool]:
            pixels = draw(tile) if below is None else parent_tile(below, tile)
            return pixels, write_tile(folder, tile, pixels)

        def level(
            tiles: list[mercantile.Tile], below: dict[mercantile.Tile, Pixels] | None
        ) -> dict[mercantile.Tile, Pixels]:
            nonlocal written
            results = list(pool.map(make, tiles, [below] * len(tiles)))
            written += sum(done for _, done in results)
            bar.advance(len(tiles))
            return {tile: pixels for tile, (pixels, _) in zip(tiles, results, strict=True)}

        # Block by block up to the cut, so that memory never holds the whole of the finest zooms.
        kept: dict[mercantile.Tile, Pixels] = {}
        for top in area.tiles(cut):
            below: dict[mercantile.Tile, Pixels] | None = None
            for zoom in range(zooms[-1], cut - 1, -1):
                below = level([t for t in area.tiles(zoom) if _is_under(t, top)], below)
            kept |= below or {}
        for zoom in range(cut - 1, zooms[0] - 1, -1):
            kept = level(area.tiles(zoom), kept)
    return written


def _is_under(tile: mercantile.Tile, top: mercantile.Tile) -> bool:
    shift = tile.z - top.z
    return bool((tile.x >> shift, tile.y >> shift) == (top.x, top.y))


def blocks_of(tiles: list[mercantile.Tile], side: int) -> Iterator[list[mercantile.Tile]]:
    """Group tiles of one zoom into squares of ``side`` x ``side`` tiles."""
    groups: dict[tuple[int, int], list[mercantile.Tile]] = {}
    for tile in tiles:
        groups.setdefault((tile.x // side, tile.y // side), []).append(tile)
    yield from groups.values()
