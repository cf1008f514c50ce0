"""What lies on a reviewer's desk: drafts, the items they have open, the ones they put off.

None of it is history: it may change, and losing it costs a reviewer a minute at most.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gleam.errors import GleamError
from gleam.explaining.reviewing.schema import connection, writing

CLAIM_S = 30 * 60.0
"""An item opened by somebody is offered to nobody else for so long, unless two people are needed."""
MAX_DRAFT_BYTES = 64 * 1024


def save_draft(path: Path, reviewer: str, pair_id: str, body: dict[str, Any]) -> str:
    """Keep a draft in place of the former one and return the time.

    Raises:
        GleamError: It is larger than any decision can be.
    """
    text = json.dumps(body, ensure_ascii=False)
    if len(text.encode()) > MAX_DRAFT_BYTES:
        raise GleamError(f"A draft may have {MAX_DRAFT_BYTES // 1024} KiB.")
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    with writing(path, lasting=False) as db:
        db.execute("INSERT OR REPLACE INTO drafts VALUES(?, ?, ?, ?)", (reviewer, pair_id, at, text))
    return at


def drop_draft(path: Path, reviewer: str, pair_id: str) -> None:
    """Forget a draft, if there is one."""
    with writing(path, lasting=False) as db:
        db.execute("DELETE FROM drafts WHERE reviewer = ? AND pair_id = ?", (reviewer, pair_id))


def load_draft(path: Path, reviewer: str, pair_id: str) -> dict[str, Any] | None:
    """Return a draft with its time under ``at``, or None."""
    with connection(path) as db:
        row = db.execute(
            "SELECT at, body FROM drafts WHERE reviewer = ? AND pair_id = ?", (reviewer, pair_id)
        ).fetchone()
    return None if row is None else {**json.loads(row["body"]), "at": row["at"]}


def claim(path: Path, reviewer: str, pair_id: str) -> None:
    """Note that somebody has opened an item."""
    with writing(path, lasting=False) as db:
        db.execute(
            "INSERT INTO claims VALUES(?, ?, ?, NULL) "
            "ON CONFLICT(pair_id, reviewer) DO UPDATE SET until = excluded.until",
            (pair_id, reviewer, time.time() + CLAIM_S),
        )


def skip(path: Path, reviewer: str, pair_id: str) -> None:
    """Put an item off: the reviewer gets it again after all others, and others may have it."""
    with writing(path, lasting=False) as db:
        db.execute(
            "INSERT INTO claims VALUES(?, ?, 0, ?) "
            "ON CONFLICT(pair_id, reviewer) DO UPDATE SET until = 0, skipped = excluded.skipped",
            (pair_id, reviewer, time.time()),
        )


def claims(path: Path) -> tuple[dict[str, set[str]], dict[tuple[str, str], float]]:
    """Return who has which item open, and when who put which item off.

    Returns:
        pair -> reviewers who have it open; (pair, reviewer) -> time.
    """
    opened: dict[str, set[str]] = {}
    skipped: dict[tuple[str, str], float] = {}
    now = time.time()
    with connection(path) as db:
        for row in db.execute("SELECT * FROM claims"):
            if row["until"] > now:
                opened.setdefault(row["pair_id"], set()).add(row["reviewer"])
            if row["skipped"] is not None:
                skipped[row["pair_id"], row["reviewer"]] = row["skipped"]
    return opened, skipped


def cached_regions(path: Path, pair_id: str, encoder: str) -> dict[str, Any] | None:
    """Return the regions measured on a pair by an encoder, or None."""
    with connection(path) as db:
        row = db.execute(
            "SELECT body FROM regions WHERE pair_id = ? AND encoder = ?", (pair_id, encoder)
        ).fetchone()
    return None if row is None else dict(json.loads(row["body"]))


def cache_regions(path: Path, pair_id: str, encoder: str, body: dict[str, Any]) -> None:
    """Keep measured regions."""
    with writing(path, lasting=False) as db:
        db.execute("INSERT OR REPLACE INTO regions VALUES(?, ?, ?)", (pair_id, encoder, json.dumps(body)))
