"""Reading label files line by line, so that whatever is wrong is told with its line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gleam.errors import TableError

MOST_BYTES = 512 * 2**20
"""No label file of a public data set comes near this; more is not read into memory."""


@dataclass(frozen=True)
class Line:
    """The fields of one line of ``file``; ``number`` counts from 1."""

    file: Path
    number: int
    fields: tuple[str, ...]

    def error(self, says: str) -> TableError:
        """Return the error that says what is wrong with this line."""
        return TableError(f"{self.file}: line {self.number} {says}.")

    def number_at(self, index: int, meaning: str) -> float:
        """Return a field as a finite number; raise the error with the line otherwise."""
        try:
            value = float(self.fields[index])
        except ValueError:
            value = float("nan")
        if value - value != 0:  # NaN and both infinities
            raise self.error(f"gives {self.fields[index]!r} as {meaning}, which is not a number")
        return value


def spaced_lines(file: Path, fields: int) -> Iterator[Line]:
    """Yield the lines of a file whose fields are separated by blanks; empty lines are passed over.

    Raises a ``TableError`` naming the line that has another number of fields.
    """
    for number, text in enumerate(_text(file).splitlines(), 1):
        parts = tuple(text.split())
        if not parts:
            continue
        line = Line(file, number, parts)
        if len(parts) != fields:
            raise line.error(f"has {len(parts)} fields instead of {fields}")
        yield line


def comma_lines(file: Path, fields: int) -> Iterator[Line]:
    """Yield the lines of a CSV file without header; a line may have more fields than asked for.

    Raises a ``TableError`` naming the line that has fewer.
    """
    reader = csv.reader(io.StringIO(_text(file), newline=""))
    while True:
        try:
            parts = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise TableError(f"{file}: line {reader.line_num} is no CSV ({error}).") from error
        if not any(part.strip() for part in parts):
            continue
        line = Line(file, reader.line_num, tuple(part.strip() for part in parts))
        if len(parts) < fields:
            raise line.error(f"has {len(parts)} fields instead of {fields}")
        yield line


def json_entries(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects of a JSON file that is a list of them, each with where it stands, for messages."""
    try:
        document = json.loads(_text(file))
    except (ValueError, RecursionError) as error:
        raise TableError(f"{file}: not a JSON file ({error}).") from error
    if not isinstance(document, list):
        raise TableError(f"{file}: holds no list of images.")
    for number, entry in enumerate(document, 1):
        if not isinstance(entry, dict):
            raise TableError(f"{file}: entry {number} is not an object.")
        yield f"{file}: entry {number}", entry


def _text(file: Path) -> str:
    try:
        size = file.stat().st_size
        if size > MOST_BYTES:
            raise TableError(f"{file}: {size:,} bytes are more than a label file has.")
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError(f"{file}: not a UTF-8 text file (byte {error.start}).") from error
    except OSError as error:
        raise TableError(f"{file}: cannot be read ({error.strerror}).") from error


def relative_path(line: Line, index: int) -> str:
    """Return a field as a path under the root, with ``/``; raise the error with the line for any other."""
    text = line.fields[index].replace("\\", "/").removeprefix("./")
    if not text or text.startswith("/") or ":" in text or ".." in text.split("/"):
        raise line.error(f"gives {line.fields[index]!r} as an image, which is no path inside the data set")
    return text
