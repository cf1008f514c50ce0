"""An item as a person may see it: reviewers do not see each other, nor the truth, before it is settled."""

from __future__ import annotations

from typing import Any

from gleam.errors import GleamError
from gleam.explaining.reviewing import desk
from gleam.explaining.reviewing.store import ReviewStore


def shown_item(store: ReviewStore, pair_id: str, reviewer: str, *, settling: bool) -> dict[str, Any]:
    """Return an item for the page.

    Args:
        store: The review.
        pair_id: The item.
        reviewer: Who looks.
        settling: Whether to settle it, not to review it: then both reviews and the truth are shown.

    Raises:
        GleamError: There is no such item, or it is not for this person to settle.
    """
    item, events = store.item(pair_id), store.board().of(pair_id)
    outcome = store.outcome(pair_id)
    reviews = events.reviews()
    body: dict[str, Any] = {
        "pair_id": pair_id,
        "view": item.pair.view.value,
        "tile_width_m": item.pair.tile_width_m,
        "images": {"query": item.pair.query_image, "tile": item.pair.tile_image},
        "teacher_match": item.teacher_match,
        "languages": [
            {
                "language": language,
                "texts": [
                    {"teacher": text.teacher, "text": text.explanation, "evidence": text.evidence}
                    for text in texts
                ],
            }
            for language, texts in item.texts.items()
        ],
        "base": events.head() if settling else events.head(reviewer),
        "draft": desk.load_draft(store.path, reviewer, pair_id),
        "mine": None,
        "opinions": [],
        "truth": None,
    }
    if settling:
        if outcome.standing not in ("disputed", "settled"):
            raise GleamError("There is nothing to settle on this pair: its reviewers do not differ.")
        if not store.settings.may_adjudicate(reviewer, frozenset(reviews)):
            raise GleamError("Somebody else must settle this pair.")
        body["opinions"] = [dict(event.payload) for event in reviews.values()]
        body["truth"] = {
            "match": item.pair.match,
            "tier": item.pair.tier,
            "distance_m": item.pair.distance_m,
        }
        ruling = events.ruling()
        body["mine"] = None if ruling is None else dict(ruling.payload)
    elif reviewer in reviews:
        body["mine"] = dict(reviews[reviewer].payload)
    return body
