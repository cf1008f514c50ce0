"""The form of the LanceDB table of tiles: its columns, its filters, and its files on the disk."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.region import Region
from gleam.atlas.sources.protocol import Said
from gleam.atlas.store.checks import width_bounds
from gleam.atlas.store.exact import TILE_COLUMNS, TileColumns
from gleam.atlas.store.lance_said import SAID_COLUMNS, quoted, said_columns
from gleam.atlas.tiles import Tile, TileBatch


def schema(dim: int) -> Any:
    """Return the columns of a tile: where it lies, what is said of its source, vector and thumbnail."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("lat", pa.float64()),
            pa.field("lon", pa.float64()),
            pa.field("width_m", pa.float64()),
            pa.field("source", pa.string()),
            *(pa.field(name, pa.string()) for name in SAID_COLUMNS),
            pa.field("vector", pa.list_(pa.float32(), dim)),
            pa.field("thumbnail", pa.binary()),
        ]
    )


def to_arrow(
    batch: TileBatch, vectors: NDArray[np.float32], said: Mapping[str, Said], table_schema: Any
) -> Any:
    """Return a batch as an Arrow table with the columns of ``table_schema``."""
    import pyarrow as pa

    tiles = batch.tiles
    columns = {
        "id": [t.id for t in tiles],
        "lat": [t.lat for t in tiles],
        "lon": [t.lon for t in tiles],
        "width_m": [t.width_m for t in tiles],
        "source": [t.source for t in tiles],
        **said_columns([t.source for t in tiles], said),
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1]),
        "thumbnail": list(batch.thumbnails),
    }
    return pa.table(columns, schema=table_schema)


def to_tiles(rows: Any) -> list[Tile]:
    """Return the tiles of an Arrow table with ``TILE_COLUMNS``."""
    values = (rows.column(name).to_pylist() for name in TILE_COLUMNS)
    return [Tile(*row) for row in zip(*values, strict=True)]


def to_vectors(rows: Any, dim: int) -> NDArray[np.float32]:
    """Return (N, dim) the vectors of an Arrow table."""
    column = rows.column("vector")
    whole = column.combine_chunks() if hasattr(column, "combine_chunks") else column
    return np.asarray(whole.flatten().to_numpy(zero_copy_only=False), np.float32).reshape(-1, dim)


def filter_of(region: Region | None, width_m: float | None, source: str | None = None) -> str | None:
    """Return the SQL condition of a search, None when all tiles are meant; a circle is cut out later."""
    parts = []
    if region is not None:
        boxes = [
            f"(lon >= {w!r} AND lon <= {e!r} AND lat >= {s!r} AND lat <= {n!r})"
            for w, s, e, n in ((float(a), float(b), float(c), float(d)) for a, b, c, d in region.boxes)
        ]
        parts.append("(" + " OR ".join(boxes) + ")")
    if width_m is not None:
        low, high = width_bounds(float(width_m))
        parts.append(f"(width_m >= {low!r} AND width_m <= {high!r})")
    if source is not None:
        parts.append(f"source = {quoted(source)}")
    return " AND ".join(parts) or None


def id_in(ids: Sequence[str]) -> str:
    """Return the SQL condition that an id is one of these."""
    return f"id IN ({', '.join(quoted(i) for i in ids)})"


class KnownTiles:
    """The tiles of one version of a table, found by the row ids that the engine gives.

    Args:
        rows: An Arrow table with ``TILE_COLUMNS`` and ``_rowid``.
        version: Of the table; row ids are good for that version alone.
    """

    def __init__(self, rows: Any, version: int) -> None:
        self.version = version
        rows = rows.sort_by("_rowid")
        self._row_ids: NDArray[np.uint64] = rows["_rowid"].to_numpy()
        self._columns = TileColumns(rows)

    def tiles(self, row_ids: NDArray[np.uint64]) -> list[Tile]:
        """Return the tiles in the order of their row ids."""
        return [self._columns.tile(int(row)) for row in np.searchsorted(self._row_ids, row_ids)]


class DiskSync:
    """Flushing what an engine wrote: LanceDB leaves new files in the system's cache.

    Args:
        folder: The table's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, set[tuple[str, int]]] = {}

    def __call__(self) -> None:
        """Flush the files that came or were replaced since the last call, and the folders that hold them."""
        folders = [str(self._folder)]
        while folders:
            folder = folders.pop()
            try:
                entries = list(os.scandir(folder))
            except FileNotFoundError:  # removed by a clean-up meanwhile
                continue
            # A file that is replaced keeps its name and gets another number.
            there = {(entry.name, entry.inode()) for entry in entries}
            fresh = there - self._known.get(folder, set())
            for name, _ in fresh:
                _sync(os.path.join(folder, name))
            if fresh:
                _sync(folder)
            self._known[folder] = there
            folders += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]


def give_memory_back() -> None:
    """Hand what the engine has freed back to the system: hundreds of MB after packing, which glibc keeps."""
    with contextlib.suppress(OSError, AttributeError, TypeError):  # other C libraries do it by themselves
        ctypes.CDLL(None).malloc_trim(0)


def _sync(path: str) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:  # removed by a clean-up meanwhile, or a folder on a system that cannot open one
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
