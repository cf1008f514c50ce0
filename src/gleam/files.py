"""Writing files so that nothing half-written is ever taken for whole.

Every file and folder that GLEAM makes is written under a temporary name beside its goal, flushed to
the disk and renamed. A kill, a crash or a full disk leaves the old content (or nothing) under the
real name; leftovers are called ``.NAME.*.partial``, which no reader looks at.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import math
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from gleam.errors import GleamError

PARTIAL_SUFFIX = ".partial"
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path to write to; rename it to ``path`` when the block ends well.

    The parent folder is made when missing. When the block raises, the temporary file is removed and
    ``path`` keeps its former content.

    Args:
        path: The file to write in the end.

    Yields:
        A path in the same folder, with the same suffix, at which nothing exists yet.

    Raises:
        GleamError: The disk is full, the folder cannot be written, or the block wrote nothing.
    """
    goal = Path(path)
    with _plain_errors(goal):
        if goal.is_dir():
            raise GleamError(f"Cannot write the file {goal}: a folder of that name is in the way.")
        goal.parent.mkdir(parents=True, exist_ok=True)
        temporary = _temporary_name(goal)
        try:
            yield temporary
            if not temporary.is_file():
                raise GleamError(f"Nothing was written for {goal}, so it was left as it was.")
            _sync(temporary)
            os.replace(temporary, goal)
            _sync_folder(goal.parent)
        finally:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(path: str | os.PathLike[str], *, replace: bool = False) -> Iterator[Path]:
    """Yield a temporary folder to fill; rename it to ``path`` when the block ends well.

    Args:
        path: The folder to make in the end. It may exist when it is empty.
        replace: Take the place of a folder with content. The old one is moved aside first and
            removed after; a kill between the two renames leaves it whole as ``.NAME.*.old``.

    Yields:
        An empty folder beside ``path``.

    Raises:
        GleamError: The folder has content and ``replace`` is false, or the disk is full.
    """
    goal = Path(path)
    with _plain_errors(goal):
        _check_goal_folder(goal, replace=replace)
        goal.parent.mkdir(parents=True, exist_ok=True)
        temporary = _temporary_name(goal)
        temporary.mkdir()
        try:
            yield temporary
            for file in temporary.rglob("*"):
                _sync(file) if file.is_file() else _sync_folder(file)
            _sync_folder(temporary)
            _swap_in(temporary, goal)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def read_json(path: str | os.PathLike[str]) -> Any:
    """Return the content of a JSON file.

    Raises:
        GleamError: The file is missing or is not JSON; the message names it and the line.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise GleamError(f"{path} does not exist.") from None
    except json.JSONDecodeError as error:
        raise GleamError(f"{path} is not JSON: {error.msg} at line {error.lineno}.") from None
    except UnicodeDecodeError:
        raise GleamError(f"{path} is not JSON: it is not UTF-8 text.") from None
    except OSError as error:
        raise GleamError(f"{path} cannot be read: {error.strerror}.") from None


def write_json(path: str | os.PathLike[str], value: object, *, indent: int | None = 2) -> None:
    """Write ``value`` as JSON, atomically; see :func:`to_json` for what is allowed in it."""
    with atomic_write(path) as temporary:
        temporary.write_text(to_json(value, indent=indent) + "\n", encoding="utf-8")


def to_json(value: object, *, indent: int | None = 2) -> str:
    """Return ``value`` as JSON text.

    Paths, enums, sets, tuples, numpy scalars and arrays are turned into plain values. JSON knows
    neither NaN nor infinity: both become ``null``.
    """
    return json.dumps(_plain(value), indent=indent, ensure_ascii=False, allow_nan=False)


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits, reading it in pieces."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return _plain(value.value)
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((_plain(item) for item in value), key=str)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):  # numpy and torch, without importing either
        return _plain(value.tolist())
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _temporary_name(goal: Path) -> Path:
    # The suffix is kept last: writers such as PIL choose the format by it.
    stem = f".{goal.name}.{secrets.token_hex(4)}{PARTIAL_SUFFIX}"
    return goal.with_name(stem + goal.suffix)


def _check_goal_folder(goal: Path, *, replace: bool) -> None:
    if goal.exists() and not goal.is_dir():
        raise GleamError(f"Cannot make the folder {goal}: a file of that name is in the way.")
    if not replace and goal.is_dir() and any(goal.iterdir()):
        raise GleamError(f"{goal} already has content; choose another folder or remove it first.")


def _swap_in(temporary: Path, goal: Path) -> None:
    if not goal.exists():
        os.replace(temporary, goal)
    elif not any(goal.iterdir()):
        goal.rmdir()
        os.replace(temporary, goal)
    else:
        aside = goal.with_name(f".{goal.name}.{secrets.token_hex(4)}.old")
        os.replace(goal, aside)
        try:
            os.replace(temporary, goal)
        except BaseException:
            os.replace(aside, goal)
            raise
        shutil.rmtree(aside, ignore_errors=True)
    _sync_folder(goal.parent)


@contextlib.contextmanager
def _plain_errors(goal: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise GleamError(
                f"The disk is full: {goal} could not be written and nothing half-written was kept. "
                "Free some space and run the same command again."
            ) from error
        if error.errno in _READ_ONLY and _is_near(error.filename, goal):
            raise GleamError(f"{goal} cannot be written: {error.strerror}.") from error
        raise


def _is_near(name: object, goal: Path) -> bool:
    """Tell whether an error is about the goal's own folder and not about a file read in the block."""
    if not isinstance(name, str | os.PathLike):
        return False
    near = Path(name)
    return goal.parent in (near, near.parent) or near in goal.parents


def _sync(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    # Some systems (Windows, a few network disks) cannot open or sync a folder: then the rename is
    # still atomic, only its survival of a power cut is not promised.
    with contextlib.suppress(OSError):
        _sync(folder)
