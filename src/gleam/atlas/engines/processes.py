"""The engine of worker processes on this machine."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for
from pathlib import Path

from gleam.atlas.engines.worker import Job, Worker, taken_in
from gleam.atlas.fragments import Fragments
from gleam.atlas.units import CutUnit, Unit
from gleam.errors import AtlasError

_job: Job | None = None
_worker: Worker | None = None


class ProcessEngine:
    """Worker processes write fragments; this process takes them in.

    They are started afresh and not forked: a fork of a process with threads (the store has some) may
    stand still for ever.
    """

    def __init__(self, job: Job, workers: int) -> None:
        self._fragments = Fragments(Path(job.folder))
        self._ahead = 2 * workers
        self._pool = ProcessPoolExecutor(
            workers, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(job,)
        )

    def cut(self, units: Sequence[Unit]) -> Iterator[CutUnit]:
        """Yield every unit, as the workers finish them."""
        todo = iter(units)
        running: set[Future[str]] = set()
        try:
            while True:
                while len(running) < self._ahead and (unit := next(todo, None)) is not None:
                    running.add(self._pool.submit(_cut, unit))
                if not running:
                    return
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield taken_in(self._fragments, future.result())
        except BrokenProcessPool as error:
            raise AtlasError(
                "A worker process died, most likely for want of memory; run the same command again to go on, "
                "with fewer --workers. (From a script, start the build under `if __name__ == '__main__'`.)"
            ) from error

    def close(self) -> None:
        """Let the workers finish the unit they are at, and end them."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _begin(job: Job) -> None:
    """Run first in a worker."""
    global _job
    _job = job
    # Ctrl-C reaches the whole group of processes; the parent alone decides what then happens.
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    # A pool does not notice that its owner was killed: its workers would wait for ever.
    wait_for([sentinel])
    os._exit(1)


def _cut(unit: Unit) -> str:
    global _worker
    if _worker is None:
        # Not in the initializer: an error there would break the pool and lose its words.
        assert _job is not None
        _worker = Worker(_job)
    return _worker.cut(unit)
