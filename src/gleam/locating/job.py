"""One run over photos: how they are taken together, where the answers go, what came out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gleam.errors import GleamError
from gleam.locating.answer import Answer
from gleam.locating.batch import (
    Failure,
    Results,
    Summary,
    locate_all,
    locate_as_one,
    locate_flight,
)
from gleam.locating.exporters import format_of, write_answers
from gleam.locating.ledger import Ledger, run_digest

if TYPE_CHECKING:
    from gleam.locating.locator import Locator


class Mode(StrEnum):
    """How the photos belong together: not at all, as views of one place, as one flight."""

    EACH = "each"
    TOGETHER = "together"
    SEQUENCE = "sequence"

    @classmethod
    def of(cls, together: bool, sequence: bool) -> Mode:
        """Return the mode that two switches ask for.

        Raises:
            GleamError: Both are on.
        """
        if together and sequence:
            raise GleamError("--together is for photos of one place, --sequence for a flight: choose one.")
        return cls.TOGETHER if together else cls.SEQUENCE if sequence else cls.EACH


@dataclass
class Outcome:
    """What came of the photos: answers with the file of each, and failures, in the order they came."""

    answers: list[Answer] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    @property
    def summary(self) -> Summary:
        """The photos per status."""
        return Summary.of([*self.answers, *self.failures])

    def to_json(self) -> dict[str, Any]:
        """Return plain data: answers, failures and the summary."""
        listed = [{"photo": f.photo, "error": f.error} for f in self.failures]
        answers = [answer.to_json() for answer in self.answers]
        return {"answers": answers, "failures": listed, "summary": dict(self.summary.counts)}


@dataclass(frozen=True)
class Job:
    """What to do with a list of photos.

    Args:
        photos: The files.
        options: Of :meth:`gleam.locating.Locator.locate`, ``view`` among them.
        mode: How the photos belong together.
        max_speed_mps: Fastest motion of a sequence.
        exports: Files to write at the end, each with its format or None for the one its name tells.
        out: A file that keeps every answer as soon as it is there, see :mod:`gleam.locating.ledger`.
        resume: Go on with ``out``.

    Raises:
        GleamError: The parts do not go together, or an export cannot be written; said before any work.
    """

    photos: Sequence[Path]
    options: Mapping[str, Any]
    mode: Mode = Mode.EACH
    max_speed_mps: float = 20.0
    exports: Sequence[tuple[str, str | None]] = ()
    out: str | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.resume and self.out is None:
            raise GleamError("--resume goes on with the file of --out; name it.")
        if self.out is not None and self.mode is not Mode.EACH:
            raise GleamError(f"--out keeps answers of single photos; with --{self.mode} use --to FILE.jsonl.")
        for path, format in self.exports:
            chosen = format_of(path, format)
            if chosen == "exif" and Path(path).is_dir() and any(Path(path).iterdir()):
                raise GleamError(f"{path} already has content; name a new folder for the tagged copies.")
            if chosen == "exif" and self.mode is Mode.TOGETHER:
                raise GleamError(
                    f"{path}: tagged copies need one answer per photo; --together gives one for all of them."
                )
            if self.out is not None and Path(path).absolute() == Path(self.out).absolute():
                raise GleamError(f"{path}: --to and --out name the same file; choose another for one.")

    def run(
        self, locator: Locator, show: Callable[[Path, Answer | Failure], None] = lambda *_: None
    ) -> Outcome:
        """Locate the photos; :meth:`export` writes what came out.

        Args:
            locator: Searches the atlas.
            show: Called with each file and its result as soon as it is there.

        Raises:
            GleamError: ``out`` cannot be written, or no photo of a group can be read.
        """
        outcome = Outcome()
        with self._ledger(locator) as ledger:
            for photo, result in self._results(locator, ledger):
                show(photo, result)
                if isinstance(result, Answer):
                    outcome.answers.append(result)
                    outcome.files.append(photo)
                else:
                    outcome.failures.append(result)
        return outcome

    def export(self, outcome: Outcome) -> None:
        """Write the exports.

        Raises:
            GleamError: One of them cannot be written; the others are written all the same.
        """
        problems: list[GleamError] = []
        for path, format in self.exports:
            try:
                write_answers(path, outcome.answers, outcome.failures, format, photos=outcome.files)
            except GleamError as error:
                problems.append(error)
        if problems:
            raise problems[0]

    def _ledger(self, locator: Locator) -> Any:
        if self.out is None:
            return nullcontext()
        return Ledger(self.out, run_digest(locator, self.options), resume=self.resume)

    def _results(self, locator: Locator, ledger: Ledger | None) -> Results:
        if self.mode is Mode.TOGETHER:
            return locate_as_one(locator, self.photos, self.options)
        if self.mode is Mode.SEQUENCE:
            return locate_flight(locator, self.photos, self.max_speed_mps, self.options)
        return locate_all(self.photos, lambda photo: locator.locate(photo, **self.options), ledger)
