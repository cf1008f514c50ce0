"""What a raster says of itself: when it was taken, under which terms, and by whom."""

from __future__ import annotations

import re
from typing import Any

_DATE = ("GLEAM_DATE", "ACQUISITIONDATETIME", "ACQUISITION_DATE", "DATE_ACQUIRED", "EXIF_DateTimeOriginal")
"""Not TIFFTAG_DATETIME: it tells when the file was written, often years after the flight."""
_LICENCE = ("GLEAM_LICENCE", "LICENCE", "LICENSE", "TIFFTAG_COPYRIGHT", "COPYRIGHT", "EXIF_Copyright")
_ORIGIN = ("GLEAM_SOURCE", "ATTRIBUTION", "TIFFTAG_ARTIST", "EXIF_Artist")
_LONGEST = 500


def read_date(dataset: Any) -> str | None:
    """Return when the imagery of an opened dataset was taken, or None."""
    text = _first(dataset, _DATE)
    if text is None:
        return None
    # EXIF and some tags separate the parts of a date by colons.
    return re.sub(r"^(\d{4}):(\d\d):(\d\d)", r"\1-\2-\3", text)


def read_licence(dataset: Any) -> str | None:
    """Return the terms of use of the imagery of an opened dataset, or None."""
    return _first(dataset, _LICENCE)


def read_origin(dataset: Any) -> str | None:
    """Return who made the imagery of an opened dataset, or None."""
    return _first(dataset, _ORIGIN)


def _first(dataset: Any, names: tuple[str, ...]) -> str | None:
    tags = {**_upper(dataset.tags(ns="IMAGERY")), **_upper(dataset.tags())}
    for name in names:
        text = " ".join(str(tags.get(name.upper(), "")).split())
        if text:
            return text[:_LONGEST]
    return None


def _upper(tags: dict[str, str]) -> dict[str, str]:
    return {name.upper(): value for name, value in tags.items()}
