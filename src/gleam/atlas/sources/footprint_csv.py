"""Reading a CSV that says which ground each image covers."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gleam.errors import GleamError, TableError
from gleam.geo import Footprint, check_lat_lon

COLUMN_NAMES: dict[str, tuple[str, ...]] = {
    "image": ("image", "filename", "file", "file_name", "path", "name"),
    "north": ("north", "top_left_lat", "tl_lat", "lat_max", "max_lat"),
    "west": ("west", "top_left_lon", "top_left_long", "tl_lon", "lon_min", "min_lon"),
    "south": ("south", "bottom_right_lat", "br_lat", "lat_min", "min_lat"),
    "east": ("east", "bottom_right_lon", "bottom_right_long", "br_lon", "lon_max", "max_lon"),
    "footprint": ("footprint", "wkt", "geometry"),
    "date": ("date", "taken", "imagery_date"),
    "licence": ("licence", "license"),
    "origin": ("source", "origin", "attribution"),
}
"""What a column may be called, in any case; the first name is ours."""

_EDGES = ("north", "west", "south", "east")


@dataclass(frozen=True, slots=True)
class FootprintRow:
    """One image of the table: its file, the ground it covers, the row it stands in, what is said about it."""

    path: Path
    footprint: Footprint
    number: int
    date: str | None = None
    licence: str | None = None
    origin: str | None = None


def read_footprints(csv_path: Path, images_folder: Path | None = None) -> list[FootprintRow]:
    """Read the rows of a footprint table.

    Args:
        csv_path: The table: an image column and either north, west, south, east (degrees) or a WKT
            footprint of four corners in the order NW, NE, SE, SW of the image.
        images_folder: Where the images lie; the table's own folder when not given.

    Raises:
        TableError: The table is missing, empty, lacks a column, or a row is wrong; file, row and
            column are named. Rows are counted as a spreadsheet does: the header is row 1.
    """
    text = _read_text(csv_path)
    reader = csv.DictReader(io.StringIO(text))
    columns = _match_columns(csv_path, list(reader.fieldnames or []))
    folder = images_folder or csv_path.parent
    rows = [
        _read_row(csv_path, number, raw, columns, folder)
        for number, raw in enumerate(reader, start=2)
        if any((v or "").strip() for v in raw.values() if isinstance(v, str))
    ]
    if not rows:
        raise TableError(f"{csv_path} holds no row; give one row per image.")
    first: dict[Path, int] = {}
    for row in rows:
        if row.path in first:
            raise TableError(
                f"{csv_path}, row {row.number}: image {row.path.name} stands in row {first[row.path]} "
                "already."
            )
        first[row.path] = row.number
    return rows


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise TableError(f"{path} does not exist; give a CSV with one row per image.") from None
    except UnicodeDecodeError:
        raise TableError(f"{path} is not UTF-8 text; save the table as CSV UTF-8.") from None
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror}.") from None


def _match_columns(path: Path, names: list[str]) -> dict[str, str]:
    by_lower = {(name or "").strip().lower(): name for name in names}
    found = {}
    for ours, aliases in COLUMN_NAMES.items():
        for alias in aliases:
            if alias in by_lower:
                found[ours] = by_lower[alias]
                break
    if "image" not in found:
        raise TableError(f"{path} has no image column; call it one of: {', '.join(COLUMN_NAMES['image'])}.")
    missing = [edge for edge in _EDGES if edge not in found]
    if missing and "footprint" not in found:
        raise TableError(
            f"{path} does not say where its images lie: column {missing[0]!r} is missing; give image, north, "
            "west, south, east in degrees (or Filename, Top_left_lat, Top_left_lon, Bottom_right_lat, "
            "Bottom_right_lon), or a WKT column called footprint."
        )
    return found


def _read_row(
    path: Path, number: int, raw: dict[str, str], columns: dict[str, str], folder: Path
) -> FootprintRow:
    where = f"{path}, row {number}"

    def cell(ours: str) -> str:
        return (raw.get(columns[ours]) or "").strip() if ours in columns else ""

    name = cell("image")
    if not name:
        raise TableError(f"{where}: column {columns['image']!r} is empty; name the image file.")
    try:
        footprint = Footprint.from_wkt(cell("footprint")) if cell("footprint") else _box(where, cell, columns)
    except TableError:
        raise
    except GleamError as error:
        raise TableError(f"{where}: {error}") from None
    said = {key: cell(key) or None for key in ("date", "licence", "origin")}
    return FootprintRow(folder / name, footprint, number, **said)


def _box(where: str, cell: Callable[[str], str], columns: dict[str, str]) -> Footprint:
    edges: dict[str, float] = {}
    for edge in _EDGES:
        column = columns.get(edge, edge)
        try:
            edges[edge] = float(cell(edge))
        except ValueError:
            raise TableError(
                f"{where}: column {column!r} holds {cell(edge)!r}, not a number of degrees."
            ) from None
    n, w, s, e = (edges[k] for k in _EDGES)
    for lat, lon in ((n, w), (s, e)):
        check_lat_lon(lat, lon)
    if n <= s:
        raise TableError(f"{where}: north {n:g} does not lie above south {s:g}; swap the columns.")
    if w == e:
        raise TableError(f"{where}: west and east are both {w:g}, so the image has no width.")
    # West above east crosses the antimeridian; corners alone would take the shorter way round.
    if (e - w if e > w else e - w + 360) > 180:
        what = "swap the columns" if w > e else "check them, or cut the image into parts"
        raise TableError(
            f"{where}: from west {w:g} eastwards to east {e:g} is more than half round the Earth; {what}."
        )
    return Footprint(((n, w), (n, e), (s, e), (s, w)))
