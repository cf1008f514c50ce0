"""GTA-UAV: drone images of a game's island, and tiles of its map at four zoom levels.

Layout, fields, and the position of a tile from its name: https://github.com/Yux1angJi/GTA-UAV (README.md and
``Game4Loc/game4loc/dataset/gta.py``, Apache-2.0). A drone image has several positives (tiles that overlap it
well) and semi-positives (that overlap it somewhat); the publisher's evaluation asks about drone images with a
positive and searches all tiles.

The island is not on Earth: ``x_m`` and ``y_m`` are metres east and north on the game's map, whose second
coordinate grows southwards. The publisher does not tell in which sense yaw turns, so headings stay unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gleam.errors import TableError
from gleam.places.entries import joined
from gleam.places.importers.collecting import Collector
from gleam.places.importers.dataset import DataSet, Published
from gleam.places.importers.labels import json_entries
from gleam.views import View

MAP_PIXELS = 24_576
METRES_PER_PIXEL = 0.45
MOST = 1e9
"""No number in the lists comes near this; NaN and infinity do not pass it either."""

TILE_PIXELS = 256
TILE = re.compile(r"([0-9]{1,2})_([0-9]{1,3})_([0-9]{1,5})_([0-9]{1,5})\.png")
"""Zoom level, offset in pixels, column, row."""

AREAS = {"cross-area": "cross", "same-area": "same"}
HALVES = ("train", "test")


@dataclass
class _Drone:
    path: str
    positives: list[str]
    semi_positives: list[str]
    known: dict[str, Any]
    splits: list[str] = field(default_factory=list)


def fill(found: Collector) -> None:
    """Collect the drone images of the lists that are there, and all tiles."""
    chosen = (
        AREAS if found.options.protocol is None else {found.options.protocol: AREAS[found.options.protocol]}
    )
    drones: dict[str, _Drone] = {}
    splits = []
    for area, word in chosen.items():
        for half in HALVES:
            name = f"{area}-drone2sate-{half}.json"
            if name not in found.files(""):
                found.absent.append(f"the file {name}")
                continue
            splits.append(f"{word}-{half}")
            for drone in _listed(found, found.root / name):
                _merge(found, drones, drone, f"{word}-{half}")
    _tiles(found, splits, drones)
    for drone in drones.values():
        if not drone.positives:
            found.leave_out("drone images have no positive tile, as in the published evaluation", drone.path)
            continue
        found.add(
            _place(drone.positives[0]),
            View.DRONE,
            drone.path,
            joined(drone.splits),
            positives=joined(map(_place, drone.positives[1:])),
            semi_positives=joined(map(_place, drone.semi_positives)),
            **drone.known,
        )


def _merge(found: Collector, drones: dict[str, _Drone], drone: _Drone, split: str) -> None:
    known = drones.setdefault(drone.path, drone)
    if known is not drone and set(known.positives) != set(drone.positives):
        text = "Some drone images have other tiles in another protocol; all count. Import with --protocol."
        if text not in found.notes:
            found.notes.append(text)
        known.positives += [tile for tile in drone.positives if tile not in known.positives]
        known.semi_positives = [
            tile
            for tile in dict.fromkeys([*known.semi_positives, *drone.semi_positives])
            if tile not in known.positives
        ]
    known.splits.append(split)


def _tiles(found: Collector, splits: list[str], drones: Mapping[str, _Drone]) -> None:
    """Add every tile to every split; where no drone image has it as a positive it is a distractor."""
    asked: dict[str, set[str]] = {split: set() for split in splits}
    for drone in drones.values():
        for split in drone.splits:
            asked[split].update(drone.positives)
    for name in sorted(found.files("satellite")):
        matched = TILE.fullmatch(name)
        if matched is None:
            found.leave_out("files are no tiles", f"satellite/{name}")
            continue
        entries = [split if name in asked[split] else f"{split}:gallery" for split in splits]
        found.add(
            _place(name), View.SATELLITE, f"satellite/{name}", joined(entries), **tile_geometry(matched)
        )


def tile_geometry(matched: re.Match[str]) -> dict[str, float]:
    """Return centre and width of a tile from the parts of its name."""
    zoom, offset, column, row = map(int, matched.groups())
    width = MAP_PIXELS / 2**zoom * METRES_PER_PIXEL
    shift = 0.5 + offset / TILE_PIXELS
    return {
        "x_m": (column + shift) * width,
        "y_m": -(row + shift) * width,
        "ground_width_m": width,
        "heading_deg": 0.0,
    }


def _listed(found: Collector, file: Path) -> Iterator[_Drone]:
    """Yield the drone images of a list, positives by falling overlap."""
    tiles = found.files("satellite")
    for where, entry in json_entries(file):
        folder, name = _text(entry, "drone_img_dir", where), _text(entry, "drone_img_name", where)
        path = f"{folder.strip('/')}/{name}"
        if ".." in path.split("/"):
            raise TableError(f"{where}: {path!r} is no path inside the data set.")
        positives = _ranked(entry, "pair_pos", where)
        both = _ranked(entry, "pair_pos_semipos", where)
        for tile in (*positives, *both):
            if TILE.fullmatch(tile) is None:
                raise TableError(f"{where}: {tile!r} is not a tile such as 4_0_6_13.png.")
        for tile in set(positives) - tiles:
            found.leave_out("positive tiles are missing", f"satellite/{tile}")
        about = entry.get("drone_metadata")
        height = about.get("height") if isinstance(about, dict) else None
        if height is not None and not _is_number(height):
            raise TableError(f"{where}: the height is {height!r}, not a number.")
        x, y = _pair(entry, "drone_loc_x_y", where)
        yield _Drone(
            path,
            [tile for tile in positives if tile in tiles],
            [tile for tile in both if tile not in positives],
            {"x_m": x, "y_m": -y, "height_m": height},
        )


def _ranked(entry: Mapping[str, Any], name: str, where: str) -> list[str]:
    tiles, weights = entry.get(f"{name}_sate_img_list"), entry.get(f"{name}_sate_weight_list")
    if not isinstance(tiles, list) or not isinstance(weights, list) or len(tiles) != len(weights):
        raise TableError(
            f"{where}: {name}_sate_img_list and {name}_sate_weight_list are not two equal lists."
        )
    if not all(isinstance(tile, str) for tile in tiles) or not all(
        isinstance(w, int | float) for w in weights
    ):
        raise TableError(f"{where}: {name}_sate_img_list holds no names, or its weights no numbers.")
    return [tile for _, tile in sorted(zip(weights, tiles, strict=True), key=lambda pair: -pair[0])]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) < MOST


def _text(entry: Mapping[str, Any], name: str, where: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value:
        raise TableError(f"{where}: {name} is {value!r}, not a name.")
    return value


def _pair(entry: Mapping[str, Any], name: str, where: str) -> tuple[float, float]:
    value = entry.get(name)
    if not (isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))):
        raise TableError(f"{where}: {name} is {value!r}, not two numbers.")
    return float(value[0]), float(value[1])


def _place(tile: str) -> str:
    return tile.rsplit(".", 1)[0]


GTAUAV = DataSet(
    kind="gta-uav",
    title="GTA-UAV",
    views=(View.SATELLITE, View.DRONE),
    home="https://github.com/Yux1angJi/GTA-UAV",
    obtain="Download https://huggingface.co/datasets/Yux1ang/GTA-UAV-LR (12.8 GB) or GTA-UAV-HR (143 GB).",
    licence="Apache-2.0 as its home page states; pictures of a commercial game",
    layout="""
drone/images/200_0001_0000000001.png
satellite/ZOOM_OFFSET_COLUMN_ROW.png
{cross,same}-area-drone2sate-{train,test}.json
""",
    published=tuple(
        Published(f"{word}-{half}", View.SATELLITE, 14_640, 14_640)
        for word in AREAS.values()
        for half in HALVES
    ),
    fill=fill,
    protocols={area: f"{word}-" for area, word in AREAS.items()},
    note="Positions are x_m, y_m on the game's map, not on Earth. In all there are 33,763 drone images.",
)
