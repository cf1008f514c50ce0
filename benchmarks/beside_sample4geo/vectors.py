"""Made-up inputs for measuring evaluation and mining alone, the same for both sides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DIM, LATENT = 256, 24
CITIES = {"NewYork": (40.75, -73.98), "Seattle": (47.60, -122.33), "SanFrancisco": (37.77, -122.42)}
BIG_CITY, FEW = ("Chicago", (41.87, -87.63)), 200
"""Its script wants all four cities and 129 tiles in each part: three are small, one is as big as asked."""


def random_pairs(size: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Return unit vectors of queries and tiles, (N, D) each, and three semi-positive tiles per query, (N, 3).

    As those of a network, they have far fewer degrees of freedom than numbers: all come from ``LATENT``
    hidden numbers per place, to which the query adds some noise.
    """
    rng = np.random.default_rng(size)
    weights = rng.standard_normal((LATENT, DIM), np.float32) / np.float32(LATENT**0.5)
    hidden = rng.standard_normal((size, LATENT), np.float32)
    moved = hidden + np.float32(0.9) * rng.standard_normal(hidden.shape, np.float32)
    queries, gallery = (np.tanh(np.float32(1.5) * z @ weights) for z in (moved, hidden))
    for array in (gallery, queries):
        array /= np.linalg.norm(array, axis=1, keepdims=True)
    semi = (np.arange(size)[:, None] + np.arange(1, 4)) % size
    return queries, gallery, semi


def tile_positions(name: str, count: int) -> NDArray[np.float64]:
    """Return latitudes and longitudes (n, 2) of tiles scattered over a city of about 10 km."""
    lat, lon = dict(CITIES, **dict([BIG_CITY]))[name]
    rng = np.random.default_rng([count, len(name)])
    return np.array([lat, lon]) + rng.uniform(-0.05, 0.05, (count, 2))


def write_tile_lists(folder: Path, size: int) -> None:
    """Write the lists of a data set in VIGOR's layout without pictures; every tile has a panorama."""
    for name in (*CITIES, BIG_CITY[0]):
        lists = folder / "splits" / name
        lists.mkdir(parents=True, exist_ok=True)
        positions = tile_positions(name, size if name == BIG_CITY[0] else FEW)
        tiles = [f"satellite_{lat:.7f}_{lon:.7f}.png" for lat, lon in positions]
        labels = [
            f"p{i},{lat:.7f},{lon:.7f},.jpg "
            + " ".join(f"{tiles[(i + k) % len(tiles)]} 0 0" for k in range(4))
            for i, (lat, lon) in enumerate(positions)
        ]
        for file, lines in (
            ("satellite_list", tiles),
            ("same_area_balanced_train", labels),
            ("pano_label_balanced", labels),
        ):
            (lists / f"{file}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
