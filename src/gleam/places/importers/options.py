"""What an importer can be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class ImportOptions:
    """Options of an import.

    csv: the CSV file, for importers that read one.
    columns: our column name -> the name it has in the file, where the two differ.
    constants: our column name -> one value for all rows, for columns the file lacks.
    skip_missing: leave out rows whose image file is missing instead of refusing (plain folders; of a
        public data set missing images are always left out and counted).
    protocol: keep one evaluation protocol of a data set that publishes several, see
        :attr:`~gleam.places.importers.dataset.DataSet.protocols`.
    extra: further options of one data set, see :attr:`~gleam.places.importers.dataset.DataSet.extras`.
    """

    csv: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    skip_missing: bool = False
    protocol: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
