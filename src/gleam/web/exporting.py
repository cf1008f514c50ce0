"""Answers as files to download; nothing that the uploads said of their own position is in them."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gleam.errors import unknown_name
from gleam.locating.answer import Answer
from gleam.locating.batch import Failure
from gleam.locating.exporters import FORMATS, write_answers
from gleam.web.problems import WebError

_TYPES = {
    "geojson": "application/geo+json",
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "kml": "application/vnd.google-earth.kml+xml",
    "gpx": "application/gpx+xml",
    "odm": "text/plain; charset=utf-8",
    "navsatfix": "application/json",
    "mavlink": "application/x-ndjson",
    "tlog": "application/octet-stream",
    "exif": "application/zip",
}


@dataclass(frozen=True)
class Download:
    """content: of the file. name: to save it by. type: its MIME type."""

    content: bytes
    name: str
    type: str

    @property
    def headers(self) -> dict[str, str]:
        """Headers that make browsers save it."""
        return {"Content-Disposition": f'attachment; filename="{self.name}"'}


def export(
    stem: str,
    format: str,
    answers: Sequence[Answer],
    failures: Sequence[Failure] = (),
    photos: Sequence[Path] | None = None,
) -> Download:
    """Write answers in a format and return the file; tagged copies come as a ZIP archive.

    Args:
        stem: Of the name to save it by.
        format: One of :data:`gleam.locating.exporters.FORMATS`.
        answers: The answers.
        failures: The photos that could not be used.
        photos: The files of the answers, where they are kept; only ``exif`` needs them.

    Raises:
        GleamError: The format is unknown or a library is missing.
        WebError: Tagged copies are asked for, and the photos are not kept.
    """
    if format not in FORMATS:
        raise unknown_name("format", format, FORMATS)
    if format == "exif" and photos is None:
        raise WebError(409, "Tagged copies need the photos, and these were not kept; ask with keep.")
    ending = next(iter(FORMATS[format]), ".zip")
    name = f"gleam-{stem}{ending}" if ending.startswith(".") else f"gleam-{stem}-{ending}"
    with tempfile.TemporaryDirectory(prefix="gleam-export-") as folder:
        path = Path(folder) / ("copies" if format == "exif" else f"answers{ending}")
        write_answers(path, answers, failures, format, photos=photos)
        content = _zipped(path) if format == "exif" else path.read_bytes()
    return Download(content, name, _TYPES[format])


def _zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    return buffer.getvalue()
