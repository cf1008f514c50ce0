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

FINEST_SHARE = 0.1
"""Of a tile's width: squares about so far apart; the encoder's score changes little within it."""
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
    looks = [_CloserLook(atlas, encoder, preparation, vectors[p.row], p) for p in places[:count]]
    for look in looks:
        look.search()
    looks.sort(key=lambda look: (-look.score, look.place.best.tile.id))
    for look in looks[:1]:
        look.search_around_peak()
    found = [look.result() for look in looks]
    return sorted([*found, *places[count:]], key=lambda place: (-place.best.score, place.best.tile.id))


class _CloserLook:
    """The ground around the best tile of a place, scored at squares off the grid."""

    def __init__(
        self,
        atlas: Atlas,
        encoder: SquareEncoder,
        preparation: Preparation,
        vector: NDArray[np.float32],
        place: Place,
    ) -> None:
        self.place = place
        self.score = place.best.score
        self._found: tuple[float, float] | None = None
        self._tile_m, self._encoder, self._preparation, self._vector = (
            atlas.tile_m,
            encoder,
            preparation,
            vector,
        )
        anchor, stride = place.best.tile, atlas.stride_m
        self._steps = max(1, round(stride / 2 / (FINEST_SHARE * atlas.tile_m)))
        self._step = stride / 2 / self._steps
        near = Region.around(Circle(anchor.lat, anchor.lon, _REACH * stride))
        (hits,) = atlas.store.search(vector, 64, near)
        tiles = [hit.tile for hit in hits if hit.tile.source == anchor.source]
        self._frame = Frame.at(anchor.lat, anchor.lon)
        reach = stride / 2 + self._step
        self._mosaic, self._covered, self._pixels_per_m = _mosaic(atlas, anchor, tiles, self._frame, reach)

    def search(self) -> None:
        """Score squares between the tile and half way to its neighbours."""
        along = np.arange(-self._steps, self._steps + 1, dtype=np.float64) * self._step
        self._take_best(along, along)

    def search_around_peak(self) -> None:
        """Score squares half as far apart around the best square so far."""
        east, north = self._found or (0.0, 0.0)
        along = np.array([-0.5, 0.0, 0.5]) * self._step
        self._take_best(east + along, north + along)

    def result(self) -> Place:
        """Return the place where it scores best."""
        if self._found is None:
            return self.place
        lat, lon = self._frame.to_wgs84(*self._found)
        return replace(self.place, lat=lat, lon=lon, best=Hit(self.place.best.tile, self.score))

    def _take_best(self, easts: NDArray[np.float64], norths: NDArray[np.float64]) -> None:
        """Score squares on a grid of metres from the tile's centre; keep their peak if it is higher."""
        squares, cells = [], []
        for i, north in enumerate(norths):
            for j, east in enumerate(easts):
                window = self._window(float(east), float(north))
                if window is not None:
                    squares.append(prepare_tile(self._mosaic[window], self._tile_m, self._preparation))
                    cells.append((i, j))
        if not cells:
            return
        scores = np.full((len(norths), len(easts)), -np.inf)
        scores[tuple(np.array(cells).T)] = embed_tiles(self._encoder, squares) @ self._vector
        if scores.max() > self.score:
            row, column = _peak(scores)
            self.score = float(scores.max())
            self._found = (_between(easts, column), _between(norths, row))

    def _window(self, east: float, north: float) -> tuple[slice, slice] | None:
        side = round(self._tile_m * self._pixels_per_m)
        top = round((self._mosaic.shape[0] - side) / 2 - north * self._pixels_per_m)
        left = round((self._mosaic.shape[1] - side) / 2 + east * self._pixels_per_m)
        if min(top, left) < 0 or max(top, left) + side > len(self._mosaic):
            return None
        window = (slice(top, top + side), slice(left, left + side))
        return window if self._covered[window].mean() >= _COVERED else None


def _mosaic(
    atlas: Atlas, anchor: Tile, tiles: Sequence[Tile], frame: Frame, reach_m: float
) -> tuple[NDArray[np.uint8], NDArray[np.bool_], float]:
    """Lay tiles on a canvas that reaches so far beyond an anchor.

    Returns the canvas, where it is covered, and its pixels per metre.
    """
    pictures = [load_image(data) for data in atlas.store.thumbnails_of([t.id for t in tiles])]
    side = pictures[0].shape[0]
    pixels_per_m = side / atlas.tile_m
    half = round((atlas.tile_m / 2 + reach_m) * pixels_per_m) + 1
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


def _between(values: NDArray[np.float64], at: float) -> float:
    """Return the value at a fractional index."""
    return float(np.interp(at, np.arange(len(values)), values))


def _vertex(line: NDArray[np.float64], at: int) -> float:
    """Return the place of the peak of a parabola through a maximum and its two neighbours."""
    if not 0 < at < len(line) - 1:
        return float(at)
    before, top, after = (float(v) for v in line[at - 1 : at + 2])
    bend = before - 2 * top + after
    if not np.isfinite(bend) or bend >= 0:
        return float(at)
    return at + float(np.clip((before - after) / (2 * bend), -0.5, 0.5))
