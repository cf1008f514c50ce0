"""The places table: one row per image, the one form in which all data reach the rooms above.

A table is a Parquet or CSV file beside (or above) its images. Missing values are null, an empty cell
in CSV, ``None`` in a row and NaN in :meth:`Places.column`. :mod:`gleam.places.schema` lists the
columns.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gleam.errors import TableError, unknown_name
from gleam.places import entries, reading, writing
from gleam.places.schema import BY_NAME, COLUMN_NAMES, SCHEMA
from gleam.views import Pose, View, parse_view


@dataclass(frozen=True, slots=True)
class PlaceImage:
    """One image of one place. ``None`` means unknown, never zero.

    ``lat``, ``lon`` are what the image centres on: for a drone the ground point on the optical axis,
    for panorama and ground photos the camera. ``path`` is relative to the table's folder. ``split``,
    ``positives`` and ``semi_positives`` may hold several entries, see :mod:`gleam.places.entries`.
    """

    place: str
    view: View
    path: str
    lat: float | None = None
    lon: float | None = None
    heading_deg: float | None = None
    pitch_deg: float | None = None
    roll_deg: float | None = None
    fov_deg: float | None = None
    height_m: float | None = None
    ground_width_m: float | None = None
    camera_lat: float | None = None
    camera_lon: float | None = None
    footprint: str | None = None
    split: str | None = None
    source: str | None = None
    licence: str | None = None
    taken: str | None = None
    positives: str | None = None
    semi_positives: str | None = None
    x_m: float | None = None
    y_m: float | None = None

    @property
    def pose(self) -> Pose:
        """How the camera stood, as far as the table knows."""
        return Pose(
            heading_deg=self.heading_deg,
            pitch_deg=self.pitch_deg,
            roll_deg=self.roll_deg,
            height_m=self.height_m,
            fov_deg=self.fov_deg,
            ground_width_m=self.ground_width_m,
        )


class Places(Sequence[PlaceImage]):
    """Rows of a places table and the folder their paths are relative to.

    Behaves as a read-only list of :class:`PlaceImage`; whole columns come as arrays from
    :meth:`column`. Rows keep the order of the file.
    """

    def __init__(self, rows: Iterable[PlaceImage], root: str | os.PathLike[str] = ".") -> None:
        """Build a table from ``rows``; raise a ``TableError`` when one of them is wrong."""
        listed = list(rows)
        for number, row in enumerate(listed, 1):
            if not isinstance(row, PlaceImage):
                raise TypeError(f"row {number} is a {type(row).__name__}, not a PlaceImage")
        table = pa.table({name: _column_of(listed, name) for name in COLUMN_NAMES}, schema=SCHEMA)
        self._set(reading.validated(table, "places table"), Path(root), None, ())

    def _set(self, table: pa.Table, root: Path, file: Path | None, ignored: tuple[str, ...]) -> None:
        self._table = table
        self.root = root
        self.file = file
        self.ignored_columns = ignored
        self._rows: list[PlaceImage] | None = None

    @classmethod
    def _of(
        cls, table: pa.Table, root: Path, file: Path | None = None, ignored: tuple[str, ...] = ()
    ) -> Places:
        """Wrap an already validated table."""
        places = cls.__new__(cls)
        places._set(table, root, file, ignored)
        return places

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Places:
        """Read a ``.parquet`` or ``.csv`` file, or ``places.parquet`` or ``places.csv`` of a folder.

        Columns it does not know are left out and listed in ``ignored_columns``. Raises a
        ``TableError`` naming file, row and column for a missing or empty file, a missing column, a
        value of a wrong type or out of range, an unknown view, a row without place or path, and a
        row that occurs twice.
        """
        file = reading.find_table(Path(path))
        table, ignored = reading.read_table(file)
        return cls._of(table, file.parent, file, ignored)

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write to ``path`` (``.parquet``, ``.csv``, or a folder, which gets ``places.parquet``).

        Relative paths are rewritten when the folder differs from :attr:`root`. The file appears
        whole or not at all. Returns the file.
        """
        file = writing.table_file(Path(path))
        writing.write_table(writing.rebased(self._table, self.root, file.parent), file)
        return file

    def __len__(self) -> int:
        return int(self._table.num_rows)

    @overload
    def __getitem__(self, index: int) -> PlaceImage: ...
    @overload
    def __getitem__(self, index: slice) -> Places: ...
    def __getitem__(self, index: int | slice) -> PlaceImage | Places:
        if isinstance(index, slice):
            return self.take(np.arange(len(self))[index])
        return self._all_rows()[index]

    def __iter__(self) -> Iterator[PlaceImage]:
        return iter(self._all_rows())

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {view}" for view, n in self.view_counts().items())
        return f"Places({len(self)} images: {counts}; root={str(self.root)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Places) and bool(self._table.equals(other._table))

    __hash__ = None  # type: ignore[assignment]

    def _all_rows(self) -> list[PlaceImage]:
        if self._rows is None:
            columns = [self._table.column(name).to_pylist() for name in COLUMN_NAMES]
            columns[1] = [View(v) for v in columns[1]]
            self._rows = [PlaceImage(*values) for values in zip(*columns, strict=True)]
        return self._rows

    def take(self, index: NDArray[Any] | Sequence[int]) -> Places:
        """Return the rows at ``index`` (row numbers, or a mask as long as the table)."""
        chosen = np.asarray(index)
        if chosen.dtype == bool:
            chosen = np.flatnonzero(chosen)
        table = self._table.take(pa.array(chosen.astype(np.int64))).combine_chunks()
        return Places._of(table, self.root, self.file, self.ignored_columns)

    def select(
        self,
        view: View | str | None = None,
        split: str | None = None,
        places: Iterable[str] | None = None,
        role: str | None = None,
    ) -> Places:
        """Return the rows of one view, of one split and of the named places, in their order.

        ``role`` asks for the rows that serve as ``"query"`` or ``"gallery"`` in that split (in any of
        their splits when none is named); without it both are returned.

        Raises a ``GleamError`` for an unknown view, and for a split or a place that no row of the
        table has, so that a misspelt name never gives a silently small selection.
        """
        mask = np.ones(len(self), bool)
        if split is not None and split not in self.splits:
            raise unknown_name("split", split, self.splits or ("(the table names no splits)",))
        if split is not None or role is not None:
            mask &= self._in_split(split, role)
        if places is not None:
            wanted = set(places)
            unknown = wanted.difference(self.place_ids)
            if unknown:
                raise TableError(
                    f"{len(unknown)} of the places asked for are not in {self._name}, "
                    f"such as {min(unknown)!r}; take the names from Places.place_ids."
                )
            mask &= np.fromiter((p in wanted for p in self.column("place")), bool, len(self))
        if view is not None:
            mask &= self.column("view") == parse_view(view).value
        return self.take(mask)

    def _in_split(self, split: str | None, role: str | None) -> NDArray[np.bool_]:
        cells = self._table.column("split")
        wanted = [cell for cell in cells.unique().to_pylist() if entries.serves(cell, split, role)]
        known = pc.is_in(cells, pa.array([c for c in wanted if c is not None], pa.string()))
        return np.asarray(pc.or_(known, pc.and_(pc.is_null(cells), None in wanted)), dtype=bool)

    @property
    def _name(self) -> str:
        return str(self.file) if self.file else "the table"

    def column(self, name: str) -> NDArray[Any]:
        """Return one column: float64 (n,) with NaN for missing, or objects (n,) with ``None``."""
        if name not in BY_NAME:
            raise unknown_name("column", name, COLUMN_NAMES)
        values = self._table.column(name)
        if BY_NAME[name].is_number:
            return np.asarray(values.to_numpy(), dtype=np.float64)
        out = np.empty(len(self), object)
        out[:] = values.to_pylist()
        return out

    @property
    def place_ids(self) -> list[str]:
        """Names of the places, each once, in the order of their first rows."""
        return list(self._table.column("place").unique().to_pylist())

    @property
    def splits(self) -> list[str]:
        """Names of the splits, sorted, without roles."""
        cells = self._table.column("split").unique().to_pylist()
        return sorted({name for cell in cells for name, _ in entries.split_entries(cell)})

    def lists(self, name: str) -> list[tuple[str, ...]]:
        """Return the entries of a column that holds lists: ``split``, ``positives``, ``semi_positives``."""
        if name not in entries.LIST_COLUMNS:
            raise unknown_name("column of lists", name, entries.LIST_COLUMNS)
        return [entries.parts(cell) for cell in self._table.column(name).to_pylist()]

    @property
    def views(self) -> list[View]:
        """Views with at least one row, in the order of :class:`View`."""
        present = set(self._table.column("view").unique().to_pylist())
        return [v for v in View if v.value in present]

    def view_counts(self) -> dict[str, int]:
        """Number of rows of each view that occurs."""
        counted = self._table.column("view").value_counts().to_pylist()
        counts = {str(c["values"]): int(c["counts"]) for c in counted}
        return {v.value: counts[v.value] for v in View if v.value in counts}

    def path_of(self, row: PlaceImage | int) -> Path:
        """Return the image file of a row (or of the row with that number)."""
        image = self[row] if isinstance(row, int | np.integer) else row
        return self.root / image.path

    @property
    def paths(self) -> list[Path]:
        """Image files of all rows."""
        return [self.root / p for p in self._table.column("path").to_pylist()]

    @property
    def poses(self) -> list[Pose]:
        """Poses of all rows."""
        return [row.pose for row in self]


def _column_of(rows: list[PlaceImage], name: str) -> pa.Array:
    values: list[Any] = [getattr(row, name) for row in rows]
    if BY_NAME[name].is_number:
        # NumPy scalars and NaN are welcome here: both come out of every computation with arrays.
        numbers = np.array([np.nan if v is None else v for v in values], np.float64)
        return pa.array(numbers, pa.float64(), mask=np.isnan(numbers))
    return pa.array([None if v is None else str(v) for v in values], pa.string())
