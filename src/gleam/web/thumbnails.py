"""Web-map tiles put together from the pictures that an atlas stores of its tiles."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gleam.atlas import Atlas
from gleam.geo import wrap_lon
from gleam.imagery.decode import load_image

CELL_SHARE = 0.75
"""Of a tile's width: one stored picture is drawn per cell of this size. Centres lie a quarter of a tile
apart at most, so neighbours drawn are never farther apart than they are wide."""
MOST_PICTURES = 24
"""Cells along each side of a web tile; on a coarser one, pictures are drawn larger than their ground."""
_EARTH_M = 2 * math.pi * 6378137.0


@dataclass(frozen=True)
class _Index:
    """ids of the stored tiles, newest imagery first, with their centres in web-Mercator (0..1)."""

    ids: list[str]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    width_m: NDArray[np.float64]
    age: NDArray[np.int64]


class Thumbnails:
    """Draws web-map tiles from an atlas's thumbnails; may be asked by several threads."""

    def __init__(self, atlas: Atlas) -> None:
        self._atlas = atlas
        self._lock = threading.Lock()
        self._known: tuple[str, _Index] | None = None

    def draw(self, z: int, x: int, y: int, pixels: int) -> NDArray[np.uint8] | None:
        """Return (pixels, pixels, 4) uint8, transparent where there is no tile; None when there is none."""
        index = self._index()
        scale = 2.0**z
        # Where the centres lie on this tile, in tiles; the world is round.
        across = (index.x * scale - x + scale / 2) % scale - scale / 2
        down = index.y * scale - y
        latitude = 2 * math.atan(math.exp(math.pi * (1 - 2 * (y + 0.5) / scale))) - math.pi / 2
        ground_m = _EARTH_M * math.cos(latitude) / scale
        size = index.width_m / ground_m
        reach = np.maximum(size / 2, 0.5 / MOST_PICTURES)
        near = np.flatnonzero((np.abs(across - 0.5) < 0.5 + reach) & (np.abs(down - 0.5) < 0.5 + reach))
        if not len(near):
            return None
        canvas = np.zeros((pixels, pixels, 4), np.uint8)
        for age in np.unique(index.age[near]):
            rows = near[index.age[near] == age]
            chosen = _one_per_cell(rows, across, down, float(size[rows].max()))
            pictures = self._atlas.store.thumbnails_of([index.ids[row] for row in chosen])
            for row, picture in zip(chosen, pictures, strict=True):
                share = max(float(size[row]), 1.0 / MOST_PICTURES / CELL_SHARE)
                _paste(canvas, picture, float(across[row]), float(down[row]), share)
            if canvas[..., 3].all():
                break
        return canvas if canvas[..., 3].any() else None

    def _index(self) -> _Index:
        with self._lock:
            if self._known is None or self._known[0] != self._atlas.fingerprint:
                self._known = self._atlas.fingerprint, _index_of(self._atlas)
            return self._known[1]


def _index_of(atlas: Atlas) -> _Index:
    newest = sorted({s.key: s.date or "" for s in atlas.sources}.items(), key=lambda s: s[1], reverse=True)
    age_of = {key: age for age, (key, _) in enumerate(newest)}
    # The widest tiles alone cover all the ground with the fewest pictures; the finest show most.
    finest = min(atlas.tile_sizes_m)
    tiles = [t for t in atlas.store.tiles() if math.isclose(t.width_m, finest, rel_tol=1e-6)]
    lat = np.radians([t.lat for t in tiles])
    lon = np.asarray(wrap_lon(np.array([t.lon for t in tiles], float)))
    return _Index(
        [t.id for t in tiles],
        (lon + 180.0) / 360.0,
        0.5 - np.log(np.tan(math.pi / 4 + lat / 2)) / (2 * math.pi),
        np.array([t.width_m for t in tiles], float),
        np.array([age_of.get(t.source, len(age_of)) for t in tiles], np.int64),
    )


def _one_per_cell(
    rows: NDArray[np.int64], x: NDArray[np.float64], y: NDArray[np.float64], size: float
) -> list[int]:
    """Return for each cell the row whose centre is nearest the cell's; x, y, size in widths of a web tile."""
    cell = max(size * CELL_SHARE, 1.0 / MOST_PICTURES)
    column, line = np.floor(x[rows] / cell), np.floor(y[rows] / cell)
    away = np.hypot(x[rows] / cell - column - 0.5, y[rows] / cell - line - 0.5)
    best: dict[tuple[float, float], tuple[float, int]] = {}
    for at, c, r, d in zip(rows.tolist(), column.tolist(), line.tolist(), away.tolist(), strict=True):
        if (c, r) not in best or d < best[c, r][0]:
            best[c, r] = (d, at)
    return [at for _, at in best.values()]


def _paste(canvas: NDArray[np.uint8], jpeg: bytes, x: float, y: float, share: float) -> None:
    """Lay a picture centred on (x, y), as wide as ``share`` of the canvas, under what is there."""
    pixels = canvas.shape[0]
    left, top = round((x - share / 2) * pixels), round((y - share / 2) * pixels)
    right, bottom = round((x + share / 2) * pixels), round((y + share / 2) * pixels)
    a, b = max(0, left), min(pixels, right)
    c, d = max(0, top), min(pixels, bottom)
    if a >= b or c >= d:
        return
    view = canvas[c:d, a:b]
    free = view[..., 3] == 0
    if not free.any():
        return
    picture = Image.fromarray(load_image(jpeg))
    wide, high = picture.width / (right - left), picture.height / (bottom - top)
    box = ((a - left) * wide, (c - top) * high, (b - left) * wide, (d - top) * high)
    resample = Image.Resampling.BOX if wide > 1 else Image.Resampling.BILINEAR
    part = np.asarray(picture.resize((b - a, d - c), resample, box=box))
    view[free, :3] = part[free]
    view[free, 3] = 255
