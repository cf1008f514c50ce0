"""One search whose truth is known, and the file that keeps such searches as they are made."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gleam.locating.searching.finding import Finder

FORMAT = 4
"""Of the lines on disk."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One search whose truth is known.

    area: name of the places searched. view, place: of the photo. present: whether its ground was among
    the tiles searched. error_m: of the first place, None when not present. sigmas: the same in standard
    deviations of its surface, None likewise. signs: those of :mod:`gleam.locating.judging.signs`; empty
    when nothing was found. east: whether the photo is from the eastern half of its area. rank: of the first
    place that is right, from 1; None without any. planted: whether it was put into a flight although it shows
    another place: the right answer to it is none, so none is missing where it gets none.
    """

    area: str
    view: str
    place: str
    present: bool
    error_m: float | None
    sigmas: float | None
    signs: dict[str, float]
    east: bool
    rank: int | None = None
    planted: bool = False


class SampleLog:
    """Lines of JSON, one per photo, written as soon as it is done."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._known: dict[str, list[dict[str, Any]]] = {}
        if file is None:
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        for key, samples in _lines(file):
            self._known[key] = samples

    @classmethod
    def of(
        cls,
        folder: str | os.PathLike[str] | None,
        finder: Finder,
        area: str,
        within_m: float,
        absent_share: float,
        seed: int,
    ) -> SampleLog:
        """Return the log of one encoder, atlas and set of settings in a folder, or one that keeps nothing."""
        if folder is None:
            return cls(None)
        what = f"{FORMAT} {within_m:g} {absent_share:g} {seed} {finder.headings} {area}"
        name = (
            f"{finder.encoder.fingerprint[:8]}-{finder.atlas.fingerprint[:8]}-"
            f"{zlib.crc32(what.encode()):08x}.jsonl"
        )
        return cls(Path(folder) / name)

    def get(self, key: str, make: Callable[[], list[Sample]]) -> list[Sample]:
        """Return the samples of a photo, from the file or else made now and written."""
        if key in self._known:
            return [Sample(**item) for item in self._known[key]]
        samples = make()
        if self._file is not None:
            line = json.dumps({"photo": key, "samples": [asdict(s) for s in samples]}, ensure_ascii=False)
            with self._file.open("a", encoding="utf-8") as file:
                # A line torn by a kill must not swallow this one.
                file.write(f"{'' if file.tell() == 0 else chr(10)}{line}")
        return samples


def _lines(file: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield what was written whole; a line torn by a kill is done again."""
    if not file.exists():
        return
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
            samples = [Sample(**item) for item in entry["samples"]]
        except (ValueError, KeyError, TypeError):
            continue
        yield entry["photo"], [asdict(s) for s in samples]
