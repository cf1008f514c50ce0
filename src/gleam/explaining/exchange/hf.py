"""A Hugging Face data set folder: Parquet with the pictures inside, a row per pair and teacher, a card."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from gleam.errors import GleamError
from gleam.explaining.exchange import parquet
from gleam.explaining.exchange.card import HF_SPLITS, write_card
from gleam.explaining.exchange.manifest import Manifest
from gleam.explaining.exchange.pictures import bytes_reader, embedded
from gleam.explaining.exchange.row import Row
from gleam.explaining.exchange.selection import Record, Selection
from gleam.explaining.verdict import Language

_NUMBERS = (
    *("distance_m", "heading_deg", "pitch_deg", "roll_deg", "fov_deg", "height_m", "ground_width_m"),
    *("tile_width_m", "query_lat", "query_lon", "tile_lat", "tile_lon"),
)
_WORDS = ("tier", "query_place", "tile_place", "query_licence", "tile_licence")
_OF_TEXT: dict[str, pa.DataType] = {
    "verdict": pa.bool_(),
    "explanation": pa.string(),
    "evidence": parquet.TEXTS,
    "status": pa.string(),
}


def write(selection: Selection, folder: Path) -> None:
    """Write the data set; ``datasets.load_dataset(FOLDER)`` reads it without a network.

    Columns: pair_id, view, match (the truth), teacher, model, query_image, tile_image, what is known of place
    and camera, and for each language LANG verdict_LANG, explanation_LANG, evidence_LANG, status_LANG, which
    are null where there is no text.
    """
    schema = _schema(selection.wish.languages, label_only=selection.wish.label_only)
    files = {}
    for split in selection.splits:
        rows = _rows(selection, selection.of(split), schema)
        names = parquet.write_shards(folder / "data", HF_SPLITS[split], schema, rows)
        files[split] = [f"data/{name}" for name in names]
    write_card(selection, folder, files, load="datasets.load_dataset")


def read(folder: Path, manifest: Manifest) -> Iterator[Row]:
    """Return the rows of such a folder, one for each text.

    Raises:
        GleamError: A file is damaged, lacks a column, or a value is of a wrong type.
    """
    languages = manifest.languages
    columns = ("pair_id", "teacher", "query_image", "tile_image", *(f"verdict_{name}" for name in languages))
    if not manifest.label_only:
        columns += tuple(f"explanation_{name}" for name in languages)
    for where, row in parquet.read_rows(folder / "data", columns):
        pictures = tuple(bytes_reader(row[name], where) for name in ("query_image", "tile_image"))
        for language in languages:
            verdict, text = row[f"verdict_{language}"], row.get(f"explanation_{language}")
            if verdict is None and text is None:
                continue
            if not isinstance(verdict, bool):
                raise GleamError(
                    f"{where}, column verdict_{language}: {verdict!r} is neither true nor false."
                )
            if not manifest.label_only and not isinstance(text, str):
                raise GleamError(f"{where}, column explanation_{language}: there is no text.")
            yield Row(where, row["pair_id"], language, row["teacher"], verdict, text, pictures)


def _schema(languages: tuple[Language, ...], *, label_only: bool) -> pa.Schema:
    columns: dict[str, pa.DataType] = {
        "pair_id": pa.string(),
        "view": pa.string(),
        "match": pa.bool_(),
        "query_image": parquet.IMAGE,
        "tile_image": parquet.IMAGE,
        "teacher": pa.string(),
        "model": pa.string(),
    }
    for language in languages:
        for name, kind in _OF_TEXT.items():
            if not label_only or name in ("verdict", "status"):
                columns[f"{name}_{language}"] = kind
    columns |= {name: pa.string() for name in _WORDS} | {name: pa.float64() for name in _NUMBERS}
    return parquet.schema_of(columns)


def _rows(selection: Selection, records: list[Record], schema: pa.Schema) -> Iterator[dict[str, Any]]:
    grouped: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in records:
        grouped[record.pair.pair_id, record.text.teacher].append(record)
    for group in grouped.values():
        pair, first = group[0].pair, group[0].text
        row: dict[str, Any] = {name: None for name in schema.names}
        row |= {name: getattr(pair, name) for name in ("pair_id", "match", *_WORDS, *_NUMBERS)}
        row |= {"view": pair.view.value, "teacher": first.teacher, "model": first.model}
        row["query_image"] = embedded(selection, pair.query_image)
        row["tile_image"] = embedded(selection, pair.tile_image)
        for record in group:
            told = {
                "verdict": record.match,
                "explanation": record.text.explanation,
                "evidence": list(record.text.evidence),
                "status": record.status,
            }
            row |= {
                f"{name}_{record.text.language}": value
                for name, value in told.items()
                if f"{name}_{record.text.language}" in schema.names
            }
        yield row
