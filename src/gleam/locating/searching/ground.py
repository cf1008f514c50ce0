"""The ground of a panorama or a street photo laid on that of every place in the running.

How high a correlation is by chance depends on how much ground a photo shows and on how much that resembles
ground anywhere. All shifts at all places, nearly every one of which is wrong, tell: a correlation counts by
how far it stands out of theirs, in their standard deviations.

First everything is laid on at the encoder's resolution, which is quick; then the photo is drawn anew as fine
as the atlas keeps its pictures, and laid on the places that fit best so far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gleam.atlas.embedding import THUMBNAIL_PIXELS
from gleam.locating.query import Query, Shown
from gleam.locating.searching.between import Between
from gleam.locating.searching.contender import Contender
from gleam.locating.searching.correlation import LEAST_SHARE, Floats, Template

WORTH, WORTH_FINELY = 0.02, 0.04
"""Cosine similarity that a standard deviation is worth, at the encoder's resolution and at the atlas's."""
BY_CHANCE = 3.0
"""Standard deviations that the best shift at a wrong place stands out by."""
LAID_FINELY = 8
"""On so many of the places the photo is laid at the atlas's resolution."""
TURNED = 3
"""On so many of the places it is laid turned a little too, where the heading was searched for."""
TURNS_DEG = (-2.5, 2.5)
"""Assumed headings are 7.5 degrees apart, so no true one is farther than 1.25 from one of these or none."""

Squares = Mapping[int, NDArray[np.uint8]]
How = TypeVar("How")


@dataclass(frozen=True)
class Spread:
    """Standard deviations of a photo's correlations by chance, at either resolution; None: not compared."""

    coarse: float
    fine: float | None


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
    rows = [contender.best.row for contender in running]
    squares = _made(between, running, range(len(running)), whole=False)
    maps = _laid(squares, rows, query.on_the_ground)
    if not maps:
        return None
    coarse = spread.coarse if spread is not None else spread_of(maps.values())
    fits = {number: float(found.max()) / coarse for number, found in maps.items()}

    def likely(count: int) -> list[int]:
        return sorted(fits, key=lambda n: (-(running[n].best.score + WORTH * fits[n]), n))[:count]

    turns = dict.fromkeys(fits, 0.0)
    for number in likely(TURNED) if query.headings is not None else ():
        shown = query.on_the_ground(rows[number])
        if shown is None:
            continue
        for turn in TURNS_DEG:
            template = Template(*turned(*shown, turn))
            fit = float(template.correlation(squares[number][None]).max()) / coarse
            if fit > fits[number]:
                fits[number], turns[number] = fit, turn
    fine, finely = _finely(between, query, running, likely(LAID_FINELY), turns, spread)
    for number, fit in fits.items():
        best = running[number].best
        worth = WORTH * fit if fine is None else WORTH * fit + WORTH_FINELY * finely.get(number, BY_CHANCE)
        whole = WORTH if fine is None else WORTH + WORTH_FINELY
        bonus = best.bonus + worth - whole * BY_CHANCE
        running[number].best = replace(best, bonus=bonus, ground=worth / whole)
    return Spread(coarse, fine)


def _finely(
    between: Between,
    query: Query,
    running: Sequence[Contender],
    numbers: Sequence[int],
    turns: Mapping[int, float],
    spread: Spread | None,
) -> tuple[float | None, dict[int, float]]:
    """Return the spread at the atlas's resolution, and how far the ground stands out on each place."""
    own = query.shot.preparation
    if own.pixels >= THUMBNAIL_PIXELS or own.ground_width_m != running[0].anchor.width_m:
        return None, {}
    squares = _made(between, running, numbers, whole=True)
    # Turned and drawn at once: places under one heading and turn share a template.
    drawn = [(running[n].best.row, turns.get(n, 0.0)) for n in range(len(running))]
    maps = _laid(squares, drawn, lambda how: query.drawn_anew(how[0], THUMBNAIL_PIXELS, how[1]))
    if not maps:
        return None, {}
    fine = spread.fine if spread is not None and spread.fine is not None else spread_of(maps.values())
    return fine, {number: float(found.max()) / fine for number, found in maps.items()}


def _made(between: Between, running: Sequence[Contender], numbers: Iterable[int], *, whole: bool) -> Squares:
    """Return the best squares of some contenders by their numbers, but for those with ground missing."""
    some = list(numbers)
    wanted = [(c.anchor, c.around, c.step) for c in (running[n] for n in some)]
    made = zip(some, between.squares(wanted, whole=whole), strict=True)
    return {number: square for number, square in made if square is not None}


def _laid(squares: Squares, how: Sequence[How], shown_as: Callable[[How], Shown | None]) -> dict[int, Floats]:
    """Return the correlation (R, R) with each square of what is shown its way; none where that is little."""
    maps: dict[int, Floats] = {}
    for way in dict.fromkeys(how[number] for number in squares):
        shown = shown_as(way)
        if shown is not None and shown[1].mean() >= LEAST_SHARE:
            numbers = [number for number in squares if how[number] == way]
            laid = Template(*shown).correlation(np.stack([squares[number] for number in numbers]))
            maps.update(zip(numbers, laid, strict=True))
    return maps


def spread_of(maps: Iterable[Floats]) -> float:
    """Return the standard deviation from 0 of correlations (R, R) that are nearly all by chance."""
    return max(float(np.sqrt(np.mean([np.mean(found * found) for found in maps]))), 1e-6)


def turned(square: NDArray[np.uint8], ground: NDArray[np.bool_], degrees: float) -> Shown:
    """Return a square (S, S, 3) and its mask (S, S) turned as if the camera's heading were larger."""
    return (
        ndimage.rotate(square, -degrees, axes=(0, 1), reshape=False, order=1, mode="nearest"),
        ndimage.rotate(ground.astype(np.float32), -degrees, reshape=False, order=1) > 0.5,
    )
