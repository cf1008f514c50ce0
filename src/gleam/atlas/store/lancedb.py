"""LanceDB as the store inside an atlas folder: one table, no server, many readers.

Why: several processes may read and write, a kill keeps all acknowledged rows, and the same data lies
on object storage. Its rules, measured: ``merge_insert`` on the id, never bare ``add`` (a redo doubled
rows); rows are not flushed to the disk by the engine, so this adapter does it; readers ask for the
latest version themselves; its import costs a second, so it is imported late.
"""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.region import Region
from gleam.atlas.sources.protocol import Said
from gleam.atlas.store.checks import check_all_found, checked_batch, checked_queries
from gleam.atlas.store.exact import TILE_COLUMNS, TileColumns, search_exactly
from gleam.atlas.store.lance_said import read_said, write_said
from gleam.atlas.store.lance_table import (
    DiskSync,
    KnownTiles,
    filter_of,
    give_memory_back,
    id_in,
    schema,
    to_arrow,
    to_tiles,
    to_vectors,
)
from gleam.atlas.store.protocol import Mode
from gleam.atlas.store.widening import complete_hits
from gleam.atlas.tiles import Hit, Tile, TileBatch
from gleam.errors import AtlasError

TABLE = "tiles"
EXACT_ROWS = 50_000
"""Up to so many rows (of the table or of the region) every one is compared; above, an index is used."""
PARTITION_ROWS, BITS = 4000, 4
"""Tiles per list of the index and bits per number. Measured on a million clustered vectors: one bit needs 200
tiles compared again in full for each ten hits, four bits need 40, which costs less than the bits do."""
PROBES, REFINE = 25, 3
FILTERED_PROBES, FILTERED_REFINE = 120, 8
"""Lists searched and, for every hit asked for, how many are compared again in full; the best inside a region
are less alike than the best of all, so that more of both are needed to find them."""
_FETCH_AT_ONCE = 1000
_INDEX = f"vector_rq{BITS}"
"""The index is called by its kind, so that one of another kind is replaced."""
_KNOWN_AFTER, _KNOWN_ROWS = 4, 2_000_000
"""From so many searches by the index on, the columns of a table of up to so many tiles are held in memory
(about 100 bytes a tile): fetching ten tiles from the disk takes longer than finding them."""
_KEEP_VERSIONS = timedelta(hours=1)
"""A reader moves to the latest version with each search, so an hour is plenty."""


@dataclass(frozen=True)
class _Loaded:
    """The tiles of a version that meet a condition (None: all), ordered by id, with vectors and row ids."""

    version: int
    where: str | None
    columns: TileColumns
    vectors: NDArray[np.float32]
    row_ids: NDArray[np.uint64]

    def is_of(self, version: int, where: str | None) -> bool:
        """Whether it is what is asked for."""
        return (self.version, self.where) == (version, where)


