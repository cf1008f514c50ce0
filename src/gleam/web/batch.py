"""One batch while the server knows of it."""

from __future__ import annotations

import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

from gleam.locating import Answer
from gleam.locating.batch import Failure, Summary
from gleam.locating.coordinates import all_notations
from gleam.locating.exporters.claims import place_of, public
from gleam.locating.job import Mode, Outcome
from gleam.web.batch_folder import About, BatchFolder, Row, plain

_RECENT = 20
"""Photos whose seconds tell those of the rest."""


class Cancelled(Exception):
    """The batch is to stop."""


class Batch:
    """What is asked and what is answered so far; may be asked by several threads."""

    def __init__(self, folder: BatchFolder, about: About) -> None:
        self.folder = folder
        self.about = about
        self.rows: list[Row] = []
        self._lock = threading.Lock()
        self._cancel = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._begun: float | None = None
        self._ended: float | None = None
        self._times: deque[float] = deque(maxlen=_RECENT)

    @classmethod
    def restored(cls, folder: BatchFolder, about: About) -> Batch:
        """Return a batch of a former server with the answers it had."""
        batch = cls(folder, about)
        batch.rows = folder.rows(about)
        return batch

    @property
    def cancelled(self) -> bool:
        """Whether it is to stop."""
        return self._cancel.is_set()

    def cancel(self) -> None:
        """Let it stop after the photo in work."""
        self._cancel.set()

    def wait(self, seconds: float) -> None:
        """Wait until it is not in work."""
        self._idle.wait(seconds)

    def set(self, **fields: Any) -> None:
        """Change what is stored of it."""
        with self._lock:
            self.about = self.folder.change(**fields)

    def begin(self) -> bool:
        """Note that it is in work; tell whether it may begin."""
        with self._lock:
            if self.about.state != "queued" or self._cancel.is_set():
                return False
            self._idle.clear()
            self.rows = []
            self._times.clear()
            self._begun, self._ended = time.monotonic(), None
            self.about = self.folder.change(state="running", error=None)
        return True

    def start_again(self, expires: float) -> None:
        """Make it ready to run once more."""
        self._cancel.clear()
        self.set(state="queued", finished=None, error=None, expires=expires)

    def show(self, photo: Path, result: Answer | Failure) -> None:
        """Take a result.

        Raises:
            Cancelled: It is to stop.
        """
        told = plain(result, photo) if isinstance(result, Failure) else public(result)
        with self._lock:
            self.rows.append(Row(int(photo.parent.name), told))
            self._times.append(time.monotonic())
        if len(self.rows) < self.about.total:
            self.check()

    def check(self) -> None:
        """Let work on it go on.

        Raises:
            Cancelled: It is to stop.
        """
        if self._cancel.is_set():
            raise Cancelled

    def finish(self, expires: float) -> None:
        """Store what came out and let go of the photos, unless they are to be kept."""
        if self.about.mode != Mode.EACH.value:
            self.folder.write_rows(self.rows)
        self.end(state="done", expires=expires)
        if not self.about.options.get("keep"):
            self.folder.drop_photos()

    def end(self, **fields: Any) -> None:
        """Note that it is not in work any more."""
        self._ended = time.monotonic()
        self.set(finished=time.time(), **fields)
        self._idle.set()

    def without_folders(self, sentence: str) -> str:
        """Return a message in which photos are named without the folders they lie in."""
        for photo in self.folder.photos:
            sentence = sentence.replace(str(photo), photo.name)
        return sentence

    def outcome(self) -> Outcome:
        """Return what is answered so far; with the photos of the answers where they are kept."""
        with self._lock:
            rows = list(self.rows)
        files = {int(photo.parent.name): photo for photo in self.folder.photos}
        answers = [row for row in rows if isinstance(row.result, Answer)]
        found = [files[row.number] for row in answers if row.number in files]
        return Outcome(
            [row.result for row in answers if isinstance(row.result, Answer)],
            found if len(found) == len(answers) else [],
            [row.result for row in rows if isinstance(row.result, Failure)],
        )

    def to_json(self) -> dict[str, Any]:
        """Return how far it is."""
        about = self.about
        with self._lock:
            done = len(self.rows)
            summary = dict(Summary.of([row.result for row in self.rows]).counts)
            eta = self._eta(about.total - done)
        begun, ended = self._begun, self._ended
        seconds = None if begun is None else round((ended or time.monotonic()) - begun, 2)
        return {
            "id": about.id,
            "state": about.state,
            "cancelling": self.cancelled and about.state in ("queued", "running"),
            "mode": about.mode,
            "options": about.options,
            "done": done,
            "total": about.total,
            "eta_s": eta,
            "seconds": seconds,
            "summary": summary,
            "error": about.error,
            "created": about.created,
            "finished": about.finished,
            "expires": about.expires,
        }

    def _eta(self, left: int) -> float | None:
        """Return the seconds for the photos left, by those of the last ones.

        So the answers that a resumed batch had before do not count for long.
        """
        if self.about.state != "running" or len(self._times) < 2:
            return None
        each = (self._times[-1] - self._times[0]) / (len(self._times) - 1)
        return round(each * left, 1)


def row_json(row: Row) -> dict[str, Any]:
    """Return a result of a batch as plain data."""
    result = row.result
    if isinstance(result, Failure):
        answer, position, error = None, None, result.error
    else:
        place = place_of(result)
        position = None if place is None else all_notations(*place)
        answer, error = result.to_json(), None
    return {
        "number": row.number,
        "photo": result.photo,
        "answer": answer,
        "error": error,
        "position": position,
    }
