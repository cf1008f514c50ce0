"""The log of a training: one JSON object per line, cut back to the checkpoint when it resumes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from gleam.files import to_json


class Journal:
    """Appends lines to ``log.jsonl``; a process that is not the main one writes nothing."""

    def __init__(self, path: Path, *, active: bool = True) -> None:
        """Open the file for appending."""
        self.path = path
        self._file = open(path, "ab") if active else None  # noqa: SIM115 (closed by close)

    def write(self, kind: str, **fields: Any) -> None:
        """Append a line."""
        if self._file:
            self._file.write((to_json({"kind": kind, **fields}, indent=None) + "\n").encode())
            self._file.flush()

    def size(self) -> int:
        """Return the length in bytes, all of it safely on disk."""
        if not self._file:
            return 0
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def cut(self, size: int) -> None:
        """Drop what was written after the checkpoint, so that no step stands twice in the log."""
        if self._file and size < os.path.getsize(self.path):
            self._file.truncate(size)
            self._file.seek(size)

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
            self._file = None


def read_journal(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a log; a last line torn by a crash is left out."""
    lines = []
    for line in path.read_bytes().split(b"\n"):
        try:
            lines.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return lines
