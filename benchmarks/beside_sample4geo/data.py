"""A data set in VIGOR's layout and file sizes, made from four procedural cities.

Pictures are rendered small, as the networks here see 64 pixels, and enlarged to VIGOR's sizes (panoramas
2048 x 1024 JPEG, tiles 640 x 640 PNG), so that reading a file costs what it costs with the real set. A little
sensor noise keeps the files from compressing better than photographs. Tiles span the metres of the real tiles
of their city, panoramas have north in their centre column.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gleam.city.make import make_city
from gleam.files import atomic_folder
from gleam.geo import distance_m
from gleam.imagery.decode import load_image
from gleam.places import PlaceImage, Places
from gleam.views import View

TILE_PX, PANORAMA_PX = 640, (1024, 2048)
PIXELS = {View.SATELLITE: 256, View.PANORAMA: 128}
CITY_TILE_M = 128.0
NOISE = 2.0


@dataclass(frozen=True)
class City:
    """A city of VIGOR, the seed of the city that stands for it, and the metres per pixel of its tiles."""

    name: str
    seed: int
    m_per_px: float


CITIES = (
    City("Chicago", 6101, 0.111262),
    City("NewYork", 6102, 0.113248),
    City("SanFrancisco", 6103, 0.118141),
    City("Seattle", 6104, 0.100817),
)


def make_data(root: Path, work: Path, train: int, test: int) -> None:
    """Write the data set to ``root`` unless it is there: per city ``train`` and ``test`` places."""
    if root.exists():
        return
    with atomic_folder(root) as folder:
        for city in CITIES:
            _write_city(city, rendered(city, work, train + test), folder, train)


def rendered(city: City, work: Path, places: int) -> tuple[Places, Places]:
    """Return the tables of the satellite pictures and of the panoramas of a city, one row per place."""
    tables = []
    for view, pixels in PIXELS.items():
        out = work / "cities" / f"{city.name}-{view}"
        make_city(
            out,
            seed=city.seed,
            size_km=1.6,
            places=places,
            pixels=pixels,
            views=(view,),
            split="train",
            workers=1,
            rasters=False,
            tiles=False,
        )
        tables.append(Places.read(out))
    return tables[0], tables[1]


def _write_city(city: City, tables: tuple[Places, Places], folder: Path, train: int) -> None:
    satellite, panoramas = tables
    for part in ("satellite", "ground", "splits"):
        (folder / part / city.name).mkdir(parents=True)
    rng = np.random.default_rng(city.seed)
    tile_of = [f"satellite_{row.lat:.7f}_{row.lon:.7f}.png" for row in satellite]
    for row, name in zip(satellite, tile_of, strict=True):
        tile = _tile(load_image(satellite.path_of(row)), city, rng)
        # Level 1: quick to write, and as quick to read as any other.
        Image.fromarray(tile).save(folder / "satellite" / city.name / name, compress_level=1)
    lines = []
    for number, row in enumerate(panoramas):
        name = f"pano{number:05d},{row.lat:.7f},{row.lon:.7f},.jpg"
        picture = _panorama(load_image(panoramas.path_of(row)), row.heading_deg or 0.0, rng)
        Image.fromarray(picture).save(folder / "ground" / city.name / name, quality=92)
        lines.append(_label(name, row, number, satellite, tile_of, city))
    # The places that test lie all over the city, among those that teach: VIGOR's same-area protocol.
    is_train = rng.permutation(len(lines)) < train
    lists = folder / "splits" / city.name
    _write_lines(lists / "satellite_list.txt", tile_of)
    _write_lines(lists / "pano_label_balanced.txt", lines)
    for split, wanted in (("train", True), ("test", False)):
        chosen = [line for line, own in zip(lines, is_train, strict=True) if own == wanted]
        _write_lines(lists / f"same_area_balanced_{split}.txt", chosen)


def _tile(picture: NDArray[np.uint8], city: City, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Cut the middle that a tile of the real set spans, and enlarge it."""
    side = picture.shape[0] * TILE_PX * city.m_per_px / CITY_TILE_M
    low = (picture.shape[0] - side) / 2
    image = Image.fromarray(picture).resize(
        (TILE_PX, TILE_PX), Image.Resampling.BICUBIC, box=(low, low, low + side, low + side)
    )
    return _noisy(np.asarray(image), rng)


def _panorama(picture: NDArray[np.uint8], heading_deg: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Turn north to the centre column, and enlarge."""
    turned = np.roll(picture, round(heading_deg / 360.0 * picture.shape[1]), axis=1)
    height, width = PANORAMA_PX
    image = Image.fromarray(turned).resize((width, height), Image.Resampling.BICUBIC)
    return _noisy(np.asarray(image), rng)


def _noisy(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    noise = rng.standard_normal(picture.shape, np.float32) * np.float32(NOISE)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _label(name: str, row: PlaceImage, number: int, tiles: Places, tile_of: list[str], city: City) -> str:
    """Return the line of a panorama: its tile, then the three next nearest, each with its pixel offset."""
    lat, lon = float(row.lat or 0.0), float(row.lon or 0.0)
    far = np.array([distance_m(lat, lon, float(t.lat or 0.0), float(t.lon or 0.0)) for t in tiles])
    far[number] = -1.0
    fields = [name]
    for index in np.argsort(far)[:4]:
        tile = tiles[int(index)]
        north = (lat - float(tile.lat or 0.0)) * 111_320.0 / city.m_per_px
        east = (lon - float(tile.lon or 0.0)) * 111_320.0 * math.cos(math.radians(lat)) / city.m_per_px
        fields += [tile_of[int(index)], f"{north:.2f}", f"{-east:.2f}"]
    return " ".join(fields)


def _write_lines(file: Path, lines: list[str]) -> None:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
