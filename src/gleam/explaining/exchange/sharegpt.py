"""LLaMA-Factory's ShareGPT form: one JSON array per split, pictures beside it, ``dataset_info.json``.

Every picture has one ``<image>`` in the question; ``media_dir`` is the folder itself, the default there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gleam.errors import GleamError
from gleam.explaining.exchange.card import write_card
from gleam.explaining.exchange.conversation import conversation
from gleam.explaining.exchange.jsonrows import row_of
from gleam.explaining.exchange.manifest import Manifest
from gleam.explaining.exchange.pictures import copy_pictures
from gleam.explaining.exchange.row import Row
from gleam.explaining.exchange.selection import Record, Selection
from gleam.files import read_json, write_json

INFO = "dataset_info.json"


def write(selection: Selection, folder: Path) -> None:
    """Write the data set; name it with ``--dataset_dir FOLDER --dataset NAME_train``."""
    paths = copy_pictures(selection, folder)
    name = re.sub(r"[^0-9A-Za-z]+", "_", selection.bench.info.name).strip("_").lower() or "gleam_x"
    info, files = {}, {}
    for split in selection.splits:
        file = f"{split}.json"
        rows = [_row(record, paths, label_only=selection.wish.label_only) for record in selection.of(split)]
        write_json(folder / file, rows, indent=1)
        files[split] = [file]
        info[f"{name}_{split}"] = {
            "file_name": file,
            "formatting": "sharegpt",
            "columns": {"messages": "conversations", "system": "system", "images": "images"},
            "tags": {
                "role_tag": "from",
                "content_tag": "value",
                "user_tag": "human",
                "assistant_tag": "gpt",
            },
        }
    write_json(folder / INFO, info)
    write_card(selection, folder, files, load="LLaMA-Factory: --dataset_dir")


def read(folder: Path, manifest: Manifest) -> Iterator[Row]:
    """Return the rows of such a folder.

    Raises:
        GleamError: A file is missing or damaged, or an answer cannot be read.
    """
    for split in manifest.records:
        file = folder / f"{split}.json"
        rows = read_json(file)
        if not isinstance(rows, list):
            raise GleamError(f"{file} is no JSON array.")
        for number, told in enumerate(rows, start=1):
            yield row_of(folder, f"{file}, row {number}", told, "conversations", "from", "value", "gpt")


def _row(record: Record, paths: dict[str, str], *, label_only: bool) -> dict[str, Any]:
    told = conversation(record, label_only=label_only)
    return {
        "conversations": [
            {"from": "human", "value": told.question},
            {"from": "gpt", "value": told.answer},
        ],
        "system": told.system,
        "images": [paths[record.pair.query_image], paths[record.pair.tile_image]],
        "pair_id": record.pair.pair_id,
        "language": record.text.language,
        "teacher": record.text.teacher,
        "status": record.status,
    }