class LanceStore:
    """The :class:`~gleam.atlas.store.protocol.TileStore` on an embedded LanceDB table.

    Args:
        folder: Where the table ``tiles.lance`` lies or shall lie.
        dim: Length of the vectors; with it, a missing table is made.
        exact_rows: See ``EXACT_ROWS``.

    Raises:
        AtlasError: The table is missing and ``dim`` is not given, cannot be read, or has another length.
    """

    def __init__(
        self, folder: str | os.PathLike[str], *, dim: int | None = None, exact_rows: int = EXACT_ROWS
    ) -> None:
        _quiet_engine()
        import lancedb

        self._path = Path(folder) / f"{TABLE}.lance"
        self._exact_rows = exact_rows
        self._sync = DiskSync(self._path)
        self._loaded: _Loaded | None = None
        self._moving = threading.Lock()
        self._loading = threading.Lock()
        self._known: KnownTiles | None = None
        self._searches = 0
        self._said: Mapping[str, Said] = {}
        exists = self._path.is_dir() and any(self._path.iterdir())
        if not exists and dim is None:
            raise AtlasError(
                f"{folder} has lost its tiles: {self._path.name} is missing; build the atlas again."
            )
        try:
            database = lancedb.connect(str(folder))
            if exists:
                self._table: Any = database.open_table(TABLE)
            else:
                self._table = database.create_table(TABLE, schema=schema(dim or 0), mode="create")
        except (ValueError, OSError, RuntimeError) as error:
            raise AtlasError(
                f"{self._path} cannot be read as a table of tiles ({_first_line(error)}); "
                "build the atlas again."
            ) from error
        # Asking the engine takes as long as a small search, and every search wants to know.
        self._version = int(self._table.version)
        self.dim = int(self._table.schema.field("vector").type.list_size)
        if dim is not None and dim != self.dim:
            raise AtlasError(f"{self._path} holds vectors of {self.dim} numbers, not of {dim}.")

    def upsert(self, batch: TileBatch) -> None:
        """Write tiles, replacing those whose id is there; flushed to the disk on return."""
        vectors = checked_batch(batch, self.dim) if batch.tiles else None
        if vectors is None:
            return
        merge = self._table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
        with self._write_errors():
            merge.execute(to_arrow(batch, vectors, self._said, self._table.schema))
        self._changed()

    def describe(self, said: Mapping[str, Said]) -> None:
        """Keep what is said of each source in columns beside its tiles."""
        self._said = dict(said)
        with self._write_errors():
            changed = write_said(self._table, self._said)
        if changed:
            self._changed()

    def described(self) -> dict[str, list[Said]]:
        """Return what the table says of each source; nothing where it was made before it had the columns."""
        return read_said(self._table)

    def delete(self, ids: Sequence[str]) -> int:
        """Remove tiles by id and return how many there were."""
        before = self.count()
        for at in range(0, len(ids), _FETCH_AT_ONCE):
            with self._write_errors():
                self._table.delete(id_in(ids[at : at + _FETCH_AT_ONCE]))
        self._changed()
        return before - self.count()

    def search(
        self,
        vectors: NDArray[np.float32],
        k: int,
        region: Region | None = None,
        *,
        width_m: float | None = None,
        mode: Mode = "auto",
    ) -> Sequence[Sequence[Hit]]:
        """Return the ``k`` most similar tiles for each query; see the protocol."""
        queries = checked_queries(vectors, self.dim, k, mode)
        version, known = self.version(), self._loaded
        # Asking the engine for the number of tiles takes as long as a small search.
        all_there = known is not None and known.is_of(version, None)
        if mode != "indexed" and (all_there or self._table.count_rows() <= self._exact_rows):
            loaded = self._load(version, None)
            return search_exactly(
                loaded.columns, loaded.vectors, queries, k, loaded.columns.rows(region, width_m)
            )
        where = filter_of(region, width_m)
        if mode != "indexed" and known is not None and known.is_of(version, where):
            return search_exactly(known.columns, known.vectors, queries, k, known.columns.rows(region, None))
        total = int(self._table.count_rows(where))
        exact = mode == "exact" or (mode == "auto" and total <= self._exact_rows)
        if exact and total <= self._exact_rows:
            # Scanning for them inside the engine takes three times as long and holds a gigabyte.
            loaded = self._load(version, where)
            return search_exactly(
                loaded.columns, loaded.vectors, queries, k, loaded.columns.rows(region, None)
            )
        return [self._in_engine(q, k, region, where, total, exact) for q in queries]

    def count(self, region: Region | None = None, *, width_m: float | None = None) -> int:
        """Return the number of tiles, in a region and of a ground width when given."""
        where = filter_of(region, width_m)
        loaded = self._loaded
        if where is None and loaded is not None and loaded.is_of(self.version(), None):
            return len(loaded.columns)
        if region is None or region.circle is None:
            return int(self._table.count_rows(where))
        rows = self._select(["lat", "lon"], where)
        return int(region.contains(rows["lat"].to_numpy(), rows["lon"].to_numpy()).sum())

    def tiles(self, source: str | None = None) -> Iterator[Tile]:
        """Yield every tile, ordered by id; of one source when given."""
        rows = self._select(list(TILE_COLUMNS), filter_of(None, None, source))
        yield from TileColumns(rows.sort_by("id")).all()

    def vectors_of(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """Return (N, D) stored vectors in the order asked for."""
        found = self._fetch(ids, "vector")
        return np.array([found[i] for i in ids], np.float32).reshape(len(ids), self.dim)

    def thumbnails_of(self, ids: Sequence[str]) -> list[bytes]:
        """Return the stored JPEG files in the order asked for."""
        found = self._fetch(ids, "thumbnail")
        return [found[i] for i in ids]

    def tiles_of(self, ids: Sequence[str]) -> list[Tile]:
        """Return the tiles in the order asked for."""
        found: dict[str, Tile] = {}
        for at in range(0, len(ids), _FETCH_AT_ONCE):
            rows = self._select(list(TILE_COLUMNS), id_in(ids[at : at + _FETCH_AT_ONCE]))
            found.update({tile.id: tile for tile in to_tiles(rows)})
        check_all_found(ids, found, self._path.parent)
        return [found[i] for i in ids]

    def batches(self, rows: int = 1024) -> Iterator[TileBatch]:
        """Yield all that is stored, in batches of at most ``rows`` tiles, in no order."""
        query = self._table.search().select([*TILE_COLUMNS, "vector", "thumbnail"])
        for part in query.limit(max(1, self._table.count_rows())).to_batches(rows):
            if len(part):
                yield TileBatch(to_tiles(part), to_vectors(part, self.dim), part["thumbnail"].to_pylist())

    def version(self) -> int:
        """Return the table's version, as last read or written here."""
        return self._version

    def refresh(self) -> None:
        """Move to the latest version on the disk."""
        with self._moving:  # or a slower thread might put an older number back
            self._table.checkout_latest()
            self._version = int(self._table.version)

    def optimize(self, *, alone: bool = False, index: bool = True) -> None:
        """Merge the small files of a build, forget old versions, and index a large table."""
        if index and self._table.count_rows() > self._exact_rows and _INDEX not in self._index_names():
            from lancedb.index import IvfRq

            kind = IvfRq(distance_type="cosine", num_bits=BITS, target_partition_size=PARTITION_ROWS)
            with self._write_errors():
                self._table.create_index("vector", config=kind, name=_INDEX)
                for name in self._index_names() - {_INDEX}:
                    self._table.drop_index(name)
        with warnings.catch_warnings(), self._write_errors():
            # The engine warns that readers of old versions will fail; ``alone`` says there are none.
            warnings.simplefilter("ignore", UserWarning)
            self._table.optimize(cleanup_older_than=timedelta(0) if alone else _KEEP_VERSIONS)
        give_memory_back()
        self._changed()

    def close(self) -> None:
        """Let go of the table and of what was loaded from it."""
        self._loaded = self._known = None
        self._table = None

    @contextlib.contextmanager
    def _write_errors(self) -> Iterator[None]:
        """Say in a sentence that the table could not be written; what was there before is whole."""
        try:
            yield
        except (OSError, RuntimeError) as error:
            raise AtlasError(
                f"{self._path} could not be written ({_first_line(error)}); what was written before is kept. "
                "If the disk is full, free some space; then run the same command again to go on."
            ) from error

    def _index_names(self) -> set[str]:
        return {index.name for index in self._table.list_indices()}

    def _changed(self) -> None:
        self._loaded = self._known = None
        with self._moving:
            self._version = int(self._table.version)
        # A line in the journal of a build must not outlive the tiles it vouches for.
        self._sync()

    def _select(self, columns: list[str], where: str | None) -> Any:
        query = self._table.search().select(columns)
        if where is not None:
            query = query.where(where)
        return query.limit(max(1, self._table.count_rows())).to_arrow()

    def _load(self, version: int, where: str | None) -> _Loaded:
        with self._loading:  # threads of a server search at once
            loaded = self._loaded
            if loaded is None or not loaded.is_of(version, where):
                loaded = self._loaded = None  # the old one may go before the new one comes
                loaded = self._loaded = self._read(version, where)
        return loaded

    def _read(self, version: int, where: str | None) -> _Loaded:
        query = self._table.search().with_row_id(True)
        most = max(1, self._table.count_rows())
        if where is None:
            rows = query.select([*TILE_COLUMNS, "vector"]).limit(most).to_arrow().sort_by("id")
            vectors = to_vectors(rows, self.dim)
            rows = rows.drop_columns("vector")
        else:
            # The vectors by row number: a scan for them reads the whole table, and holds a gigabyte of it.
            rows = query.select(list(TILE_COLUMNS)).where(where).limit(most).to_arrow().sort_by("id")
            vectors = np.zeros((0, self.dim), np.float32)
            if len(rows):
                vectors = to_vectors(self._take(rows["_rowid"].to_pylist(), "vector").sort_by("id"), self.dim)
        return _Loaded(version, where, TileColumns(rows), vectors, rows["_rowid"].to_numpy())

    def _take(self, row_ids: list[int], column: str) -> Any:
        return self._table.take_row_ids(row_ids).select(["id", column]).to_arrow()

    def _in_engine(
        self,
        vector: NDArray[np.float32],
        k: int,
        region: Region | None,
        where: str | None,
        total: int,
        exact: bool,
    ) -> list[Hit]:
        def fetch(wanted: int) -> list[Hit]:
            query = self._table.search(vector, vector_column_name="vector").distance_type("cosine")
            probes, refine = (PROBES, REFINE) if where is None else (FILTERED_PROBES, FILTERED_REFINE)
            query = query.bypass_vector_index() if exact else query.nprobes(probes).refine_factor(refine)
            if where is not None:
                query = query.where(where, prefilter=True)
            if known is None:
                rows = query.select([*TILE_COLUMNS, "_distance"]).limit(wanted).to_arrow()
                tiles = to_tiles(rows)
            else:
                rows = query.with_row_id(True).select(["_distance"]).limit(wanted).to_arrow()
                tiles = known.tiles(rows["_rowid"].to_numpy())
            scores = 1 - rows["_distance"].to_numpy()
            return [Hit(t, float(s)) for t, s in zip(tiles, scores, strict=True)]

        known = self._known_tiles()
        return complete_hits(fetch, k, region, total) or []

    def _known_tiles(self) -> KnownTiles | None:
        """Return the tiles held in memory, once that has become worth its while."""
        with self._loading:
            self._searches += 1
            version = self.version()
            if self._known is None or self._known.version != version:
                self._known = None
                if self._searches <= _KNOWN_AFTER or (rows := self._table.count_rows()) > _KNOWN_ROWS:
                    return None
                query = self._table.search().with_row_id(True).select(list(TILE_COLUMNS))
                self._known = KnownTiles(query.limit(max(1, rows)).to_arrow(), version)
            return self._known

    def _fetch(self, ids: Sequence[str], column: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for at in range(0, len(ids), _FETCH_AT_ONCE):
            some = ids[at : at + _FETCH_AT_ONCE]
            numbers = self._row_ids_of(some)
            if numbers:
                rows = self._take(numbers, column)
                found.update(zip(rows["id"].to_pylist(), rows[column].to_pylist(), strict=True))
                some = [i for i in some if i not in found]  # another thread may have moved to a newer version
                if not some:
                    continue
            rows = self._select(["id", column], id_in(some))
            found.update(zip(rows["id"].to_pylist(), rows[column].to_pylist(), strict=True))
        check_all_found(ids, found, self._path.parent)
        return found

    def _row_ids_of(self, ids: Sequence[str]) -> list[int] | None:
        """Return the row ids of tiles, which fetch in half the time, where all of them are in memory."""
        loaded = self._loaded
        if loaded is None or loaded.version != self.version():
            return None
        rows = [row for i in ids if (row := loaded.columns.row_of(i)) is not None]
        return loaded.row_ids[rows].tolist() if len(rows) == len(ids) else None


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _quiet_engine() -> None:
    # A warning for each new table would stand in the middle of the user's progress bar.
    os.environ.setdefault("LANCEDB_LOG", "error")
