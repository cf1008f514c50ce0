"""Events of the review, each sealed by a hash over itself and the one before it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from gleam.errors import GleamError

Kind = Literal["settings", "review", "adjudicate", "import", "undo"]
RULINGS: tuple[Kind, ...] = ("adjudicate", "import")
"""Events that decide an item whatever its reviews say; the latest counts."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was decided. at: UTC, ISO 8601. hash: over all of it and ``prev_hash``."""

    seq: int
    at: str
    kind: Kind
    pair_id: str
    reviewer: str
    payload: Mapping[str, Any]
    prev_hash: str
    hash: str


def append(
    db: sqlite3.Connection, kind: Kind, pair_id: str, reviewer: str, payload: Mapping[str, Any]
) -> Event:
    """Append an event inside the caller's write transaction and return it."""
    last = db.execute("SELECT seq, hash FROM history ORDER BY seq DESC LIMIT 1").fetchone()
    seq, prev_hash = (last["seq"] + 1, last["hash"]) if last else (1, "")
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    text = json.dumps(payload, ensure_ascii=False, sort_keys=True)
    seal = _seal(seq, at, kind, pair_id, reviewer, text, prev_hash)
    db.execute(
        "INSERT INTO history VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
        (seq, at, kind, pair_id, reviewer, text, prev_hash, seal),
    )
    return Event(seq, at, kind, pair_id, reviewer, json.loads(text), prev_hash, seal)


def events_after(db: sqlite3.Connection, seq: int) -> Iterator[Event]:
    """Return the events after ``seq``, oldest first."""
    for row in db.execute("SELECT * FROM history WHERE seq > ? ORDER BY seq", (seq,)):
        yield Event(**{**dict(row), "payload": json.loads(row["payload"])})


def verify(db: sqlite3.Connection) -> int:
    """Check the chain from its beginning and return the number of events.

    Raises:
        GleamError: An event was changed, or one is missing; its number is named.
    """
    count, prev_hash = 0, ""
    for row in db.execute("SELECT * FROM history ORDER BY seq"):
        count += 1
        stored = tuple(row[name] for name in ("seq", "at", "kind", "pair_id", "reviewer", "payload"))
        if row["seq"] != count or row["prev_hash"] != prev_hash or row["hash"] != _seal(*stored, prev_hash):
            raise GleamError(
                f"The history of the review was tampered with at event {count}: its hash does not fit. "
                "Restore review.sqlite from a copy."
            )
        prev_hash = row["hash"]
    return count


def _seal(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()
