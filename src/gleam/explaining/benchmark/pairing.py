"""Choosing pairs: every query with its own tile, and once with a tile of another place.

What surrounds the place must not tell a negative from a positive. So every query picture stands in both,
the tile of a negative is another place's tile from the same table with the same ground width, cut and
centred as that of a positive is, and no tile serves as a negative much more often than others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.explaining.benchmark.gathering import Shot, Site
from gleam.explaining.benchmark.mistakes import Confusion
from gleam.explaining.benchmark.pair import SPLITS, Split, Tier
from gleam.explaining.benchmark.regions import Ground
from gleam.views import View

NEGATIVE_TIERS: tuple[Tier, ...] = ("random", "near", "mistake")
_NEAREST = 3
"""A negative from near by is drawn from so many of the nearest places that share no ground."""
_MOST_USES = 3
"""A tile is the negative of at most so many queries of one view, unless nothing else is left."""
_WIDTH_RATIO = 1.25
"""Tiles whose ground widths differ more give a pair away by their scale."""


@dataclass(frozen=True)
class Choice:
    """A pair before it has a name: a query of one place and a tile of the same or another place."""

    split: Split
    tier: Tier
    view: View
    query_site: Site
    tile_site: Site
    query: Shot
    tile: Shot
    distance_m: float | None


def first_queries(sites: Sequence[Site], seed: int) -> dict[tuple[str, View], Shot]:
    """Draw the picture that stands for each place in each view, and the tile (view satellite)."""
    rng = np.random.default_rng([seed, 1])
    chosen: dict[tuple[str, View], Shot] = {}
    for site in sites:
        for view in View:
            shots = site.tiles if view is View.SATELLITE else site.queries.get(view, [])
            if shots:
                chosen[site.key, view] = shots[int(rng.integers(len(shots)))]
    return chosen


def choose_pairs(
    sites: Sequence[Site],
    shots: Mapping[tuple[str, View], Shot],
    confusions: Mapping[tuple[Split, View], Confusion],
    seed: int,
    most: int | None,
) -> list[Choice]:
    """Return positives and negatives in equal numbers for every split and view.

    Args:
        sites: Places with their splits.
        shots: Of :func:`first_queries`.
        confusions: By split and view, where the encoder's mistakes are wanted.
        seed: Decides every draw.
        most: Pairs at most; the splits keep their shares.
    """
    choices: list[Choice] = []
    for number, split in enumerate(SPLITS):
        members = [site for site in sites if site.split == split]
        room = None if most is None or not sites else round(most * len(members) / len(sites) / 2)
        duos: list[tuple[Choice, Choice]] = []
        for view in View:
            if view is View.SATELLITE:
                continue
            rng = np.random.default_rng([seed, 2, number, list(View).index(view)])
            duos += _duos(members, view, shots, confusions.get((split, view)), rng)
        if room is not None and room < len(duos):
            duos = _evenly(duos, max(1, room), np.random.default_rng([seed, 3, number]))
        choices += [choice for duo in duos for choice in duo]
    return choices


def _evenly(
    duos: list[tuple[Choice, Choice]], room: int, rng: np.random.Generator
) -> list[tuple[Choice, Choice]]:
    """Keep ``room`` of them: as many of each view and tier as there are, by turns."""
    groups: dict[tuple[View, Tier], list[int]] = {}
    for index in rng.permutation(len(duos)).tolist():
        groups.setdefault((duos[index][1].view, duos[index][1].tier), []).append(index)
    ordered = [groups[key] for key in sorted(groups)]
    kept: list[int] = []
    while len(kept) < room:
        for group in ordered:
            if group and len(kept) < room:
                kept.append(group.pop(0))
    return [duos[index] for index in sorted(kept)]


def _duos(
    members: Sequence[Site],
    view: View,
    shots: Mapping[tuple[str, View], Shot],
    confusion: Confusion | None,
    rng: np.random.Generator,
) -> list[tuple[Choice, Choice]]:
    """Return a positive and a negative for every place of a split that has a picture of the view."""
    asked = [number for number, site in enumerate(members) if (site.key, view) in shots]
    tiers = NEGATIVE_TIERS if confusion is not None else NEGATIVE_TIERS[:2]
    # Equal numbers of each tier, in random order.
    wanted = [tiers[i % len(tiers)] for i in range(len(asked))]
    rng.shuffle(wanted)
    pool = _Pool(members, shots, confusion, rng)
    duos = []
    for number, tier in zip(asked, wanted, strict=True):
        found = pool.negative(number, tier)
        if found is None:
            continue
        chosen, tier, metres = found
        site, other = members[number], members[chosen]
        query, own, tile = (
            shots[site.key, view],
            shots[site.key, View.SATELLITE],
            shots[other.key, View.SATELLITE],
        )
        none = 0.0 if site.has_position else None
        duos.append(
            (
                Choice(site.split, "positive", view, site, site, query, own, none),
                Choice(site.split, tier, view, site, other, query, tile, metres),
            )
        )
    return duos


class _Pool:
    """The tiles of one split, from which negatives are drawn; remembers how often each was."""

    def __init__(
        self,
        members: Sequence[Site],
        shots: Mapping[tuple[str, View], Shot],
        confusion: Confusion | None,
        rng: np.random.Generator,
    ) -> None:
        self._keys = [site.key for site in members]
        self._table = np.array([site.table for site in members])
        widths = [shots[site.key, View.SATELLITE].row.ground_width_m for site in members]
        self._tile_m = np.array([np.nan if width is None else width for width in widths], float)
        self._ground = Ground(members)
        self._confusion = confusion
        self._rng = rng
        self._uses = np.zeros(len(members), int)

    def negative(self, own: int, tier: Tier) -> tuple[int, Tier, float | None] | None:
        """Draw another place; return its number, the tier it came from, and its distance in metres."""
        usable = (self._table == self._table[own]) & self._same_scale(own) & ~self._ground.overlaps(own)
        rested = usable & (self._uses < _MOST_USES)
        free = np.flatnonzero(rested if rested.any() else usable)
        if len(free) == 0:
            return None
        metres = np.hypot(*self._ground.offsets(own))[free]
        known = np.isfinite(metres)
        if tier == "near" and not known.any():
            tier = "random"
        if tier == "mistake" and self._confusion is not None:
            # Its rows are numbered as the members are.
            pick = int(np.argmax(self._confusion.of(self._keys[own])[free]))
        elif tier == "near":
            nearest = np.argsort(np.where(known, metres, np.inf), kind="stable")[:_NEAREST]
            pick = int(self._rng.choice(nearest[known[nearest]]))
        else:
            pick = int(self._rng.integers(len(free)))
        self._uses[free[pick]] += 1
        return int(free[pick]), tier, round(float(metres[pick]), 1) if known[pick] else None

    def _same_scale(self, own: int) -> NDArray[np.bool_]:
        with np.errstate(invalid="ignore"):
            ratio = np.maximum(self._tile_m, self._tile_m[own]) / np.minimum(self._tile_m, self._tile_m[own])
        both_unknown = np.isnan(self._tile_m) & np.isnan(self._tile_m[own])
        same: NDArray[np.bool_] = (ratio <= _WIDTH_RATIO) | both_unknown
        return same
