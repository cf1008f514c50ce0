"""The ground of a panorama or a street photo laid on that of every place in the running.

How high a correlation is by chance depends on how much ground a photo shows and on how much that resembles
ground anywhere. All shifts at all places, nearly every one of which is wrong, tell: a correlation counts by
how far it stands out of theirs, in their standard deviations.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gleam.locating.query import Query
from gleam.locating.searching.between import Between
from gleam.locating.searching.contender import Contender
from gleam.locating.searching.correlation import LEAST_SHARE, Floats, Template

WORTH = 0.025
"""Cosine similarity that a standard deviation is worth."""
BY_CHANCE = 3.0
"""Standard deviations that the best shift at a wrong place stands out by."""
TURNED = 3
"""On so many of the places it is laid turned a little too, where the heading was searched for."""
TURNS_DEG = (-2.5, 2.5)
"""Assumed headings are 7.5 degrees apart, so no true one is farther than 1.25 from one of these or none."""

Shown = tuple[NDArray[np.uint8], NDArray[np.bool_]]


def lay_on_ground(
    between: Between, query: Query, running: Sequence[Contender], spread: float | None = None
) -> float | None:
    """Add to each contender's score how far the photo's ground stands out on its best square.

    Args:
        between: The squares between the tiles.
        query: The photo.
        running: The places.
        spread: Standard deviation of correlations by chance; found out from these places when not given,
            which takes some.

    Returns:
        The spread; None where the photo shows no ground to scale, and nothing was added.
    """
    if query.ground is None:
        return None
    made = between.squares([(c.anchor, c.around, c.step) for c in running])
    squares = {number: square for number, square in enumerate(made) if square is not None}
    maps: dict[int, Floats] = {}
    for row in dict.fromkeys(running[number].best.row for number in squares):
        shown = _enough(query, row)
        if shown is not None:
            numbers = [number for number in squares if running[number].best.row == row]
            laid = Template(*shown).correlation(np.stack([squares[number] for number in numbers]))
            maps.update(zip(numbers, laid, strict=True))
    if not maps:
        return None
    spread = spread or spread_of(maps.values())
    fits = {number: float(found.max()) / spread for number, found in maps.items()}
    if query.headings is not None:
        likely = sorted(fits, key=lambda n: -(running[n].best.score + WORTH * fits[n]))
        for number in likely[:TURNED]:
            shown = query.on_the_ground(running[number].best.row)
            if shown is None:
                continue
            for turn in TURNS_DEG:
                laid = Template(*turned(*shown, turn)).correlation(squares[number][None])
                fits[number] = max(fits[number], float(laid.max()) / spread)
    for number, fit in fits.items():
        best = running[number].best
        running[number].best = replace(best, bonus=best.bonus + WORTH * (fit - BY_CHANCE), ground=fit)
    return spread


def spread_of(maps: Iterable[Floats]) -> float:
    """Return the standard deviation from 0 of correlations (R, R) that are nearly all by chance."""
    return max(float(np.sqrt(np.mean([np.mean(found * found) for found in maps]))), 1e-6)


def turned(square: NDArray[np.uint8], ground: NDArray[np.bool_], degrees: float) -> Shown:
    """Return a square (S, S, 3) and its mask (S, S) turned by a few degrees about the camera."""
    return (
        ndimage.rotate(square, degrees, axes=(0, 1), reshape=False, order=1, mode="nearest"),
        ndimage.rotate(ground.astype(np.float32), degrees, reshape=False, order=1) > 0.5,
    )


def _enough(query: Query, row: int) -> Shown | None:
    shown = query.on_the_ground(row)
    return None if shown is None or shown[1].mean() < LEAST_SHARE else shown
