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
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gleam.errors import BenchError
from gleam.explaining.benchmark.text import TextStatus
from gleam.explaining.sentences import parse_language
from gleam.explaining.verdict import Language

_VERSION = 1
_APPLICATION = 0x474C4D58  # GLMX
_SCHEMA = """
CREATE TABLE requests (
  key TEXT PRIMARY KEY,
  pair_id TEXT NOT NULL,
  languages TEXT NOT NULL,
  purpose TEXT NOT NULL,
  teacher TEXT NOT NULL,
  model TEXT NOT NULL,
  prompts TEXT NOT NULL,
  content TEXT NOT NULL,
  status TEXT,
  problem TEXT
) WITHOUT ROWID;
CREATE TABLE attempts (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL REFERENCES requests (key),
  at REAL NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('sent', 'replied', 'failed', 'lost')),
  estimate_usd REAL NOT NULL,
  cost_usd REAL,
  input_tokens INTEGER,
  output_tokens INTEGER,
  seconds REAL,
  problem TEXT,
  reply BLOB
);
CREATE INDEX attempts_by_key ON attempts (key, state);
"""
DAY_S = 86_400
_KEPT = """
SELECT r.key, r.pair_id, r.languages, r.purpose, r.teacher, r.model, r.prompts, r.content,
  r.status, r.problem, a.reply, (SELECT total(cost_usd) FROM attempts WHERE key = r.key),
  a.input_tokens, a.output_tokens, a.seconds
FROM requests r LEFT JOIN attempts a
  ON a.id = (SELECT max(id) FROM attempts WHERE key = r.key AND state = 'replied')
WHERE {} ORDER BY r.key
"""


@dataclass(frozen=True)
class Entry:
    """A request. key: its hash. languages: that its reply is to hold. purpose: ``text`` or ``control``.

    content: what is asked as plain data, pictures by their hashes.
    """

    key: str
    pair_id: str
    languages: tuple[Language, ...]
    purpose: str
    teacher: str
    model: str
    prompts: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Kept:
    """A request with its reply. status: None while it has no reply that was read."""

    entry: Entry
    status: TextStatus | None
    problem: str | None
    reply: bytes | None
    cost_usd: float
    input_tokens: int
    output_tokens: int
    seconds: float


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
        if version not in (0, _VERSION) or application not in (0, _APPLICATION):
            raise BenchError(
                f"{self.path} is a ledger of version {version}; this GLEAM reads version {_VERSION}."
            )
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if version == 0:
            db.executescript(
                f"BEGIN; {_SCHEMA} PRAGMA user_version = {_VERSION};"
                f"PRAGMA application_id = {_APPLICATION}; COMMIT;"
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
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

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
        return self.send_all([entry], estimate_usd)[0]

    def send_all(self, entries: Iterable[Entry], estimate_usd: float = 0.0) -> list[int]:
        """Write down several requests at once."""
        numbers: list[int] = []
        with self._writing() as db:
            for entry in entries:
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
                    "INSERT INTO attempts (key, at, state, estimate_usd) VALUES (?, ?, 'sent', ?)",
                    (entry.key, time.time(), estimate_usd),
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
            rows = self._db.execute(_KEPT.format(condition), values).fetchall()
        return [_kept(row) for row in rows]

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


def _kept(row: Sequence[Any]) -> Kept:
    languages = tuple(map(parse_language, row[2].split(",")))
    purpose, teacher, model, prompts = row[3:7]
    entry = Entry(row[0], row[1], languages, purpose, teacher, model, prompts, json.loads(row[7]))
    return Kept(entry, row[8], row[9], row[10], row[11], row[12] or 0, row[13] or 0, row[14] or 0.0)
