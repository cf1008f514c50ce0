"""Importers: one function per kind of data set, all giving a :class:`~gleam.places.table.Places`.

A new importer is a function ``(root, ImportOptions) -> Places`` and one line in :data:`IMPORTERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gleam.errors import unknown_name
from gleam.places.importers.folder import import_folder
from gleam.places.importers.options import ImportOptions
from gleam.places.table import Places

IMPORTERS: dict[str, Callable[[Path, ImportOptions], Places]] = {
    "folder": import_folder,
}


def import_places(kind: str, root: str | Path, options: ImportOptions | None = None) -> Places:
    """Import the data set at ``root`` with the importer called ``kind``.

    Raises a ``GleamError`` listing the importers for an unknown kind, and a ``TableError`` naming
    file, row and column for content that is wrong or missing.
    """
    if kind not in IMPORTERS:
        raise unknown_name("importer", kind, IMPORTERS)
    return IMPORTERS[kind](Path(root), options or ImportOptions())


__all__ = ["IMPORTERS", "ImportOptions", "import_folder", "import_places"]
