"""Decisions that came too late: told with what is recorded, so that nobody's work is lost or overwritten."""

from __future__ import annotations

from typing import Literal

from gleam.errors import GleamError
from gleam.explaining.reviewing.history import Event

ConflictKind = Literal["stale", "taken", "settled"]
_SENTENCES: dict[ConflictKind, str] = {
    "stale": "This pair was decided in another window since you opened it.",
    "taken": "Other reviewers have finished this pair since you opened it.",
    "settled": "This pair has been settled since you opened it.",
}


class ConflictError(GleamError):
    """A decision rests on an older state than the recorded one.

    kind: ``stale`` (the same person, or another adjudicator, decided elsewhere), ``taken`` (enough others
    reviewed it), ``settled`` (it was adjudicated). recorded: the events that are in the way. base: what to
    send again with when the decision is to stand all the same.
    """

    def __init__(self, kind: ConflictKind, recorded: tuple[Event, ...], base: int) -> None:
        super().__init__(_SENTENCES[kind])
        self.kind: ConflictKind = kind
        self.recorded = recorded
        self.base = base
