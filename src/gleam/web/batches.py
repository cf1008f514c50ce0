"""Batches: many photos in the background, one batch after the other, resumable after any kill."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

from gleam.errors import GleamError
from gleam.files import PARTIAL_SUFFIX
from gleam.locating import Answer, Locator
from gleam.locating.batch import Failure
from gleam.locating.job import Job, Mode
from gleam.progress import asking
from gleam.web.batch import Batch, Cancelled
from gleam.web.batch_folder import About, BatchFolder, State
from gleam.web.options import JobOptions
from gleam.web.problems import BUG, WebError
from gleam.web.results import Results, is_id

logger = logging.getLogger("gleam.web")

MOST_WAITING = 20
"""Batches that may wait or be in work."""
_OVER: tuple[State, ...] = ("done", "cancelled", "interrupted", "failed")
_RESUMABLE: tuple[State, ...] = ("cancelled", "interrupted", "failed")

_fcntl: Any
try:
    import fcntl as _fcntl
except ImportError:  # Windows has no flock; there a second server is not told apart
    _fcntl = None


class Batches:
    """The batches of one server.

    Args:
        folder: Where they lie; of one server at a time.
        locator: Finds the photos.
        seconds: How long a batch is held after it is over.
        answered: Told the status of each answer.

    Raises:
        GleamError: Another server uses the folder.
    """

    def __init__(
        self, folder: Path, locator: Locator, seconds: float, answered: Callable[[str], None]
    ) -> None:
        self._folder = folder / "jobs"
        self._locator = locator
        self._seconds = seconds
        self._answered = answered
        self._batches: dict[str, Batch] = {}
        self._lock = threading.Lock()
        self._closing = False
        self._lock_file = _locked(folder)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="batch")
        self._read()

    def add(self, photos: list[tuple[str, Any]], mode: Mode, options: JobOptions) -> Batch:
        """Take a new batch: it is on the disk when this returns.

        Raises:
            WebError: Too many are waiting, or the disk is too full.
        """
        self.sweep()
        if self.waiting >= MOST_WAITING:
            raise WebError(429, f"{MOST_WAITING} batches are waiting, which is all that may.", 60.0)
        now = time.time()
        about = About(
            id=Results.new_id(),
            state="queued",
            mode=mode.value,
            options=options.model_dump(mode="json"),
            total=len(photos),
            created=now,
            expires=now + self._seconds,
        )
        batch = Batch(BatchFolder.make(self._folder / about.id, about, photos), about)
        with self._lock:
            self._batches[about.id] = batch
        self._pool.submit(self._run, batch)
        return batch

    def get(self, id: str) -> Batch:
        """Return a batch.

        Raises:
            WebError: There is none.
        """
        self.sweep()
        with self._lock:
            batch = self._batches.get(id)
        if batch is None:
            raise WebError(404, "There is no such batch; what is over is forgotten after a time.")
        return batch

    def all(self) -> list[Batch]:
        """Return all batches, the newest first."""
        self.sweep()
        with self._lock:
            return sorted(self._batches.values(), key=lambda batch: -batch.about.created)

    @property
    def waiting(self) -> int:
        """How many wait or are in work."""
        with self._lock:
            return sum(batch.about.state in ("queued", "running") for batch in self._batches.values())

    def cancel(self, id: str) -> Batch:
        """Stop a batch after the photo in work; its photos stay until it expires, so that it can go on."""
        batch = self.get(id)
        batch.cancel()
        if batch.about.state == "queued":
            batch.set(state="cancelled", finished=time.time(), expires=time.time() + self._seconds)
        return batch

    def forget(self, id: str) -> None:
        """Stop a batch and delete everything of it."""
        batch = self.cancel(id)
        batch.wait(60.0)
        with self._lock:
            self._batches.pop(id, None)
        batch.folder.remove()

    def resume(self, id: str) -> Batch:
        """Go on with a batch that was cancelled, failed or was interrupted.

        Raises:
            WebError: It is done or in work.
        """
        batch = self.get(id)
        if batch.about.state not in _RESUMABLE:
            raise WebError(409, f"The batch is {batch.about.state}; there is nothing to go on with.")
        batch.start_again(expires=time.time() + self._seconds)
        self._pool.submit(self._run, batch)
        return batch

    def sweep(self) -> None:
        """Delete batches whose time is over."""
        now = time.time()
        with self._lock:
            gone = [b for b in self._batches.values() if b.about.state in _OVER and b.about.expires <= now]
            for batch in gone:
                del self._batches[batch.about.id]
        for batch in gone:
            batch.folder.remove()

    def close(self) -> None:
        """Stop after the photo in work; batches that are not done can be resumed by the next server."""
        self._closing = True
        with self._lock:
            batches = list(self._batches.values())
        for batch in batches:
            batch.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for batch in batches:
            if batch.about.state in ("queued", "running"):
                batch.set(state="interrupted")
        if self._lock_file is not None:
            self._lock_file.close()

    def _run(self, batch: Batch) -> None:
        if not batch.begin():
            return
        try:
            self._locate(batch)
        except Cancelled:
            state: State = "interrupted" if self._closing else "cancelled"
            batch.end(state=state, expires=time.time() + self._seconds)
            return
        except GleamError as error:
            sentence = batch.without_folders(str(error))
            batch.end(state="failed", error=sentence, expires=time.time() + self._seconds)
            return
        except Exception:
            logger.exception("A bug while locating the batch %s", batch.about.id)
            batch.end(state="failed", error=BUG, expires=time.time() + self._seconds)
            return
        batch.finish(expires=time.time() + self._seconds)

    def _locate(self, batch: Batch) -> None:
        mode = Mode(batch.about.mode)
        each = mode is Mode.EACH
        job = Job(
            photos=batch.folder.photos,
            options=batch.folder.options(batch.about),
            mode=mode,
            out=str(batch.folder.ledger) if each else None,
            resume=each,
        )

        def show(photo: Path, result: Answer | Failure) -> None:
            self._answered(result.status.value if isinstance(result, Answer) else "failed")
            batch.show(photo, result)

        # Photos that are answered together yield nothing before the last of them is looked at.
        with asking(batch.check):
            job.run(self._locator, show)

    def _read(self) -> None:
        """Find the batches of former servers; those that were in work are interrupted now."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in sorted(self._folder.iterdir()):
            if path.name.startswith(".") and path.name.endswith(PARTIAL_SUFFIX):
                shutil.rmtree(path, ignore_errors=True)  # an upload that a kill cut off
                continue
            if not path.is_dir() or not is_id(path.name):
                continue
            folder = BatchFolder(path)
            try:
                about = folder.about()
                if about.state in ("queued", "running"):
                    about = folder.change(state="interrupted", expires=time.time() + self._seconds)
                self._batches[about.id] = Batch.restored(folder, about)
            except (GleamError, TypeError, ValueError, KeyError, StopIteration) as error:
                logger.warning("The batch %s cannot be read and is left alone: %s", path.name, error)
        self.sweep()


def _locked(folder: Path) -> IO[bytes] | None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(OSError):
        os.chmod(folder, 0o700)
    if _fcntl is None:
        return None
    file = (folder / "lock").open("wb")
    try:
        _fcntl.flock(file.fileno(), _fcntl.LOCK_EX | _fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise GleamError(f"Another server keeps its batches in {folder}; name another --work.") from None
    return file
