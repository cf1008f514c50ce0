"""What there is to review, and how far the review is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from gleam.explaining.reviewing.decisions import MAX_NAME, MAX_NOTE, MAX_TEXT, REASONS, parse_reviewer
from gleam.explaining.reviewing.progress import progress
from gleam.explaining.reviewing.queue import disputed, next_adjudication, next_review
from gleam.web.problems import responses
from gleam.web.review.bodies import Seen, seen
from gleam.web.review.desk import Held
from gleam.web.review.showing import shown_item

Reviewer = Annotated[str, Query(max_length=200)]
PairId = Annotated[str, Query(max_length=200)]

router = APIRouter(prefix="/v1", responses=responses(422))


@router.get("/campaign")
def campaign(desk: Held) -> dict[str, Any]:
    """Return what the page needs to know once."""
    info = desk.store.bench.info
    return {
        "benchmark": info.name,
        "created": info.created,
        "settings": desk.store.settings.model_dump(mode="json"),
        "items": len(desk.store.items),
        "reasons": REASONS,
        "limits": {"text": MAX_TEXT, "note": MAX_NOTE, "name": MAX_NAME},
        "regions": desk.measuring.possible,
    }


@router.get("/next")
def next_item(desk: Held, reviewer: Reviewer, settling: bool = False) -> dict[str, Any]:
    """Return the pair that a person should see next, None when nothing is left, and the person's counts."""
    name, store = parse_reviewer(reviewer), desk.store
    pair_id = next_adjudication(store, name) if settling else next_review(store, name)
    board, settings = store.board(), store.settings
    done = sum(1 for wanted in store.items if name in board.of(wanted).reviews())
    complete = 0
    for wanted in store.items:
        needed = settings.needed(wanted)
        complete += board.outcome(wanted, needed).decision is not None
    return {
        "pair_id": pair_id,
        "mine": done,
        "complete": complete,
        "items": len(store.items),
        "disputed": len(disputed(store, name)),
    }


@router.get("/item")
def item(desk: Held, reviewer: Reviewer, pair_id: PairId, settling: bool = False) -> dict[str, Any]:
    """Return an item as this person may see it."""
    return shown_item(desk.store, pair_id, parse_reviewer(reviewer), settling=settling)


@router.get("/history")
def history(desk: Held, reviewer: Reviewer, pair_id: PairId) -> list[Seen]:
    """Return what happened to an item, as far as this person may see it."""
    desk.store.item(pair_id)
    return [seen(event) for event in desk.store.visible_history(pair_id, parse_reviewer(reviewer))]


@router.get("/progress")
def how_far(desk: Held) -> dict[str, Any]:
    """Return how far the review is, agreement and discards."""
    return progress(desk.store)
