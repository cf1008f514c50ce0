"""Comparing a query with every tile, and the columns of tiles that this needs."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.hits import Hits
from gleam.atlas.region import Region
from gleam.atlas.store.checks import width_bounds
from gleam.atlas.tiles import Tile

TILE_COLUMNS = ("id", "lat", "lon", "width_m", "source")
_QUERIES_AT_ONCE = 256
_MOST_MADE = 50_000
"""Tiles that are remembered once made: some 15 MB."""


class TileColumns:
    """The tiles of a store column by column, ordered by id; a tile is made only when asked for.

    Args:
        table: A pyarrow table or record batch with ``TILE_COLUMNS``, ordered by id.
    """

    def __init__(self, table: Any) -> None:
        columns = {name: table.column(name) for name in TILE_COLUMNS}
        # Record batches hold arrays, tables hold chunks; one piece each is wanted without a copy.
        whole = {n: c.combine_chunks() if hasattr(c, "combine_chunks") else c for n, c in columns.items()}
        self._ids, self._sources = whole["id"], whole["source"]
        self.lats: NDArray[np.float64] = whole["lat"].to_numpy(zero_copy_only=False)
        self.lons: NDArray[np.float64] = whole["lon"].to_numpy(zero_copy_only=False)
        self.widths: NDArray[np.float64] = whole["width_m"].to_numpy(zero_copy_only=False)
        self._by_lat: tuple[NDArray[np.int64], NDArray[np.float64]] | None = None
        self._tiles: dict[int, Tile] = {}
        self._last: tuple[tuple[Region | None, float | None], NDArray[np.int64]] | None = None

    def __len__(self) -> int:
        return len(self._ids)

    def tile(self, row: int) -> Tile:
        """Return the tile of a row."""
        tile = self._tiles.get(row)
        if tile is None:
            if len(self._tiles) >= _MOST_MADE:
                self._tiles.clear()
            # Making one costs more than finding it: a photo of unknown heading asks for thousands.
            tile = self._tiles[row] = Tile(
                self._ids[row].as_py(),
                float(self.lats[row]),
                float(self.lons[row]),
                float(self.widths[row]),
                self._sources[row].as_py(),
            )
        return tile

    def all(self, source: str | None = None) -> Iterator[Tile]:
        """Yield the tiles in order; of one source when given."""
        for row in range(len(self)):
            if source is None or self._sources[row].as_py() == source:
                yield self.tile(row)

    def row_of(self, name: str) -> int | None:
        """Return the row of an id, None when there is none."""
        row = bisect.bisect_left(range(len(self)), name, key=lambda i: self._ids[i].as_py())
        return row if row < len(self) and self._ids[row].as_py() == name else None

    def rows(self, region: Region | None, width_m: float | None) -> NDArray[np.int64] | None:
        """Return in order the rows in a region and of a ground width; None stands for all rows."""
        if region is None and width_m is None:
            return None
        # Photos of one mission share their prior, and geodesics cost more than the search itself.
        last = self._last  # once: other threads may ask for another region meanwhile
        if last is None or last[0] != (region, width_m):
            last = self._last = (region, width_m), self._rows(region, width_m)
        return last[1]

    def _rows(self, region: Region | None, width_m: float | None) -> NDArray[np.int64]:
        near = np.arange(len(self)) if region is None else self._between_parallels(region)
        if width_m is not None:
            low, high = width_bounds(width_m)
            near = near[(self.widths[near] >= low) & (self.widths[near] <= high)]
        if region is not None:
            near = near[region.contains(self.lats[near], self.lons[near])]
        return near

    def _between_parallels(self, region: Region) -> NDArray[np.int64]:
        # A search region is a small part of a large atlas: its band of latitude is found by bisection.
        if self._by_lat is None:
            order = np.argsort(self.lats, kind="stable")
            self._by_lat = order, self.lats[order]  # at once: other threads may look
        order, lats = self._by_lat
        south, north = min(b[1] for b in region.boxes), max(b[3] for b in region.boxes)
        first = np.searchsorted(lats, south, "left")
        last = np.searchsorted(lats, north, "right")
        return np.sort(order[first:last])


def best_hits(
    columns: TileColumns, rows: NDArray[np.int64] | None, scores: NDArray[np.float32], k: int
) -> list[Hits]:
    """Return the ``k`` best of the tiles ``rows`` (None = all) for each line of (Q, N) scores, ties by id."""
    k = min(k, scores.shape[1])
    if not k:
        return [Hits(columns, np.zeros(0, np.int64), np.zeros(0)) for _ in scores]
    # All that equal the k-th score stay in the draw, so that ties go by id and not by chance.
    kth = np.partition(scores, -k, axis=1)[:, -k:][:, :1]
    query, near = np.nonzero(scores >= kth)
    of_them = scores[query, near]
    order = np.lexsort((near, -of_them, query))
    near, exact = near[order], of_them[order].astype(np.float64)
    near = near if rows is None else rows[near]
    begins = np.searchsorted(query, np.arange(len(scores)))
    return [Hits(columns, near[at : at + k], exact[at : at + k]) for at in begins.tolist()]


def merge_best(
    one: tuple[NDArray[np.int64], NDArray[np.float32]],
    other: tuple[NDArray[np.int64], NDArray[np.float32]],
    k: int,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the rows and scores of the ``k`` best of two lists and of all that equal the last, by row."""
    rows, scores = np.concatenate([one[0], other[0]]), np.concatenate([one[1], other[1]])
    if len(scores) <= k:
        return rows, scores
    kept = scores >= np.partition(scores, len(scores) - k)[len(scores) - k]
    return rows[kept], scores[kept]


def search_exactly(
    columns: TileColumns,
    vectors: NDArray[np.floating[Any]],
    queries: NDArray[np.float32],
    k: int,
    rows: NDArray[np.int64] | None,
) -> list[Hits]:
    """Compare each of (Q, D) queries with the vectors of all rows, or of ``rows``; best first, ties by id."""
    # Taking most of the vectors out would cost more than comparing the few others too.
    most = rows is None or 2 * len(rows) > len(vectors)
    chosen = np.asarray(vectors if most else vectors[rows], np.float32)
    found: list[Hits] = []
    for at in range(0, len(queries), _QUERIES_AT_ONCE):
        scores = queries[at : at + _QUERIES_AT_ONCE] @ chosen.T
        scores = scores[:, rows] if most and rows is not None else scores
        found += best_hits(columns, rows, scores, k)
    return found
