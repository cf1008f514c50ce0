"""What the report says of an answer: a refused photo claims no position."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from gleam.demo.locating import _photo
from gleam.geo import Frame
from gleam.imagery.raster import GeoRaster
from gleam.locating import Answer, Status
from gleam.places.table import PlaceImage
from gleam.views import View


@pytest.mark.parametrize("status", list(Status))
def test_only_claimed_answers_have_a_position(tmp_path: Path, status: Status) -> None:
    frame = Frame.at(48.0, 9.0)
    east, north = frame.east0_m, frame.north0_m
    pixels = np.random.default_rng(0).integers(0, 255, (3, 400, 400), dtype=np.uint8)
    with rasterio.open(
        tmp_path / "a.tif", "w", driver="GTiff", width=400, height=400, count=3, dtype="uint8",
        crs=f"EPSG:{frame.epsg}", transform=from_origin(east - 200, north + 200, 1, 1),
    ) as file:  # fmt: skip
        file.write(pixels)
    row = PlaceImage("p", View.GROUND, "p.jpg", lat=48.0, lon=9.0)
    answer = Answer("p.jpg", "ground", status, lat=48.0005, lon=9.0, radius95_m=40.0, timing_s={"total": 0.1})
    cutter = GeoRaster.open(tmp_path / "a.tif")
    photo = _photo(row, answer, pixels.transpose(1, 2, 0), cutter, 112.0)
    cutter.close()
    claimed = status in (Status.LOCATED, Status.AMBIGUOUS)
    assert (photo.answer is not None) == (photo.found_tile is not None) == claimed
    assert (photo.error_m is not None) == (photo.radius95_m is not None) == claimed
