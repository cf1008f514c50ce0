"""The folder a benchmark is made in: ``OUT.partial``, gone on with after a kill, renamed when whole."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gleam.atlas.lock import LOCK, writing
from gleam.errors import AtlasError, BenchError
from gleam.files import read_json, write_json

_RECIPE, _PARTS = "recipe.json", "parts"


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the right to write to a folder; the system lets go of it when the process dies.

    Raises:
        BenchError: Another process holds it.
    """
    try:
        with writing(folder):
            yield
    except AtlasError:
        raise BenchError(f"Another run is at work in {folder}; wait for it or stop it.") from None


@contextlib.contextmanager
def open_workshop(out: Path, recipe: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the working folder of ``out``; when the block ends well it gets its real name.

    Intermediate results go to ``parts/`` in it and are gone in the end.

    Raises:
        BenchError: ``out`` has content, or the working folder is of another recipe or another run.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BenchError(f"{out} already has content that is no benchmark; choose another folder.")
    work = out.with_name(out.name + ".partial")
    if work.exists() and (not work.is_dir() or any(work.iterdir())) and not (work / _RECIPE).is_file():
        raise BenchError(f"{work} is in the way: the benchmark is made there first; move it elsewhere.")
    work.mkdir(parents=True, exist_ok=True)
    begun = read_json(work / _RECIPE) if (work / _RECIPE).is_file() else dict(recipe)
    if begun != dict(recipe):
        raise BenchError(f"{work} holds an unfinished benchmark of another recipe; remove it first.")
    write_json(work / _RECIPE, dict(recipe))
    with alone(work):
        (work / _PARTS).mkdir(exist_ok=True)
        yield work
        # One flush for all pictures: a flush per file would take longer than copying it.
        os.sync()
        shutil.rmtree(work / _PARTS)
        for name in (_RECIPE, LOCK):
            (work / name).unlink(missing_ok=True)
        if out.exists():
            out.rmdir()
        os.replace(work, out)


def parts_of(work: Path) -> Path:
    """Return where intermediate results are kept."""
    return work / _PARTS
