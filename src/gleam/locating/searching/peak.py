"""The ground around the winner: its scores, and the peak between its squares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gleam.atlas import Atlas, Region
from gleam.geo import Circle
from gleam.locating.searching.between import STEPS_PER_STRIDE, Between, Step, neighbours
from gleam.locating.searching.contender import Contender, look_at, vertex
from gleam.locating.searching.places import Place
from gleam.locating.searching.surface import Surface

CLIMBS = 3
"""How often the four squares beside the best one are looked at, until none of them is better."""
_REACH = 2.6
"""Strides within which tiles tell of the surface of scores."""
_OPPOSITE_DEG = 60.0


def climb(
    atlas: Atlas,
    between: Between,
    vectors: NDArray[np.float32],
    winner: Contender,
    headings: NDArray[np.float64] | None,
) -> tuple[Place, Surface]:
    """Return the winner at the peak of its scores, and the surface of scores around it.

    Args:
        atlas: Where it was found.
        between: Of the atlas.
        vectors: (K, D) of the photo.
        winner: It is looked at further.
        headings: Those assumed for the vectors, when they were searched for.
    """
    for _ in range(CLIMBS):
        before = winner.step
        look_at(between, vectors, [winner], lambda c: _beside(c.step))
        if winner.step == before:
            break
    row, (i, j) = winner.best.row, winner.step
    peak = (
        (i + _vertex(winner, [(i - 1, j), (i, j), (i + 1, j)])) * winner.step_m,
        (j + _vertex(winner, [(i, j - 1), (i, j), (i, j + 1)])) * winner.step_m,
    )
    lat, lon = winner.frame.to_wgs84(*peak)
    stride = STEPS_PER_STRIDE * winner.step_m
    near = Region.around(Circle(winner.anchor.lat, winner.anchor.lon, _REACH * stride * 1.4143))
    (hits,) = atlas.store.search(vectors[row : row + 1], 64, near, width_m=winner.anchor.width_m)
    known = neighbours(winner.anchor, hits, winner.frame, _REACH * stride)
    at = [at for _, at in known] or [(0.0, 0.0)]
    scores = [hit.score for hit, _ in known] or [winner.best.best.score]
    at += [(i * winner.step_m, j * winner.step_m) for i, j in winner.under]
    scores += [float(under[row]) for under in winner.under.values()]
    lead, rival = _lead(atlas, winner, vectors, headings)
    surface = Surface(
        winner.frame, peak, np.array(at), np.array(scores, np.float64), winner.anchor.width_m, lead, rival
    )
    return replace(winner.best, lat=lat, lon=lon), surface


def _beside(step: Step) -> list[Step]:
    i, j = step
    beside = [(i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)]
    # Farther off than a stride, the tile beside is the better anchor and its pictures end.
    return [(i, j) for i, j in beside if max(abs(i), abs(j)) <= STEPS_PER_STRIDE]


def _vertex(winner: Contender, line: list[Step]) -> float:
    """Return how far beside the middle of three squares the parabola through them peaks, in steps."""
    scores = [winner.score(step, winner.best.row) for step in line]
    known = [score for score in scores if score is not None]
    return vertex(np.array(known)) if len(known) == len(line) else 0.0


def _lead(
    atlas: Atlas, winner: Contender, vectors: NDArray[np.float32], headings: NDArray[np.float64] | None
) -> tuple[float, int | None]:
    """Return how far the best assumed heading leads the best of those a quarter turn or more away, and it."""
    if headings is None:
        return 0.0, None
    row = winner.best.row
    turned = np.abs((headings - headings[row] + 180) % 360 - 180)
    others = np.flatnonzero(turned >= _OPPOSITE_DEG)
    if not len(others):
        return 0.0, None
    best = winner.vector if winner.vector is not None else atlas.store.vectors_of([winner.anchor.id])[0]
    scores = vectors @ best
    rival = int(others[np.argmax(scores[others])])
    return float(scores[row] - scores[rival]), rival
