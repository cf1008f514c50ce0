"""JSON lines: everything GLEAM knows of each photo, one line per input, failures among them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gleam.errors import GleamError
from gleam.files import atomic_write, to_json
from gleam.locating.answer import VERSION, Answer
from gleam.locating.batch import Failure
from gleam.locating.exporters.claims import public

FAILED = "failed"
"""Stands in ``status`` where the photo could not be used."""


def to_line(result: Answer | Failure) -> str:
    """Return one line, without its end: the answer's JSON form, or photo, ``failed`` and error."""
    return to_json(to_row(result), indent=None)


def to_row(result: Answer | Failure) -> dict[str, Any]:
    """Return the plain data of one line; what the photo said of its own position is left out."""
    if isinstance(result, Failure):
        return {"version": VERSION, "photo": _text(result.photo), "status": FAILED, "error": result.error}
    data = public(result).to_json()
    return {**data, "photo": None if result.photo is None else _text(result.photo)}


def from_row(row: dict[str, Any]) -> Answer | Failure:
    """Return what :func:`to_row` was made from.

    Raises:
        GleamError: The row is not one of GLEAM's.
    """
    if row.get("status") == FAILED:
        return Failure(str(row.get("photo")), str(row.get("error")))
    return Answer.from_json({key: value for key, value in row.items() if key != "input"})


def write_jsonl(
    path: str | os.PathLike[str], answers: Iterable[Answer], failures: Iterable[Failure] = ()
) -> None:
    """Write one line per answer and per failure, atomically."""
    results: list[Answer | Failure] = [*answers, *failures]
    text = "".join(to_line(result) + "\n" for result in results)
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_jsonl(path: str | os.PathLike[str]) -> tuple[list[Answer], list[Failure]]:
    """Return the answers and the failures of a file, each in its order.

    Raises:
        GleamError: The file is missing or a line is not one of GLEAM's; the line is named.
    """
    answers: list[Answer] = []
    failures: list[Failure] = []
    try:
        lines = Path(path).read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        raise GleamError(f"{path} does not exist.") from None
    except UnicodeDecodeError:
        raise GleamError(f"{path} is not a file of answers: it is not UTF-8 text.") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            result = from_row(row if isinstance(row, dict) else {})
        except (json.JSONDecodeError, GleamError) as error:
            raise GleamError(f"{path}, line {number}: {error}") from None
        if isinstance(result, Answer):
            answers.append(result)
        else:
            failures.append(result)
    return answers, failures


def _text(name: str) -> str:
    return name.encode("utf-8", "replace").decode("utf-8")
