"""VIGOR: panoramas of four cities and a seamless cover of satellite tiles, several of which show each.

Layout, protocols and label format: https://github.com/Jeff-Zilence/VIGOR (``data/DATASET.md`` and
``dataloader.py``, MIT). Corrected labels and the metres per pixel of the tiles:
https://github.com/tudelft-iv/SliceMatch (``VIGOR_corrected_labels``). Counts: Zhu, Yang and Chen, "VIGOR",
CVPR 2021, table 2. North in the centre column of the panoramas: ibid., section 3.

A line of a label file names a panorama and four tiles, each with the pixels by which the panorama lies off
its centre: the first tile is the positive, the others are semi-positives, which show the spot near an edge.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from gleam.errors import TableError
from gleam.places import entries
from gleam.places.importers.collecting import Collector
from gleam.places.importers.dataset import DataSet, Published
from gleam.places.importers.labels import Line, spaced_lines
from gleam.views import View

TILE_PIXELS = 640
METRES_PER_PIXEL = {"Chicago": 0.111262, "NewYork": 0.113248, "SanFrancisco": 0.118141, "Seattle": 0.100817}
"""As measured by the authors of the corrected labels, on the original tiles of 640 x 640 pixels."""

CROSS_SPLIT = {
    "NewYork": "cross-train",
    "Seattle": "cross-train",
    "SanFrancisco": "cross-test",
    "Chicago": "cross-test",
}
LABEL_FOLDERS = {"splits__corrected": "__corrected", "splits": ""}
"""Folders of labels, the better one first, and what their files' names end with."""

FIELDS = 13
"""Of a label line: the panorama, and (tile, dx, dy) four times."""


@dataclass
class _Labels:
    """What the label files and its name say of one panorama."""

    tiles: tuple[str, ...]
    position: tuple[float, float]
    splits: list[str] = field(default_factory=list)


def fill(found: Collector) -> None:
    """Collect the cities that are there."""
    folders = [name for name in LABEL_FOLDERS if found.has(name)]
    if not folders:
        raise TableError(
            f"{found.root}: has no folder splits or splits__corrected, which say which tile shows what; "
            f"splits.zip comes with the data set, see {VIGOR.home}."
        )
    if folders[0] != "splits":
        found.notes.append(f"The corrected labels of {folders[0]} are used.")
    for city in METRES_PER_PIXEL:
        _city(found, city, folders)


def _city(found: Collector, city: str, label_folders: list[str]) -> None:
    tiles_in = found.first_folder(f"{city}/satellite", f"satellite/{city}")
    panoramas_in = found.first_folder(f"{city}/panorama", f"ground/{city}")
    lists_in = found.first_folder(*(f"{folder}/{city}" for folder in label_folders))
    missing = [
        what
        for what, folder in (("satellite", tiles_in), ("panorama", panoramas_in), ("splits", lists_in))
        if folder is None
    ]
    if tiles_in is None or panoramas_in is None or lists_in is None:
        found.absent.append(
            f"the city {city}"
            if len(missing) == 3
            else f"the city {city} (no {' and no '.join(missing)} folder)"
        )
        return
    tiles = _tile_positions(_first_file(found, label_folders, city, "satellite_list", corrected=False))
    labels = _read_labels(found, city, lists_in, tiles)
    for name, (lat, lon) in tiles.items():
        found.add(
            _place(city, name),
            View.SATELLITE,
            f"{tiles_in}/{name}",
            entries.joined(["same-train", "same-test", CROSS_SPLIT[city]]),
            lat=lat,
            lon=lon,
            heading_deg=0.0,
            ground_width_m=TILE_PIXELS * METRES_PER_PIXEL[city],
        )
    for name, label in labels.items():
        lat, lon = label.position
        found.add(
            _place(city, label.tiles[0]),
            View.PANORAMA,
            f"{panoramas_in}/{name}",
            entries.joined(label.splits),
            lat=lat,
            lon=lon,
            heading_deg=0.0,
            fov_deg=360.0,
            semi_positives=entries.joined(
                _place(city, tile) for tile in label.tiles[1:] if tile != label.tiles[0]
            ),
        )


def _first_file(found: Collector, folders: list[str], city: str, name: str, *, corrected: bool) -> Path:
    files = [
        found.root / folder / city / f"{name}{LABEL_FOLDERS[folder] if corrected else ''}.txt"
        for folder in folders
    ]
    for file in files:
        if file.is_file():
            return file
    raise TableError(f"{files[0]}: no such file; it comes with the labels of VIGOR, see {VIGOR.home}.")


