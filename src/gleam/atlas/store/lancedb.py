"""LanceDB as the store inside an atlas folder: one table, no server, many readers.

Why: several processes may read and write, a kill keeps all acknowledged rows, and the same data lies
on object storage. Its rules, measured: ``merge_insert`` on the id, never bare ``add`` (a redo doubled
rows); rows are not flushed to the disk by the engine, so this adapter does it; readers ask for the
latest version themselves; its import costs a second, so it is imported late.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.region import Region
from gleam.atlas.tiles import Hit, Tile, TileBatch
from gleam.errors import AtlasError

TABLE = "tiles"
EXACT_ROWS = 50_000
"""Up to so many rows (of the table or of the region) every one is compared; above, an index is used."""
PROBES, REFINE = 60, 10
"""Settings of the index that kept filtered recall at 0.997 in the study."""
_COLUMNS = ["id", "lat", "lon", "width_m", "source"]
_FETCH_AT_ONCE = 1000
_KEEP_VERSIONS = timedelta(hours=1)
"""A reader moves to the latest version with each search, so an hour is plenty."""


@dataclass(frozen=True)
class _Matrix:
    """All tiles of one version in memory, ordered by id."""

    version: int
    tiles: list[Tile]
    lats: NDArray[np.float64]
    lons: NDArray[np.float64]
    vectors: NDArray[np.float32]


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
        self._synced: set[str] = set()
        self._matrix: _Matrix | None = None
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
                self._table = database.create_table(TABLE, schema=_schema(dim or 0), mode="create")
        except (ValueError, OSError, RuntimeError) as error:
            raise AtlasError(
                f"{self._path} cannot be read as a table of tiles ({_first_line(error)}); "
                "build the atlas again."
            ) from error
        self.dim = int(self._table.schema.field("vector").type.list_size)
        if dim is not None and dim != self.dim:
            raise AtlasError(f"{self._path} holds vectors of {self.dim} numbers, not of {dim}.")

    def upsert(self, batch: TileBatch) -> None:
        """Write tiles, replacing those whose id is there; flushed to the disk on return."""
        if not batch.tiles:
            return
        vectors = np.ascontiguousarray(batch.vectors, np.float32)
        if vectors.shape != (len(batch.tiles), self.dim) or len(batch.thumbnails) != len(batch.tiles):
            raise AtlasError(
                f"{len(batch.tiles)} tiles came with vectors of shape {vectors.shape} and "
                f"{len(batch.thumbnails)} thumbnails; expected ({len(batch.tiles)}, {self.dim})."
            )
        if not np.isfinite(vectors).all():
            bad = batch.tiles[int(np.flatnonzero(~np.isfinite(vectors).all(1))[0])].id
            raise AtlasError(
                f"The vector of tile {bad} holds NaN or infinity; the encoder's weights are broken."
            )
        ids = [t.id for t in batch.tiles]
        if len(set(ids)) != len(ids):
            raise AtlasError("One batch of tiles holds the same id twice.")
        self._merge(_to_arrow(batch, vectors, self._table.schema))
        self._changed()

    def delete(self, ids: Sequence[str]) -> int:
        """Remove tiles by id and return how many there were."""
        before = self.count()
        for at in range(0, len(ids), _FETCH_AT_ONCE):
            with self._write_errors():
                self._table.delete(_id_in(ids[at : at + _FETCH_AT_ONCE]))
        self._changed()
        return before - self.count()

    def search(self, vectors: NDArray[np.float32], k: int, region: Region | None = None) -> list[list[Hit]]:
        """Return the ``k`` most similar tiles for each query; see the protocol."""
        queries = np.atleast_2d(np.asarray(vectors, np.float32))
        if queries.shape[1] != self.dim:
            raise AtlasError(f"A query of {queries.shape[1]} numbers cannot be compared with {self.dim}.")
        if not np.isfinite(queries).all():
            raise AtlasError("A query vector holds NaN or infinity, so nothing can be compared with it.")
        if k < 1:
            raise AtlasError(f"k is {k}; ask for at least one tile.")
        if self._table.count_rows() <= self._exact_rows:
            return _exact(self._all(), queries, k, region)
        where = _box_filter(region)
        if where is not None and self._table.count_rows(where) <= self._exact_rows:
            return _exact(self._load(where), queries, k, region)
        return [self._indexed(q, k, region, where) for q in queries]

    def count(self, region: Region | None = None) -> int:
        """Return the number of tiles, in a region when given."""
        where = _box_filter(region)
        if region is None or region.circle is None:
            return int(self._table.count_rows(where))
        rows = self._table.search().where(where).select(["lat", "lon"]).to_arrow()
        return int(region.contains(rows["lat"].to_numpy(), rows["lon"].to_numpy()).sum())

    def tiles(self) -> Iterator[Tile]:
        """Yield every tile, ordered by id."""
        rows = self._table.search().select(_COLUMNS).limit(max(1, self._table.count_rows())).to_arrow()
        yield from sorted(_tiles(rows), key=lambda tile: tile.id)

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
            part = ids[at : at + _FETCH_AT_ONCE]
            rows = self._table.search().where(_id_in(part)).select(_COLUMNS).limit(len(part)).to_arrow()
            found.update({tile.id: tile for tile in _tiles(rows)})
        self._check_found(ids, found)
        return [found[i] for i in ids]

    def version(self) -> int:
        """Return the table's version."""
        return int(self._table.version)

    def refresh(self) -> None:
        """Move to the latest version on the disk."""
        self._table.checkout_latest()

    def optimize(self, *, alone: bool = False) -> None:
        """Merge the small files of a build, forget old versions, and index a large table."""
        if self._table.count_rows() > self._exact_rows and not self._table.list_indices():
            from lancedb.index import IvfRq

            with self._write_errors():
                self._table.create_index("vector", config=IvfRq(distance_type="cosine"))
        with warnings.catch_warnings(), self._write_errors():
            # The engine warns that readers of old versions will fail; ``alone`` says there are none.
            warnings.simplefilter("ignore", UserWarning)
            self._table.optimize(cleanup_older_than=timedelta(0) if alone else _KEEP_VERSIONS)
        self._changed()

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

    def _merge(self, rows: Any) -> None:
        merge = self._table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
        with self._write_errors():
            merge.execute(rows)

    def _changed(self) -> None:
        self._matrix = None
        # The engine leaves new files in the system's cache; a journal line must not outlive them.
        for root, _, files in os.walk(self._path):
            fresh = [os.path.join(root, f) for f in files if os.path.join(root, f) not in self._synced]
            for file in [*fresh, root] if fresh else []:
                _sync(file)
            self._synced.update(fresh)

    def _all(self) -> _Matrix:
        if self._matrix is None or self._matrix.version != self.version():
            self._matrix = self._load(None)
        return self._matrix

    def _load(self, where: str | None) -> _Matrix:
        version = self.version()
        query = self._table.search().select([*_COLUMNS, "vector"])
        if where is not None:
            query = query.where(where)
        rows = query.limit(max(1, self._table.count_rows())).to_arrow()
        order = np.argsort(np.array(rows["id"].to_pylist(), dtype=object)) if len(rows) else np.zeros(0, int)
        tiles = _tiles(rows)
        vectors = rows["vector"].combine_chunks().flatten().to_numpy().reshape(-1, self.dim)
        return _Matrix(
            version,
            [tiles[i] for i in order],
            rows["lat"].to_numpy()[order],
            rows["lon"].to_numpy()[order],
            np.ascontiguousarray(vectors[order]),
        )

    def _indexed(
        self, vector: NDArray[np.float32], k: int, region: Region | None, where: str | None
    ) -> list[Hit]:
        total, wanted = int(self._table.count_rows(where)), k
        while True:
            query = self._table.search(vector, vector_column_name="vector").distance_type("cosine")
            query = query.nprobes(PROBES).refine_factor(REFINE).select([*_COLUMNS, "vector"])
            if where is not None:
                query = query.where(where, prefilter=True)
            rows = query.limit(wanted).to_arrow()
            vectors = rows["vector"].combine_chunks().flatten().to_numpy().reshape(-1, self.dim)
            hits = [Hit(t, float(s)) for t, s in zip(_tiles(rows), vectors @ vector, strict=True)]
            if region is not None and region.circle is not None:
                keep = region.contains([h.tile.lat for h in hits], [h.tile.lon for h in hits])
                hits = [h for h, inside in zip(hits, keep, strict=True) if inside]
            if len(hits) >= k or wanted >= total:
                return sorted(hits, key=lambda h: (-h.score, h.tile.id))[:k]
            # A circle fills 79 % of its box, so doubling ends after a step or two.
            wanted = min(total, wanted * 2)

    def _fetch(self, ids: Sequence[str], column: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for at in range(0, len(ids), _FETCH_AT_ONCE):
            part = ids[at : at + _FETCH_AT_ONCE]
            rows = self._table.search().where(_id_in(part)).select(["id", column]).limit(len(part)).to_arrow()
            found.update(zip(rows["id"].to_pylist(), rows[column].to_pylist(), strict=True))
        self._check_found(ids, found)
        return found

    def _check_found(self, ids: Sequence[str], found: dict[str, Any]) -> None:
        for name in ids:
            if name not in found:
                raise AtlasError(
                    f"{self._path.parent} holds no tile {name!r}; `gleam atlas show` tells the ids."
                )


def _exact(matrix: _Matrix, queries: NDArray[np.float32], k: int, region: Region | None) -> list[list[Hit]]:
    rows = np.arange(len(matrix.tiles))
    if region is not None:
        rows = rows[region.contains(matrix.lats, matrix.lons)]
    if not len(rows):
        return [[] for _ in queries]
    vectors = matrix.vectors if len(rows) == len(matrix.tiles) else matrix.vectors[rows]
    k = min(k, len(rows))
    found = []
    for scores in queries @ vectors.T:
        # All that equal the k-th score stay in the draw, so that ties go by id and not by chance.
        kth = np.partition(scores, len(scores) - k)[len(scores) - k]
        near = np.flatnonzero(scores >= kth)
        best = near[np.lexsort((near, -scores[near]))][:k]
        found.append([Hit(matrix.tiles[rows[i]], float(scores[i])) for i in best])
    return found


def _schema(dim: int) -> Any:
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("lat", pa.float64()),
            pa.field("lon", pa.float64()),
            pa.field("width_m", pa.float64()),
            pa.field("source", pa.string()),
            pa.field("vector", pa.list_(pa.float32(), dim)),
            pa.field("thumbnail", pa.binary()),
        ]
    )


