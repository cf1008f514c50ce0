"""Pairs with tampered pictures: whoever looks at the pictures must then say something else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.explaining.benchmark.pair import Pair
from gleam.explaining.scoring.prediction import Control
from gleam.geo import distance_m

BLANK_PIXELS = 256
BLANK_GREY = 127
FAR_M = 250.0
"""A swapped tile shows ground at least so far from the query's, so that nothing of it is in both."""


@dataclass(frozen=True)
class Question:
    """A pair as it is shown to an explainer. tile: the pair whose tile is shown; itself unless swapped."""

    pair: Pair
    control: Control
    tile: Pair

    @property
    def blank(self) -> tuple[bool, bool]:
        """Whether query and tile are shown without content."""
        return self.control in ("blank_query", "text_only"), self.control in ("blank_tile", "text_only")


def questions(pairs: Sequence[Pair], tampered: int, seed: int) -> Iterator[Question]:
    """Yield the pairs as they are, then the controls of the first ``tampered`` of a shuffled order.

    The order follows from the seed and the names of the pairs, so that a smaller number asks a part of
    what a larger one asks.
    """
    for pair in pairs:
        yield Question(pair, "none", pair)
    shuffled = sorted(pairs, key=lambda p: _draw(seed, p.pair_id))
    # As many of either verdict, or a control could be passed by always saying one of them.
    chosen = [p for both in zip(*_by_match(shuffled), strict=False) for p in both][:tampered]
    for pair in chosen:
        other = other_tile(pair, pairs, seed)
        if other is not None:
            yield Question(pair, "swapped_tile", other)
        for control in ("blank_query", "blank_tile", "text_only"):
            yield Question(pair, control, pair)


def other_tile(pair: Pair, pairs: Sequence[Pair], seed: int) -> Pair | None:
    """Return a pair whose tile turns the truth round, or None when there is none.

    For a match, a tile of a place far away; for the others, a tile of the query's own place.
    """
    if pair.match:
        fit = [p for p in pairs if p.tile_place != pair.query_place and _far(pair, p)]
    else:
        fit = [p for p in pairs if p.tile_place == pair.query_place]
    fit = [p for p in fit if p.tile_image != pair.tile_image]
    return min(fit, key=lambda p: _draw(seed, pair.pair_id, p.pair_id), default=None)


def blank_picture(height: int = BLANK_PIXELS, width: int = BLANK_PIXELS) -> NDArray[np.uint8]:
    """Return a grey picture without content, (height, width, 3)."""
    return np.full((height, width, 3), BLANK_GREY, np.uint8)


def _by_match(pairs: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
    return [p for p in pairs if p.match], [p for p in pairs if not p.match]


def _far(pair: Pair, other: Pair) -> bool:
    """Whether another pair's tile is far from the query; unknown positions are told apart by name alone."""
    known = (pair.query_lat, pair.query_lon, other.tile_lat, other.tile_lon)
    if any(v is None for v in known):
        return True
    away = float(distance_m(*(float(v) for v in known if v is not None)))
    return away >= max(FAR_M, 1.5 * (other.tile_width_m or 0.0))


def _draw(seed: int, *names: str) -> bytes:
    return hashlib.sha256("\0".join((str(seed), *names)).encode()).digest()
