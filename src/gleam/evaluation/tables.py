"""Rows of a places table that can be evaluated, and how messages call the table."""

from __future__ import annotations

import numpy as np

from gleam.errors import TableError
from gleam.places.check import missing_rows, unreadable_rows
from gleam.places.table import Places


def usable_rows(rows: Places, skip_bad: bool) -> tuple[Places, list[dict[str, str]]]:
    """Refuse, or with ``skip_bad`` leave out and list, the rows whose images cannot be read.

    Raises a ``TableError`` naming the first missing file when ``skip_bad`` is not set.
    """
    missing = missing_rows(rows)
    if missing and not skip_bad:
        first = rows[missing[0]]
        raise TableError(
            f"{table_name(rows)}: {len(missing)} of {len(rows)} image files are missing, the first "
            f"{rows.path_of(first)} (place {first.place!r}, view {first.view}); see all with "
            "`gleam places check`, or leave them out with --skip-bad."
        )
    if not skip_bad:
        return rows, []
    bad = dict.fromkeys(missing, "missing") | unreadable_rows(rows, set(missing))
    skipped = [{"path": str(rows.path_of(i)), "cause": bad[i]} for i in sorted(bad)]
    keep = np.ones(len(rows), bool)
    keep[list(bad)] = False
    return rows.take(keep), skipped


def table_name(places: Places) -> str:
    """The file of the table, for messages."""
    return str(places.file) if places.file else "places table"
