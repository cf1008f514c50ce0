"""A piece of ground seen twice: painted into a GeoTIFF in UTM, and as features in degrees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from pyproj import Transformer
from rasterio.features import rasterize
from rasterio.transform import Affine

EAST, NORTH, SIDE_M, PIXEL_M = 600_200.0, 5_339_800.0, 300.0, 0.5
"""UTM zone 33 north, 80 km east of its middle, so that grid north is not true north."""


@dataclass(frozen=True)
class GroundTruth:
    """The GeoTIFF, and a function from metres in it (east, north of its corner) to degrees."""

    file: Path
    earth: Callable[[shapely.Geometry], shapely.Geometry]


def earth(shape: shapely.Geometry) -> shapely.Geometry:
    back = Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True)
    return shapely.transform(
        shape, lambda c: np.stack(back.transform(c[:, 0] + EAST, c[:, 1] + NORTH - SIDE_M), axis=1)
    )


def write_ground(file: Path, white: list[shapely.Geometry], colour=(60, 90, 60), **tags: str) -> Path:
    """Paint shapes (metres from the lower left corner) white on plain ground."""
    size = round(SIDE_M / PIXEL_M)
    here = Affine(PIXEL_M, 0, 0, 0, -PIXEL_M, SIDE_M)
    mask = np.zeros((size, size), np.uint8)
    if white:
        mask = rasterize([(s, 1) for s in white], out_shape=(size, size), transform=here, dtype="uint8")
    pixels = np.where(mask[None] > 0, 255, np.array(colour)[:, None, None]).astype(np.uint8)
    where = Affine(PIXEL_M, 0, EAST, 0, -PIXEL_M, NORTH)
    with rasterio.open(
        file,
        "w",
        driver="GTiff",
        width=size,
        height=size,
        count=3,
        dtype="uint8",
        crs="EPSG:32633",
        transform=where,
    ) as out:
        out.write(pixels)
        out.update_tags(**tags)
    return file


@pytest.fixture
def ground(tmp_path) -> GroundTruth:
    """A road bent once, 12 m wide, and nothing else."""
    road = shapely.LineString([(0, 90), (160, 130), (300, 290)])
    file = write_ground(tmp_path / "area.tif", [road.buffer(6.0)], GLEAM_LICENCE="CC-BY-4.0")
    return GroundTruth(file, earth)


@pytest.fixture
def road_tags() -> dict[str, str]:
    return {"highway": "residential", "width": "12", "name": "Long Lane"}