def _tile_positions(file: Path) -> dict[str, tuple[float, float]]:
    """Return the tiles of a city with their centres, which their names tell."""
    tiles: dict[str, tuple[float, float]] = {}
    for line in spaced_lines(file, 1):
        name = line.fields[0]
        position = _numbers(name.rsplit(".", 1)[0].split("_")[1:])
        if position is None:
            raise line.error(f"names {name!r}, which is not of the form satellite_LATITUDE_LONGITUDE.png")
        if name in tiles:
            raise line.error(f"names the tile {name!r} a second time")
        tiles[name] = position
    return tiles


def _read_labels(
    found: Collector, city: str, folder: str, tiles: dict[str, tuple[float, float]]
) -> dict[str, _Labels]:
    """Return the panoramas of a city; whichever of the three label files are there."""
    ending = LABEL_FOLDERS[folder.split("/")[0]]
    labels: dict[str, _Labels] = {}
    for name, split in (
        ("same_area_balanced_train", "same-train"),
        ("same_area_balanced_test", "same-test"),
        ("pano_label_balanced", CROSS_SPLIT[city]),
    ):
        file = found.root / folder / f"{name}{ending}.txt"
        if not file.is_file():
            found.absent.append(f"the label file {folder}/{file.name}")
            continue
        for line in spaced_lines(file, FIELDS):
            label = _label(line, tiles)
            known = labels.setdefault(line.fields[0], label)
            if known.tiles != label.tiles:
                raise line.error(f"gives the panorama {line.fields[0]!r} other tiles than another label file")
            if split in known.splits:
                raise line.error(f"names the panorama {line.fields[0]!r} a second time")
            known.splits.append(split)
    return labels


def _label(line: Line, tiles: dict[str, tuple[float, float]]) -> _Labels:
    position = _numbers(line.fields[0].split(",")[1:3])
    if position is None:
        raise line.error(f"names {line.fields[0]!r}, which is not of the form ID,LATITUDE,LONGITUDE,.jpg")
    for index in range(1, FIELDS, 3):
        if line.fields[index] not in tiles:
            raise line.error(f"names the tile {line.fields[index]!r}, which satellite_list.txt does not have")
        line.number_at(index + 1, "an offset in pixels")
        line.number_at(index + 2, "an offset in pixels")
    return _Labels(tuple(line.fields[1:FIELDS:3]), position)


def _numbers(texts: list[str]) -> tuple[float, float] | None:
    try:
        lat, lon = map(float, texts)
    except ValueError:
        return None
    return (lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None


def _place(city: str, tile: str) -> str:
    return f"{city}/{tile.rsplit('.', 1)[0]}"


VIGOR = DataSet(
    kind="vigor",
    title="VIGOR",
    views=(View.SATELLITE, View.PANORAMA),
    home="https://github.com/Jeff-Zilence/VIGOR",
    obtain="Fill in the form that data/DATASET.md of its home page links to; the labels come as splits.zip. "
    "Corrected labels: https://github.com/tudelft-iv/SliceMatch (VIGOR_corrected_labels).",
    licence="academic research only, no redistribution",
    layout="""
CITY/satellite/satellite_LATITUDE_LONGITUDE.png (or satellite/CITY/)
CITY/panorama/ID,LATITUDE,LONGITUDE,.jpg (or ground/CITY/)
splits/CITY/satellite_list.txt (or splits__corrected/CITY/)
splits/CITY/same_area_balanced_train.txt, same_area_balanced_test.txt
splits/CITY/pano_label_balanced.txt
""",
    published=(
        Published("same-train", View.SATELLITE, 90_618),
        Published("same-train", View.PANORAMA, 52_609),
        Published("same-test", View.SATELLITE, 90_618),
        Published("same-test", View.PANORAMA, 52_605),
        Published("cross-train", View.SATELLITE, 44_055),
        Published("cross-train", View.PANORAMA, 51_520),
        Published("cross-test", View.SATELLITE, 46_563),
        Published("cross-test", View.PANORAMA, 53_694),
    ),
    fill=fill,
    protocols={"same-area": "same-", "cross-area": "cross-"},
    note="Panoramas have north in their centre column; semi-positives are in the column semi_positives.",
)
