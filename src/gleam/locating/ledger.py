"""The file of a long batch: one JSON line per photo, on the disk before the next photo begins.

A killed run loses nothing but the photo in work. Each line carries, beside the answer, what it was made
from (``input``: path, SHA-256 of the photo, and a digest of encoder, atlas and options), so that a
resumed run knows which answers still hold.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import gleam
from gleam.errors import GleamError
from gleam.files import atomic_write, sha256_of, to_json
from gleam.locating.answer import VERSION, Answer
from gleam.locating.batch import Failure
from gleam.locating.exporters.jsonl import FAILED, from_row, to_row

if TYPE_CHECKING:
    from gleam.locating.locator import Locator

_fcntl: Any
try:
    import fcntl as _fcntl
except ImportError:  # Windows has no flock; there a second run is not told apart
    _fcntl = None

_BEGINNING = '{"version": '


def run_digest(locator: Locator, options: Mapping[str, Any]) -> str:
    """Return a digest of all that shapes an answer besides the photo.

    That is GLEAM's version, the encoder and its calibration, the atlas as it is now, and the options.
    """
    plain = {k: asdict(v) if is_dataclass(v) and not isinstance(v, type) else v for k, v in options.items()}
    told = {
        "gleam": gleam.__version__,
        "answer": VERSION,
        "encoder": locator.encoder.fingerprint,
        "calibration": getattr(locator.encoder, "calibration", None),
        "headings": locator.headings,
        "atlas": locator.atlas.fingerprint,
        "options": plain,
    }
    text = json.dumps(json.loads(to_json(told)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


class Ledger:
    """A file of answers that grows line by line; use it as a context.

    Args:
        path: The file; made when missing.
        run: Digest of what shapes the answers besides the photos, see :func:`run_digest`.
        resume: Go on with a file that has content. Without, content is refused.

    Raises:
        GleamError: The file has content and ``resume`` is false, a line is not one of GLEAM's, or another
            process writes to it. The file is left as it is.
    """

    def __init__(self, path: str | os.PathLike[str], run: str, *, resume: bool = False) -> None:
        self.path = Path(path)
        self.run = run
        if self.path.is_dir():
            raise GleamError(f"Cannot write the file {path}: a folder of that name is in the way.")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[bytes] = self.path.open("a+b", buffering=0)
        try:
            self._lock()
            self._rows = self._read(resume)
        except BaseException:
            self._file.close()
            raise
        self._digests: dict[str, str | None] = {}

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def kept(self, photo: Path) -> Answer | None:
        """Return the answer that a former run has for a photo, if the photo and the run are the same.

        Failures are not kept: what was in the way may be gone.
        """
        digest = self._digest(photo)
        row = self._rows.get(_name(photo))
        if row is None or digest is None or row.get("status") == FAILED:
            return None
        if row.get("input") != self._input(photo):
            return None
        result = from_row(row)
        if not isinstance(result, Answer):
            return None
        # Written anew: a file of an older GLEAM gives refused photos a place.
        self._rows[_name(photo)] = {**to_row(result), "input": row["input"]}
        return result

    def add(self, photo: Path, result: Answer | Failure) -> None:
        """Append a result; it is on the disk when this returns.

        Raises:
            GleamError: The disk is full.
        """
        row = {**to_row(result), "input": self._input(photo)}
        self._rows.pop(_name(photo), None)
        self._rows[_name(photo)] = row
        rest = memoryview(_line(row))
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            raise GleamError(
                f"{self.path} cannot be written ({error.strerror}). What it holds is kept; make room and "
                "run the same command again with --resume."
            ) from None

    def put_in_order(self, photos: Sequence[Path]) -> None:
        """Rewrite the file, atomically: one line per photo, in their order, after those of other photos."""
        own = dict.fromkeys(map(_name, photos))
        order = [*(name for name in self._rows if name not in own), *(n for n in own if n in self._rows)]
        with atomic_write(self.path) as temporary:
            temporary.write_bytes(b"".join(_line(self._rows[name]) for name in order))

    def _input(self, photo: Path) -> dict[str, str | None]:
        return {"path": _name(photo), "sha256": self._digest(photo), "run": self.run}

    def _digest(self, photo: Path) -> str | None:
        name = _name(photo)
        if name not in self._digests:
            try:
                self._digests[name] = sha256_of(photo)
            except OSError:
                self._digests[name] = None
        return self._digests[name]

    def _lock(self) -> None:
        if _fcntl is None:
            return
        try:
            _fcntl.flock(self._file.fileno(), _fcntl.LOCK_EX | _fcntl.LOCK_NB)
        except OSError:
            raise GleamError(f"Another process writes to {self.path}; wait for it or stop it.") from None

    def _read(self, resume: bool) -> dict[str, dict[str, Any]]:
        """Return the rows by path, the last of each, and cut off a line that a kill left unfinished."""
        self._file.seek(0)
        data = self._file.read()
        if data and not resume:
            raise GleamError(f"{self.path} has content; go on with it by --resume, or name another file.")
        whole, _, tail = data.rpartition(b"\n")
        rows: dict[str, dict[str, Any]] = {}
        for number, line in enumerate(whole.split(b"\n") if whole else (), start=1):
            row = self._row(line, number)
            name = str((row.get("input") or {}).get("path") or f"line {number}")
            rows.pop(name, None)
            rows[name] = row
        if tail:
            start = tail.decode("utf-8", "replace")
            if not (start.startswith(_BEGINNING) or _BEGINNING.startswith(start)):
                raise GleamError(f"{self.path} is not a file of answers; name another file.")
            self._file.truncate(len(data) - len(tail))
        return rows

    def _row(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            row = json.loads(line)
            if not isinstance(row, dict) or "version" not in row or "status" not in row:
                raise ValueError("no answer")
        except ValueError:
            raise GleamError(
                f"{self.path}, line {number}, is not an answer of GLEAM; name another file."
            ) from None
        return row


def _name(photo: Path) -> str:
    """Return a path as it will read in the file, where bytes that are no UTF-8 cannot stand."""
    return str(photo).encode("utf-8", "replace").decode("utf-8")


def _line(row: Mapping[str, Any]) -> bytes:
    return (to_json(row, indent=None) + "\n").encode("utf-8", "replace")
