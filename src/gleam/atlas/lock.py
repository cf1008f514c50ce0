"""One writer at a time: a lock that the system drops when its holder dies."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gleam.errors import AtlasError

_fcntl: Any
try:
    import fcntl as _fcntl
except ImportError:  # Windows has no flock; there a second builder is not told apart
    _fcntl = None

LOCK = ".build.lock"


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the right to write to an atlas folder.

    Raises:
        AtlasError: Another process holds it.
    """
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if _fcntl is not None:
            try:
                _fcntl.flock(descriptor, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
            except OSError:
                raise AtlasError(f"Another process is writing to {folder}; wait for it or stop it.") from None
        yield
    finally:
        os.close(descriptor)