def _to_arrow(batch: TileBatch, vectors: NDArray[np.float32], schema: Any) -> Any:
    import pyarrow as pa

    tiles = batch.tiles
    columns = {
        "id": [t.id for t in tiles],
        "lat": [t.lat for t in tiles],
        "lon": [t.lon for t in tiles],
        "width_m": [t.width_m for t in tiles],
        "source": [t.source for t in tiles],
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1]),
        "thumbnail": list(batch.thumbnails),
    }
    return pa.table(columns, schema=schema)


def _tiles(rows: Any) -> list[Tile]:
    values = (rows[name].to_pylist() for name in _COLUMNS)
    return [Tile(*row) for row in zip(*values, strict=True)]


def _box_filter(region: Region | None) -> str | None:
    if region is None:
        return None
    boxes = [
        f"(lon >= {w!r} AND lon <= {e!r} AND lat >= {s!r} AND lat <= {n!r})" for w, s, e, n in region.boxes
    ]
    return " OR ".join(boxes)


def _id_in(ids: Sequence[str]) -> str:
    quoted = ", ".join("'" + i.replace("'", "''") + "'" for i in ids)
    return f"id IN ({quoted})"


def _sync(path: str) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:  # removed by a clean-up meanwhile, or a folder on a system that cannot open one
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _quiet_engine() -> None:
    # A warning for each new table would stand in the middle of the user's progress bar.
    os.environ.setdefault("LANCEDB_LOG", "error")
