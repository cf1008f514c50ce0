"""Texts about pairs, by teachers and by people, one per line of a JSON lines file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gleam.errors import BenchError
from gleam.explaining.verdict import Language
from gleam.files import atomic_write

PEOPLE = "people"
"""The teacher of a text that people revised."""

TextStatus = Literal["ok", "refused", "invalid", "failed"]


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Usage(_Line):
    """Tokens that a request took, as the server said."""

    input_tokens: Annotated[int, Field(ge=0)] = 0
    output_tokens: Annotated[int, Field(ge=0)] = 0


class Text(_Line):
    """What a teacher (or a person, see ``revised``) says of a pair in one language.

    match: the verdict of the text, which may be wrong; the truth is :attr:`Pair.match`. evidence: short
    statements it rests on. status: only ``ok`` ones have a text; the others were paid for and are counted.
    request_hash: of the request in the ledger. cost_usd: a call that wrote both languages is shared.
    """

    pair_id: str
    language: Language
    teacher: str
    model: str | None = None
    prompt_version: str = ""
    request_hash: str = ""
    status: TextStatus = "ok"
    match: bool | None = None
    evidence: tuple[str, ...] = ()
    explanation: str = ""
    usage: Usage = Usage()
    cost_usd: Annotated[float, Field(ge=0)] = 0.0
    seconds: Annotated[float, Field(ge=0)] = 0.0
    problem: str | None = None
    revised: bool = False


class Revision(_Line):
    """What people made of the text on a pair: one line of ``revised.jsonl``."""

    pair_id: str
    language: Language
    match: bool | None = None
    explanation: str = ""
    status: Literal["accepted", "edited", "discarded"]
    reviewers: tuple[str, ...] = ()
    hash: str = ""


LineType = TypeVar("LineType", bound=BaseModel)


def read_lines(path: str | os.PathLike[str], kind: type[LineType]) -> list[LineType]:
    """Read a file of JSON lines; a file that is not there has none.

    Raises:
        BenchError: A line is not UTF-8 JSON of that kind; file, line and field are named.
    """
    file = Path(path)
    if not file.is_file():
        return []
    lines: list[LineType] = []
    for number, raw in enumerate(file.read_bytes().split(b"\n"), start=1):
        if not raw.strip():
            continue
        try:
            lines.append(kind.model_validate_json(raw))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            field = f", field {where}" if where else ""
            raise BenchError(f"{file}, line {number}{field}: {first['msg']}.") from None
    return lines


def write_lines(path: str | os.PathLike[str], lines: Iterable[BaseModel]) -> None:
    """Write JSON lines; the file appears whole or not at all."""
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        for line in lines:
            stream.write(line.model_dump_json() + "\n")
