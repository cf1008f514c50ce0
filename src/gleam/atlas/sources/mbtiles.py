"""MBTiles: web-map tiles in one SQLite file, opened for reading only."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.sources.row_order import fits_south, metadata_facts, untold_rows
from gleam.atlas.sources.tile_decode import MAX_TILE_BYTES
from gleam.atlas.sources.tile_index import TileIndex, packed
from gleam.errors import AtlasError
from gleam.files import sha256_of

_MAGIC = b"SQLite format 3\0"
_VECTOR = ("pbf", "mvt", "application/x-protobuf")
_AT_ONCE = 100_000


class MbTiles:
    """The tiles of an MBTiles file.

    By the specification rows count from the south. A file whose stated bounds only fit rows from the
    north is taken so; ``tms`` decides when given. Where the bounds do not tell, ``notes`` does.

    Args:
        path: The file.
        tms: Whether rows count from the south.

    Raises:
        AtlasError: It is no MBTiles, is damaged, or holds vector tiles.
    """

    kind = "mbtiles"

    def __init__(self, path: Path, *, tms: bool | None = None) -> None:
        self.name = path.name
        self._path = path
        self._database = _connect(path)
        try:
            with self._complaints():
                metadata = dict(self._rows("SELECT name, value FROM metadata"))
                tiles = self._index()
            if str(metadata.get("format", "")).lower() in _VECTOR:
                raise AtlasError(
                    f"{path} holds vector tiles ({metadata['format']}), not pictures; give a raster MBTiles "
                    "(png, jpg or webp)."
                )
            as_stored = TileIndex(tiles, str(path))
            facts = metadata_facts(metadata, "metadata")
            fits = fits_south(as_stored, facts.boxes)
            self._south = tms if tms is not None else True if fits is None else fits
            told = tms is not None or fits is not None or set(as_stored.zooms) == {0}
            self.notes = () if told else (untold_rows(as_stored, str(path)),)
            self.index = TileIndex(as_stored.flipped(), str(path)) if self._south else as_stored
        except BaseException:
            self._database.close()
            raise
        self.date, self.licence, self.origin = facts.date, facts.licence, facts.origin

    def get(self, z: int, x: int, y: int) -> bytes | None:
        """Return the bytes of a tile, or None when there is none."""
        query = "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?"
        row = 2**z - 1 - y if self._south else y
        with self._complaints():
            found = self._database.execute(query, (z, x, row)).fetchone()
        return bytes(found[0]) if found and isinstance(found[0], bytes) else None

    def where(self, z: int, x: int, y: int) -> str:
        """Return how a tile is called in messages."""
        return f"{self._path}, tile {z}/{x}/{2**z - 1 - y if self._south else y}"

    def content(self) -> tuple[str, int]:
        """Return the SHA-256 of the file and its size."""
        return sha256_of(self._path), self._path.stat().st_size

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _index(self) -> dict[int, NDArray[np.int64]]:
        """Return the tiles as they are stored, packed, per zoom."""
        parts: dict[int, list[NDArray[np.int64]]] = {}
        cursor = self._database.execute("SELECT zoom_level, tile_column, tile_row FROM tiles")
        while rows := cursor.fetchmany(_AT_ONCE):
            try:
                table = np.array(rows, np.int64).reshape(-1, 3)
            except (TypeError, ValueError, OverflowError):
                raise AtlasError(f"{self._path} names tiles by something else than whole numbers.") from None
            # Numbers beyond any level would run into each other once packed.
            if (table < 0).any() or (table > 2**31).any():
                raise AtlasError(f"{self._path} names tiles outside the world; it is damaged.")
            for z in np.unique(table[:, 0]):
                of_zoom = table[table[:, 0] == z]
                parts.setdefault(int(z), []).append(packed(of_zoom[:, 1], of_zoom[:, 2]))
        return {z: np.concatenate(listed) for z, listed in parts.items()}

    def _rows(self, query: str) -> list[tuple[str, Any]]:
        return [(str(name), value) for name, value in self._database.execute(query).fetchmany(10_000)]

    @contextlib.contextmanager
    def _complaints(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise AtlasError(
                f"{self._path} is no sound MBTiles ({error}); copy it again, or export it anew."
            ) from None


def _connect(path: Path) -> sqlite3.Connection:
    try:
        with path.open("rb") as stream:
            head = stream.read(16)
    except OSError as error:
        raise AtlasError(f"{path} cannot be read: {error.strerror}.") from None
    if head != _MAGIC:
        raise AtlasError(f"{path} is no MBTiles: its first bytes are not those of an SQLite file.")
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    # The file may hold views and functions of a stranger; blobs are no larger than tiles.
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_TILE_BYTES)
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA query_only = ON")
    return database
