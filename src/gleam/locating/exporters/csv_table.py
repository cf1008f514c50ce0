"""CSV: one row per photo, also for those that were rejected or failed."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable

from gleam.files import atomic_write
from gleam.locating.answer import Answer
from gleam.locating.batch import Failure
from gleam.locating.exporters.claims import DECIMALS, longitude, place_of, sigma_m
from gleam.locating.exporters.rings import region_rings

COLUMNS = (
    "photo",
    "status",
    "view",
    "lat",
    "lon",
    "radius95_m",
    "sigma_m",
    "probability",
    "probability_here",
    "within_m",
    "calibration",
    "heading_deg",
    "heading_from",
    "camera_lat",
    "camera_lon",
    "taken",
    "candidates",
    "notes",
    "error",
    "region95",
)
"""``status`` is that of the answer or ``failed``; ``region95`` is WKT, longitude first."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


def write_csv(
    path: str | os.PathLike[str], answers: Iterable[Answer], failures: Iterable[Failure] = ()
) -> None:
    """Write the table as UTF-8, atomically.

    Text that a spreadsheet would take for a formula (a photo may be called ``=1+1.jpg``) gets a leading
    apostrophe; so does text that begins with an apostrophe, and :func:`read_text` takes it off again.
    """
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(_row(answer) for answer in answers)
        for failure in failures:
            text = {"photo": failure.photo, "error": failure.error}
            writer.writerow({"status": "failed", **{k: _cell(v) for k, v in text.items()}})


def read_text(cell: str) -> str:
    """Return the text of a cell as it was before the apostrophe that guards it."""
    return cell[1:] if cell[:1] == "'" else cell


def _row(answer: Answer) -> dict[str, str]:
    place = place_of(answer)
    row = {
        "photo": _cell(answer.photo or ""),
        "status": answer.status.value,
        "view": answer.view,
        "probability": _number(answer.probability, 4),
        "probability_here": _number(answer.probability_here, 4),
        "within_m": _number(answer.calibration.within_m if answer.calibration else None, 1),
        "calibration": _cell(answer.calibration.name if answer.calibration else ""),
        "taken": answer.taken or "",
        "candidates": str(len(answer.candidates)),
        "notes": _cell("; ".join(answer.notes)),
    }
    if place is None:
        return row
    return row | {
        "lat": _number(place[0], DECIMALS),
        "lon": _number(longitude(place[1]), DECIMALS),
        "radius95_m": _number(answer.radius95_m, 1),
        "sigma_m": _number(sigma_m(answer), 1),
        "heading_deg": _number(answer.heading_deg, 1),
        "heading_from": answer.heading_from or "",
        "camera_lat": _number(answer.camera_lat, DECIMALS),
        "camera_lon": _number(answer.camera_lon, DECIMALS),
        "region95": _wkt(region_rings(answer)),
    }


def _wkt(rings: list[list[list[float]]]) -> str:
    texts = ["((" + ", ".join(f"{x:.{DECIMALS}f} {y:.{DECIMALS}f}" for x, y in r) + "))" for r in rings]
    if len(texts) > 1:
        return f"MULTIPOLYGON ({', '.join(texts)})"
    return f"POLYGON {texts[0]}" if texts else ""


def _number(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{value:.{decimals}f}"


def _cell(text: str) -> str:
    # Bytes of a file name that are not UTF-8 come as lone surrogates, which no file can hold.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return f"'{text}" if text.startswith(_FORMULA) else text
