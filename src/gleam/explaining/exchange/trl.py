"""What TRL's trainers read: Parquet with ``images`` and ``messages``, or ``prompt`` and ``completion``.

No ``<image>`` in the text: TRL puts the pictures before the first user turn itself. Contents are strings
throughout: lists of parts would be filled with nulls by Arrow, which chat templates take for pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from gleam.errors import GleamError
from gleam.explaining.exchange import parquet
from gleam.explaining.exchange.card import HF_SPLITS, write_card
from gleam.explaining.exchange.conversation import conversation, read_answer
from gleam.explaining.exchange.manifest import Manifest
from gleam.explaining.exchange.pictures import bytes_reader, embedded
from gleam.explaining.exchange.row import Row
from gleam.explaining.exchange.selection import Record, Selection
from gleam.explaining.sentences import parse_language

_KEYS = ("pair_id", "language", "teacher", "status")


def write(selection: Selection, folder: Path) -> None:
    """Write the data set; ``datasets.load_dataset(FOLDER)`` gives what ``SFTTrainer`` takes."""
    turns = ("prompt", "completion") if selection.wish.completion else ("messages",)
    columns: dict[str, pa.DataType] = {"images": parquet.IMAGES}
    columns |= {name: parquet.MESSAGES for name in turns} | {name: pa.string() for name in _KEYS}
    schema = parquet.schema_of(columns)
    files = {}
    for split in selection.splits:
        rows = (_row(selection, record) for record in selection.of(split))
        names = parquet.write_shards(folder / "data", HF_SPLITS[split], schema, rows)
        files[split] = [f"data/{name}" for name in names]
    write_card(selection, folder, files, load="datasets.load_dataset")


def read(folder: Path, manifest: Manifest) -> Iterator[Row]:
    """Return the rows of such a folder.

    Raises:
        GleamError: A file is damaged, lacks a column, or an answer cannot be read.
    """
    turns = _turns(folder)
    for where, row in parquet.read_rows(folder / "data", ("images", turns, *_KEYS[:3])):
        language = parse_language(row["language"])
        said = [m["content"] for m in row[turns] or () if m["role"] == "assistant"]
        if len(said) != 1 or not isinstance(said[0], str):
            raise GleamError(f"{where}: {turns} has not exactly one answer.")
        try:
            match, text = read_answer(said[0], language)
        except GleamError as error:
            raise GleamError(f"{where}: {error}.") from None
        pictures = tuple(bytes_reader(picture, where) for picture in row["images"] or ())
        yield Row(where, row["pair_id"], language, row["teacher"], match, text, pictures)


def _turns(folder: Path) -> str:
    import pyarrow.parquet as pq

    first = min((folder / "data").rglob("*.parquet"), default=None)
    if first is None:
        raise GleamError(f"{folder / 'data'} holds no Parquet file; it is no export, or a part of one.")
    try:
        names = pq.read_schema(first).names
    except (pa.ArrowException, OSError) as error:
        raise GleamError(f"{first} cannot be read as Parquet: {str(error).splitlines()[0]}.") from None
    return "completion" if "completion" in names else "messages"


def _row(selection: Selection, record: Record) -> dict[str, Any]:
    told = conversation(record, label_only=selection.wish.label_only)
    asked = [
        {"role": "system", "content": told.system},
        {"role": "user", "content": told.plain_question},
    ]
    answered = [{"role": "assistant", "content": told.answer}]
    turns: dict[str, Any] = (
        {"prompt": asked, "completion": answered}
        if selection.wish.completion
        else {"messages": asked + answered}
    )
    pictures = (record.pair.query_image, record.pair.tile_image)
    return {
        "images": [embedded(selection, sha) for sha in pictures],
        **turns,
        "pair_id": record.pair.pair_id,
        "language": record.text.language,
        "teacher": record.text.teacher,
        "status": record.status,
    }
