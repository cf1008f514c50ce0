"""Paired street maps: a map and a satellite image of the same ground under one file name.

There is no one public set of this kind: the one of the GLEAM paper (https://arxiv.org/abs/2509.07450) is not
released. The order read here is that of the pairs of pix2pix (https://phillipi.github.io/pix2pix/) once the
two halves of each of its pictures are files of their own. ``positions.csv``, beside the folders of images,
may say where they are: name (without suffix), lat, lon and ground_width_m, of which the last is optional.
"""

from __future__ import annotations

from typing import Any

from gleam.errors import TableError
from gleam.places.importers.collecting import Collector
from gleam.places.importers.dataset import DataSet
from gleam.places.reading import read_csv_text
from gleam.views import View

MAPS = ("map", "maps")
TILES = ("satellite", "sat", "aerial")
POSITIONS = "positions.csv"


def fill(found: Collector) -> None:
    """Collect the pairs of the root, or of each of its folders, whose names become splits."""
    if _pair(found, "") is not None:
        _part(found, "", None)
        return
    for split in found.folders(""):
        if _pair(found, f"{split}/") is not None:
            _part(found, f"{split}/", split)


def _pair(found: Collector, prefix: str) -> tuple[str, str] | None:
    maps = found.first_folder(*(f"{prefix}{name}" for name in MAPS))
    tiles = found.first_folder(*(f"{prefix}{name}" for name in TILES))
    return None if maps is None or tiles is None else (maps, tiles)


def _part(found: Collector, prefix: str, split: str | None) -> None:
    folders = _pair(found, prefix)
    if folders is None:
        return
    known = _positions(found, prefix)
    stems: list[dict[str, str]] = []
    for folder in folders:
        by_stem: dict[str, str] = {}
        for name in found.images(folder):
            stem = name.rsplit(".", 1)[0]
            if stem in by_stem:
                raise TableError(
                    f"{found.root / folder}: both {by_stem[stem]} and {name} are called {stem!r}."
                )
            by_stem[stem] = name
        stems.append(by_stem)
    maps, tiles = stems
    for stem, name in tiles.items():
        about = {"heading_deg": 0.0, **known.get(stem, {})}
        found.add(f"{prefix}{stem}", View.SATELLITE, f"{folders[1]}/{name}", split, **about)
        if stem in maps:
            found.add(f"{prefix}{stem}", View.MAP, f"{folders[0]}/{maps[stem]}", split, **about)
        else:
            found.leave_out("satellite images have no map; they are only searched", f"{folders[1]}/{name}")
    for stem, name in maps.items():
        if stem not in tiles:
            found.leave_out("maps have no satellite image", f"{folders[0]}/{name}")


def _positions(found: Collector, prefix: str) -> dict[str, dict[str, Any]]:
    """Return what ``positions.csv`` says of the names; nothing without the file."""
    if POSITIONS not in found.files(prefix.rstrip("/")):
        return {}
    file = found.root / f"{prefix}{POSITIONS}"
    table = read_csv_text(file)
    missing = [name for name in ("name", "lat", "lon") if name not in table.column_names]
    if missing:
        raise TableError(
            f"{file}: the column {missing[0]!r} is missing; it has {', '.join(table.column_names)}."
        )
    out: dict[str, dict[str, Any]] = {}
    for line, row in enumerate(table.to_pylist(), 2):
        for name in ("lat", "lon", "ground_width_m"):
            value = row.get(name)
            try:
                number = None if value is None else float(value)
            except ValueError:
                raise TableError(
                    f"{file}: line {line}, column {name!r} is {value!r}, not a number."
                ) from None
            out.setdefault(str(row["name"]), {})[name] = number
    return out


STREETMAPS = DataSet(
    kind="street-maps",
    title="paired street maps",
    views=(View.SATELLITE, View.MAP),
    home="https://phillipi.github.io/pix2pix/",
    obtain="Make pairs of your own area with the street-map builder, or cut the pictures of the pix2pix maps "
    "in two. The MAP set of the GLEAM paper is not released.",
    licence="as the maps and images you have; the pix2pix pictures come from a map provider",
    layout="""
[SPLIT/]map/NAME.jpg
[SPLIT/]satellite/NAME.jpg (or sat/, aerial/)
[SPLIT/]positions.csv (optional: name, lat, lon, ground_width_m)
""",
    published=(),
    fill=fill,
    note="Maps and images are taken as north-up.",
)
