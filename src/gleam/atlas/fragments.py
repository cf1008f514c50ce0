"""Fragments: units of work cut by other processes, on their way into the store.

A worker writes a unit under a temporary name and renames it, so a fragment is whole or not there. The
one process that writes to the store takes it in, journals it and removes it; fragments left by a killed
build are taken in by the next one.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from gleam.atlas.journal import UnitDone
from gleam.atlas.tiles import Tile, TileBatch
from gleam.atlas.units import CutUnit
from gleam.files import atomic_write

WORK = ".work"
"""Folder inside an atlas for what is there only while it is being written to."""
SUFFIX = ".arrow"
_UNIT = b"gleam.unit"


class Fragments:
    """The fragments of an atlas folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / WORK / "fragments"

    def write(self, cut: CutUnit) -> str:
        """Write a unit, atomically, and return the fragment's name."""
        import pyarrow as pa

        name = _name(cut.done)
        table = _to_arrow(cut)
        with (
            atomic_write(self.path / name) as temporary,
            pa.OSFile(str(temporary), "wb") as sink,
            pa.ipc.new_file(sink, table.schema) as writer,
        ):
            writer.write_table(table)
        return name

    def read(self, name: str) -> CutUnit | None:
        """Return the unit of a fragment, or None when it is not one of this version."""
        import pyarrow as pa

        try:
            with pa.OSFile(str(self.path / name)) as source:
                return _from_arrow(pa.ipc.open_file(source).read_all())
        except (pa.ArrowInvalid, KeyError, TypeError, ValueError, FileNotFoundError):
            return None

    def names(self) -> Iterator[str]:
        """Yield the names of whole fragments."""
        if self.path.is_dir():
            yield from sorted(p.name for p in self.path.iterdir() if _is_fragment(p))

    def remove(self, unit: UnitDone | str) -> None:
        """Remove the fragment of a unit, or of a name, if it is there."""
        name = unit if isinstance(unit, str) else _name(unit)
        (self.path / name).unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove all work in progress."""
        shutil.rmtree(self.path.parent, ignore_errors=True)


def _name(unit: UnitDone) -> str:
    return f"{unit.source}-{unit.tile_m:g}m-{unit.first:09d}-{unit.planned}{SUFFIX}"


def _is_fragment(path: Path) -> bool:
    return path.suffix == SUFFIX and not path.name.startswith(".")


def _to_arrow(cut: CutUnit) -> Any:
    import pyarrow as pa

    batch = cut.batch
    tiles = batch.tiles if batch else []
    vectors = batch.vectors if batch else np.zeros((0, 1), np.float32)
    columns = {
        "id": pa.array([t.id for t in tiles], pa.string()),
        "lat": pa.array([t.lat for t in tiles], pa.float64()),
        "lon": pa.array([t.lon for t in tiles], pa.float64()),
        "vector": pa.array([v.tobytes() for v in vectors], pa.binary()),
        "thumbnail": pa.array(list(batch.thumbnails) if batch else [], pa.binary()),
    }
    return pa.table(columns).replace_schema_metadata({_UNIT: json.dumps(asdict(cut.done))})


def _from_arrow(table: Any) -> CutUnit:
    done = UnitDone(**json.loads(table.schema.metadata[_UNIT]))
    if table.num_rows != done.stored:
        raise ValueError("the fragment is not whole")
    if not done.stored:
        return CutUnit(done, None)
    places = zip(*(table[name].to_pylist() for name in ("id", "lat", "lon")), strict=True)
    tiles = [Tile(name, lat, lon, done.tile_m, done.source) for name, lat, lon in places]
    vectors = np.stack([np.frombuffer(v, np.float32) for v in table["vector"].to_pylist()])
    return CutUnit(done, TileBatch(tiles, vectors, table["thumbnail"].to_pylist()))
