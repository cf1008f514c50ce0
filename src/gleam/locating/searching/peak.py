"""The ground around the winner, scored at squares nearer and nearer its peak."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gleam.atlas import Atlas, Region
from gleam.atlas.embedding import SquareEncoder, embed_tiles, prepare_tile
from gleam.atlas.tiles import Hit
from gleam.geo import Circle, Frame
from gleam.imagery.preparation import Preparation
from gleam.locating.searching.contender import AROUND, FINEST_SHARE, neighbours, vertex
from gleam.locating.searching.mosaic import Mosaic
from gleam.locating.searching.places import Place
from gleam.locating.searching.surface import Surface

LOOKS = 2
"""How often the squares around the peak are drawn, the second time half as far apart."""
_REACH = 2.6
"""Strides within which tiles tell of the surface of scores."""
_OPPOSITE_DEG = 60.0

ROUNDING = 1e-6
"""How far two scores of one square lie apart when it is encoded in batches of other sizes."""


class Peak:
    """The ground around the winner, scored at squares nearer and nearer its peak."""

    def __init__(
        self,
        atlas: Atlas,
        encoder: SquareEncoder,
        preparation: Preparation,
        vectors: NDArray[np.float32],
        origin: Place,
        seen: Place,
        headings: NDArray[np.float64] | None,
    ) -> None:
        self._anchor = origin.best.tile
        self._place = seen
        self._encoder, self._preparation, self._vectors = encoder, preparation, vectors
        self._headings = headings
        stride = atlas.stride_of(self._anchor.width_m)
        reach = _REACH * stride
        near = Region.around(Circle(self._anchor.lat, self._anchor.lon, reach * 1.4143))
        (hits,) = atlas.search(vectors[seen.row : seen.row + 1], 64, near, tile_m=self._anchor.width_m)
        self._frame = Frame.at(self._anchor.lat, self._anchor.lon)
        known = neighbours(self._anchor, hits, self._frame, reach)
        self._at = [at for _, at in known] or [(0.0, 0.0)]
        self._scores = [hit.score for hit, _ in known] or [origin.best.score]
        # The finest step fits into half a stride a whole number of times.
        steps = max(1, round(stride / 2 / (FINEST_SHARE * self._anchor.width_m)))
        self._step = stride / 2 / steps
        close = [hit.tile for hit, at in known if max(abs(at[0]), abs(at[1])) <= AROUND * stride]
        ids = sorted({t.id for t in close} | {self._anchor.id})
        pictures = dict(zip(ids, atlas.store.thumbnails_of(ids), strict=True))
        self._mosaic = Mosaic(self._anchor, close, pictures, self._frame, stride / 2 + 2 * self._step)
        self._best_vector: NDArray[np.float32] | None = None
        self._score = max(seen.best.score, origin.best.score)
        self._found = (0.0, 0.0)
        self._row = seen.row

    def search(self) -> tuple[Place, Surface]:
        """Return the place at its best square, and the surface of scores."""
        if self._score > max(self._scores):
            self._found = self._frame.to_local(self._place.lat, self._place.lon)
        step = self._step
        for _ in range(LOOKS):
            self._look(*self._found, step)
            step /= 2
        lat, lon = self._frame.to_wgs84(*self._found)
        place = replace(self._place, lat=lat, lon=lon, best=Hit(self._anchor, self._score), row=self._row)
        return place, self._surface()

    def _look(self, east: float, north: float, step: float) -> None:
        """Score a position and the eight around it; move to the peak of a parabola through the best."""
        grid = np.full((3, 3), -np.inf)
        squares, cells = [], []
        for i in range(3):
            for j in range(3):
                square = self._mosaic.square(east + (j - 1) * step, north + (i - 1) * step)
                if square is not None:
                    squares.append(prepare_tile(square, self._anchor.width_m, self._preparation))
                    cells.append((i, j))
        if not cells:
            return
        found = embed_tiles(self._encoder, squares)
        under = found @ self._vectors.T
        # The grid's tiles chose the heading; squares nearer the truth may know better.
        self._row = int(np.argmax(under.max(axis=0)))
        for (i, j), score in zip(cells, under[:, self._row], strict=True):
            grid[i, j] = score
            self._at.append((east + (j - 1) * step, north + (i - 1) * step))
            self._scores.append(float(score))
        row, column = divmod(int(np.argmax(grid)), 3)
        if self._best_vector is None or grid[row, column] > self._score:
            self._best_vector = found[cells.index((row, column))]
        # The middle square was scored before, alone or among others, which moves its last digits: as good
        # as before counts as better, or rounding would decide whether the parabola is looked at.
        if grid[row, column] >= self._score - ROUNDING:
            self._score = max(self._score, float(grid[row, column]))
            self._found = (
                east + (column - 1 + _offset(grid[row], column)) * step,
                north + (row - 1 + _offset(grid[:, column], row)) * step,
            )

    def _surface(self) -> Surface:
        lead, rival = 0.0, None
        if self._headings is not None and self._best_vector is not None:
            scores = self._vectors @ self._best_vector
            turned = np.abs((self._headings - self._headings[self._row] + 180) % 360 - 180)
            others = np.flatnonzero(turned >= _OPPOSITE_DEG)
            if len(others):
                rival = int(others[np.argmax(scores[others])])
                lead = float(scores[self._row] - scores[rival])
        at, known = np.array(self._at), np.array(self._scores, np.float64)
        return Surface(self._frame, self._found, at, known, self._anchor.width_m, lead, rival)


def _offset(line: NDArray[np.float64], at: int) -> float:
    """Return how far beside a maximum the parabola through it and its neighbours peaks, in steps."""
    if at != 1 or not np.isfinite(line).all():
        return 0.0
    return vertex(line)
