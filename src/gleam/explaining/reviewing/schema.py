"""The review database: an append-only, hash-chained history, and beside it what may be lost without harm."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gleam.errors import GleamError

APPLICATION_ID = 0x474C5852
"""Marks the file as GLEAM's ("GLXR")."""
SCHEMA_VERSION = 1
BUSY_S = 20.0
"""How long a writer waits for another."""

_TABLES = """
CREATE TABLE IF NOT EXISTS history(
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, pair_id TEXT NOT NULL,
    reviewer TEXT NOT NULL, payload TEXT NOT NULL, prev_hash TEXT NOT NULL, hash TEXT NOT NULL UNIQUE);
CREATE INDEX IF NOT EXISTS history_of_pair ON history(pair_id);
CREATE TRIGGER IF NOT EXISTS history_no_update BEFORE UPDATE ON history
    BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER IF NOT EXISTS history_no_delete BEFORE DELETE ON history
    BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER IF NOT EXISTS history_in_order BEFORE INSERT ON history
    WHEN NEW.seq IS NOT (SELECT COALESCE(MAX(seq), 0) + 1 FROM history)
      OR NEW.prev_hash IS NOT COALESCE((SELECT hash FROM history ORDER BY seq DESC LIMIT 1), '')
    BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TABLE IF NOT EXISTS drafts(
    reviewer TEXT, pair_id TEXT, at TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY(reviewer, pair_id));
CREATE TABLE IF NOT EXISTS claims(
    pair_id TEXT, reviewer TEXT, until REAL NOT NULL, skipped REAL, PRIMARY KEY(pair_id, reviewer));
CREATE TABLE IF NOT EXISTS regions(
    pair_id TEXT, encoder TEXT, body TEXT NOT NULL, PRIMARY KEY(pair_id, encoder));
"""


def prepare(path: Path) -> None:
    """Make the database, or check that the file is one.

    Raises:
        GleamError: The file is no review database, or of a newer version.
    """
    try:
        with connection(path) as db:
            mark, version = (
                db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
            )
            strange = mark not in (0, APPLICATION_ID) or (mark == 0 and _has_tables(db))
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise GleamError(f"{path} cannot be opened: {error}.") from None
        strange, version = True, 0
    if strange:
        raise GleamError(f"{path} is no review database of GLEAM; move it away and start again.")
    if version > SCHEMA_VERSION:
        raise GleamError(f"{path} was made by a newer GLEAM (version {version}); update GLEAM.")
    with connection(path) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(
            f"BEGIN IMMEDIATE;{_TABLES}PRAGMA application_id = {APPLICATION_ID};"
            f"PRAGMA user_version = {SCHEMA_VERSION};COMMIT;"
        )


@contextmanager
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a connection of its own and close it; one kept open after a failed write would stay locked."""
    db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    try:
        db.row_factory = sqlite3.Row
        # Enough to outlive a kill; what must outlive a power cut is written by `writing`.
        db.execute("PRAGMA synchronous = NORMAL")
        yield db
    finally:
        db.close()


@contextmanager
def writing(path: Path, *, lasting: bool = True) -> Iterator[sqlite3.Connection]:
    """Open a connection for one write; it is committed when the block ends well, else rolled back.

    lasting: wait for the disk, so that what was acknowledged outlives a power cut too.
    """
    with connection(path) as db:
        if lasting:
            db.execute("PRAGMA synchronous = FULL")
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")


def _has_tables(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None
