"""Keeps ``revised.jsonl`` up to date behind the reviewers' backs."""

from __future__ import annotations

import logging
import threading

from gleam.errors import GleamError
from gleam.explaining.reviewing.revised import write_revised
from gleam.explaining.reviewing.store import ReviewStore

QUIET_S = 1.0
"""Decisions that come this close together are written once."""
logger = logging.getLogger("gleam.web")


class Publisher:
    """A thread that writes the file after decisions; it can always be drawn anew from the history."""

    def __init__(self, store: ReviewStore) -> None:
        self._store = store
        self._due = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def start(self) -> None:
        """Begin, and first write what an earlier server may have left out."""
        self._due.set()
        self._thread.start()

    def decided(self) -> None:
        """Note that something was decided."""
        self._due.set()

    def stop(self) -> None:
        """Write what is due and end."""
        self._over.set()
        self._due.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            self._due.wait()
            self._over.wait(QUIET_S)
            self._due.clear()
            try:
                write_revised(self._store)
            except (GleamError, OSError) as error:
                logger.error("revised.jsonl was not written (%s); the decisions themselves are kept.", error)
