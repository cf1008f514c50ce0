"""Decisions, drafts, and taking back."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from gleam.explaining.reviewing import desk as lying
from gleam.explaining.reviewing.decisions import parse_reviewer
from gleam.web.problems import responses
from gleam.web.review.bodies import Act, Conflict, Person, Seen, Sent, SentDraft, seen
from gleam.web.review.desk import Held

router = APIRouter(prefix="/v1", responses={**responses(413, 415, 422), 409: {"model": Conflict}})


@router.post("/review")
def review(desk: Held, sent: Sent) -> Seen:
    """Record a review; when this answers, it is on the disk."""
    event = desk.store.review(sent.pair_id, sent.reviewer, sent.decision, base=sent.base, extra=sent.extra)
    desk.publisher.decided()
    return seen(event)


@router.post("/adjudicate")
def adjudicate(desk: Held, sent: Sent) -> Seen:
    """Settle an item on which reviewers differ."""
    event = desk.store.adjudicate(sent.pair_id, sent.reviewer, sent.decision, base=sent.base)
    desk.publisher.decided()
    return seen(event)


@router.post("/undo")
def undo(desk: Held, person: Person) -> dict[str, Any]:
    """Take back what a person did last and return it with its pair."""
    event = desk.store.undo(person.reviewer)
    desk.publisher.decided()
    return {"pair_id": event.pair_id, "settling": event.kind != "review", "event": seen(event).model_dump()}


@router.post("/draft")
def draft(desk: Held, sent: SentDraft) -> dict[str, str | None]:
    """Keep a draft and return the time, or forget it."""
    store, name = desk.store, parse_reviewer(sent.reviewer)
    store.item(sent.pair_id)
    if sent.draft is None:
        lying.drop_draft(store.path, name, sent.pair_id)
        return {"at": None}
    return {"at": lying.save_draft(store.path, name, sent.pair_id, sent.draft.model_dump(mode="json"))}


@router.post("/skip")
def skip(desk: Held, act: Act) -> dict[str, str]:
    """Put an item off."""
    store = desk.store
    store.item(act.pair_id)
    lying.skip(store.path, parse_reviewer(act.reviewer), act.pair_id)
    return {"pair_id": act.pair_id}
