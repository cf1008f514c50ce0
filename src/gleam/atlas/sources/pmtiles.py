"""PMTiles: web-map tiles in one file with a directory; read from the disk, never from the network."""

from __future__ import annotations

import json
import mmap
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pmtiles.tile import (
    Compression,
    Entry,
    HeaderDict,
    TileType,
    deserialize_directory,
    deserialize_header,
    find_tile,
    zxy_to_tileid,
)

from gleam.atlas.sources.hilbert import tiles_of
from gleam.atlas.sources.row_order import metadata_facts
from gleam.atlas.sources.tile_decode import MAX_TILE_BYTES
from gleam.atlas.sources.tile_index import MAX_ZOOM, TileIndex
from gleam.errors import AtlasError
from gleam.files import sha256_of

_MAX_DIRECTORY = 64 * 1024 * 1024
_MAX_METADATA = 8 * 1024 * 1024
_MAX_DEPTH = 4
_MAX_TILES = 500_000_000
_KEPT = 64
"""Directories kept parsed: parsing one takes longer than decoding its tiles."""
_PICTURES = (TileType.PNG, TileType.JPEG, TileType.WEBP, TileType.UNKNOWN)


class PmTiles:
    """The tiles of a PMTiles file of version 3. Rows count from the north, as its specification says.

    Args:
        path: The file.
        tms: Not used; the specification leaves no choice.

    Raises:
        AtlasError: It is no PMTiles, is damaged, or holds vector tiles.
    """

    kind = "pmtiles"
    notes = ()

    def __init__(self, path: Path, *, tms: bool | None = None) -> None:
        self.name = path.name
        self._path = path
        self._map = _mapped(path)
        self._directory = lru_cache(_KEPT)(self._read_directory)
        try:
            self._header = self._read_header()
            facts = metadata_facts(self._metadata(), "metadata")
            self.index = TileIndex(self._index(), str(path))
        except BaseException:
            self._map.close()
            raise
        self.date, self.licence, self.origin = facts.date, facts.licence, facts.origin

    def get(self, z: int, x: int, y: int) -> bytes | None:
        """Return the bytes of a tile, or None when there is none."""
        header = self._header
        number = zxy_to_tileid(z, x, y)
        offset, length = header["root_offset"], header["root_length"]
        for _ in range(_MAX_DEPTH):
            entry = find_tile(self._directory(offset, length), number)
            if entry is None:
                return None
            if entry.run_length:
                return self._tile(entry)
            offset, length = header["leaf_directory_offset"] + entry.offset, entry.length
        return None

    def where(self, z: int, x: int, y: int) -> str:
        """Return how a tile is called in messages."""
        return f"{self._path}, tile {z}/{x}/{y}"

    def content(self) -> tuple[str, int]:
        """Return the SHA-256 of the file and its size."""
        return sha256_of(self._path), self._path.stat().st_size

    def close(self) -> None:
        """Close the file."""
        self._directory.cache_clear()
        self._map.close()

    def _tile(self, entry: Entry) -> bytes:
        data = self._bytes(self._header["tile_data_offset"] + entry.offset, entry.length, MAX_TILE_BYTES)
        if self._header["tile_compression"] is Compression.GZIP:
            return self._unzipped(data, MAX_TILE_BYTES)
        return data

    def _read_header(self) -> HeaderDict:
        try:
            header = deserialize_header(self._map[:127].ljust(127, b"\0"))
        except Exception:  # the library tells bad magic, version and enums by errors of many kinds
            raise AtlasError(
                f"{self._path} is no PMTiles of version 3; convert it (pmtiles convert) or give MBTiles."
            ) from None
        if header["tile_type"] not in _PICTURES:
            raise AtlasError(
                f"{self._path} holds tiles of type {header['tile_type'].name}, not pictures; give PNG, JPEG "
                "or WebP tiles."
            )
        if header["internal_compression"] is not Compression.GZIP:
            how = header["internal_compression"].name
            raise AtlasError(f"{self._path} is compressed by {how}; only GZIP is read (pmtiles convert).")
        return header

    def _metadata(self) -> dict[str, Any]:
        length = self._header["metadata_length"]
        if not length:
            return {}
        packed = self._bytes(self._header["metadata_offset"], length, _MAX_METADATA)
        try:
            values = json.loads(self._unzipped(packed, _MAX_METADATA))
        except (ValueError, RecursionError):
            raise AtlasError(f"{self._path}: its metadata is damaged; copy it again.") from None
        return values if isinstance(values, dict) else {}

    def _read_directory(self, offset: int, length: int) -> list[Entry]:
        packed = self._bytes(offset, length, _MAX_DIRECTORY)
        self._unzipped(packed, _MAX_DIRECTORY)  # the library would unpack a bomb to its end
        try:
            return deserialize_directory(packed)
        except Exception:  # whatever a damaged directory makes the library trip over
            raise AtlasError(f"{self._path}: its directory is damaged; copy it again.") from None

    def _index(self) -> dict[int, NDArray[np.int64]]:
        try:
            spans = np.array([(e.tile_id, e.run_length) for e in self._entries()], np.int64).reshape(-1, 2)
        except OverflowError:
            raise AtlasError(f"{self._path}: its directory is damaged; copy it again.") from None
        starts, runs = spans[:, 0], spans[:, 1]
        beyond = (4 ** (MAX_ZOOM + 1) - 1) // 3
        if ((spans < 0) | (spans > beyond)).any() or (starts + runs > beyond).any():
            raise AtlasError(f"{self._path}: names tiles beyond zoom {MAX_ZOOM}; it is damaged.")
        if float(runs.sum(dtype=float)) > _MAX_TILES:
            raise AtlasError(f"{self._path}: names more than {_MAX_TILES:,} tiles; cut it (pmtiles extract).")
        before = np.cumsum(runs) - runs
        numbers = np.arange(int(runs.sum())) - np.repeat(before, runs) + np.repeat(starts, runs)
        return tiles_of(numbers)

    def _entries(self) -> Iterator[Entry]:
        """Go through the entries of all directories that stand for tiles."""
        header = self._header
        waiting = [(header["root_offset"], header["root_length"], 1)]
        visited: set[int] = set()
        while waiting:
            offset, length, depth = waiting.pop()
            if offset in visited or depth > _MAX_DEPTH:
                raise AtlasError(f"{self._path}: its directory runs in circles; copy it again.")
            visited.add(offset)
            for entry in self._read_directory(offset, length):
                if entry.run_length:
                    yield entry
                else:
                    waiting.append((header["leaf_directory_offset"] + entry.offset, entry.length, depth + 1))

    def _bytes(self, offset: int, length: int, limit: int) -> bytes:
        if length > limit or offset < 0 or offset + length > len(self._map):
            raise AtlasError(f"{self._path} is damaged or cut short; copy it again.")
        return bytes(self._map[offset : offset + length])

    def _unzipped(self, data: bytes, limit: int) -> bytes:
        unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            out = unpacker.decompress(data, limit)
        except zlib.error:
            raise AtlasError(f"{self._path} is damaged (it does not unpack); copy it again.") from None
        if unpacker.unconsumed_tail:
            raise AtlasError(f"{self._path} unpacks to more than {limit / 2**20:.0f} MiB; it is damaged.")
        return out


def _mapped(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as stream:
            return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:
        raise AtlasError(f"{path} is empty; copy it again.") from None
    except OSError as error:
        raise AtlasError(f"{path} cannot be read: {error.strerror}.") from None
