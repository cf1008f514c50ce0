"""The ground of a panorama or a street photo laid on that of every place in the running.

How high a correlation is by chance depends on how much ground a photo shows and on how much that resembles
ground anywhere. All shifts at all places, nearly every one of which is wrong, tell: a correlation counts by
how far it stands out of theirs, in their standard deviations.

First the photo is laid on all places at the encoder's resolution, which is quick. Where its heading is known,
it is then drawn anew as fine as the atlas keeps its pictures and laid on those that fit best so far; an
assumed heading is too far from the true one for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gleam.locating.query import Query, Shown
from gleam.locating.searching.between import Between
from gleam.locating.searching.contender import Contender
from gleam.locating.searching.correlation import LEAST_SHARE, Floats, Template

WORTH = 0.025
"""Cosine similarity that a standard deviation at the encoder's resolution is worth, where it alone tells."""
WORTH_OF_BOTH = 0.02, 0.04
"""The same at the encoder's resolution and at the atlas's, where both tell."""
BY_CHANCE = 3.0
"""Standard deviations that the best shift at a wrong place stands out by."""
LAID_FINELY = 8
"""On so many of the places the photo is laid at the atlas's resolution."""
TURNED = 3
"""On so many of the places it is laid turned a little too, where the heading was searched for."""
TURNS_DEG = (-2.5, 2.5)
"""Assumed headings are 7.5 degrees apart, so no true one is farther than 1.25 from one of these or none."""

Squares = Mapping[int, NDArray[np.uint8]]


@dataclass(frozen=True)
class Spread:
    """Standard deviations of a photo's correlations by chance.

    coarse: at the encoder's resolution. fine: at the atlas's; None when it was not laid on so.
    """

    coarse: float
    fine: float | None = None


def lay_on_ground(
    between: Between, query: Query, running: Sequence[Contender], spread: Spread | None = None
) -> Spread | None:
    """Add to each contender's score how far the photo's ground stands out on its best square.

    Args:
        between: The squares between the tiles.
        query: The photo.
        running: The places.
        spread: Of its correlations by chance; found out from these places when not given, which takes some.

    Returns:
        The spread; None where the photo shows no ground to scale, and nothing was added.
    """
    if query.ground is None:
        return None
    squares = _squares(between, running, range(len(running)))
    maps: dict[int, Floats] = {}
    for row in dict.fromkeys(running[number].best.row for number in squares):
        shown = _enough(query.on_the_ground(row))
        if shown is not None:
            numbers = [number for number in squares if running[number].best.row == row]
            maps |= _laid(shown, {number: squares[number] for number in numbers})
    if not maps:
        return None
    coarse = spread.coarse if spread is not None else spread_of(maps.values())
    fits = _fits(maps, coarse)

    def likely(count: int) -> list[int]:
        return sorted(fits, key=lambda n: (-(running[n].best.score + WORTH * fits[n]), n))[:count]

    if query.headings is not None:
        for number in likely(TURNED):
            shown = query.on_the_ground(running[number].best.row)
            if shown is None:
                continue
            for turn in TURNS_DEG:
                laid = Template(*turned(*shown, turn)).correlation(squares[number][None])
                fits[number] = max(fits[number], float(laid.max()) / coarse)
    finely: dict[int, Floats] = {}
    if query.finely is not None:
        finely = _laid(query.finely, _squares(between, running, likely(LAID_FINELY), whole=True))
    fine, worth, worth_finely = None, WORTH, 0.0
    if finely:
        fine = spread.fine if spread is not None and spread.fine is not None else spread_of(finely.values())
        worth, worth_finely = WORTH_OF_BOTH
    finer = _fits(finely, fine or 1.0)
    whole = worth + worth_finely
    for number, fit in fits.items():
        best = running[number].best
        told = worth * fit + worth_finely * finer.get(number, BY_CHANCE)
        running[number].best = replace(best, bonus=best.bonus + told - whole * BY_CHANCE, ground=told / whole)
    return Spread(coarse, fine)


def _squares(
    between: Between, running: Sequence[Contender], numbers: Iterable[int], *, whole: bool = False
) -> Squares:
    """Return the best squares of some contenders by their numbers, but for those with ground missing."""
    some = list(numbers)
    wanted = [(c.anchor, c.around, c.step) for c in (running[n] for n in some)]
    made = zip(some, between.squares(wanted, whole=whole), strict=True)
    return {number: square for number, square in made if square is not None}


def _laid(shown: Shown, squares: Squares) -> dict[int, Floats]:
    """Return the correlation (R, R) with each square, by its number."""
    if not squares:
        return {}
    return dict(zip(squares, Template(*shown).correlation(np.stack(list(squares.values()))), strict=True))


def _fits(maps: Mapping[int, Floats], spread: float) -> dict[int, float]:
    """Return by how many standard deviations the best shift stands out at each place."""
    return {number: float(found.max()) / spread for number, found in maps.items()}


def spread_of(maps: Iterable[Floats]) -> float:
    """Return the standard deviation from 0 of correlations (R, R) that are nearly all by chance."""
    return max(float(np.sqrt(np.mean([np.mean(found * found) for found in maps]))), 1e-6)


def turned(square: NDArray[np.uint8], ground: NDArray[np.bool_], degrees: float) -> Shown:
    """Return a square (S, S, 3) and its mask (S, S) turned by a few degrees about the camera."""
    return (
        ndimage.rotate(square, degrees, axes=(0, 1), reshape=False, order=1, mode="nearest"),
        ndimage.rotate(ground.astype(np.float32), degrees, reshape=False, order=1) > 0.5,
    )


def _enough(shown: Shown | None) -> Shown | None:
    return None if shown is None or shown[1].mean() < LEAST_SHARE else shown
