"""SetVL-480K: sets of street pictures taken around one spot, and one aerial image of it.

Public (https://github.com/Mabel0403/Set-CVGL, README.md, MIT): the IDs of the street pictures, and the
coordinates and zoom level of the aerial images; the images themselves each user fetches from their
providers. The names of the list files and of their columns could not be read where this was written, so
lists are told by what they say: a CSV file with a zoom column (or without an image column) lists aerial
images, one with an image column lists street pictures. Columns of other names are given with ``--column``.
A set is one place: its street pictures are rows of the same place.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from gleam.errors import TableError
from gleam.places.importers.collecting import Collector
from gleam.places.importers.dataset import DataSet
from gleam.places.reading import read_csv_text
from gleam.views import View, parse_view

COLUMNS: dict[str, tuple[str, ...]] = {
    "image": ("image", "image_id", "pano_id", "panoid", "street_id", "query_id"),
    "set": ("set", "set_id", "reference_id", "ref_id", "cell_id", "satellite_id", "aerial_id", "place"),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "lng", "longitude"),
    "zoom": ("zoom", "zoom_level", "level"),
    "heading_deg": ("heading_deg", "heading", "yaw"),
    "split": ("split", "subset"),
}
"""Our name of a column -> the names it is found under."""

STREET_FOLDERS = ("ground", "street", "streetview", "query")
AERIAL_FOLDERS = ("satellite", "aerial", "reference", "gallery")
SPLITS = ("train", "val", "validation", "test")


def fill(found: Collector) -> None:
    """Collect the pictures of all lists in the root and in its folders of splits."""
    if not _lists(found):
        raise TableError(
            f"{found.root}: holds no CSV list of pictures; the lists of IDs are at {SETVL.home}."
        )
    street = _pictures(found, STREET_FOLDERS)
    aerial = _pictures(found, AERIAL_FOLDERS)
    for file, split in _lists(found):
        table = read_csv_text(file)
        named = _named(table, file, found)
        if "zoom" in named or "image" not in named:
            _collect(found, file, split, table, named, "set", View.SATELLITE, aerial)
        else:
            view = parse_view(found.options.extra.get("view", "ground"))
            _collect(found, file, split, table, named, "image", view, street)


def _lists(found: Collector) -> list[tuple[Path, str | None]]:
    lists = []
    for folder, split in (("", None), *((name, name) for name in SPLITS)):
        for name in sorted(found.files(folder)):
            if name.lower().endswith(".csv") and name != "places.csv":
                lists.append((found.root / folder / name, split))
    return lists


def _pictures(found: Collector, folders: tuple[str, ...]) -> dict[str, str]:
    """Return the path of each picture by its ID, which is its name without suffix."""
    paths: dict[str, str] = {}
    for prefix in ("", *(f"{split}/" for split in SPLITS)):
        for folder in folders:
            for name in found.images(f"{prefix}{folder}"):
                paths.setdefault(name.rsplit(".", 1)[0], f"{prefix}{folder}/{name}")
    return paths


def _named(table: pa.Table, file: Path, found: Collector) -> dict[str, str]:
    """Return our name -> the header of the file, for the columns that are there."""
    headers = {name.lower(): name for name in table.column_names}
    named = {}
    for ours, aliases in COLUMNS.items():
        for name in (found.options.columns.get(ours, "").lower(), *aliases):
            if name in headers:
                named[ours] = headers[name]
                break
    if "set" not in named:
        raise TableError(
            f"{file}: none of its columns ({', '.join(table.column_names)}) says which set a picture is of; "
            "name it with --column set=..."
        )
    return named


def _collect(
    found: Collector,
    file: Path,
    split: str | None,
    table: pa.Table,
    named: dict[str, str],
    key: str,
    view: View,
    paths: dict[str, str],
) -> None:
    for line, row in _rows(table, named):
        place, name = row["set"], row[key]
        if place is None or name is None:
            raise TableError(
                f"{file}: line {line}, column {named['set' if place is None else key]!r} is empty."
            )
        known: dict[str, Any] = {}
        for column in ("lat", "lon", "heading_deg"):
            text = row.get(column)
            if text is not None:
                known[column] = _number(text, f"{file}: line {line}, column {named[column]!r}")
        if name not in paths:
            found.leave_out(f"{view.value} images of the lists are not fetched yet", f"{name} ({file.name})")
            continue
        found.add(place, view, paths[name], row.get("split") or split, **known)


def _rows(table: pa.Table, named: dict[str, str]) -> Iterator[tuple[int, dict[str, str | None]]]:
    columns = {ours: table.column(theirs).to_pylist() for ours, theirs in named.items()}
    for index in range(table.num_rows):
        yield index + 2, {ours: values[index] for ours, values in columns.items()}


def _number(text: str, where: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise TableError(f"{where} is {text!r}, not a number.") from None


SETVL = DataSet(
    kind="setvl-480k",
    title="SetVL-480K",
    views=(View.SATELLITE, View.GROUND),
    home="https://github.com/Mabel0403/Set-CVGL",
    obtain="Lists: https://huggingface.co/datasets/Mabel0403/SetVL-480K. The pictures each user fetches from "
    "their providers, by ID and by coordinates and zoom level.",
    licence="lists MIT; street pictures and aerial images under the terms of their providers",
    layout="""
[SPLIT/]*.csv (street pictures: image and set ID; aerial images: set ID, lat, lon, zoom)
[SPLIT/]ground/IMAGE_ID.jpg (or street/, streetview/, query/)
[SPLIT/]satellite/SET_ID.jpg (or aerial/, reference/, gallery/)
""",
    published=(),
    fill=fill,
    extras={"view": ("ground", "panorama")},
    columns=tuple(COLUMNS),
    note="The publisher's names of files and columns could not be checked; give others with --column "
    "set=NAME and the like.",
)
