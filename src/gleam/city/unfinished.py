"""The folder a city is made in: ``OUT.partial``, resumed after a kill, renamed to ``OUT`` when whole.

The folder holds ``recipe.json`` from its first moment, so that a second run knows whether it may go
on, and finished pieces of work in ``parts/``; both are gone from the finished city, whose
``city.json`` is written last.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gleam.errors import GleamError
from gleam.files import read_json, write_json

if sys.platform != "win32":
    import fcntl

CITY_FILE = "city.json"
_RECIPE_FILE = "recipe.json"
_LOCK_FILE = ".lock"
_PARTS = "parts"


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the content of a city folder, to the byte."""

    seed: int
    size_km: float
    places: int
    pixels: int
    quality: int
    mosaic_m_per_px: float
    views: tuple[str, ...]
    rasters: bool
    tiles: bool
    labels: bool
    split: str | None
    version: str
    """Version of GLEAM: another one may draw the same seed differently."""

    def as_dict(self) -> dict[str, Any]:
        """Return the recipe as plain values, as JSON gives them back."""
        return {**asdict(self), "views": list(self.views)}

    def command(self, out: str) -> str:
        """Return the command line that makes this city again."""
        words = [f"gleam city make {shlex.quote(out)} --seed {self.seed}"]
        words.append(f"--size {self.size_km:g} --places {self.places}")
        words.append(f"--pixels {self.pixels} --quality {self.quality}")
        words.append(f"--resolution {self.mosaic_m_per_px:g} --views {','.join(self.views)}")
        words += ["--no-rasters"] * (not self.rasters) + ["--no-tiles"] * (not self.tiles)
        words += ["--no-labels"] * (not self.labels)
        words += [f"--split {shlex.quote(self.split)}"] if self.split else []
        return " ".join(words)


class Workshop:
    """An open ``OUT.partial`` folder."""

    def __init__(self, out: Path, work: Path) -> None:
        """Remember the goal and the folder worked in."""
        self.out = out
        self.work = work
        self.parts = work / _PARTS
        self.parts.mkdir(exist_ok=True)

    @property
    def is_whole(self) -> bool:
        """Whether an earlier run was stopped between its last file and the renaming."""
        return (self.work / CITY_FILE).is_file()

    def finish(self, city: dict[str, Any]) -> None:
        """Flush everything to the disk, write ``city.json`` and give the folder its real name."""
        # One flush for all pictures: a flush per file would take longer than rendering it.
        os.sync()
        write_json(self.work / CITY_FILE, city)
        self.publish()

    def publish(self) -> None:
        """Clear away what only the making needed and rename the folder."""
        shutil.rmtree(self.parts)
        for name in (_RECIPE_FILE, _LOCK_FILE):
            (self.work / name).unlink(missing_ok=True)
        if self.out.exists():
            aside = self.out.with_name(f".{self.out.name}.{secrets.token_hex(4)}.old")
            os.replace(self.out, aside)
            os.replace(self.work, self.out)
            shutil.rmtree(aside, ignore_errors=True)
        else:
            os.replace(self.work, self.out)


def finished_city(out: Path) -> dict[str, Any] | None:
    """Return the content of ``city.json`` of a finished city, None when there is none."""
    return read_json(out / CITY_FILE) if (out / CITY_FILE).is_file() else None


@contextlib.contextmanager
def open_workshop(out: Path, recipe: Recipe, *, overwrite: bool) -> Iterator[Workshop]:
    """Open the working folder of ``out``, new or left by an earlier run of the same recipe.

    Raises GleamError when ``out`` holds something, or the working folder belongs to another recipe
    or to a run that still goes on, or the disk is full.
    """
    check_goal(out, overwrite=overwrite)
    work = out.with_name(out.name + ".partial")
    with _disk_errors(out, work):
        _prepare(work, recipe, overwrite)
        with _lock(work):
            write_json(work / _RECIPE_FILE, recipe.as_dict())
            yield Workshop(out, work)


def check_goal(out: Path, *, overwrite: bool) -> None:
    """Raise GleamError when ``out`` holds something that must not be replaced."""
    if out.exists() and not out.is_dir():
        raise GleamError(f"{out} is a file; name a folder for the city.")
    if not out.exists() or not any(out.iterdir()):
        return
    if not (out / CITY_FILE).is_file():
        raise GleamError(f"{out} already has content that is no finished city; choose another folder.")
    if not overwrite:
        recipe = read_json(out / CITY_FILE).get("recipe", {})
        made = ", ".join(f"{k} {recipe[k]}" for k in ("seed", "size_km", "places") if k in recipe)
        raise GleamError(
            f"{out} already holds a city made otherwise ({made}): choose another folder or add --overwrite."
        )


def _prepare(work: Path, recipe: Recipe, overwrite: bool) -> None:
    """Make the working folder, or see to it that the one there may be gone on with."""
    if work.exists() and (not work.is_dir() or (any(work.iterdir()) and not _is_ours(work))):
        raise GleamError(f"{work} is in the way: the city is made there first; move it elsewhere.")
    begun = _recipe_of(work)
    if begun is not None and begun != recipe.as_dict():
        if not overwrite:
            raise GleamError(
                f"{work} holds an unfinished city of another recipe: remove it or add --overwrite."
            )
        with _lock(work):
            shutil.rmtree(work)
    work.mkdir(parents=True, exist_ok=True)


def _recipe_of(work: Path) -> Any:
    """Return the recipe that a working folder was begun with, None when it says none."""
    if (work / CITY_FILE).is_file():
        return read_json(work / CITY_FILE).get("recipe")
    return read_json(work / _RECIPE_FILE) if (work / _RECIPE_FILE).is_file() else None


def _is_ours(work: Path) -> bool:
    """Tell whether a folder was left by a run: even one killed in its last or first moments."""
    return any((work / name).is_file() for name in (_RECIPE_FILE, CITY_FILE, _LOCK_FILE))


@contextlib.contextmanager
def _lock(work: Path) -> Iterator[None]:
    """Hold the folder for this process; the system lets go of the lock when the process dies."""
    if sys.platform == "win32":  # no advisory locks of this kind: two runs are not told apart
        yield
        return
    descriptor = os.open(work / _LOCK_FILE, os.O_CREAT | os.O_RDWR, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise GleamError(f"Another run is making a city in {work} just now; wait for it.") from None
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _disk_errors(out: Path, work: Path) -> Iterator[None]:
    """Turn a full or read-only disk into one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise GleamError(
                f"The disk is full: {out} is unfinished. What was done is kept in {work}; free some "
                "space and run the same command again to go on."
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise GleamError(f"{out} cannot be written: {error.strerror}.") from error
        raise
