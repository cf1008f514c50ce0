"""Pictures of an export: files beside it, or bytes inside it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gleam.errors import GleamError
from gleam.explaining.benchmark.folder import IMAGES
from gleam.explaining.exchange.selection import Selection

MAX_BYTES = 256 * 1024 * 1024


def copy_pictures(selection: Selection, folder: Path) -> dict[str, str]:
    """Copy every picture once and return its path in the export, by SHA-256."""
    paths = {}
    for sha in selection.pictures:
        source = selection.bench.image_path(sha)
        path = f"{IMAGES}/{sha[:2]}/{source.name}"
        goal = folder / path
        goal.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, goal)
        paths[sha] = path
    return paths


def embedded(selection: Selection, sha: str) -> dict[str, Any]:
    """Return a picture as the Hugging Face libraries embed it: its bytes, and its name."""
    file = selection.bench.image_path(sha)
    return {"bytes": file.read_bytes(), "path": file.name}


def file_reader(folder: Path, path: object, where: str) -> Callable[[], bytes]:
    """Return what reads a picture beside an export.

    Raises:
        GleamError: The path is no text or leads out of the export.
    """
    if not isinstance(path, str):
        raise GleamError(f"{where}: a picture is not given by its path.")
    root = folder.resolve()
    file = Path(os.path.normpath(root / path))
    if not file.is_relative_to(root):
        raise GleamError(f"{where}: the picture {path!r} lies outside the export.")

    def read() -> bytes:
        if not file.is_file():
            raise GleamError(f"{where}: the picture {path!r} is missing; copy it back.")
        if file.stat().st_size > MAX_BYTES:
            raise GleamError(f"{where}: the picture {path!r} is larger than any of the benchmark.")
        return file.read_bytes()

    return read


def bytes_reader(picture: object, where: str) -> Callable[[], bytes]:
    """Return what reads an embedded picture; raise a ``GleamError`` when it is none."""
    data = picture.get("bytes") if isinstance(picture, dict) else None
    if not isinstance(data, bytes):
        raise GleamError(f"{where}: a picture has no bytes; save the data set with its pictures embedded.")
    held = data
    return lambda: held
