"""Reading a places table from Parquet or CSV, whole columns at a time, and refusing what is wrong."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from gleam.errors import GleamError, TableError
from gleam.places import entries
from gleam.places.schema import BY_NAME, COLUMNS, FORMAT_VERSION, SCHEMA, VERSION_KEY, Column
from gleam.views import View, parse_view

FILE_NAMES = ("places.parquet", "places.csv")
"""What a folder's table is called, in the order they are looked for."""


def find_table(path: Path) -> Path:
    """Return the table file that ``path`` names, itself or in it; raise a ``TableError`` when none."""
    if path.is_dir():
        for name in FILE_NAMES:
            if (path / name).is_file():
                return path / name
        raise TableError(
            f"{path}: the folder holds no {' or '.join(FILE_NAMES)}; make one with `gleam city make` "
            "or `gleam places import`."
        )
    if not path.exists():
        raise TableError(f"{path}: no such places table; give a .parquet or .csv file or its folder.")
    return path


def read_table(file: Path) -> tuple[pa.Table, tuple[str, ...]]:
    """Read and validate ``file``; return its rows under :data:`SCHEMA` and the names of columns left out."""
    suffix = file.suffix.lower()
    if suffix == ".parquet":
        raw = _read_parquet(file)
    elif suffix == ".csv":
        raw = read_csv_text(file)
    else:
        raise TableError(
            f"{file}: a places table is a .parquet or .csv file, not {suffix or 'a file without suffix'}."
        )
    ignored = tuple(name for name in raw.column_names if name not in BY_NAME)
    table = conformed(raw, str(file), line_of_row0=2 if suffix == ".csv" else None)
    if table.num_rows == 0:
        raise TableError(f"{file}: the table has no rows.")
    return table, ignored


def _read_parquet(file: Path) -> pa.Table:
    try:
        # One file, not a data set: folder names such as split=train must not become columns.
        with pq.ParquetFile(file) as parquet:
            table = parquet.read()
    except (pa.ArrowException, OSError) as error:
        raise TableError(f"{file}: not a readable Parquet file ({_first_line(error)}).") from error
    version = (table.schema.metadata or {}).get(VERSION_KEY)
    if version is not None and version.isdigit() and int(version) > FORMAT_VERSION:
        raise TableError(
            f"{file}: places table of format {int(version)}, newer than format {FORMAT_VERSION} "
            "that this GLEAM reads; upgrade GLEAM."
        )
    return table


def read_csv_text(file: Path) -> pa.Table:
    """Read a CSV file with every column as text; an empty cell is null and nothing else is."""
    try:
        with file.open("rb") as stream:
            header = stream.readline()
        if not header.strip():
            raise TableError(f"{file}: the file is empty; the first line must name the columns.")
        names = _header_names(file)
        table = pacsv.read_csv(
            file,
            parse_options=pacsv.ParseOptions(newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
            ),
        )
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        hint = "; save it as UTF-8" if "UTF8" in str(error) or isinstance(error, UnicodeDecodeError) else ""
        raise TableError(f"{file}: not a readable CSV file ({_first_line(error)}){hint}.") from error
    repeated = sorted({n for n in table.column_names if table.column_names.count(n) > 1})
    if repeated:
        raise TableError(f"{file}: the header names the column {repeated[0]!r} more than once.")
    return table.rename_columns([n.strip() for n in table.column_names])


def _header_names(file: Path) -> list[str]:
    with pacsv.open_csv(file, parse_options=pacsv.ParseOptions(newlines_in_values=True)) as reader:
        return list(reader.schema.names)


def conformed(raw: pa.Table, where: str, line_of_row0: int | None = None) -> pa.Table:
    """Bring ``raw`` under :data:`SCHEMA` and validate it; ``where`` begins every message.

    ``line_of_row0`` is the line of a text file that the first row stands on, told in messages.
    """
    place = _Where(where, line_of_row0)
    missing = [c.name for c in COLUMNS if c.required and c.name not in raw.column_names]
    if missing:
        raise TableError(
            f"{where}: the column {missing[0]!r} is missing; the table has {', '.join(raw.column_names)}."
        )
    arrays = []
    for column in COLUMNS:
        if column.name not in raw.column_names:
            arrays.append(pa.nulls(raw.num_rows, column.type))
        elif column.is_number:
            arrays.append(_numbers(raw.column(column.name), column, place))
        else:
            arrays.append(_texts(raw.column(column.name), column, place))
    return validated(pa.table(arrays, schema=SCHEMA), where, line_of_row0)


