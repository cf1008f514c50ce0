"""Importers: public data sets and own folders as :class:`~gleam.places.table.Places`.

A new data set is a file with a :class:`~gleam.places.importers.dataset.DataSet` in it and one name in
:data:`DATASETS`.
"""

from __future__ import annotations

from pathlib import Path

from gleam.errors import GleamError, unknown_name
from gleam.places.importers.cvact import CVACT
from gleam.places.importers.cvcities import CVCITIES
from gleam.places.importers.cvusa import CVUSA
from gleam.places.importers.dataset import DataSet
from gleam.places.importers.denseuav import DENSEUAV
from gleam.places.importers.folder import import_folder
from gleam.places.importers.gtauav import GTAUAV
from gleam.places.importers.importing import Imported, import_dataset
from gleam.places.importers.options import ImportOptions
from gleam.places.importers.setvl import SETVL
from gleam.places.importers.streetmaps import STREETMAPS
from gleam.places.importers.sues200 import SUES200
from gleam.places.importers.university1652 import UNIVERSITY1652
from gleam.places.importers.vigor import VIGOR
from gleam.places.table import Places

_ALL = (
    UNIVERSITY1652,
    SUES200,
    DENSEUAV,
    GTAUAV,
    VIGOR,
    CVUSA,
    CVACT,
    CVCITIES,
    SETVL,
    STREETMAPS,
)
DATASETS: dict[str, DataSet] = {dataset.kind: dataset for dataset in _ALL}
"""The public data sets by the names they have on the command line."""

FOLDER = "folder"
KINDS = (FOLDER, *DATASETS)


def import_places(kind: str, root: str | Path, options: ImportOptions | None = None) -> Places:
    """Import the data set, or with ``"folder"`` the own folder, at ``root``.

    Raises a ``GleamError`` listing the kinds for an unknown one, and a ``TableError`` naming file, row or
    line, and column for content that is wrong or missing.
    """
    chosen = options or ImportOptions()
    if kind == FOLDER:
        if chosen.protocol is not None or chosen.extra:
            raise GleamError("A plain folder has no protocols and no options of its own.")
        return import_folder(Path(root), chosen)
    return import_dataset(find_dataset(kind), Path(root), chosen).places


def find_dataset(kind: str) -> DataSet:
    """Return the public data set of that name; raise a ``GleamError`` listing the kinds otherwise."""
    if kind not in DATASETS:
        raise unknown_name("kind of data set", kind, KINDS)
    return DATASETS[kind]


__all__ = [
    "DATASETS",
    "FOLDER",
    "KINDS",
    "DataSet",
    "ImportOptions",
    "Imported",
    "find_dataset",
    "import_dataset",
    "import_folder",
    "import_places",
]
