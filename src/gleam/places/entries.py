"""Cells that hold several entries: ``a|b``, and in splits the role a row has there: ``test:gallery``.

A data set may search images of its training half in the test as well, and may have distractors that are
only searched, never asked about. Both are said in the ``split`` column, so that one row per image is enough:

``train``             a row of the training half
``train|test``        a row of both halves
``test:gallery``      searched in the test, but no query of it
``test:query``        a query of the test, but never searched
"""

from __future__ import annotations

from collections.abc import Iterable

from gleam.errors import TableError, unknown_name

SEPARATOR = "|"
ROLES = ("query", "gallery")
LIST_COLUMNS = ("split", "positives", "semi_positives")
"""Columns whose cells may hold several entries."""


def parts(cell: str | None) -> tuple[str, ...]:
    """Return the entries of a cell, none for an empty one."""
    return () if cell is None else tuple(cell.split(SEPARATOR))


def joined(names: Iterable[str]) -> str | None:
    """Return the cell that holds ``names``, each once, in their order; ``None`` when there are none.

    Raises a ``TableError`` for a name with the separator in it.
    """
    once = list(dict.fromkeys(names))
    for name in once:
        if SEPARATOR in name:
            raise TableError(f"The name {name!r} cannot stand in a list: it has a {SEPARATOR!r} in it.")
    return SEPARATOR.join(once) or None


def wrong(cell: str | None) -> str | None:
    """Say what is wrong with a cell of entries, ``None`` when nothing is."""
    names = parts(cell)
    if any(not name.strip() for name in names):
        return f"an entry between two {SEPARATOR!r} is empty"
    if len(set(names)) < len(names):
        return "it names an entry twice"
    return None


def split_entries(cell: str | None) -> list[tuple[str, str | None]]:
    """Return (name, role) of the entries of a ``split`` cell; the role is ``None`` where it is both."""
    out: list[tuple[str, str | None]] = []
    for entry in parts(cell):
        name, colon, role = entry.rpartition(":")
        out.append((name, role) if colon and role in ROLES else (entry, None))
    return out


def serves(cell: str | None, split: str | None, role: str | None) -> bool:
    """Tell whether a row with this ``split`` cell serves in ``split`` (any when ``None``) in ``role``.

    Raises a ``GleamError`` for an unknown role.
    """
    if role is not None and role not in ROLES:
        raise unknown_name("role", role, ROLES)
    if cell is None:
        return split is None
    return any(
        (split is None or name == split) and (role is None or held in (None, role))
        for name, held in split_entries(cell)
    )
