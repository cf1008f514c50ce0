from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from gleam.demo.area import cut_area, held_out_west_m, overview
from gleam.errors import GleamError

EAST, NORTH, RES = 500_000.0, 5_000_000.0, 0.5


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    """A raster of 700 x 300 pixels whose red tells the column and whose green tells the row."""
    rows, columns = np.mgrid[0:700, 0:300]
    pixels = np.stack([columns % 256, rows % 256, np.full_like(rows, 7)]).astype(np.uint8)
    path = tmp_path / "whole.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=700, width=300, count=3, dtype="uint8", crs="EPSG:32631",
        transform=from_origin(EAST, NORTH, RES, RES),
    ) as target:  # fmt: skip
        target.write(pixels)
        target.update_tags(GLEAM_DATE="2024-05-06", GLEAM_LICENCE="CC0-1.0")
    return path


def test_the_cut_keeps_pixels_places_and_tags(raster: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "area.tif"
    cut_area(raster, 60.0, out)
    with rasterio.open(raster) as whole, rasterio.open(out) as part:
        assert part.crs == whole.crs
        assert part.bounds.left == EAST + 60.0
        assert part.bounds[1:] == whole.bounds[1:]
        assert part.tags()["GLEAM_DATE"] == "2024-05-06"
        assert np.array_equal(part.read(), whole.read()[:, :, 120:])


def test_the_cut_is_never_empty(raster: Path, tmp_path: Path) -> None:
    cut_area(raster, 1e6, tmp_path / "area.tif")
    with rasterio.open(tmp_path / "area.tif") as part:
        assert part.width == 1


def test_the_overview_is_small_and_knows_its_bounds(raster: Path) -> None:
    seen = overview(raster, longest_px=140)
    assert seen.picture.shape == (140, 60, 3)
    assert seen.picture.dtype == np.uint8
    assert np.all(seen.picture[..., 2] == 7)
    assert seen.width_m == 150.0
    west, south, east, north = seen.bounds
    assert west == pytest.approx(3.0, abs=1e-6)  # the central meridian of zone 31
    assert north > south
    assert east > west


def test_the_held_out_part_begins_beyond_the_training_part() -> None:
    strips = [
        {"split": "train", "west_m": 150.0, "east_m": 800.0},
        {"split": "val", "west_m": 960.0, "east_m": 1100.0},
        {"split": "test", "west_m": 1260.0, "east_m": 1850.0},
    ]
    west = held_out_west_m({"strips": strips})
    assert 800.0 + 64.0 < west < 960.0


@pytest.mark.parametrize("split", [None, "train"])
def test_a_city_without_parts_is_refused(split: str | None) -> None:
    with pytest.raises(GleamError, match="too small to be divided"):
        held_out_west_m({"strips": [{"split": split, "west_m": 100.0, "east_m": 300.0}]})
