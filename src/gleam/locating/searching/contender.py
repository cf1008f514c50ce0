"""A place in the running: what the search tells of the ground around it, and its best square so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gleam.atlas import Atlas, Region, Tile
from gleam.atlas.embedding import SquareEncoder, embed_tiles, prepare_tile
from gleam.atlas.tiles import Hit
from gleam.geo import Circle, Frame
from gleam.imagery.preparation import Preparation
from gleam.locating.searching.mosaic import Mosaic
from gleam.locating.searching.places import Place

FINEST_SHARE = 0.1
"""Of a tile's width: squares around the winner's peak are so far apart; a score changes little within it."""
AROUND = 1.6
"""Strides within which neighbours lend pictures: those beside and those across the corner."""
_NINE = 9
"""Tiles around a place, itself counted, where none is missing."""


class Contender:
    """A place in the running: what is known around it, and its best square so far."""

    def __init__(self, atlas: Atlas, vector: NDArray[np.float32], place: Place, hits: Sequence[Hit]) -> None:
        self.best = place
        self.anchor = place.best.tile
        self.stride_m = atlas.stride_of(self.anchor.width_m)
        self.frame = Frame.at(self.anchor.lat, self.anchor.lon)
        self._atlas, self._vector = atlas, vector
        near = neighbours(self.anchor, hits, self.frame, AROUND * self.stride_m)
        self.tiles = [hit.tile for hit, _ in near] or [self.anchor]
        self.promised = promised_peak([(hit.score, at) for hit, at in near], self.stride_m)
        self.pictures: dict[str, bytes] = {}
        self.seen: set[tuple[float, float]] = set()
        self._complete = len(near) >= _NINE
        self._mosaic: Mosaic | None = None

    def quarters(self) -> list[tuple[float, float]]:
        """Return four offsets, one of which lies near any peak that is nearer to this tile than to others."""
        q = self.stride_m / 4
        return [(-q, -q), (-q, q), (q, -q), (q, q)]

    def square(self, east: float, north: float) -> NDArray[np.uint8] | None:
        """Return the square at an offset from the tile, unless it was looked at or is the tile itself."""
        at = (round(east, 3), round(north, 3))
        if at in self.seen or max(abs(east), abs(north)) < FINEST_SHARE / 2 * self.anchor.width_m:
            return None
        self.seen.add(at)
        square = self._laid().square(east, north)
        if square is None and not self._complete:
            self._ask_for_neighbours()
            square = self._laid().square(east, north)
        return square

    def _laid(self) -> Mosaic:
        if self._mosaic is None:
            reach = self.stride_m / 2
            self._mosaic = Mosaic(self.anchor, self.tiles, self.pictures, self.frame, reach)
        return self._mosaic

    def _ask_for_neighbours(self) -> None:
        """Find the tiles around that the search did not return, because their scores are too low."""
        self._complete, self._mosaic = True, None
        reach = AROUND * self.stride_m
        around = Region.around(Circle(self.anchor.lat, self.anchor.lon, reach))
        (hits,) = self._atlas.search(self._vector[None], 64, around, tile_m=self.anchor.width_m)
        self.tiles = [hit.tile for hit, _ in neighbours(self.anchor, hits, self.frame, reach)] or self.tiles
        fetch_pictures(self._atlas, [self])

    def take(self, east: float, north: float, scores: NDArray[np.float64]) -> None:
        """Move to a square if it scores higher, under whichever of the (K,) assumed headings."""
        row = int(np.argmax(scores))
        if scores[row] > self.best.best.score:
            lat, lon = self.frame.to_wgs84(east, north)
            hit = Hit(self.anchor, float(scores[row]))
            self.best = replace(self.best, lat=lat, lon=lon, best=hit, row=row)


def fetch_pictures(atlas: Atlas, contenders: Sequence[Contender]) -> None:
    """Get the stored pictures around contenders, all at once."""
    needed = sorted({t.id for c in contenders for t in (*c.tiles, c.anchor) if t.id not in c.pictures})
    if not needed:
        return
    pictures = dict(zip(needed, atlas.store.thumbnails_of(needed), strict=True))
    for contender in contenders:
        contender.pictures |= {
            t.id: pictures[t.id] for t in (*contender.tiles, contender.anchor) if t.id in pictures
        }


def look_at(
    encoder: SquareEncoder,
    preparation: Preparation,
    vectors: NDArray[np.float32],
    contenders: Sequence[Contender],
    offsets: Callable[[Contender], list[tuple[float, float]]],
) -> None:
    """Score the squares of all contenders at their offsets in one call."""
    squares: list[NDArray[np.uint8]] = []
    owners: list[tuple[Contender, tuple[float, float]]] = []
    for contender in contenders:
        for at in offsets(contender):
            square = contender.square(*at)
            if square is not None:
                squares.append(prepare_tile(square, contender.anchor.width_m, preparation))
                owners.append((contender, at))
    if squares:
        for (contender, at), vector in zip(owners, embed_tiles(encoder, squares), strict=True):
            contender.take(*at, vectors @ vector)


def neighbours(
    anchor: Tile, hits: Sequence[Hit], frame: Frame, reach_m: float
) -> list[tuple[Hit, tuple[float, float]]]:
    """Return the tiles of the anchor's source within reach along both axes, with their local metres."""
    same = [h for h in hits if h.tile.source == anchor.source and h.tile.width_m == anchor.width_m]
    if not same:
        return []
    x, y = frame.to_local([h.tile.lat for h in same], [h.tile.lon for h in same])
    near = np.flatnonzero((np.abs(x) <= reach_m) & (np.abs(y) <= reach_m))
    return [(same[i], (float(x[i]), float(y[i]))) for i in near]


def promised_peak(
    scored: Sequence[tuple[float, tuple[float, float]]], stride_m: float
) -> tuple[float, float]:
    """Return (east, north) of the peak of a parabola along each axis through the anchor's neighbours.

    A neighbour that the search did not return scores less than all it returned, so the lowest of the
    scores stands for it. The peak lies within half a stride of the anchor, or a neighbour would be best.
    """
    if len(scored) < 2:
        return 0.0, 0.0
    lowest = min(score for score, _ in scored)
    grid = np.full((3, 3), lowest)
    for score, (east, north) in scored:
        column, row = round(east / stride_m) + 1, round(north / stride_m) + 1
        if 0 <= column <= 2 and 0 <= row <= 2:
            grid[row, column] = max(grid[row, column], score)
    # Rows beside the middle one help: the mean over them, the middle counting double, is less noisy.
    weights = np.array([1.0, 2.0, 1.0]) / 4
    return vertex(weights @ grid) * stride_m, vertex(grid @ weights) * stride_m


def vertex(line: NDArray[np.float64]) -> float:
    """Return where the parabola through three values at -1, 0 and 1 peaks, within half a step."""
    before, top, after = (float(v) for v in line)
    bend = before - 2 * top + after
    if bend >= 0:
        return 0.5 if after > before else -0.5 if before > after else 0.0
    return float(np.clip((before - after) / (2 * bend), -0.5, 0.5))
