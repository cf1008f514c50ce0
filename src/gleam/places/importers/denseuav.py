"""DenseUAV: places 20 m apart over 14 campuses, seen by a drone from 80, 90 and 100 m, and from space.

Layout, counts and position files: https://github.com/Dmmm1997/DenseUAV (README.md, ``test.py``,
``evaluateDistance.py``, Apache-2.0 code). Each place has three drone images and, per height, a new and an
old satellite image. The galleries of the test hold the places of the training half too.

A line of ``Dense_GPS_*.txt`` is ``PATH ELONGITUDE NLATITUDE HEIGHT``, one per place, from the drone image
taken at 80 m. The publisher's evaluation gives it to all images of the place (the last line, should there
be several), and so do ``lat`` and ``lon`` here. The datum of the height in the line is not told, so
``height_m`` is the height in the file's name.
"""

from __future__ import annotations

import re
from typing import Any

from gleam.places.importers.class_folders import ClassFolders
from gleam.places.importers.collecting import Collector
from gleam.places.importers.dataset import DataSet, Published
from gleam.places.importers.labels import Line, spaced_lines
from gleam.views import View

HEIGHT = re.compile(r"H(\d+)\.", re.IGNORECASE)
FIELDS = 4


Position = tuple[float, float]


def fill(found: Collector) -> None:
    """Collect both halves with the positions of the text files."""
    positions = _read_positions(found)

    def known_of_tile(place: str, name: str) -> dict[str, Any]:
        return dict(zip(("lat", "lon"), positions.get(place, ()), strict=False))

    def known_of_drone(place: str, name: str) -> dict[str, Any]:
        height = HEIGHT.match(name)
        return {**known_of_tile(place, name), "height_m": float(height[1]) if height else None}

    halves = ClassFolders(found)
    for word, view, known in (
        ("satellite", View.SATELLITE, known_of_tile),
        ("drone", View.DRONE, known_of_drone),
    ):
        halves.train(view, f"train/{word}", known)
        halves.test(view, f"test/query_{word}", f"test/gallery_{word}", known)
    halves.finish()


def _read_positions(found: Collector) -> dict[str, Position]:
    """Return (lat, lon) of the places."""
    names = ["Dense_GPS_ALL.txt"]
    if names[0] not in found.files(""):
        names = [name for name in ("Dense_GPS_train.txt", "Dense_GPS_test.txt") if name in found.files("")]
    if not names:
        found.absent.append("the file Dense_GPS_ALL.txt with the positions")
    positions: dict[str, Position] = {}
    for name in names:
        for line in spaced_lines(found.root / name, FIELDS):
            position = _degrees(line, 2, "N", 90), _degrees(line, 1, "E", 180)
            positions[_place(line)] = position
    return positions


def _place(line: Line) -> str:
    parts = line.fields[0].replace("\\", "/").split("/")
    if len(parts) < 2:
        raise line.error(f"names {line.fields[0]!r}, which is not a file in the folder of a place")
    return parts[-2]


def _degrees(line: Line, index: int, letter: str, most: float) -> float:
    text = line.fields[index]
    try:
        value = float(text.split(letter)[-1])
    except ValueError:
        value = float("nan")
    if not abs(value) <= most or not text.startswith(letter):
        raise line.error(f"gives {text!r} where {letter} and degrees are due")
    return value


DENSEUAV = DataSet(
    kind="denseuav",
    title="DenseUAV",
    views=(View.SATELLITE, View.DRONE),
    home="https://github.com/Dmmm1997/DenseUAV",
    obtain="Download from https://huggingface.co/datasets/Dmmm997/DenseUAV, or ask as docs/Request.md of its "
    "home page says.",
    licence="research only, no redistribution",
    layout="""
Dense_GPS_ALL.txt (PATH ELONGITUDE NLATITUDE HEIGHT), or Dense_GPS_train.txt and Dense_GPS_test.txt
train/drone/000001/{H80,H90,H100}.JPG
train/satellite/000001/{H80,H80_old,H90,H90_old,H100,H100_old}.tif
test/{query,gallery}_{drone,satellite}/ID/ likewise
""",
    published=(
        Published("train", View.SATELLITE, 13_536, 2_256),
        Published("train", View.DRONE, 6_768, 2_256),
        Published("test", View.SATELLITE, 4_662, 777, "query"),
        Published("test", View.SATELLITE, 18_198, 3_033, "gallery"),
        Published("test", View.DRONE, 2_331, 777, "query"),
        Published("test", View.DRONE, 9_099, 3_033, "gallery"),
    ),
    fill=fill,
    note="All images of a place have one position, as in the publisher's evaluation.",
)
