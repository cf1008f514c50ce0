"""Progress that can be seen: a bar with the time left on a terminal, plain lines in a log.

Everything goes to stderr, so that stdout stays machine-readable. ``GLEAM_QUIET=1`` silences it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

Item = TypeVar("Item")

QUIET_VARIABLE = "GLEAM_QUIET"
LINE_EVERY_S = 5.0
"""In a log, one line is written this often."""

_asked: ContextVar[Callable[[], None] | None] = ContextVar("asked", default=None)
_lock = threading.RLock()
_shared: RichProgress | None = None
_open_bars = 0


def track(iterable: Iterable[Item], title: str, total: int | None = None) -> Iterator[Item]:
    """Yield the items of ``iterable`` and show how far the loop has come.

    Args:
        iterable: What to loop over.
        title: What is being done, in a few words.
        total: Number of items when ``iterable`` does not know its length.
    """
    if total is None and isinstance(iterable, Sized):
        total = len(iterable)
    with progress(title, total) as bar:
        for item in iterable:
            ask = _asked.get()
            if ask is not None:
                ask()
            yield item
            bar.advance()


@contextlib.contextmanager
def asking(check: Callable[[], None]) -> Iterator[None]:
    """Call ``check`` before each item of the loops that :func:`track` follows in this block.

    What it raises ends the loop: so long work can be stopped between two items, however deep it lies.
    """
    token = _asked.set(check)
    try:
        yield
    finally:
        _asked.reset(token)


@contextlib.contextmanager
def progress(title: str, total: int | None = None) -> Iterator[Bar]:
    """Open a bar that the block moves by hand with :meth:`Bar.advance`.

    Bars may be nested; on a terminal they stand below each other.
    """
    bar: Bar
    if is_quiet():
        bar = Bar(title, total)
    elif sys.stderr.isatty():
        bar = _TerminalBar(title, total)
    else:
        bar = _LogBar(title, total)
    try:
        yield bar
    except BaseException:
        bar.close(finished=False)
        raise
    else:
        bar.close(finished=True)


def is_quiet() -> bool:
    """Tell whether progress is switched off by the environment."""
    return os.environ.get(QUIET_VARIABLE, "") not in ("", "0")


def say(line: str) -> None:
    """Print one line on stderr without tearing an open bar; nothing when quiet."""
    if is_quiet():
        return
    with _lock:
        if _shared is not None:
            _shared.console.print(line, markup=False, highlight=False)
        else:
            print(line, file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """Return a length of time as a person says it: ``8.2 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


class Bar:
    """A running count. This one shows nothing; it is what quiet mode uses."""

    def __init__(self, title: str, total: int | None) -> None:
        """Start counting at zero."""
        self.title = title
        self.total = total
        self.done = 0.0
        self.note = ""

    def advance(self, steps: float = 1, note: str | None = None) -> None:
        """Move on by ``steps``; ``note`` is a short text such as ``loss 0.41`` shown beside."""
        self.done += steps
        if note is not None:
            self.note = note
        self._show()

    def close(self, *, finished: bool) -> None:
        """Take the bar away."""

    def _show(self) -> None:
        """Bring the display up to date."""


class _TerminalBar(Bar):
    def __init__(self, title: str, total: int | None) -> None:
        super().__init__(title, total)
        global _shared, _open_bars
        with _lock:
            if _shared is None:
                _shared = _new_display()
                _shared.start()
            _open_bars += 1
            self._display = _shared
            self._task = _shared.add_task(title, total=total, note="")

    def _show(self) -> None:
        self._display.update(self._task, completed=self.done, note=self.note)

    def close(self, *, finished: bool) -> None:
        global _shared, _open_bars
        with _lock:
            if finished and self.total is None:
                self._display.update(self._task, total=self.done, completed=self.done)
            self._display.stop_task(self._task)
            _open_bars -= 1
            if _open_bars == 0:
                self._display.stop()
                _shared = None
            else:
                self._display.remove_task(self._task)


class _LogBar(Bar):
    def __init__(self, title: str, total: int | None) -> None:
        super().__init__(title, total)
        self._started = time.monotonic()
        self._last = self._started
        self._written = False

    def _show(self) -> None:
        now = time.monotonic()
        if now - self._last < LINE_EVERY_S:
            return
        self._last = now
        self._write(self._line(now - self._started))

    def close(self, *, finished: bool) -> None:
        elapsed = time.monotonic() - self._started
        if self._written or elapsed >= 2.0:
            how = "done" if finished else "stopped"
            self._write(f"{self.title}: {how}, {self.done:g} in {duration(elapsed)}{self._tail()}")

    def _line(self, elapsed: float) -> str:
        if not self.total:
            return f"{self.title}: {self.done:g}, {duration(elapsed)} so far{self._tail()}"
        share = min(self.done / self.total, 1.0)
        left_s = elapsed * (1 - share) / share if share else 0.0
        count = f"{self.done:g}/{self.total} ({share:.0%})"
        return f"{self.title}: {count}, about {duration(left_s)} left{self._tail()}"

    def _tail(self) -> str:
        return f", {self.note}" if self.note else ""

    def _write(self, line: str) -> None:
        self._written = True
        print(line, file=sys.stderr, flush=True)


def _new_display() -> RichProgress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", style="dim"),
        console=Console(stderr=True),
        refresh_per_second=4,
    )
