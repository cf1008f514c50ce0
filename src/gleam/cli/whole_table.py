"""Tables of figures that are never cut: wide in files and pipes, stacked in narrow terminals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Column, Table

_BOUNDLESS = 10_000


def print_whole(console: Console, table: Table, keys: int = 1) -> None:
    """Print a table with every figure whole.

    What is no terminal has no width, so there the table takes what it needs. In a terminal too narrow for
    it, it is printed as several tables beneath each other. A terminal that has no room for a single column
    of figures breaks the lines itself, which cuts nothing either.

    Args:
        console: Where to.
        table: With columns that do not wrap.
        keys: Leading columns that say what a row is; they stand in each of the several tables.
    """
    room = console.width if console.is_terminal else _BOUNDLESS
    columns = list(table.columns)
    left = columns[keys:]
    part, title = table, table.title
    while _needed(console, part) > room and len(left) > 1:
        shown = 1
        while _needed(console, _of(table, columns[:keys] + left[: shown + 1])) <= room:
            shown += 1
        part = _of(table, columns[:keys] + left[:shown])
        part.title, title = title, None
        _print(console, part)
        left = left[shown:]
        part = _of(table, columns[:keys] + left)
    part.title = title
    _print(console, part)


def _print(console: Console, table: Table) -> None:
    width = console.width
    console.width = max(width, _needed(console, table))
    try:
        console.print(table)
    finally:
        console.width = width


def _needed(console: Console, table: Table) -> int:
    """Return the characters that a table takes when nothing hems it in; its title may wrap."""
    from rich.measure import Measurement

    return Measurement.get(console, console.options.update_width(_BOUNDLESS), table).maximum


def _of(table: Table, columns: Sequence[Column]) -> Table:
    """Return a table of some of the columns of another, without its title."""
    from rich.table import Table

    part = Table(title_justify=table.title_justify, box=table.box, padding=table.padding)
    for column in columns:
        part.add_column(column.header, justify=column.justify, no_wrap=column.no_wrap)
    for row, cells in zip(table.rows, zip(*(column.cells for column in columns), strict=True), strict=True):
        part.add_row(*cells, style=row.style)
    return part
