"""A plain folder of images with a CSV file that describes them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from gleam.errors import TableError, unknown_name
from gleam.places import reading
from gleam.places.importers.options import ImportOptions
from gleam.places.schema import BY_NAME, COLUMN_NAMES
from gleam.places.table import Places

ALIASES: dict[str, tuple[str, ...]] = {
    "place": ("place_id", "site", "location_id"),
    "path": ("file", "filename", "file_name", "image", "image_path"),
    "lat": ("latitude",),
    "lon": ("lng", "long", "longitude"),
    "heading_deg": ("heading", "yaw", "bearing"),
    "pitch_deg": ("pitch",),
    "roll_deg": ("roll",),
    "fov_deg": ("fov", "hfov"),
    "height_m": ("height", "relative_altitude"),
    "ground_width_m": ("ground_width",),
    "licence": ("license",),
    "taken": ("date", "datetime", "timestamp"),
}
"""Other names under which a column is found when its own name is not in the header."""


def import_folder(root: Path, options: ImportOptions) -> Places:
    """Read ``options.csv`` (``root/places.csv`` when not given) describing images under ``root``.

    Columns are found by our name, by ``options.columns``, or by an alias; paths are relative to
    ``root``. Raises a ``TableError`` naming file, row and column for the first row that is wrong,
    for a missing image, and when no row remains.
    """
    if not root.is_dir():
        raise TableError(f"{root}: no such folder; give the folder that holds the images.")
    file = options.csv if options.csv is not None else root / "places.csv"
    if not file.is_file():
        raise TableError(f"{file}: no such CSV file; name it with --csv.")
    raw = reading.read_csv_text(file)
    if raw.num_rows == 0:
        raise TableError(f"{file}: the table has no rows.")
    table = reading.conformed(_renamed(raw, file, options), str(file), line_of_row0=2)
    places = Places._of(table, root, file, tuple(n for n in raw.column_names if n not in _used(raw, options)))
    return _with_images(places, file, options)


def _sources(raw: pa.Table, options: ImportOptions) -> dict[str, str]:
    """Our column name -> the header it is read from."""
    by_lower = {name.lower(): name for name in raw.column_names}
    found = {}
    for ours in COLUMN_NAMES:
        if ours in options.columns:
            found[ours] = options.columns[ours]
            continue
        for name in (ours, *ALIASES.get(ours, ())):
            if name in by_lower:
                found[ours] = by_lower[name]
                break
    return found


def _used(raw: pa.Table, options: ImportOptions) -> set[str]:
    return set(_sources(raw, options).values())


def _renamed(raw: pa.Table, file: Path, options: ImportOptions) -> pa.Table:
    for ours in (*options.columns, *options.constants):
        if ours not in BY_NAME:
            raise unknown_name("column", ours, COLUMN_NAMES)
    columns = {}
    for ours, theirs in _sources(raw, options).items():
        if theirs not in raw.column_names:
            raise TableError(
                f"{file}: there is no column {theirs!r} for {ours!r}; the header names "
                f"{', '.join(raw.column_names)}."
            )
        columns[ours] = raw.column(theirs)
    for ours, value in options.constants.items():
        if ours in columns:
            raise TableError(f"{file}: column {ours!r} is in the file and given as a constant; drop one.")
        columns[ours] = pa.chunked_array([pa.array([value] * raw.num_rows, pa.string())])
    return pa.table(columns)


def _with_images(places: Places, file: Path, options: ImportOptions) -> Places:
    """Refuse or leave out the rows without an image file."""
    present = [path.is_file() for path in places.paths]
    if all(present):
        return places
    first = present.index(False)
    if not options.skip_missing:
        raise TableError(
            f"{file}: row {first + 1} (line {first + 2}), column 'path': {places.path_of(first)} does not "
            f"exist ({present.count(False)} of {len(present)} images are missing); mend the path, the "
            "folder, or leave such rows out with --skip-missing."
        )
    if not any(present):
        raise TableError(f"{file}: none of the {len(present)} images exists under {places.root}.")
    return places.take([i for i, there in enumerate(present) if there])
