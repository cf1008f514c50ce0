"""Which places are for training, which for validating, which for testing: regions that share no ground."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from gleam.errors import BenchError
from gleam.explaining.benchmark.gathering import Site
from gleam.explaining.benchmark.pair import SPLITS, Split
from gleam.explaining.benchmark.recipe import PairRecipe
from gleam.geo import bearing_deg, distance_m

_SAME: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
}
_EARTH_M = 6_371_000.0
_LEAST_BLOCKS = 36


def assign_splits(sites: Sequence[Site], recipe: PairRecipe) -> tuple[list[Site], dict[str, int | str]]:
    """Give every place its split and drop those whose ground another split shows too.

    Places without a position are told apart by name alone: no picture is in two splits, but whether their
    ground overlaps is not known, which the notes say.

    Returns:
        The places left, and notes: how it was split, how many were dropped.

    Raises:
        BenchError: The table's splits are asked for but it has none, or has others.
    """
    by_table = recipe.split_by == "table" or (recipe.split_by == "auto" and _all_told(sites))
    if by_table:
        _by_table(sites)
    else:
        _by_blocks(sites, recipe)
    kept = _without_overlaps(sites)
    return kept, {
        "split_by": "table" if by_table else "blocks",
        "dropped_at_borders": len(sites) - len(kept),
        "without_position": sum(not site.has_position for site in kept),
    }


class Ground:
    """Where some places lie and how much ground they show; answers for one of them against all."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self.lat = np.array([math.nan if site.lat is None else site.lat for site in sites], float)
        self.lon = np.array([math.nan if site.lon is None else site.lon for site in sites], float)
        self.width_m = np.array([site.width_m for site in sites], float)

    def offsets(self, own: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return metres (n,) east and north from a place to all; NaN where a position is unknown."""
        lat, lon = self.lat, self.lon
        metres = distance_m(self.lat[own], self.lon[own], lat, lon)
        turn = np.radians(bearing_deg(self.lat[own], self.lon[own], lat, lon))
        return metres * np.sin(turn), metres * np.cos(turn)

    def overlaps(self, own: int) -> NDArray[np.bool_]:
        """Return (n,) whether the overhead pictures of a place may show ground that others show.

        Places without positions are taken not to overlap; a place overlaps itself.
        """
        east, north = self.offsets(own)
        reach = (self.width_m[own] + self.width_m) / 2
        with np.errstate(invalid="ignore"):
            near: NDArray[np.bool_] = np.maximum(np.abs(east), np.abs(north)) < reach
        near[own] = True
        return near


def _all_told(sites: Sequence[Site]) -> bool:
    told = {site.told for site in sites}
    return None not in told and all(name in _SAME for name in told if name) and len(told) > 1


def _by_table(sites: Sequence[Site]) -> None:
    for site in sites:
        if site.told is None or site.told.strip().lower() not in _SAME:
            known = ", ".join(SPLITS)
            raise BenchError(
                f"The place {site.key!r} has the split {site.told!r}, not one of {known}; "
                "use --split-by blocks."
            )
        site.split = _SAME[site.told.strip().lower()]


def _by_blocks(sites: Sequence[Site], recipe: PairRecipe) -> None:
    """Fill test and val with whole blocks, drawn by the seed, and leave the rest for training."""
    size = recipe.block_m or _block_size(sites)
    blocks: dict[str, list[Site]] = defaultdict(list)
    for site in sites:
        blocks[_block_of(site, size)].append(site)
    drawn = sorted(blocks, key=lambda b: hashlib.sha256(f"{recipe.seed} {b}".encode()).digest())
    goals: list[tuple[Split, float]] = [
        ("test", recipe.test_share * len(sites)),
        ("val", recipe.val_share * len(sites)),
    ]
    for block in drawn:
        split: Split = "train"
        for name, left in goals:
            if left > 0 and split == "train":
                split = name
        goals = [(name, left - len(blocks[block]) if name == split else left) for name, left in goals]
        for site in blocks[block]:
            site.split = split


def _block_size(sites: Sequence[Site]) -> float:
    """Return a width that gives some dozens of blocks, each much wider than a tile."""
    widest = max(site.width_m for site in sites)
    points = _points([site for site in sites if site.has_position])
    if len(points) == 0:
        return 4 * widest
    extent = float(np.linalg.norm(points.max(0) - points.min(0)))
    return max(2 * widest, extent / math.sqrt(_LEAST_BLOCKS))


def _block_of(site: Site, size: float) -> str:
    if site.lat is None or site.lon is None:
        return site.key
    row = math.floor(math.radians(site.lat) * _EARTH_M / size)
    # The width of a degree at the row's own middle, so that all places of a row share their columns.
    across = math.cos((row + 0.5) * size / _EARTH_M)
    return f"{row},{math.floor(math.radians(site.lon) * _EARTH_M * across / size)}"


def _points(sites: Sequence[Site]) -> NDArray[np.float64]:
    """Return (n, 3) points on a sphere in metres; only to find what may be near."""
    lat = np.radians([site.lat for site in sites if site.lat is not None])
    lon = np.radians([site.lon for site in sites if site.lon is not None])
    return _EARTH_M * np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def _without_overlaps(sites: Sequence[Site]) -> list[Site]:
    """Drop places that overlap one of a split named before theirs: test is kept whole, training gives way."""
    placed = [site for site in sites if site.has_position]
    if not placed:
        return list(sites)
    points, order = _points(placed), {"test": 0, "val": 1, "train": 2}
    rank = np.array([order[site.split] for site in placed])
    # A diagonal of the widest square, and a little for the sphere not being the Earth.
    reach = max(site.width_m for site in placed) * math.sqrt(2) * 1.01
    tree = cKDTree(points)
    gone: set[str] = set()
    for index in np.argsort(rank, kind="stable").tolist():
        if placed[index].key in gone:
            continue
        near = [i for i in tree.query_ball_point(points[index], reach) if rank[i] > rank[index]]
        if near:
            both = Ground([placed[index], *(placed[i] for i in near)]).overlaps(0)[1:]
            gone.update(placed[i].key for i, hit in zip(near, both, strict=True) if hit)
    return [site for site in sites if site.key not in gone]
