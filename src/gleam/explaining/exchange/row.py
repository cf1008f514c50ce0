"""A row of an export as it comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What a row says.

    where: file and row, for messages. pair_id, language, teacher: of the text. match: the verdict. text: None
    when the export has verdicts alone. pictures: return the bytes of the query and of the tile.
    """

    where: str
    pair_id: str
    language: str
    teacher: str
    match: bool
    text: str | None
    pictures: tuple[Callable[[], bytes], ...]