def validated(table: pa.Table, where: str, line_of_row0: int | None = None) -> pa.Table:
    """Check ranges, views, required values and uniqueness of a table under :data:`SCHEMA`.

    Returns the table with views in their canonical spelling, in one chunk per column.
    """
    place = _Where(where, line_of_row0)
    table = table.combine_chunks()
    for column in COLUMNS:
        values = table.column(column.name)
        if column.required:
            empty = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(values), ""), True)
            place.refuse(empty, column.name, lambda _: "is empty, but every row needs one")
        if column.is_number:
            _check_range(values, column, place)
    table = table.set_column(1, SCHEMA.field("view"), _canonical_views(table.column("view"), place))
    for lat, lon in (("lat", "lon"), ("camera_lat", "camera_lon")):
        half = pc.xor(pc.is_null(table.column(lat)), pc.is_null(table.column(lon)))
        place.refuse(half, lon, lambda _, lat=lat, lon=lon: f"and {lat!r} must be given both or neither")  # type: ignore[misc]
    _check_lists(table, place)
    _check_unique(table, place)
    return table.combine_chunks()


class _Where:
    """Says where in a table something is wrong."""

    def __init__(self, file: str, line_of_row0: int | None) -> None:
        self.file = file
        self.line_of_row0 = line_of_row0

    def row(self, index: int) -> str:
        line = f" (line {index + self.line_of_row0})" if self.line_of_row0 is not None else ""
        return f"row {index + 1}{line}"

    def error(self, index: int, column: str, says: str) -> TableError:
        return TableError(f"{self.file}: {self.row(index)}, column {column!r} {says}.")

    def refuse(self, bad: pa.ChunkedArray, column: str, says: Callable[[int], str]) -> None:
        """Raise for the first row where ``bad`` is true."""
        if pc.any(bad).as_py():
            index = pc.index(bad, True).as_py()
            raise self.error(index, column, says(index))


def _numbers(values: pa.ChunkedArray, column: Column, place: _Where) -> pa.ChunkedArray:
    """Cast to float64; NaN becomes null."""
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        values = pc.utf8_trim_whitespace(values)
        values = pc.if_else(pc.equal(values, ""), None, values)
    try:
        numbers = values.cast(pa.float64())
    except pa.ArrowException:
        for index, value in enumerate(values.to_pylist()):
            if value is not None and not _is_number(value):
                raise place.error(index, column.name, f"is {value!r}, not a number") from None
        raise TableError(f"{place.file}: column {column.name!r} holds {values.type}, not numbers.") from None
    return pc.if_else(pc.is_nan(numbers), None, numbers)


def _is_number(value: object) -> bool:
    try:
        pa.scalar(value).cast(pa.float64())
    except pa.ArrowException:
        return False
    return True


def _texts(values: pa.ChunkedArray, column: Column, place: _Where) -> pa.ChunkedArray:
    """Cast to text: place names may be whole numbers, ``taken`` may be a timestamp."""
    try:
        texts = values.cast(pa.string())
    except pa.ArrowException as error:
        raise TableError(f"{place.file}: column {column.name!r} holds {values.type}, not text.") from error
    if not column.required:
        return pc.if_else(pc.equal(texts, ""), None, texts)
    return texts


def _check_range(values: pa.ChunkedArray, column: Column, place: _Where) -> None:
    bad = pc.invert(pc.is_finite(values))
    if column.low is not None:
        below = pc.less_equal if column.open_low else pc.less
        bad = pc.or_(bad, below(values, column.low))
    if column.high is not None:
        bad = pc.or_(bad, pc.greater(values, column.high))
    place.refuse(
        pc.fill_null(bad, False),
        column.name,
        lambda i: f"is {_plain(values[i].as_py())}, but must be {column.range_text}",
    )


def _plain(value: float) -> str:
    return f"{value:.10g}" if math.isfinite(value) else str(value)


def _canonical_views(values: pa.ChunkedArray, place: _Where) -> pa.ChunkedArray:
    spelt = values.unique().to_pylist()
    if all(v in set(View) for v in spelt):
        return values
    canonical = {}
    for name in spelt:
        try:
            canonical[name] = parse_view(name).value
        except GleamError as error:
            message = str(error)
            raise place.error(
                pc.index(values, name).as_py(), "view", f"is {name!r}. {message.rstrip('.')}"
            ) from None
    return pa.chunked_array([pa.array([canonical[v] for v in values.to_pylist()], pa.string())])


def _check_lists(table: pa.Table, place: _Where) -> None:
    for name in entries.LIST_COLUMNS:
        values = table.column(name)
        for cell in values.unique().to_pylist():
            wrong = entries.wrong(cell)
            if wrong is not None:
                raise place.error(pc.index(values, cell).as_py(), name, f"is {cell!r}: {wrong}")


def _check_unique(table: pa.Table, place: _Where) -> None:
    names = [table.column(c).to_pylist() for c in ("place", "view", "path")]
    keys = list(zip(*names, strict=True))
    if len(set(keys)) == len(keys):
        return
    first: dict[tuple[str, ...], int] = {}
    for index, key in enumerate(keys):
        if key in first:
            raise place.error(
                index,
                "path",
                f"repeats {place.row(first[key])}: place {key[0]!r}, view {key[1]!r}, path {key[2]!r}",
            )
        first[key] = index


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
