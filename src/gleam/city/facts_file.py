"""Writing the facts of a city as a table: one row per place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gleam.files import atomic_write

_MEASURES = ("_m", "_deg", "lat", "lon", "mean_floors")
_COUNTS = ("_floors", "_roads", "_count", "_m2")


def write_facts(path: Path, facts: Sequence[dict[str, Any]]) -> None:
    """Write the facts of all places to a Parquet file, which appears whole or not at all.

    A column has the same type in every city, also where all its values are missing.
    """
    names = list(facts[0])
    columns = {name: [row[name] for row in facts] for name in names}
    schema = pa.schema([(name, _type(name, columns[name])) for name in names])
    with atomic_write(path) as temporary:
        pq.write_table(pa.table(columns, schema=schema), temporary, compression="zstd")


def _type(name: str, values: Sequence[Any]) -> pa.DataType:
    """Return the type of a column: by its name where the values leave a choice."""
    if any(isinstance(value, list) for value in values):
        return pa.list_(pa.string())
    if any(isinstance(value, str) for value in values):
        return pa.string()
    if name.endswith(_MEASURES) or any(isinstance(value, float) for value in values):
        return pa.float64()
    if name.endswith(_COUNTS) or any(isinstance(value, int) for value in values):
        return pa.int64()
    return pa.string()
