"""CVACT: one panorama and one satellite image at each of about 137,000 places in Canberra.

Layout, split and positions: https://github.com/Liumouliu/OriCNN (README.md, ``input_data_ACT.py``,
``input_data_ACT_test.py``). ``ACT_data.mat`` lists the panoramas (``panoIds``), their position in UTM zone
55 south (``utm``) and, counted from 1, which of them are the training half (``trainSet.trainInd``), the
validation half (``valSet.valInd``) and the large test (``valSetAll.valInd``). North is in the centre column
of the panoramas, see :mod:`gleam.places.importers.cvusa`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleam.errors import TableError
from gleam.places.importers.collecting import Collector
from gleam.places.importers.dataset import DataSet, Published
from gleam.places.importers.labels import MOST_BYTES
from gleam.places.importers.matlab import read_variables
from gleam.views import View

FILE = "ACT_data.mat"
SETS = {
    "train": ("trainSet", "trainInd", "ANU_data_small"),
    "validation": ("valSet", "valInd", "ANU_data_small"),
    "test": ("valSetAll", "valInd", "ANU_data_test"),
}
"""Split -> the structure and field of its numbers in the file, and the folder of its images."""

UTM_ZONE_55_SOUTH = "EPSG:32755"
EASTINGS = (100_000.0, 900_000.0)
"""What UTM eastings lie between; northings of Canberra are far above, which tells the two columns apart."""


@dataclass(frozen=True)
class _Listed:
    names: list[str]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    rows: dict[str, NDArray[np.int64]]


def fill(found: Collector) -> None:
    """Collect the halves whose images are there."""
    listed = _read(found.root / FILE)
    for split, (_, _, folder) in SETS.items():
        if split not in listed.rows:
            found.absent.append(f"the list of the split {split} in {FILE}")
            continue
        if not found.has(folder):
            found.absent.append(f"the folder {folder} ({split})")
            continue
        for row in listed.rows[split].tolist():
            name = listed.names[row]
            at = {"lat": float(listed.lat[row]), "lon": float(listed.lon[row]), "heading_deg": 0.0}
            found.add(name, View.SATELLITE, f"{folder}/satview_polish/{name}_satView_polish.jpg", split, **at)
            found.add(
                name, View.PANORAMA, f"{folder}/streetview/{name}_grdView.jpg", split, fov_deg=360.0, **at
            )


def _read(file: Path) -> _Listed:
    if not file.is_file():
        raise TableError(f"{file}: no such file; it comes with {CVACT.home} and says what is in which half.")
    if file.stat().st_size > MOST_BYTES:
        raise TableError(f"{file}: {file.stat().st_size:,} bytes are more than this file has.")
    fields = {split: f"{variable}.{field}" for split, (variable, field, _) in SETS.items()}
    data = read_variables(file, ["panoIds", "utm", *fields.values()])
    for name in ("panoIds", "utm"):
        if name not in data:
            raise TableError(f"{file}: has no variable {name!r}.")
    names = [str(name) for name in data["panoIds"]]
    if data["utm"].shape != (len(names), 2):
        raise TableError(f"{file}: utm has the shape {data['utm'].shape} for {len(names)} panoramas.")
    lat, lon = _degrees(data["utm"], file)
    rows = {
        split: _numbers(data[field], len(names), f"{file}: {field}")
        for split, field in fields.items()
        if field in data
    }
    return _Listed(names, lat, lon, rows)


def _degrees(utm: NDArray[np.float64], file: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return latitudes and longitudes; the order of the two columns is told by their size."""
    from pyproj import Transformer

    # The first row tells the order of the columns; every other row must keep to it.
    east, north = utm.T if len(utm) == 0 or utm[0, 0] < utm[0, 1] else utm.T[::-1]
    good = (east > EASTINGS[0]) & (east < EASTINGS[1]) & (north > EASTINGS[1]) & (north < 10_000_000)
    bad = np.flatnonzero(~good)
    if len(bad):
        raise TableError(
            f"{file}: utm row {bad[0] + 1} is {utm[bad[0]].tolist()}, no position in UTM zone 55 south."
        )
    lon, lat = Transformer.from_crs(UTM_ZONE_55_SOUTH, "EPSG:4326", always_xy=True).transform(east, north)
    return np.asarray(lat, np.float64), np.asarray(lon, np.float64)


def _numbers(numbers: NDArray[np.int64], count: int, where: str) -> NDArray[np.int64]:
    """Return the row numbers (from 0) of a half; refuse those that no panorama has."""
    wrong = np.flatnonzero((numbers < 1) | (numbers > count))
    if len(wrong):
        at = int(wrong[0])
        raise TableError(f"{where}: entry {at + 1} is {numbers[at]}, but there are {count} panoramas.")
    rows: NDArray[np.int64] = numbers - 1
    return rows


CVACT = DataSet(
    kind="cvact",
    title="CVACT",
    views=(View.SATELLITE, View.PANORAMA),
    home="https://github.com/Liumouliu/OriCNN",
    obtain="Ask by e-mail as its home page says; ACT_data.mat is in its CVACT_orientations folder.",
    licence="research only, no redistribution",
    layout="""
ACT_data.mat
ANU_data_small/{streetview/ID_grdView.jpg,satview_polish/ID_satView_polish.jpg}
ANU_data_test/{streetview,satview_polish}/ likewise
""",
    published=(
        Published("train", View.SATELLITE, 35_532, 35_532),
        Published("train", View.PANORAMA, 35_532, 35_532),
        Published("validation", View.SATELLITE, 8_884, 8_884),
        Published("validation", View.PANORAMA, 8_884, 8_884),
        Published("test", View.SATELLITE, 92_802, 92_802),
        Published("test", View.PANORAMA, 92_802, 92_802),
    ),
    fill=fill,
    note="Panoramas have north in their centre column. A few listed images are not in the set.",
)
