"""A folder of web-map tiles, ZOOM/COLUMN/ROW.png, with rows counted from the north (XYZ) or south (TMS)."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from gleam.atlas.sources.row_order import read_folder_facts, rows_from_south
from gleam.atlas.sources.tile_decode import MAX_TILE_BYTES
from gleam.atlas.sources.tile_index import TileIndex, from_triples
from gleam.errors import AtlasError
from gleam.progress import progress

TILE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_TILE_NAME = re.compile(r"^(\d{1,10})(?:@2x)?(\.png|\.jpg|\.jpeg|\.webp)$", re.IGNORECASE)


class XyzFolder:
    """A folder of web-map tiles; its rows are told from the north, whatever it counts itself.

    Args:
        path: The folder that holds the zoom folders.
        tms: Whether rows count from the south; None recognises it by what lies beside the tiles
            (``tilemapresource.xml``, ``metadata.json``, a viewer's page).

    Raises:
        AtlasError: It holds no tile, or the order of its rows cannot be recognised.
    """

    kind = "xyz"
    notes = ()

    def __init__(self, path: Path, *, tms: bool | None = None) -> None:
        self.name = path.name or path.resolve().name
        self._path = path
        self._names: dict[tuple[int, str], None] = {}
        as_named = TileIndex(from_triples(self._scan()), str(path))
        facts = read_folder_facts(path)
        self._south = rows_from_south(as_named, facts, tms, str(path))
        self.index = TileIndex(as_named.flipped(), str(path)) if self._south else as_named
        self.date, self.licence, self.origin = facts.date, facts.licence, facts.origin

    def get(self, z: int, x: int, y: int) -> bytes | None:
        """Return the bytes of a tile, or None when there is none."""
        file = self._file(z, x, y)
        if file is None:
            return None
        try:
            with file.open("rb") as stream:
                return stream.read(MAX_TILE_BYTES + 1)
        except OSError as error:
            raise AtlasError(f"{file} cannot be read: {error.strerror}.") from None

    def where(self, z: int, x: int, y: int) -> str:
        """Return the path of a tile."""
        return str(self._file(z, x, y) or self._path / f"{z}/{x}/{self._row(z, y)}")

    def content(self) -> tuple[str, int]:
        """Return the SHA-256 of all tiles with their names, and their size in bytes."""
        digest, size = hashlib.sha256(b"tms" if self._south else b"xyz"), 0
        with progress(f"Reading {self.name}", len(self.index)) as bar:
            for z in self.index.zooms:
                rows, columns = self.index.rows(z), self.index.columns(z)
                for x, y in zip(columns.tolist(), rows.tolist(), strict=True):
                    data = self.get(z, x, y) or b""
                    digest.update(f"{z}/{x}/{y}:{len(data)}:".encode() + hashlib.sha256(data).digest())
                    size += len(data)
                    bar.advance()
        return digest.hexdigest(), size

    def close(self) -> None:
        """Nothing stays open."""

    @cached_property
    def _endings(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(ending for _, ending in self._names))

    def _file(self, z: int, x: int, y: int) -> Path | None:
        row = self._row(z, y)
        for ending in self._endings:
            if (z, ending) in self._names:
                file = self._path / str(z) / str(x) / f"{row}{ending}"
                if file.is_file():
                    return file
        return None

    def _row(self, z: int, y: int) -> int:
        return 2**z - 1 - y if self._south else y

    def _scan(self) -> Iterator[tuple[int, int, int]]:
        """Yield (z, x, y) of all tiles as their names tell, and remember how the names end."""
        for zoom in _numbered(self._path):
            for column in _numbered(zoom):
                with os.scandir(column) as files:
                    for file in files:
                        match = _TILE_NAME.match(file.name)
                        # Names with leading zeros could not be found again by their number.
                        if match and str(int(match.group(1))) == match.group(1) and file.is_file():
                            self._names[int(zoom.name), file.name[len(match.group(1)) :]] = None
                            yield int(zoom.name), int(column.name), int(match.group(1))


def is_tile_folder(path: Path) -> bool:
    """Tell whether a folder holds web-map tiles: ZOOM/COLUMN/ROW.png."""
    for zoom in _numbered(path):
        for column in _numbered(zoom):
            with os.scandir(column) as files:
                if any(_TILE_NAME.match(file.name) for file in files):
                    return True
    return False


def _numbered(path: Path) -> list[Path]:
    """Return the folders in a folder whose names are plain numbers, in their order."""
    try:
        with os.scandir(path) as entries:
            names = [e.name for e in entries if re.fullmatch(r"0|[1-9]\d{0,9}", e.name) and e.is_dir()]
    except OSError as error:
        raise AtlasError(f"{path} cannot be read: {error.strerror}.") from None
    return [path / name for name in sorted(names, key=int)]
