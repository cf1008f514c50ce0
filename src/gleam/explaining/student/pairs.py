"""Drawing pairs in a city: each query picture with its own tile and with another's.

A negative differs from a positive in nothing but the place: both take the tile as it is, centred and
jittered alike, and the query as it is; so only the place can give it away.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gleam.errors import GleamError
from gleam.explaining.student.config import MatchConfig
from gleam.explaining.student.pictures import PairTable
from gleam.geo import Frame
from gleam.places.table import Places
from gleam.views import View

POOL = 12
"""A look-alike is one of this many most similar tiles of other places."""


def draw_pairs(
    places: Places, vectors: NDArray[np.float32], config: MatchConfig, rng: np.random.Generator
) -> PairTable:
    """Draw one positive and one negative for every query picture that has a tile of its own.

    Args:
        places: The pictures. vectors: (n, D) unit vectors of them.
        vectors: Of the pictures, for the look-alikes.
        config: The shares of the kinds of negatives.
        rng: Draws the kinds and the tiles.

    Raises:
        GleamError: There are too few places to draw a negative from.
    """
    views, names = places.column("view"), places.column("place")
    lat, lon = places.column("lat"), places.column("lon")
    tiles = np.flatnonzero(views == View.SATELLITE.value)
    own = {names[row]: int(row) for row in tiles}
    queries = np.array(
        [r for r in np.flatnonzero(views != View.SATELLITE.value) if names[r] in own], np.int64
    )
    if len(tiles) < 3 or not len(queries):
        raise GleamError(f"{places!r} has too few places with a satellite picture to draw pairs from.")
    right = np.array([own[names[row]] for row in queries], np.int64)
    alike = vectors[queries] @ vectors[tiles].T
    x, y = _metres(lat, lon)
    far = np.hypot(x[right][:, None] - x[tiles], y[right][:, None] - y[tiles])
    # What lies nearer shows much of the same ground and is neither.
    apart = (far >= config.near_m[0]) | np.isnan(far)
    apart &= tiles[None, :] != right[:, None]
    near = apart & (far <= config.near_m[1])
    ranked = np.where(apart, alike, -np.inf)
    pool = np.argsort(-ranked, axis=1, kind="stable")[:, :POOL]
    kind = rng.random(len(queries))
    wrong, tier = np.empty(len(queries), np.int64), np.empty(len(queries), "U8")
    for k in range(len(queries)):
        nearby = np.flatnonzero(near[k])
        others = np.flatnonzero(apart[k])
        if not len(others):
            raise GleamError(f"{places!r}: no other place lies {config.near_m[0]:g} m or more away.")
        if kind[k] < config.near_share and len(nearby):
            chosen, tier[k] = rng.choice(nearby), "near"
        elif kind[k] < config.near_share + config.alike_share:
            usable = [c for c in pool[k] if apart[k, c]]
            chosen, tier[k] = usable[int(rng.integers(len(usable)))], "mistake"
        else:
            chosen, tier[k] = rng.choice(others), "random"
        wrong[k] = tiles[chosen]
    match = np.repeat([True, False], len(queries))
    return PairTable(
        np.concatenate([queries, queries]),
        np.concatenate([right, wrong]),
        match,
        np.concatenate([np.full(len(queries), "positive"), tier]),
    )


def _metres(
    lat: NDArray[np.float64], lon: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return plane coordinates; geodesics between all pairs would take a minute for a city."""
    known = np.isfinite(lat) & np.isfinite(lon)
    x, y = np.full(len(lat), np.nan), np.full(len(lat), np.nan)
    if known.any():
        frame = Frame.at(float(lat[known].mean()), float(lon[known].mean()))
        x[known], y[known] = frame.to_local(lat[known], lon[known])
    return x, y
