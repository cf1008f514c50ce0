"""The JSON that the review page sends and gets."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gleam.explaining.reviewing.conflicts import ConflictKind
from gleam.explaining.reviewing.decisions import Decision, Discard
from gleam.explaining.reviewing.history import Event
from gleam.explaining.verdict import Language

Seq = Annotated[int, Field(ge=0, le=2**53)]
PairId = Annotated[str, Field(max_length=200)]
Name = Annotated[str, Field(max_length=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Sent(_Body):
    """A decision of a reviewer or an adjudicator; for ``base`` and ``extra`` see the store."""

    pair_id: PairId
    reviewer: Name
    decision: Decision
    base: Seq
    extra: bool = False


class DraftText(_Body):
    """A text as it stands in the editor."""

    teacher: Annotated[str, Field(max_length=200)]
    text: Annotated[str, Field(max_length=12_000)]
    discard: Discard | None = None


class Draft(_Body):
    """A decision that is not made yet. edited: milliseconds since 1970 by the browser's clock."""

    match: bool
    texts: dict[Language, DraftText]
    base: Seq
    edited: Annotated[float, Field(ge=0)]


class SentDraft(_Body):
    """A draft, or None to forget it."""

    pair_id: PairId
    reviewer: Name
    draft: Draft | None


class Act(_Body):
    """Something about a pair that needs no more words."""

    pair_id: PairId
    reviewer: Name


class Person(_Body):
    """Who asks."""

    reviewer: Name


class Seen(_Body):
    """An event of the history as a person sees it."""

    seq: int
    at: str
    kind: str
    reviewer: str
    payload: dict[str, Any]
    hash: str


class Conflict(_Body):
    """Why a decision was not recorded, and what is recorded instead."""

    error: str
    code: Literal["conflict"] = "conflict"
    kind: ConflictKind
    base: int
    recorded: list[Seen]


def seen(event: Event) -> Seen:
    """Return an event as a person sees it."""
    return Seen(
        seq=event.seq,
        at=event.at,
        kind=event.kind,
        reviewer=event.reviewer,
        payload=dict(event.payload),
        hash=event.hash,
    )
