"""Photos are located in worker threads; the event loop only waits for them."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from gleam.web.problems import WebError

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")

_FIRST_GUESS_S = 0.3
_MEMORY = 0.9
"""Share that the seconds of past work keep in their mean."""


class Engine:
    """A bounded number of threads with a bounded queue.

    Args:
        workers: Threads; one for each core when not given.
        queue: Pieces of work that may be waiting or running; one more is refused.
        name: Of the threads.
    """

    def __init__(self, workers: int | None, queue: int, name: str = "locate") -> None:
        self.workers = workers or cores()
        self.queue = queue
        self.waiting = 0
        self._seconds = _FIRST_GUESS_S
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix=name, initializer=_one_thread_each)

    @property
    def full(self) -> bool:
        """Whether more work would be refused."""
        return self.waiting >= self.queue

    @property
    def retry_s(self) -> float:
        """Seconds until the queue will have been worked off, about."""
        return self._seconds * self.waiting / self.workers

    def refuse_when_full(self) -> None:
        """Raise a :class:`WebError` (429) when the queue is full."""
        if self.full:
            sentence = f"{self.waiting} requests are waiting, which is all that may; come back later."
            raise WebError(429, sentence, self.retry_s)

    async def run(
        self, work: Callable[Arguments, Result], *args: Arguments.args, **options: Arguments.kwargs
    ) -> Result:
        """Do a piece of work in a thread.

        Raises:
            WebError: The queue is full.
        """
        self.refuse_when_full()
        with self._lock:
            self.waiting += 1
        done = self._pool.submit(lambda: self._timed(work, *args, **options))
        # By the work, not by who waits for it: a client that hangs up does not stop a running thread.
        done.add_done_callback(self._left)
        return await asyncio.wrap_future(done)

    def _left(self, _: object) -> None:
        with self._lock:
            self.waiting -= 1

    def close(self) -> None:
        """Let running work end and drop what waits."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _timed(
        self, work: Callable[Arguments, Result], *args: Arguments.args, **options: Arguments.kwargs
    ) -> Result:
        begun = time.perf_counter()
        try:
            return work(*args, **options)
        finally:
            with self._lock:
                taken = time.perf_counter() - begun
                self._seconds = _MEMORY * self._seconds + (1 - _MEMORY) * taken


def cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def _one_thread_each() -> None:
    """Let torch use one thread per worker: several photos at once use the cores better than one photo."""
    import torch

    torch.set_num_threads(1)
