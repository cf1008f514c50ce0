"""The predictions of one explainer while it runs: each is on the disk before the next pair is asked."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from gleam.explaining.scoring.prediction import Prediction, read_predictions


class Record:
    """An append-only file of predictions that survives a kill: a torn last line is cut off at the next start.

    Args:
        folder: Where the file lies.
        explainer: Whose predictions they are; the file's name follows from it.
    """

    def __init__(self, folder: Path, explainer: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{file_name(explainer)}.jsonl"
        self._done: dict[tuple[str, str, str, str], Prediction] = {}
        if self.path.is_file():
            self._cut_torn_end()
            self._done = {p.key: p for p in read_predictions(self.path)}

    def has(self, prediction: Prediction) -> bool:
        """Whether an answer to the same question is there; failures are asked again."""
        known = self._done.get(prediction.key)
        return known is not None and known.verdict is not None

    def add(self, prediction: Prediction) -> None:
        """Write a prediction down for good."""
        line = prediction.model_dump_json().encode() + b"\n"
        with self.path.open("ab") as stream:
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())
        self._done[prediction.key] = prediction

    @property
    def predictions(self) -> list[Prediction]:
        """All that is there, the latest of each question."""
        return list(self._done.values())

    def _cut_torn_end(self) -> None:
        raw = self.path.read_bytes()
        whole = raw.rfind(b"\n") + 1
        if whole < len(raw):
            with self.path.open("r+b") as stream:
                stream.truncate(whole)


def file_name(explainer: str) -> str:
    """Return a file name for an explainer: readable, and different for different names."""
    plain = re.sub(r"[^A-Za-z0-9.-]+", "_", explainer).strip("_.")[:60]
    if plain == explainer:
        return plain
    return f"{plain}-{hashlib.sha256(explainer.encode()).hexdigest()[:8]}"
