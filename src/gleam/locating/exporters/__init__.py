"""Answers as files of other programs, one format per file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path

from gleam.errors import GleamError, unknown_name
from gleam.locating.answer import Answer
from gleam.locating.batch import Failure

FORMATS: dict[str, tuple[str, ...]] = {
    "geojson": (".geojson",),
    "csv": (".csv",),
    "jsonl": (".jsonl",),
    "kml": (".kml",),
    "gpx": (".gpx",),
    "odm": ("geo.txt",),
    "navsatfix": (".navsatfix.json",),
    "mavlink": (".mavlink.jsonl",),
    "tlog": (".tlog",),
    "exif": (),
}
"""The formats and the endings of file names they are known by; ``exif`` is a folder without one."""

_WRITERS = {
    "geojson": "geojson.write_geojson",
    "csv": "csv_table.write_csv",
    "jsonl": "jsonl.write_jsonl",
    "kml": "kml.write_kml",
    "gpx": "gpx.write_gpx",
    "odm": "odm.write_odm",
    "navsatfix": "navsatfix.write_navsatfix",
    "mavlink": "mavlink.write_mavlink_jsonl",
    "tlog": "mavlink.write_tlog",
}


def format_of(path: str | os.PathLike[str], format: str | None = None) -> str:
    """Return the format asked for, or the one that a file name tells, and check that it can be written.

    A name without any suffix is a folder of tagged copies.

    Raises:
        GleamError: The format is unknown, the name tells none, or a library is missing.
    """
    name = Path(path).name.lower()
    if format is not None and format not in FORMATS:
        raise unknown_name("format", format, FORMATS)
    endings = {ending: known for known, all_of in FORMATS.items() for ending in all_of}
    told = max((ending for ending in endings if name.endswith(ending)), key=len, default=None)
    chosen = format or (endings[told] if told else None if Path(name).suffix else "exif")
    if chosen is None:
        known = ", ".join(sorted(endings))
        raise GleamError(
            f"{path}: the name does not tell the format. End it in one of {known}, use a folder name for "
            "tagged copies, or name the format."
        )
    if chosen == "tlog":
        from gleam.locating.exporters.mavlink import mavlink_dialect

        mavlink_dialect()
    return chosen


def write_answers(
    path: str | os.PathLike[str],
    answers: Sequence[Answer],
    failures: Sequence[Failure] = (),
    format: str | None = None,
    *,
    photos: Sequence[str | os.PathLike[str]] | None = None,
) -> None:
    """Write answers and failures as one file (``exif``: a folder) of another program, atomically.

    Nothing that the input photos said of their own position is written.

    Args:
        path: The file; its name tells the format unless ``format`` does.
        answers: The answers, in order.
        failures: The photos that could not be used; every format lists them where it can.
        format: One of :data:`FORMATS`.
        photos: The files of the answers, in the same order; only ``exif`` needs them.

    Raises:
        GleamError: The format is unknown, or the file cannot be written.
    """
    from gleam.locating.exporters.claims import public

    chosen = format_of(path, format)
    answers = [public(answer) for answer in answers]
    if chosen == "exif":
        from gleam.locating.exporters.exif import write_tagged_copies

        if photos is None or len(photos) != len(answers):
            raise GleamError(f"{path}: tagged copies need the file of every answer; give photos.")
        write_tagged_copies(path, answers, photos)
        return
    module, _, name = _WRITERS[chosen].partition(".")
    writer: Callable[[str | os.PathLike[str], Iterable[Answer], Iterable[Failure]], None]
    writer = getattr(import_module(f"{__name__}.{module}"), name)
    writer(path, answers, failures)
