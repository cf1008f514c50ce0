"""What every store refuses before its engine sees it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.store.protocol import MODES, WIDTH_TOLERANCE_M
from gleam.atlas.tiles import TileBatch
from gleam.errors import AtlasError, unknown_name
from gleam.geo import check_lat_lon

_ID = re.compile(r"[^\"'\\\x00-\x1f\x7f]+")
_MAX_ID = 200


def checked_batch(batch: TileBatch, dim: int) -> NDArray[np.float32]:
    """Return the (N, dim) vectors of a batch that may be stored, contiguous.

    Raises:
        AtlasError: Numbers of tiles, vectors and thumbnails differ, a vector has another length or holds
            NaN, an id comes twice or is none.
        GleamError: A tile does not lie on Earth.
    """
    vectors = np.ascontiguousarray(batch.vectors, np.float32)
    if vectors.shape != (len(batch.tiles), dim) or len(batch.thumbnails) != len(batch.tiles):
        raise AtlasError(
            f"{len(batch.tiles)} tiles came with vectors of shape {vectors.shape} and "
            f"{len(batch.thumbnails)} thumbnails; expected ({len(batch.tiles)}, {dim})."
        )
    finite = np.isfinite(vectors).all(1)
    if not finite.all():
        bad = batch.tiles[int(np.flatnonzero(~finite)[0])].id
        raise AtlasError(f"The vector of tile {bad} holds NaN or infinity; the encoder's weights are broken.")
    ids = [t.id for t in batch.tiles]
    if len(set(ids)) != len(ids):
        raise AtlasError("One batch of tiles holds the same id twice.")
    for tile in batch.tiles:
        # Engines page through their rows by id, and not all of them quote it as they should.
        if not _ID.fullmatch(tile.id) or len(tile.id.encode()) > _MAX_ID:
            raise AtlasError(
                f"{tile.id[:40]!r} cannot name a tile; ids have 1 to {_MAX_ID} bytes without quotes, "
                "backslashes and control characters."
            )
        check_lat_lon(tile.lat, tile.lon, f"Tile {tile.id}")
    return vectors


def checked_queries(vectors: NDArray[np.float32], dim: int, k: int, mode: str) -> NDArray[np.float32]:
    """Return queries as (Q, dim) float32, contiguous.

    Raises:
        AtlasError: A query has another length or holds NaN, or ``k`` is below 1.
        GleamError: There is no such mode.
    """
    queries = np.ascontiguousarray(np.atleast_2d(np.asarray(vectors, np.float32)))
    if queries.ndim != 2 or queries.shape[1] != dim:
        raise AtlasError(f"A query of {queries.shape[-1]} numbers cannot be compared with {dim}.")
    if not np.isfinite(queries).all():
        raise AtlasError("A query vector holds NaN or infinity, so nothing can be compared with it.")
    if k < 1:
        raise AtlasError(f"k is {k}; ask for at least one tile.")
    if mode not in MODES:
        raise unknown_name("way of searching", mode, MODES)
    return queries


def check_all_found(ids: Sequence[str], found: Iterable[str], where: object) -> None:
    """Raise ``AtlasError`` naming the first of ``ids`` that is not among those found."""
    there = set(found)
    for name in ids:
        if name not in there:
            raise AtlasError(f"{where} holds no tile {name!r}; `gleam atlas show` tells the ids.")


def width_bounds(width_m: float) -> tuple[float, float]:
    """Return the ground widths that count as this one."""
    return width_m - WIDTH_TOLERANCE_M, width_m + WIDTH_TOLERANCE_M
