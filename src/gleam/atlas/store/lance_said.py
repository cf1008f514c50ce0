"""Licence, date and origin of every tile in the LanceDB table, so that the table alone tells them.

The manifest is what counts; the table repeats it for whoever opens it with other tools. No search reads
these columns. Tables made before they came get them at the next write.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from gleam.atlas.sources.protocol import Said

_Column: TypeAlias = Literal["licence", "date", "origin"]
SAID_COLUMNS: tuple[_Column, ...] = ("licence", "date", "origin")
_ROWS_AT_ONCE = 65_536


def has_said(table: Any) -> bool:
    """Whether a table has the columns."""
    return set(SAID_COLUMNS) <= set(table.schema.names)


def read_said(table: Any) -> dict[str, list[Said]]:
    """Return what a table says of the tiles of each source: one entry, unless it contradicts itself."""
    import pyarrow as pa

    if not has_said(table):
        return {}
    query = table.search().select(["source", *SAID_COLUMNS]).limit(max(1, table.count_rows()))
    found: dict[tuple[str | None, ...], None] = {}
    for part in query.to_batches(_ROWS_AT_ONCE):
        groups = pa.Table.from_batches([part]).group_by(["source", *SAID_COLUMNS]).aggregate([])
        columns = (groups[name].to_pylist() for name in ("source", *SAID_COLUMNS))
        found.update(dict.fromkeys(zip(*columns, strict=True)))
    said: dict[str, list[Said]] = {}
    for source, licence, date, origin in sorted(found, key=repr):
        said.setdefault(str(source), []).append(Said(date=date, licence=licence, origin=origin))
    return said


def write_said(table: Any, said: Mapping[str, Said]) -> bool:
    """Make a table say this of its tiles, by source; return whether it had to be changed.

    The columns are laid beside the data: rows, vectors and index stay as they are.
    """
    there = read_said(table)
    if has_said(table) and all(there[s] == [_known(said[s])] for s in said if s in there):
        return False
    old = [name for name in SAID_COLUMNS if name in table.schema.names]
    if old:
        table.drop_columns(old)  # a kill from here on leaves a table of the former form
    table.add_columns({name: _expression(name, said) for name in SAID_COLUMNS})
    return True


def said_columns(sources: list[str], said: Mapping[str, Said]) -> dict[str, list[str | None]]:
    """Return the columns of tiles of these sources."""
    of_each = [_known(said[s]) if s in said else None for s in sources]
    return {name: [row[name] if row else None for row in of_each] for name in SAID_COLUMNS}


def quoted(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _known(said: Said) -> Said:
    """Return the same with None for an empty text, which says as little."""
    return Said(date=said["date"] or None, licence=said["licence"] or None, origin=said["origin"] or None)


def _expression(name: _Column, said: Mapping[str, Said]) -> str:
    """Return the SQL for a column; the engine knows no CASE, so a text is repeated once or not at all."""
    sources: dict[str, list[str]] = {}
    for key, terms in said.items():
        if text := terms[name]:
            sources.setdefault(text, []).append(quoted(key))
    if not sources:
        return "CAST(NULL AS STRING)"
    parts = [
        f"repeat({quoted(text)}, CAST(source IN ({', '.join(keys)}) AS BIGINT))"
        for text, keys in sources.items()
    ]
    return f"nullif(concat({', '.join(parts)}), '')"
