"""What a query found: tiles with their scores, kept as columns until one of them is looked at.

A photo of unknown heading finds thousands of tiles, of which a dozen matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gleam.atlas.tiles import Hit, Tile


class TileTable(Protocol):
    """Tiles by row number, ordered by id."""

    lats: NDArray[np.float64]
    lons: NDArray[np.float64]

    def tile(self, row: int) -> Tile:
        """Return the tile of a row."""


class Hits(Sequence[Hit]):
    """The tiles that one query found, best first, as a sequence of :class:`~gleam.atlas.tiles.Hit`.

    table: holds the tiles. rows: (N,) theirs in it. scores: (N,) their cosine similarity.
    """

    __slots__ = ("rows", "scores", "table")

    def __init__(self, table: TileTable, rows: NDArray[np.int64], scores: NDArray[np.float64]) -> None:
        self.table, self.rows, self.scores = table, rows, scores

    @classmethod
    def of(cls, hits: Sequence[Hit]) -> Hits:
        """Return any hits as columns."""
        if isinstance(hits, Hits):
            return hits
        table = _Listed([hit.tile for hit in hits])
        scores = np.array([hit.score for hit in hits], np.float64)
        return cls(table, table.rows_of([hit.tile.id for hit in hits]), scores)

    @property
    def lats(self) -> NDArray[np.float64]:
        """(N,) latitudes of the tiles' centres."""
        return self.table.lats[self.rows]

    @property
    def lons(self) -> NDArray[np.float64]:
        """(N,) longitudes of the tiles' centres."""
        return self.table.lons[self.rows]

    def taken(self, at: NDArray[Any]) -> Hits:
        """Return some of the hits, by number or by mask, in the order asked for."""
        return Hits(self.table, self.rows[at], self.scores[at])

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, at: int) -> Hit: ...
    @overload
    def __getitem__(self, at: slice) -> Hits: ...
    def __getitem__(self, at: int | slice) -> Hit | Hits:
        if isinstance(at, slice):
            return Hits(self.table, self.rows[at], self.scores[at])
        return Hit(self.table.tile(int(self.rows[at])), float(self.scores[at]))

    def __iter__(self) -> Iterator[Hit]:
        return map(Hit, map(self.table.tile, self.rows.tolist()), self.scores.tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Hits({list(self)})"


def best_over(queries: Sequence[Sequence[Hit]]) -> tuple[Hits, NDArray[np.intp]]:
    """Return every tile that any of several queries found, with its best score, best first, ties by id.

    Returns:
        The hits, and (N,) the number of the query that each score is of: the first of several equal ones.
    """
    parts = _in_one_table(queries)
    if not parts:
        return Hits.of([]), np.zeros(0, np.intp)
    rows = np.concatenate([part.rows for part in parts])
    scores = np.concatenate([part.scores for part in parts])
    query = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    order = np.lexsort((query, -scores, rows))
    ordered = rows[order]
    first = order[np.flatnonzero(np.diff(ordered, prepend=-1))]
    best = first[np.lexsort((rows[first], -scores[first]))]
    return Hits(parts[0].table, rows[best], scores[best]), query[best]


def left_over(
    queries: Sequence[Sequence[Hit]],
    gone: Callable[[NDArray[np.float64], NDArray[np.float64]], ArrayLike],
) -> list[Hits]:
    """Return what several queries found without the tiles of which ``gone(lats, lons)`` is true."""
    parts = _in_one_table(queries)
    rows = np.unique(np.concatenate([part.rows for part in parts])) if parts else np.zeros(0, np.int64)
    if not len(rows):
        return parts
    table = parts[0].table
    left = rows[~np.atleast_1d(np.asarray(gone(table.lats[rows], table.lons[rows]), bool))]
    return [part.taken(np.isin(part.rows, left)) for part in parts]


def _in_one_table(queries: Sequence[Sequence[Hit]]) -> list[Hits]:
    parts = [Hits.of(hits) for hits in queries]
    if len({id(part.table) for part in parts}) < 2:
        return parts
    table = _Listed([hit.tile for part in parts for hit in part])
    return [Hits(table, table.rows_of([h.tile.id for h in part]), part.scores) for part in parts]


class _Listed:
    """A table of tiles that were given one by one; the same tile may come several times."""

    def __init__(self, tiles: Sequence[Tile]) -> None:
        by_id = {tile.id: tile for tile in tiles}
        self._tiles = [by_id[name] for name in sorted(by_id)]
        self._row_of = {tile.id: row for row, tile in enumerate(self._tiles)}
        self.lats = np.array([tile.lat for tile in self._tiles], np.float64)
        self.lons = np.array([tile.lon for tile in self._tiles], np.float64)

    def tile(self, row: int) -> Tile:
        return self._tiles[row]

    def rows_of(self, ids: Sequence[str]) -> NDArray[np.int64]:
        return np.array([self._row_of[name] for name in ids], np.int64)
