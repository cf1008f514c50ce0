"""Rows of JSON exports: conversations with paths of pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gleam.errors import GleamError
from gleam.explaining.exchange.conversation import read_answer
from gleam.explaining.exchange.pictures import file_reader
from gleam.explaining.exchange.row import Row
from gleam.explaining.sentences import parse_language

MAX_LINE = 4 * 1024 * 1024


def row_of(folder: Path, where: str, told: object, turns: str, role: str, content: str, answerer: str) -> Row:
    """Read a row.

    Args:
        folder: Of the export.
        where: File and row, for messages.
        told: The row.
        turns: Its key of the conversation; role, content: keys of a turn; answerer: the role of the answer.
        role: See ``turns``.
        content: See ``turns``.
        answerer: See ``turns``.

    Raises:
        GleamError: Something is missing or of a wrong type, or the answer cannot be read.
    """
    if not isinstance(told, dict):
        raise GleamError(f"{where}: it is no JSON object.")
    for key in ("pair_id", "language", "teacher"):
        if not isinstance(told.get(key), str):
            raise GleamError(f"{where}: {key} is missing.")
    pictures = told.get("images")
    if not isinstance(pictures, list):
        raise GleamError(f"{where}: images is missing.")
    said = told.get(turns)
    answers = [
        turn.get(content)
        for turn in (said if isinstance(said, list) else ())
        if isinstance(turn, dict) and turn.get(role) == answerer
    ]
    if len(answers) != 1 or not isinstance(answers[0], str):
        raise GleamError(f"{where}: {turns} has not exactly one answer.")
    language = parse_language(told["language"])
    try:
        match, text = read_answer(answers[0], language)
    except GleamError as error:
        raise GleamError(f"{where}: {error}.") from None
    readers = tuple(file_reader(folder, path, where) for path in pictures)
    return Row(where, told["pair_id"], language, told["teacher"], match, text, readers)


def read_lines(file: Path) -> Iterator[tuple[str, Any]]:
    """Return (where, document) of a file of JSON lines.

    Raises:
        GleamError: A line is no JSON, not UTF-8, or far too long.
    """
    for number, raw in enumerate(file.read_bytes().split(b"\n"), start=1):
        if not raw.strip():
            continue
        if len(raw) > MAX_LINE:
            raise GleamError(f"{file}, line {number}: a line of {len(raw)} bytes is no row of an export.")
        try:
            yield f"{file}, line {number}", json.loads(raw)
        except ValueError as error:
            raise GleamError(f"{file}, line {number}: it is no JSON ({error}).") from None
