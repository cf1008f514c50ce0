"""The journal of a build: one line per finished unit of work, so that a kill costs one unit."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

JOURNAL = "units.jsonl"


@dataclass(frozen=True)
class UnitDone:
    """A unit whose tiles are all on the disk.

    source: key of the source. first: number of its first tile in the source's grid. planned: tiles in the
    unit. stored: those kept. skipped: those left out, by reason.
    """

    source: str
    first: int
    planned: int
    stored: int
    skipped: dict[str, int] = field(default_factory=dict)


class Journal:
    """An append-only file beside the tiles. A line counts only when it is whole."""

    def __init__(self, folder: Path) -> None:
        """Open or begin the journal of an atlas folder."""
        self._path = folder / JOURNAL

    def read(self) -> dict[tuple[str, int, int], UnitDone]:
        """Return the finished units by (source, first, planned); a torn last line is cut off."""
        if not self._path.exists():
            return {}
        done: dict[tuple[str, int, int], UnitDone] = {}
        whole = 0
        content = self._path.read_bytes()
        for line in content.splitlines(keepends=True):
            if not line.endswith(b"\n"):
                break
            try:
                unit = UnitDone(**json.loads(line))
            except (ValueError, TypeError):
                break
            done[unit.source, unit.first, unit.planned] = unit
            whole += len(line)
        if whole < len(content):
            with self._path.open("r+b") as file:
                file.truncate(whole)
                os.fsync(file.fileno())
        return done

    def append(self, unit: UnitDone) -> None:
        """Write that a unit is done; on the disk when this returns."""
        with self._path.open("ab") as file:
            file.write(json.dumps(asdict(unit), sort_keys=True).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def clear(self) -> None:
        """Forget all units."""
        self._path.unlink(missing_ok=True)
