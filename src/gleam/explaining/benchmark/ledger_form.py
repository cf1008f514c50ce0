"""The form of the ledger: what a request and a reply are made of, and the tables they lie in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gleam.explaining.benchmark.text import TextStatus
from gleam.explaining.sentences import parse_language
from gleam.explaining.verdict import Language

VERSION = 1
APPLICATION = 0x474C4D58  # GLMX
SCHEMA = """
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
  state TEXT NOT NULL CHECK (state IN ('sent', 'batched', 'replied', 'failed', 'lost')),
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
KEPT = """
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


def kept_of(row: Sequence[Any]) -> Kept:
    """Return a row of :data:`KEPT` as what it means."""
    languages = tuple(map(parse_language, row[2].split(",")))
    purpose, teacher, model, prompts = row[3:7]
    entry = Entry(row[0], row[1], languages, purpose, teacher, model, prompts, json.loads(row[7]))
    return Kept(entry, row[8], row[9], row[10], row[11], row[12] or 0, row[13] or 0, row[14] or 0.0)
