"""What is to be written about which pair, by which teacher."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from gleam.errors import GleamError, unknown_name
from gleam.explaining.benchmark.ledger_form import Entry
from gleam.explaining.benchmark.pair import Pair
from gleam.explaining.chat.saying import Said
from gleam.explaining.verdict import LANGUAGES, Language

Purpose = Literal["text", "control"]
CALLS = ("one", "two")


@dataclass(frozen=True)
class Task:
    """One request to be made: about a pair, in one or both languages.

    purpose: ``text``, or ``control`` for a text that is wrong on purpose.
    """

    pair: Pair
    languages: tuple[Language, ...]
    purpose: Purpose = "text"


class Teacher(Protocol):
    """Writes texts on pairs. What it is asked and what it replied pass through the ledger."""

    name: str
    model: str

    def entry(self, task: Task) -> Entry:
        """Return the request as the ledger keeps it; equal requests have equal keys."""

    def read(self, reply: bytes, languages: tuple[Language, ...]) -> Said:
        """Return what a reply says; raise a ``ReplyError`` when it is none."""


@dataclass(frozen=True)
class Plan:
    """How texts are asked for.

    languages: to write. calls: ``two`` asks for each language by itself, with its own prompt; ``one`` asks
    for both at once, which costs less. overlap: share of the pairs that every teacher writes on, so that
    teachers can be compared; the others are shared out. controls: share of the pairs on which a teacher
    who can writes a wrong text as well.
    """

    languages: tuple[Language, ...] = LANGUAGES
    calls: str = "two"
    overlap: float = 0.1
    controls: float = 0.2

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        if self.calls not in CALLS:
            raise unknown_name("number of calls", self.calls, CALLS)
        for name in ("overlap", "controls"):
            if not 0 <= getattr(self, name) <= 1:
                raise GleamError(f"--{name} {getattr(self, name):g} is no share; give 0 to 1.")
        if not self.languages:
            raise GleamError(f"No language to write in; give some of {', '.join(LANGUAGES)}.")

    def tasks(self, pairs: Sequence[Pair], number: int, teachers: int) -> Iterator[Task]:
        """Yield what the teacher of that number (of so many) is to write."""
        for pair in pairs:
            if _draw(pair, "shared") >= self.overlap and int(_draw(pair, "teacher") * teachers) != number:
                continue
            if self.calls == "one" and len(self.languages) > 1:
                yield Task(pair, self.languages)
            else:
                for language in self.languages:
                    yield Task(pair, (language,))

    def controls_of(self, pairs: Sequence[Pair]) -> Iterator[Task]:
        """Yield the wrong texts to be written."""
        for pair in pairs:
            if _draw(pair, "control") < self.controls:
                for language in self.languages:
                    yield Task(pair, (language,), "control")


def _draw(pair: Pair, what: str) -> float:
    """Return a number from 0 to 1 that follows from the pair."""
    digest = hashlib.sha256(f"{what} {pair.pair_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
