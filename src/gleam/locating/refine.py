"""A closer look at the best places: squares between the tiles of the grid, cut from the tiles themselves.

A photo rarely lies in the middle of a tile, and an encoder that tells places apart scores a tile the
lower the further off it is. Overlapping neighbours hold the ground between their centres, so finer
squares can be cut from their stored pictures, without the imagery. The place is then scored at its
best square, and its position is the peak of the scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gleam.atlas import Atlas, Region, Tile
from gleam.atlas.embedding import SquareEncoder, embed_tiles, prepare_tile
from gleam.atlas.tiles import Hit
from gleam.geo import Circle, Frame
from gleam.imagery.decode import load_image
from gleam.imagery.preparation import Preparation
from gleam.locating.places import Place

STEPS = 2
"""Squares to each side of a tile's centre; the outermost lie half way to the next tile."""
_REACH = 1.6
"""Strides within which neighbours lend their pictures: those beside and those across the corner."""
_COVERED = 0.999


def refine_places(
    atlas: Atlas,
    encoder: SquareEncoder,
    preparation: Preparation,
    vectors: NDArray[np.float32],
    places: Sequence[Place],
    count: int,
) -> list[Place]:
    """Score the first ``count`` places at squares between the tiles and order all places anew.

    Args:
        atlas: Where the places were found.
        encoder: Embeds the squares.
        preparation: That of the atlas.
        vectors: (K, D) of the photo; each place tells which of them found it.
        places: Best first.
        count: How many of them to look at closely.

    Returns:
        The same places with finer positions and higher or equal scores, best first.
    """
    looked = [_refine(atlas, encoder, preparation, vectors[p.row], p) for p in places[:count]]
    return sorted([*looked, *places[count:]], key=lambda place: (-place.best.score, place.best.tile.id))


def _refine(
    atlas: Atlas, encoder: SquareEncoder, preparation: Preparation, vector: NDArray[np.float32], place: Place
) -> Place:
    anchor, stride = place.best.tile, atlas.stride_m
    offsets = np.arange(-STEPS, STEPS + 1) * (stride / 2 / STEPS)
    near = Region.around(Circle(anchor.lat, anchor.lon, _REACH * stride))
    (hits,) = atlas.store.search(vector, 64, near)
    neighbours = [hit.tile for hit in hits if hit.tile.source == anchor.source]
    frame = Frame.at(anchor.lat, anchor.lon)
    mosaic, covered, pixels_per_m = _mosaic(atlas, anchor, neighbours, frame, stride)
    side = round(atlas.tile_m * pixels_per_m)
    squares, cells = [], []
    for i, north in enumerate(-offsets):
        for j, east in enumerate(offsets):
            top = round((mosaic.shape[0] - side) / 2 - north * pixels_per_m)
            left = round((mosaic.shape[1] - side) / 2 + east * pixels_per_m)
            window = (slice(top, top + side), slice(left, left + side))
            if covered[window].mean() >= _COVERED:
                squares.append(prepare_tile(mosaic[window], atlas.tile_m, preparation))
                cells.append((i, j))
    if len(cells) < 2:
        return place
    scores = np.full((len(offsets), len(offsets)), -np.inf)
    scores[tuple(np.array(cells).T)] = embed_tiles(encoder, squares) @ vector
    if scores.max() <= place.best.score:
        return place
    row, column = _peak(scores)
    step = stride / 2 / STEPS
    lat, lon = frame.to_wgs84((column - STEPS) * step, (STEPS - row) * step)
    return replace(place, lat=lat, lon=lon, best=Hit(anchor, float(scores.max())))


def _mosaic(
    atlas: Atlas, anchor: Tile, tiles: Sequence[Tile], frame: Frame, stride: float
) -> tuple[NDArray[np.uint8], NDArray[np.bool_], float]:
    """Lay tiles on one canvas around an anchor; return it, where it is covered, and pixels per metre."""
    pictures = [load_image(data) for data in atlas.store.thumbnails_of([t.id for t in tiles])]
    side = atlas.thumbnail(anchor.id).shape[0]
    pixels_per_m = side / atlas.tile_m
    half = round((atlas.tile_m / 2 + stride / 2) * pixels_per_m) + 1
    canvas = np.zeros((2 * half, 2 * half, 3), np.uint8)
    covered = np.zeros((2 * half, 2 * half), bool)
    # The anchor last, so that in the middle its own pixels stand.
    for tile, picture in sorted(zip(tiles, pictures, strict=True), key=lambda pair: pair[0].id == anchor.id):
        east, north = frame.to_local(tile.lat, tile.lon)
        top = half - round(north * pixels_per_m) - side // 2
        left = half + round(east * pixels_per_m) - side // 2
        a, b = max(top, 0), min(top + side, 2 * half)
        c, d = max(left, 0), min(left + side, 2 * half)
        if a < b and c < d:
            canvas[a:b, c:d] = picture[a - top : b - top, c - left : d - left]
            covered[a:b, c:d] = True
    return canvas, covered, pixels_per_m


def _peak(scores: NDArray[np.float64]) -> tuple[float, float]:
    """Return the (row, column) of the highest score, between the squares where a parabola says so."""
    row, column = (int(v) for v in np.unravel_index(int(np.argmax(scores)), scores.shape))
    return _vertex(scores[:, column], row), _vertex(scores[row], column)


def _vertex(line: NDArray[np.float64], at: int) -> float:
    """Return the place of the peak of a parabola through a maximum and its two neighbours."""
    if not 0 < at < len(line) - 1:
        return float(at)
    before, top, after = (float(v) for v in line[at - 1 : at + 2])
    bend = before - 2 * top + after
    if not np.isfinite(bend) or bend >= 0:
        return float(at)
    return at + float(np.clip((before - after) / (2 * bend), -0.5, 0.5))
