"""Writing a places table to Parquet or CSV, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from gleam.errors import TableError
from gleam.files import atomic_write
from gleam.places.schema import FORMAT_VERSION, SCHEMA, VERSION_KEY


def table_file(path: Path) -> Path:
    """Return the file that a table written to ``path`` becomes; a folder gets ``places.parquet``."""
    suffix = path.suffix.lower()
    if path.is_dir() or not suffix:
        return path / "places.parquet"
    if suffix not in (".parquet", ".csv"):
        raise TableError(f"{path}: a places table is written as .parquet or .csv, not {suffix}.")
    return path


def rebased(table: pa.Table, old: Path, new: Path) -> pa.Table:
    """Return ``table`` with the paths that were relative to ``old`` made relative to ``new``."""
    before, after = Path(os.path.abspath(old)), Path(os.path.abspath(new))
    if before == after:
        return table
    moved_folder: dict[str, str] = {}

    def moved(path: str) -> str:
        if os.path.isabs(path):
            return path
        # Public data sets have hundreds of thousands of rows in few folders: each folder is moved once.
        folder, name = os.path.split(path)
        if folder not in moved_folder:
            moved_folder[folder] = Path(os.path.relpath(before / folder, after)).as_posix()
        if name in (os.curdir, os.pardir):
            return Path(os.path.relpath(before / path, after)).as_posix()
        return name if moved_folder[folder] == os.curdir else f"{moved_folder[folder]}/{name}"

    paths = [moved(path) for path in table.column("path").to_pylist()]
    return table.set_column(2, SCHEMA.field("path"), pa.array(paths, pa.string()))


def write_table(table: pa.Table, file: Path) -> None:
    """Write ``table`` to ``file`` atomically; the suffix decides the format."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(file) as temporary:
        if file.suffix.lower() == ".csv":
            pacsv.write_csv(table, temporary, pacsv.WriteOptions(quoting_style="needed"))
        else:
            stamped = table.replace_schema_metadata({VERSION_KEY: str(FORMAT_VERSION).encode()})
            pq.write_table(stamped, temporary, compression="zstd")
