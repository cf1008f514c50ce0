"""An easy data set of small files in the same layout, which a small network learns in minutes.

The "panorama" of a place is its tile, unrolled around the camera: columns are directions, with north in
the middle, rows are distances, near below. Colour, contrast, centre and noise differ from the tile's. Recall
on it compares two trainers; it says nothing about street-level pictures.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import map_coordinates

from beside_sample4geo.data import CITIES
from gleam.files import atomic_folder

TILE_PX, PANORAMA_PX = 128, (128, 256)
GAIN, TINT, NOISE, SHIFT_PX = 0.15, 10.0, 4.0, 4.0


def make_unrolled(root: Path, source: Path) -> None:
    """Write the data set to ``root`` from the tiles and lists of ``source``, unless it is there."""
    if root.exists():
        return
    with atomic_folder(root) as folder:
        shutil.copytree(source / "splits", folder / "splits")
        for city in CITIES:
            rng = np.random.default_rng(city.seed)
            for part in ("satellite", "ground"):
                (folder / part / city.name).mkdir(parents=True)
            lists = source / "splits" / city.name / "pano_label_balanced.txt"
            for line in lists.read_text(encoding="utf-8").splitlines():
                panorama, tile = line.split()[:2]
                image = Image.open(source / "satellite" / city.name / tile).resize((TILE_PX, TILE_PX))
                picture = np.asarray(image, np.float32)
                Image.fromarray(_varied(picture, rng)).save(folder / "satellite" / city.name / tile)
                seen = _varied(unrolled(picture, rng.uniform(-SHIFT_PX, SHIFT_PX, 2)), rng)
                Image.fromarray(seen).save(folder / "ground" / city.name / panorama, quality=92)


def unrolled(tile: NDArray[np.float32], shift: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the surroundings of the tile's centre plus ``shift`` (rows, columns) as a panorama."""
    height, width = PANORAMA_PX
    # Clockwise from north, which the middle column shows.
    azimuth = ((np.arange(width) + 0.5) / width - 0.5) * 2 * np.pi
    far = (height - 0.5 - np.arange(height)) / height * TILE_PX / 2
    middle = (TILE_PX - 1) / 2 + shift
    rows = middle[0] - far[:, None] * np.cos(azimuth)
    columns = middle[1] + far[:, None] * np.sin(azimuth)
    bands = [map_coordinates(tile[..., band], [rows, columns], order=1, mode="nearest") for band in range(3)]
    return np.stack(bands, axis=2)


def _varied(picture: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
    changed = (picture - 128) * (1 + GAIN * rng.standard_normal()) + 128 + TINT * rng.standard_normal(3)
    return np.clip(changed + NOISE * rng.standard_normal(picture.shape), 0, 255).astype(np.uint8)
