"""Which item a person gets next."""

from __future__ import annotations

from gleam.explaining.reviewing import desk
from gleam.explaining.reviewing.store import ReviewStore


def next_review(store: ReviewStore, reviewer: str) -> str | None:
    """Return the pair that a reviewer should judge next and note that they have it; None when all is done.

    First what the reviewer has open already, then pairs that wait for their second review, then new ones;
    those put off come last. Nobody gets a pair that they have judged, that enough people have judged, or that
    enough others have open.
    """
    opened, skipped = desk.claims(store.path)
    board, settings = store.board(), store.settings
    best: tuple[tuple[float, ...], str] | None = None
    for place, pair_id in enumerate(store.items):
        events = board.of(pair_id)
        reviews = events.reviews()
        needed = settings.needed(pair_id)
        if reviewer in reviews or events.ruling() is not None or len(reviews) >= needed:
            continue
        holders = opened.get(pair_id, set())
        if len(reviews) + len(holders - {reviewer} - set(reviews)) >= needed:
            continue
        put_off = skipped.get((pair_id, reviewer), 0.0)
        rank = (put_off, reviewer not in holders, not reviews, place)
        if best is None or rank < best[0]:
            best = rank, pair_id
    if best is None:
        return None
    desk.claim(store.path, reviewer, best[1])
    return best[1]


def disputed(store: ReviewStore, reviewer: str) -> list[str]:
    """Return the pairs on which reviewers differ and that this person may settle, in their order."""
    settings = store.settings
    found = []
    for pair_id in store.items:
        outcome = store.board().outcome(pair_id, settings.needed(pair_id))
        if outcome.standing == "disputed" and settings.may_adjudicate(reviewer, frozenset(outcome.reviewers)):
            found.append(pair_id)
    return found


def next_adjudication(store: ReviewStore, reviewer: str) -> str | None:
    """Return the pair that a person should settle next, those put off last; None when none is left."""
    _, skipped = desk.claims(store.path)
    waiting = disputed(store, reviewer)
    return min(waiting, key=lambda pair_id: skipped.get((pair_id, reviewer), 0.0), default=None)
