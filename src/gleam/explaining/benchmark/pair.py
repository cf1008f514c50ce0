"""A pair of the benchmark, and how pairs lie in a Parquet file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from gleam.errors import BenchError, GleamError
from gleam.files import atomic_write
from gleam.views import Pose, View, parse_view

Split = Literal["train", "val", "test"]
Tier = Literal["positive", "random", "near", "mistake"]
SPLITS: tuple[Split, ...] = get_args(Split)
TIERS: tuple[Tier, ...] = get_args(Tier)


@dataclass(frozen=True, slots=True)
class Pair:
    """A query picture and a satellite tile, and whether they show one place. None means unknown.

    pair_id: a hash of what the pair is. split: of whole regions. match: the truth. tier: ``positive``, or
    how a negative was chosen (``random``, ``near`` by, or the encoder's own ``mistake``). view: of the
    query. query_image, tile_image: SHA-256 of the files. distance_m: between the two centres. heading_deg
    to ground_width_m: of the query's camera; tile_width_m: ground width of the tile.
    """

    pair_id: str
    split: Split
    match: bool
    tier: Tier
    view: View
    query_place: str
    tile_place: str
    query_image: str
    tile_image: str
    distance_m: float | None = None
    heading_deg: float | None = None
    pitch_deg: float | None = None
    roll_deg: float | None = None
    fov_deg: float | None = None
    height_m: float | None = None
    ground_width_m: float | None = None
    tile_width_m: float | None = None
    query_lat: float | None = None
    query_lon: float | None = None
    tile_lat: float | None = None
    tile_lon: float | None = None
    query_source: str | None = None
    tile_source: str | None = None
    query_licence: str | None = None
    tile_licence: str | None = None

    @property
    def pose(self) -> Pose:
        """How the camera of the query stood, as far as it is known."""
        return Pose(
            heading_deg=self.heading_deg,
            pitch_deg=self.pitch_deg,
            roll_deg=self.roll_deg,
            height_m=self.height_m,
            fov_deg=self.fov_deg,
            ground_width_m=self.ground_width_m,
        )


def pair_id_of(view: View, query_place: str, tile_place: str, query_image: str, tile_image: str) -> str:
    """Return the name of a pair: 16 hexadecimal digits that follow from what it is."""
    key = "\0".join((view.value, query_place, tile_place, query_image, tile_image))
    return hashlib.sha256(key.encode()).hexdigest()[:16]


_NUMBERS = frozenset(f.name for f in fields(Pair) if "float" in str(f.type))
_OPTIONAL = frozenset(f.name for f in fields(Pair) if "None" in str(f.type))


def _type_of(name: str) -> pa.DataType:
    if name in _NUMBERS:
        return pa.float64()
    return pa.bool_() if name == "match" else pa.string()


SCHEMA: pa.Schema = pa.schema(
    [pa.field(f.name, _type_of(f.name), nullable=f.name in _OPTIONAL) for f in fields(Pair)]
)


def write_pairs(path: str | os.PathLike[str], pairs: Iterable[Pair]) -> None:
    """Write pairs as a Parquet file, which appears whole or not at all."""
    listed = list(pairs)
    columns = {
        name: pa.array([_plain(getattr(pair, name)) for pair in listed], _type_of(name))
        for name in SCHEMA.names
    }
    with atomic_write(path) as temporary:
        pq.write_table(pa.table(columns, schema=SCHEMA), temporary, compression="zstd")


def read_pairs(path: str | os.PathLike[str]) -> list[Pair]:
    """Read what :func:`write_pairs` wrote.

    Raises:
        BenchError: The file is missing, damaged, lacks a column, or a row is wrong; file, row and column
            are named.
    """
    file = Path(path)
    try:
        table = pq.read_table(file)
    except FileNotFoundError:
        raise BenchError(f"{file} is missing; make the benchmark anew with `gleam bench make`.") from None
    except (pa.ArrowException, OSError) as error:
        raise BenchError(f"{file} cannot be read as Parquet: {str(error).splitlines()[0]}.") from None
    missing = [name for name in SCHEMA.names if name not in table.column_names]
    if missing:
        raise BenchError(f"{file} lacks the columns {', '.join(missing)}; it is no table of pairs.")
    try:
        columns = table.select(SCHEMA.names).cast(pa.schema([pa.field(f.name, f.type) for f in SCHEMA]))
    except pa.ArrowException as error:
        raise BenchError(f"{file} has a column of a wrong type: {str(error).splitlines()[0]}.") from None
    return [_checked(file, number, row) for number, row in enumerate(columns.to_pylist(), start=1)]


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, View) else value


def _checked(file: Path, number: int, row: dict[str, Any]) -> Pair:
    for name in SCHEMA.names:
        if row[name] is None and name not in _OPTIONAL:
            raise BenchError(f"{file}, row {number}: {name} is missing.")
    for name, known in (("split", SPLITS), ("tier", TIERS)):
        if row[name] not in known:
            raise BenchError(f"{file}, row {number}: {name} {row[name]!r} is none of {', '.join(known)}.")
    for name in ("query_image", "tile_image"):
        if not is_sha256(row[name]):
            raise BenchError(f"{file}, row {number}: {name} {row[name]!r} is no SHA-256.")
    try:
        row["view"] = parse_view(row["view"])
    except GleamError as error:
        raise BenchError(f"{file}, row {number}: {error}") from None
    if row["match"] != (row["tier"] == "positive"):
        raise BenchError(f"{file}, row {number}: match {row['match']} does not go with tier {row['tier']}.")
    return Pair(**row)


def is_sha256(text: object) -> bool:
    """Tell whether a text is 64 lower-case hexadecimal digits, so that it is safe as a file name."""
    return isinstance(text, str) and len(text) == 64 and not set(text) - set("0123456789abcdef")
