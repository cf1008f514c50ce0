"""``export.json``: what an export is, so that it can be brought back in."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from gleam.errors import GleamError
from gleam.explaining.exchange.selection import Selection
from gleam.explaining.verdict import Language
from gleam.files import read_json, write_json

MANIFEST = "export.json"
Format = Literal["hf", "trl", "sharegpt", "swift"]


class Manifest(BaseModel):
    """kind: of the export. seq: the review's last event that it knows. records: per split."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal["gleam-x export"] = "gleam-x export"
    version: Literal[1] = 1
    kind: Format
    benchmark: str
    benchmark_created: str
    created: str
    seq: int
    languages: tuple[Language, ...]
    revised_only: bool
    label_only: bool
    records: dict[str, int]
    left_out: dict[str, int]


def manifest_of(selection: Selection, kind: Format) -> Manifest:
    """Return the manifest of an export that is being made."""
    info, wish = selection.bench.info, selection.wish
    return Manifest(
        kind=kind,
        benchmark=info.name,
        benchmark_created=info.created,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seq=selection.seq,
        languages=wish.languages,
        revised_only=wish.revised_only,
        label_only=wish.label_only,
        records={split: len(selection.of(split)) for split in selection.splits},
        left_out=selection.left_out,
    )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``export.json``."""
    write_json(folder / MANIFEST, manifest.model_dump())


def read_manifest(folder: Path) -> Manifest:
    """Read ``export.json``; raise a ``GleamError`` when the folder is no export."""
    file = folder / MANIFEST
    if not file.is_file():
        raise GleamError(f"{folder} is no export: it has no {MANIFEST}. Make one with gleam bench export.")
    try:
        return Manifest.model_validate(read_json(file))
    except ValidationError as error:
        first = error.errors()[0]
        raise GleamError(f"{file}, {'.'.join(map(str, first['loc']))}: {first['msg']}.") from None
