"""``revised.jsonl``: what people made of the texts, drawn from the history for all who read the benchmark."""

from __future__ import annotations

from gleam.explaining.benchmark.folder import REVIEW, REVISED, Bench
from gleam.explaining.benchmark.text import Revision, write_lines
from gleam.explaining.reviewing.store import ReviewStore


def revisions_of(store: ReviewStore) -> list[Revision]:
    """Return the decided texts, one per pair and language, in the order of the review."""
    board, settings = store.board(), store.settings
    lines = []
    known = {pair.pair_id for pair in store.bench.pairs()}
    # Of every pair that was ever touched: what was decided on another split still holds.
    for pair_id in sorted(board.items.keys() & known, key=lambda name: (settings.lot(name), name)):
        outcome = board.outcome(pair_id, settings.needed(pair_id))
        if outcome.decision is None or outcome.event is None:
            continue
        for language, text in outcome.decision.texts.items():
            lines.append(
                Revision(
                    pair_id=pair_id,
                    language=language,
                    match=outcome.decision.match,
                    explanation=text.text,
                    status=text.status,
                    reviewers=outcome.reviewers,
                    hash=outcome.event.hash,
                )
            )
    return lines


def write_revised(store: ReviewStore) -> int:
    """Write ``revised.jsonl`` anew, atomically, and return the number of its lines."""
    lines = revisions_of(store)
    write_lines(store.bench.root / REVISED, lines)
    return len(lines)


def refresh(bench: Bench) -> None:
    """Bring ``revised.jsonl`` up to date after a server was killed, when the benchmark was ever reviewed."""
    if (bench.root / REVIEW).is_file():
        write_revised(ReviewStore(bench))
