"""A place in the running: what is known of the squares around it, and its best square so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.tiles import Hit
from gleam.geo import Frame
from gleam.locating.searching.between import (
    AROUND,
    STEPS_PER_STRIDE,
    Between,
    Step,
    Vector,
    neighbours,
)
from gleam.locating.searching.places import Place


class Contender:
    """A place in the running.

    best: the place at its best square. step: where that lies, from the tile. vector: of that square, None
    for the tile itself. under: (K,) scores of each square looked at under the K vectors of the photo.

    Args:
        between: Of the atlas.
        vectors: (K, D) of the photo.
        place: As the search found it.
        hits: Tiles found by each of the vectors.
        stride_m: Metres between neighbouring tiles.
    """

    def __init__(
        self,
        between: Between,
        vectors: NDArray[np.float32],
        place: Place,
        hits: Sequence[Sequence[Hit]],
        stride_m: float,
    ) -> None:
        self.best = place
        self.anchor = place.best.tile
        self.frame = Frame.at(self.anchor.lat, self.anchor.lon)
        self.step: Step = (0, 0)
        self.vector: Vector | None = None
        self.under: dict[Step, NDArray[np.float32]] = {}
        self.step_m = stride_m / STEPS_PER_STRIDE
        self._hits = hits
        near = neighbours(self.anchor, hits[place.row], self.frame, AROUND * stride_m)
        east, north = promised_peak([(hit.score, at) for hit, at in near], stride_m)
        self.promised: Step = (round(east / self.step_m), round(north / self.step_m))
        self.around = between.around(self.anchor, vectors[place.row], [(hit.tile, at) for hit, at in near])

    def quarters(self) -> list[Step]:
        """Return four steps, one of which lies near any peak that is nearer to this tile than to others."""
        return [(-1, -1), (-1, 1), (1, -1), (1, 1)]

    def score(self, step: Step, row: int) -> float | None:
        """Return what a square scores under one of the vectors, None when that is not known."""
        if step in self.under:
            return float(self.under[step][row])
        if step == (0, 0):
            return next((h.score for h in self._hits[row] if h.tile.id == self.anchor.id), None)
        return None

    def take(self, step: Step, vector: Vector, scores: NDArray[np.float32]) -> None:
        """Move to a square if it scores higher, under whichever of the (K,) assumed headings."""
        self.under[step] = scores
        row = int(np.argmax(scores))
        if scores[row] > self.best.best.score:
            self.step, self.vector = step, vector
            lat, lon = self.frame.to_wgs84(step[0] * self.step_m, step[1] * self.step_m)
            hit = Hit(self.anchor, float(scores[row]))
            self.best = replace(self.best, lat=lat, lon=lon, best=hit, row=row)


def look_at(
    between: Between,
    vectors: NDArray[np.float32],
    contenders: Sequence[Contender],
    steps: Callable[[Contender], Sequence[Step]],
) -> None:
    """Score the squares of all contenders at their steps, those not looked at yet, in one call."""
    new = [(c, s) for c in contenders for s in steps(c) if s != (0, 0) and s not in c.under]
    found = between.vectors([(c.anchor, c.around, s) for c, s in new])
    for (contender, step), vector in zip(new, found, strict=True):
        if vector is not None:
            contender.take(step, vector, vectors @ vector)


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
