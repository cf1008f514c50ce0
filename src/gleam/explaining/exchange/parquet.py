"""Parquet files as the Hugging Face libraries write them: typed columns, pictures embedded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gleam.errors import GleamError

ROWS_PER_GROUP = 100
"""With pictures inside, groups have to stay small: readers load whole ones."""
SHARD_BYTES = 400 * 1024 * 1024

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
IMAGES = pa.list_(IMAGE)
MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
TEXTS = pa.list_(pa.string())


def schema_of(columns: dict[str, pa.DataType]) -> pa.Schema:
    """Return a schema that tells ``datasets`` which columns are pictures."""
    features = {name: _feature(kind) for name, kind in columns.items()}
    told = json.dumps({"info": {"features": features}})
    return pa.schema(list(columns.items()), metadata={"huggingface": told})


def write_shards(folder: Path, name: str, schema: pa.Schema, rows: Iterable[dict[str, Any]]) -> list[str]:
    """Write rows to one or several files and return their names.

    Args:
        folder: Where.
        name: Beginning of the names; they end in ``-00000.parquet`` and so on.
        schema: Of the rows.
        rows: The rows; only a few are held at once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names: list[str] = []
    writer: pq.ParquetWriter | None = None
    size = 0
    for group in _groups(rows):
        if writer is None or size > SHARD_BYTES:
            if writer is not None:
                writer.close()
            names.append(f"{name}-{len(names):05d}.parquet")
            writer = pq.ParquetWriter(folder / names[-1], schema)
            size = 0
        table = pa.Table.from_pylist(group, schema)
        writer.write_table(table)
        size += table.nbytes
    if writer is not None:
        writer.close()
    return names


def read_rows(folder: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return (where, row) of all Parquet files of a folder, in the order of their names.

    Raises:
        GleamError: There is none, one cannot be read, or lacks a column.
    """
    files = sorted(folder.rglob("*.parquet"))
    if not files:
        raise GleamError(f"{folder} holds no Parquet file; it is no export, or a part of one.")
    for file in files:
        try:
            opened = pq.ParquetFile(file)
            lacking = [name for name in columns if name not in opened.schema_arrow.names]
            if lacking:
                raise GleamError(f"{file} lacks the columns {', '.join(lacking)}.")
            number = 0
            for batch in opened.iter_batches(batch_size=ROWS_PER_GROUP, columns=list(columns)):
                for row in batch.to_pylist():
                    number += 1
                    yield f"{file}, row {number}", row
        except (pa.ArrowException, OSError) as error:
            raise GleamError(f"{file} cannot be read as Parquet: {str(error).splitlines()[0]}.") from None


def _groups(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    group: list[dict[str, Any]] = []
    for row in rows:
        group.append(row)
        if len(group) == ROWS_PER_GROUP:
            yield group
            group = []
    if group:
        yield group


def _feature(kind: pa.DataType) -> dict[str, Any]:
    """Return the type of a column as ``datasets`` names it."""
    if kind == IMAGE:
        return {"_type": "Image"}
    if pa.types.is_list(kind):
        return {"_type": "List", "feature": _feature(kind.value_type)}
    if pa.types.is_struct(kind):
        return {kind.field(n).name: _feature(kind.field(n).type) for n in range(kind.num_fields)}
    names = {"double": "float64"}
    return {"_type": "Value", "dtype": names.get(str(kind), str(kind))}
