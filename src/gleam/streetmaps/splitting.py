"""Which tiles become pairs, and their split: the east is kept for testing, so that no ground is in both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from gleam.geo import Footprint

_EARTH_M = 6_371_000.0


def spaced(lats: Sequence[float], lons: Sequence[float], least_m: float) -> list[int]:
    """Return the numbers of positions that are at least ``least_m`` from every earlier one that is kept.

    The last tiles of a row lie flush with the edge and nearly repeat their neighbours, and imagery of
    another date repeats all: such tiles would be wrong answers to each other.
    """
    lat, lon = np.radians(lats), np.radians(lons)
    unit = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    near = cKDTree(unit * _EARTH_M).query_pairs(least_m * (1 - 1e-9), output_type="ndarray")
    rivals: dict[int, list[int]] = {}
    for earlier, later in np.sort(near, axis=1).tolist():
        rivals.setdefault(later, []).append(earlier)
    kept: set[int] = set()
    for number in range(len(lat)):
        if not any(rival in kept for rival in rivals.get(number, ())):
            kept.add(number)
    return sorted(kept)


def split_of(footprint: Footprint, lons: NDArray[np.float64], test_share: float) -> str | None:
    """Return ``train`` or ``test``, "" for a tile on the border between them, None without splits.

    Args:
        footprint: Of the tile.
        lons: Longitudes of the centres of all tiles.
        test_share: Share of the tiles, the easternmost, to test with.
    """
    if test_share == 0.0:
        return None
    border = float(np.quantile(lons, 1.0 - test_share))
    west, _, east, _ = footprint.bounds
    if east <= border:
        return "train"
    return "test" if west >= border else ""
