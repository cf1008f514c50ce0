"""The ledger: every request to a teacher and every reply, on the disk before anything is made of them.

SQLite in WAL mode with ``synchronous=FULL``: what was committed survives a kill and a power cut. A row of
``attempts`` is written before a request leaves and completed before its reply is read; a row that was never
completed belongs to a run that was killed on the way, and counts as paid for. Replies are kept as they
came, also malformed ones: what becomes of them can be decided anew at any time. Keys are never in here.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from gleam.errors import BenchError
from gleam.explaining.benchmark.ledger_form import (
    APPLICATION,
    KEPT,
    SCHEMA,
    VERSION,
    Entry,
    Kept,
    kept_of,
)
from gleam.explaining.benchmark.text import TextStatus

DAY_S = 86_400


class Ledger:
    """An opened ledger; safe to use from several threads of one process.

    Raises:
        BenchError: The file is no ledger, is damaged, or of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
            self._prepare()
        except sqlite3.DatabaseError as error:
            raise BenchError(
                f"{path} cannot be read as a ledger: {error}. Move it away; the texts made so far stay in "
                "texts.jsonl."
            ) from None

    def _prepare(self) -> None:
        db = self._db
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        application = int(db.execute("PRAGMA application_id").fetchone()[0])
        if version not in (0, VERSION) or application not in (0, APPLICATION):
            raise BenchError(
                f"{self.path} is a ledger of version {version}; this GLEAM reads version {VERSION}."
            )
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if version == 0:
            db.executescript(
                f"BEGIN; {SCHEMA} PRAGMA user_version = {VERSION};"
                f"PRAGMA application_id = {APPLICATION}; COMMIT;"
            )

    def close(self) -> None:
        """Close the file; the write-ahead log is taken in."""
        self._db.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Hold one transaction, on the disk when the block ends."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.OperationalError as error:
                self._undo()
                raise BenchError(
                    f"{self.path} cannot be written: {error}. What was recorded is kept; mend that and run "
                    "the same command again."
                ) from None
            except BaseException:
                self._undo()
                raise

    def _undo(self) -> None:
        # A full disk may already have undone it.
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def give_up_lost(self) -> int:
        """Mark what a killed run had sent and never got an answer to; return how many those are.

        Their estimates count as spent: the server may have worked on them.
        """
        with self._writing() as db:
            return db.execute(
                "UPDATE attempts SET state = 'lost', cost_usd = estimate_usd, "
                "problem = 'the run ended before the reply came' WHERE state = 'sent'"
            ).rowcount

    def send(self, entry: Entry, estimate_usd: float) -> int:
        """Write down that a request is about to leave; return the number of the attempt."""
        return self.send_all([(entry, estimate_usd)])[0]

    def send_all(self, entries: Iterable[tuple[Entry, float]], *, batched: bool = False) -> list[int]:
        """Write down several requests with their estimates, all or none; return their attempts' numbers.

        ``batched`` ones wait for a file of replies.
        """
        state = "batched" if batched else "sent"
        numbers: list[int] = []
        with self._writing() as db:
            for entry, estimate_usd in entries:
                db.execute(
                    "INSERT INTO requests (key, pair_id, languages, purpose, teacher, model, prompts, "
                    "content) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
                    (
                        entry.key,
                        entry.pair_id,
                        ",".join(entry.languages),
                        entry.purpose,
                        entry.teacher,
                        entry.model,
                        entry.prompts,
                        json.dumps(entry.content, ensure_ascii=False, sort_keys=True),
                    ),
                )
                made = db.execute(
                    "INSERT INTO attempts (key, at, state, estimate_usd) VALUES (?, ?, ?, ?)",
                    (entry.key, time.time(), state, estimate_usd),
                )
                numbers.append(int(made.lastrowid or 0))
        return numbers

    def reply(
        self,
        attempt: int,
        reply: bytes,
        cost_usd: float,
        tokens: tuple[int, int] = (0, 0),
        seconds: float = 0.0,
    ) -> None:
        """Write down a reply as it came, before it is read."""
        self.reply_all([(attempt, reply)], cost_usd, tokens, seconds)

    def reply_all(
        self,
        replies: Iterable[tuple[int, bytes]],
        cost_usd: float = 0.0,
        tokens: tuple[int, int] = (0, 0),
        seconds: float = 0.0,
    ) -> None:
        """Write down several replies at once."""
        rows = [(cost_usd, *tokens, seconds, reply, attempt) for attempt, reply in replies]
        with self._writing() as db:
            db.executemany(
                "UPDATE attempts SET state = 'replied', cost_usd = ?, input_tokens = ?, output_tokens = ?, "
                "seconds = ?, reply = ? WHERE id = ?",
                rows,
            )

    def fail(self, attempt: int, problem: str, cost_usd: float, body: bytes = b"") -> None:
        """Write down that no reply came, why, and what it may have cost."""
        with self._writing() as db:
            db.execute(
                "UPDATE attempts SET state = 'failed', cost_usd = ?, problem = ?, reply = ? WHERE id = ?",
                (cost_usd, problem, body[:4096] or None, attempt),
            )

    def settle(self, outcomes: Iterable[tuple[str, TextStatus, str | None]]) -> None:
        """Write down what became of requests: (key, status, problem)."""
        with self._writing() as db:
            db.executemany(
                "UPDATE requests SET status = ?, problem = ? WHERE key = ?",
                [(status, problem, key) for key, status, problem in outcomes],
            )

    def statuses(self) -> dict[str, TextStatus | None]:
        """Return the status of every request by its key."""
        with self._lock:
            return dict(self._db.execute("SELECT key, status FROM requests"))

    def batched(self) -> dict[str, tuple[int, float]]:
        """Return the requests that wait for a file of replies: key -> (attempt, estimate)."""
        with self._lock:
            rows = self._db.execute("SELECT key, id, estimate_usd FROM attempts WHERE state = 'batched'")
            return {key: (attempt, estimate) for key, attempt, estimate in rows}

    def unread(self, keys: Collection[str] | None = None) -> list[Kept]:
        """Return requests (of ``keys``, or all) whose reply is here but was not read yet."""
        if keys is not None:
            return [k for key in keys for k in self._select("r.key = ?", key) if k.reply is not None]
        return [kept for kept in self._select("r.status IS NULL") if kept.reply is not None]

    def kept(self) -> list[Kept]:
        """Return every request with its last reply and all that it cost, by key."""
        return self._select("1")

    def _select(self, condition: str, *values: str) -> list[Kept]:
        with self._lock:
            rows = self._db.execute(KEPT.format(condition), values).fetchall()
        return [kept_of(row) for row in rows]

    def spent(self, since: float = 0.0) -> tuple[float, int]:
        """Return dollars and calls to servers since a moment (Unix time), by estimate while under way."""
        with self._lock:
            usd, calls = self._db.execute(
                "SELECT total(coalesce(a.cost_usd, a.estimate_usd)), count(*) FROM attempts a "
                "JOIN requests r USING (key) WHERE a.at >= ? AND r.teacher LIKE 'api:%'",
                (since,),
            ).fetchone()
        return float(usd), int(calls)

    def problems(self) -> dict[str, int]:
        """Return how often attempts failed, by what was said."""
        with self._lock:
            rows = self._db.execute(
                "SELECT problem, count(*) FROM attempts WHERE problem IS NOT NULL GROUP BY problem "
                "ORDER BY count(*) DESC"
            )
            return dict(rows.fetchall())
