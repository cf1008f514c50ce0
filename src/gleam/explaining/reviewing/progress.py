"""How far the review is, and what became of the texts."""

from __future__ import annotations

from collections import Counter, defaultdict
from statistics import median
from typing import Any, get_args

from gleam.explaining.reviewing.agreement import agreement_table
from gleam.explaining.reviewing.board import Standing
from gleam.explaining.reviewing.decisions import REASONS
from gleam.explaining.reviewing.store import ReviewStore

STANDINGS: tuple[Standing, ...] = get_args(Standing)


def progress(store: ReviewStore) -> dict[str, Any]:
    """Return the state of a review as plain values.

    Returns:
        items: their number; reviews: done and needed; standings: items by standing; texts: by language and
        status, of decided items; reasons: by language and reason, of decided items' discarded texts;
        verdicts: of decided items, how many were corrected (differ from the teacher's) and how many are wrong
        (differ from the truth of the pair); reviewers: what each has done and the median seconds it took;
        agreement: see :func:`agreement_table`; events: length of the history; settings.
    """
    board, settings = store.board(), store.settings
    standings: Counter[str] = Counter()
    texts: dict[str, Counter[str]] = defaultdict(Counter)
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    done = needed = corrected = wrong = decided = 0
    people: dict[str, dict[str, Any]] = {}
    for name in board.reviewers():
        people[name] = {"name": name, "reviews": 0, "adjudications": 0, "statuses": Counter(), "seconds": []}
    for pair_id, item in store.items.items():
        wanted = settings.needed(pair_id)
        outcome = board.outcome(pair_id, wanted)
        events = board.of(pair_id)
        standings[outcome.standing] += 1
        needed += wanted
        done += wanted if outcome.standing == "settled" else min(wanted, len(events.reviews()))
        for name, event in events.reviews().items():
            told = board.decisions[event.seq]
            people[name]["reviews"] += 1
            people[name]["statuses"].update(text.status for text in told.texts.values())
            if told.seconds is not None:
                people[name]["seconds"].append(told.seconds)
        if outcome.event is not None and outcome.standing == "settled":
            people[outcome.event.reviewer]["adjudications"] += 1
        if outcome.decision is None:
            continue
        decided += 1
        corrected += outcome.decision.match != outcome.decision.teacher_match
        wrong += outcome.decision.match != item.pair.match
        for language, text in outcome.decision.texts.items():
            texts[language][text.status] += 1
            if text.discard is not None:
                reasons[language][text.discard.reason] += 1
    return {
        "benchmark": store.bench.info.name,
        "items": len(store.items),
        "reviews": {"done": done, "needed": needed},
        "standings": {name: standings[name] for name in STANDINGS},
        "texts": {
            name: _counted(texts[name], ("accepted", "edited", "discarded")) for name in settings.languages
        },
        "reasons": {name: _counted(reasons[name], REASONS) for name in settings.languages},
        "verdicts": {"decided": decided, "corrected": corrected, "against_truth": wrong},
        "reviewers": [_person(person) for person in people.values()],
        "agreement": agreement_table(store),
        "events": board.seq,
        "settings": settings.model_dump(mode="json"),
    }


def _counted(counts: Counter[str], names: tuple[str, ...]) -> dict[str, int]:
    return {name: counts[name] for name in names}


def _person(person: dict[str, Any]) -> dict[str, Any]:
    seconds = person["seconds"]
    return {
        **person,
        "statuses": _counted(person["statuses"], ("accepted", "edited", "discarded")),
        "seconds": round(median(seconds), 1) if seconds else None,
    }
