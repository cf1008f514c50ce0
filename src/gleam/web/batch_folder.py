"""A batch on the disk: what was asked, the photos until they are answered, the answers as they come.

    WORK/jobs/ID/job.json   photos/0001/NAME ...   answers.jsonl   outcome.jsonl

``answers.jsonl`` is the ledger of photos located one by one; photos taken together write their answers
into ``outcome.jsonl`` at the end.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from gleam.errors import GleamError
from gleam.files import atomic_folder, atomic_write, read_json, to_json, write_json
from gleam.locating.answer import Answer
from gleam.locating.batch import Failure
from gleam.locating.exporters.jsonl import from_row, to_row
from gleam.locating.job import Mode
from gleam.web.options import JobOptions

State = Literal["queued", "running", "done", "cancelled", "interrupted", "failed"]
FORMAT = 1
_ABOUT, _PHOTOS, _LEDGER, _OUTCOME = "job.json", "photos", "answers.jsonl", "outcome.jsonl"


@dataclass(frozen=True)
class About:
    """What a batch is: everything that has to survive the server.

    created, finished, expires: seconds since 1970. error: why it failed.
    """

    id: str
    state: State
    mode: str
    options: dict[str, Any]
    total: int
    created: float
    expires: float
    finished: float | None = None
    error: str | None = None


@dataclass(frozen=True)
class Row:
    """number: of the photo in the upload, from 1. result: what came of it."""

    number: int
    result: Answer | Failure


@dataclass(frozen=True)
class BatchFolder:
    """The folder of one batch."""

    path: Path

    @classmethod
    def make(cls, path: Path, about: About, photos: list[tuple[str, Any]]) -> BatchFolder:
        """Write a new batch, all of it or nothing.

        Args:
            path: The folder.
            about: The batch.
            photos: Name and opened binary file of each.
        """
        with atomic_folder(path) as temporary:
            for number, (name, file) in enumerate(photos, start=1):
                folder = temporary / _PHOTOS / f"{number:04d}"
                folder.mkdir(parents=True)
                with (folder / name).open("wb") as out:
                    shutil.copyfileobj(file, out)
            write_json(temporary / _ABOUT, {"format": FORMAT, **asdict(about)})
        return cls(path)

    def about(self) -> About:
        """Return what the batch is.

        Raises:
            GleamError: The folder is no batch of this version.
        """
        data = read_json(self.path / _ABOUT)
        if data.pop("format", None) != FORMAT:
            raise GleamError(f"{self.path} is not a batch of this version.")
        return About(**data)

    def change(self, **fields: Any) -> About:
        """Write changed fields, atomically, and return the batch as it is now."""
        about = replace(self.about(), **fields)
        write_json(self.path / _ABOUT, {"format": FORMAT, **asdict(about)})
        return about

    @property
    def photos(self) -> list[Path]:
        """The photos in their order; empty when they were let go of."""
        folder = self.path / _PHOTOS
        if not folder.is_dir():
            return []
        return [next(numbered.iterdir()) for numbered in sorted(folder.iterdir())]

    @property
    def ledger(self) -> Path:
        """The file that answers of single photos are added to."""
        return self.path / _LEDGER

    def options(self, about: About) -> dict[str, Any]:
        """Return the options for the locator."""
        return JobOptions.model_validate(about.options).for_locator()

    def write_rows(self, rows: Sequence[Row]) -> None:
        """Store the answers of photos that were taken together, in the form of the ledger."""
        lines = [
            to_json({**to_row(row.result), "input": {"path": f"{row.number:04d}/photo"}}, indent=None) + "\n"
            for row in rows
        ]
        with atomic_write(self.path / _OUTCOME) as temporary:
            temporary.write_text("".join(lines), encoding="utf-8")

    def rows(self, about: About) -> list[Row]:
        """Return what is answered so far, from the disk; a line that a kill cut off is left out."""
        file = self.ledger if about.mode == Mode.EACH.value else self.path / _OUTCOME
        if not file.is_file():
            return []
        whole, _, _ = file.read_text(encoding="utf-8", errors="replace").rpartition("\n")
        return [_row(json.loads(line)) for line in whole.split("\n") if line]

    def drop_photos(self) -> None:
        """Delete the uploads."""
        shutil.rmtree(self.path / _PHOTOS, ignore_errors=True)

    def remove(self) -> None:
        """Delete everything."""
        shutil.rmtree(self.path, ignore_errors=True)


def plain(failure: Failure, photo: str | Path) -> Failure:
    """Return a failure that names its photo, a path, without the folders of this machine."""
    return Failure(Path(failure.photo).name, failure.error.replace(str(photo), Path(photo).name))


def _row(line: dict[str, Any]) -> Row:
    result = from_row(line)
    photo = Path(str(line["input"]["path"]))
    return Row(int(photo.parent.name), plain(result, photo) if isinstance(result, Failure) else result)
