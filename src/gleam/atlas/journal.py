"""The journal of a build: one line per finished unit of work, so that a kill costs a few units."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeAlias

from gleam.errors import AtlasError
from gleam.files import atomic_write

JOURNAL = "units.jsonl"
UnitKey: TypeAlias = tuple[str, float, int, int]
"""(source key, ground width, number of the first tile, number of tiles planned)."""


@dataclass(frozen=True)
class UnitDone:
    """A unit whose tiles are all in the store.

    source: key of the source. tile_m: ground width of its tiles. first: number of its first tile in the
    source's grid of that size. planned: tiles in the unit. stored: those kept. skipped: those left out,
    by reason.
    """

    source: str
    tile_m: float
    first: int
    planned: int
    stored: int
    skipped: dict[str, int] = field(default_factory=dict)

    @property
    def key(self) -> UnitKey:
        """What tells this unit from all others."""
        return self.source, self.tile_m, self.first, self.planned


class Journal:
    """A file beside the tiles that lines are appended to. A line counts only when it is whole."""

    def __init__(self, folder: Path) -> None:
        """Open or begin the journal of an atlas folder."""
        self._path = folder / JOURNAL

    def read(self) -> dict[UnitKey, UnitDone]:
        """Return the finished units; a torn last line, or one of a former version, is cut off."""
        if not self._path.exists():
            return {}
        done: dict[UnitKey, UnitDone] = {}
        whole = 0
        content = self._path.read_bytes()
        for line in content.splitlines(keepends=True):
            if not line.endswith(b"\n"):
                break
            try:
                unit = UnitDone(**json.loads(line))
            except (ValueError, TypeError):
                break
            done[unit.key] = unit
            whole += len(line)
        if whole < len(content):
            with self._path.open("r+b") as file:
                file.truncate(whole)
                os.fsync(file.fileno())
        return done

    def append(self, units: Iterable[UnitDone]) -> None:
        """Write that units are done; on the disk when this returns.

        Raises:
            AtlasError: The disk is full or cannot be written.
        """
        lines = b"".join(_line(unit) for unit in units)
        try:
            with self._path.open("ab") as file:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise AtlasError(
                f"{self._path} could not be written ({error.strerror}); what was written before is kept. "
                "If the disk is full, free some space; then run the same command again to go on."
            ) from error

    def forget(self, source: str) -> None:
        """Drop the lines of a source, all or none; the file goes with its last line."""
        kept = [unit for unit in self.read().values() if unit.source != source]
        if not kept:
            self._path.unlink(missing_ok=True)
            return
        with atomic_write(self._path) as temporary:
            temporary.write_bytes(b"".join(_line(unit) for unit in kept))

    def clear(self) -> None:
        """Forget all units."""
        self._path.unlink(missing_ok=True)


def _line(unit: UnitDone) -> bytes:
    return json.dumps(asdict(unit), sort_keys=True).encode() + b"\n"
