"""CVUSA: one panorama and one aerial image at each of 44,416 places in the United States.

Layout: the subset of Zhai et al., https://github.com/viibridges/crossnet, whose CSV files every later work
reads (``bingmap/19/ID.jpg,streetview/panos/ID.jpg,streetview/annotations/ID.png`` per line), and the file
``split_locations/all.csv`` of the full set, whose line number is the ID: aerial latitude and longitude, then
the panorama's. North is in the centre column of the panoramas: the polar transform by which SAFA brings the
aerial images over them (https://github.com/shiyujiao/cross_view_localization_SAFA) says so, and the roads of
real pairs agree. The aerial images are tiles of 750 pixels at Bing's zoom level 19, whose metres per pixel
follow from the latitude.
"""

from __future__ import annotations

import math
import re
from typing import Any

from gleam.places.importers.collecting import Collector
from gleam.places.importers.dataset import DataSet, Published
from gleam.places.importers.labels import comma_lines, relative_path
from gleam.views import View

LISTS = {"train-19zl.csv": "train", "val-19zl.csv": "validation"}
LOCATIONS = "split_locations/all.csv"
AERIAL_PIXELS = 750
ZOOM = 19
EQUATOR_M = 2 * math.pi * 6_378_137.0

Locations = list[tuple[float, float, float, float]]


def fill(found: Collector) -> None:
    """Collect the pairs of the lists that are there."""
    folder = found.first_folder("splits") or ""
    places = _locations(found)
    for name, split in LISTS.items():
        file = f"{folder}/{name}".lstrip("/")
        if name not in found.files(folder):
            found.absent.append(f"the file {file}")
            continue
        for line in comma_lines(found.root / file, 2):
            aerial, panorama = relative_path(line, 0), relative_path(line, 1)
            place = aerial.rsplit("/", 1)[-1].rsplit(".", 1)[0]
            if places and not (re.fullmatch(r"[0-9]{1,9}", place) and 1 <= int(place) <= len(places)):
                raise line.error(f"names the place {place!r}, which {LOCATIONS} has no line for")
            at = places[int(place) - 1] if places else None
            tile: dict[str, Any] = {"heading_deg": 0.0}
            known: dict[str, Any] = {"heading_deg": 0.0, "fov_deg": 360.0}
            if at is not None:
                width = AERIAL_PIXELS * EQUATOR_M * math.cos(math.radians(at[0])) / (256 * 2**ZOOM)
                tile |= {"lat": at[0], "lon": at[1], "ground_width_m": width}
                known |= {"lat": at[2], "lon": at[3]}
            found.add(place, View.SATELLITE, aerial, split, **tile)
            found.add(place, View.PANORAMA, panorama, split, **known)


def _locations(found: Collector) -> Locations:
    """Return latitude and longitude of aerial image and panorama by ID - 1; empty without the file."""
    if not (found.root / LOCATIONS).is_file():
        found.notes.append(f"Without {LOCATIONS}, which comes with the full CVUSA, there are no positions.")
        return []
    out: Locations = []
    for line in comma_lines(found.root / LOCATIONS, 4):
        lat, lon, camera_lat, camera_lon = (line.number_at(i, "degrees") for i in range(4))
        if not (abs(lat) <= 90 and abs(camera_lat) <= 90 and abs(lon) <= 180 and abs(camera_lon) <= 180):
            raise line.error("gives a position that is not on Earth")
        out.append((lat, lon, camera_lat, camera_lon))
    return out


CVUSA = DataSet(
    kind="cvusa",
    title="CVUSA",
    views=(View.SATELLITE, View.PANORAMA),
    home="https://mvrl.cse.wustl.edu/datasets/cvusa/",
    obtain="Ask for the full set at its home page; the subset with the CSV files is described at "
    "https://github.com/viibridges/crossnet.",
    licence="academic research only, no redistribution",
    layout="""
splits/{train,val}-19zl.csv (or beside the image folders)
bingmap/19/0000001.jpg
streetview/panos/0000001.jpg
split_locations/all.csv (optional: positions)
""",
    published=(
        Published("train", View.SATELLITE, 35_532, 35_532),
        Published("train", View.PANORAMA, 35_532, 35_532),
        Published("validation", View.SATELLITE, 8_884, 8_884),
        Published("validation", View.PANORAMA, 8_884, 8_884),
    ),
    fill=fill,
    note="Panoramas have north in their centre column.",
)
