"""ms-swift's standard form: JSON lines with ``messages`` and ``images``, one ``<image>`` per picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gleam.errors import GleamError
from gleam.explaining.exchange.card import write_card
from gleam.explaining.exchange.conversation import conversation
from gleam.explaining.exchange.jsonrows import read_lines, row_of
from gleam.explaining.exchange.manifest import Manifest
from gleam.explaining.exchange.pictures import copy_pictures
from gleam.explaining.exchange.row import Row
from gleam.explaining.exchange.selection import Record, Selection
from gleam.files import to_json


def write(selection: Selection, folder: Path) -> None:
    """Write the data set; its paths are relative, so run ms-swift with ``ROOT_IMAGE_DIR=FOLDER``."""
    paths = copy_pictures(selection, folder)
    files = {}
    for split in selection.splits:
        lines = [
            to_json(_row(record, paths, label_only=selection.wish.label_only), indent=None) + "\n"
            for record in selection.of(split)
        ]
        (folder / f"{split}.jsonl").write_text("".join(lines), encoding="utf-8", newline="\n")
        files[split] = [f"{split}.jsonl"]
    write_card(selection, folder, files, load="ms-swift: ROOT_IMAGE_DIR=FOLDER swift sft --dataset")


def read(folder: Path, manifest: Manifest) -> Iterator[Row]:
    """Return the rows of such a folder.

    Raises:
        GleamError: A file is missing or damaged, or an answer cannot be read.
    """
    for split in manifest.records:
        file = folder / f"{split}.jsonl"
        if not file.is_file():
            raise GleamError(f"{file} is missing; copy it back, or make the export anew.")
        for where, told in read_lines(file):
            yield row_of(folder, where, told, "messages", "role", "content", "assistant")


def _row(record: Record, paths: dict[str, str], *, label_only: bool) -> dict[str, Any]:
    told = conversation(record, label_only=label_only)
    return {
        "messages": [
            {"role": "system", "content": told.system},
            {"role": "user", "content": told.question},
            {"role": "assistant", "content": told.answer},
        ],
        "images": [paths[record.pair.query_image], paths[record.pair.tile_image]],
        "pair_id": record.pair.pair_id,
        "language": record.text.language,
        "teacher": record.text.teacher,
        "status": record.status,
    }
