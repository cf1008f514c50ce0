"""A small real world on disk: coloured patchworks seen from above, and noisier queries of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gleam.geo import offset
from gleam.imagery.decode import load_image
from gleam.places import PlaceImage, Places
from gleam.views import View

SIDE = 48
GRID = 6


class ColourGrid:
    """A real, tiny encoder: mean colours of a 6 x 6 grid, turned by whole quarters to face north."""

    name = "colour-grid"
    fingerprint = "colour-grid-6"

    def encode(self, images, view, poses=None):
        headings = [p.heading_deg for p in poses] if poses else [0.0] * len(images)
        return np.stack([self._one(load_image(i), h) for i, h in zip(images, headings, strict=True)])

    def encode_headings(self, image, view, pose, count=12):
        headings = np.arange(count) * 360.0 / count
        return np.stack([self._one(load_image(image), h) for h in headings]), headings

    def _one(self, pixels, heading):
        quarters = round((heading or 0.0) / 90)
        north_up = np.rot90(pixels, -quarters).astype(np.float32)
        cells = north_up.reshape(GRID, SIDE // GRID, GRID, SIDE // GRID, 3).mean(axis=(1, 3))
        return (cells - cells.mean()).ravel()


def make_world(root: Path, places: int = 24, seed: int = 5, noise: float = 40.0) -> Places:
    """Write a world: drone photos face quarter turns and share colours with every other place."""
    rng = np.random.default_rng(seed)
    palette = rng.integers(30, 226, (4, 3))
    rows = []
    for number in range(places):
        # All places shuffle the same patches, so that colour shares tell nothing.
        patches = palette[rng.permutation(np.repeat(np.arange(4), GRID * GRID // 4))]
        above = np.kron(patches.reshape(GRID, GRID, 3), np.ones((SIDE // GRID, SIDE // GRID, 1)))
        lat, lon = offset(48.0, 16.0, 100.0 * (number % 6), 100.0 * (number // 6))
        split = "train" if number < places // 2 else "test"
        for view in (View.SATELLITE, View.DRONE, View.MAP):
            heading = float(rng.integers(0, 4) * 90) if view is View.DRONE else 0.0
            seen = np.rot90(above, round(heading / 90)) + rng.normal(0, noise, above.shape)
            path = f"images/{view}/{number:04d}.png"
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.clip(seen, 0, 255).astype(np.uint8)).save(root / path)
            rows.append(
                PlaceImage(
                    place=f"p{number:04d}",
                    view=view,
                    path=path,
                    lat=lat,
                    lon=lon,
                    heading_deg=heading,
                    pitch_deg=-60.0 if view is View.DRONE else None,
                    ground_width_m=150.0 if view is View.SATELLITE else None,
                    split=split,
                )
            )
    table = Places(rows, root)
    table.write(root)
    return Places.read(root)


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> Places:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session", name="make_world")
def make_world_() -> Callable[..., Places]:
    return make_world


@pytest.fixture
def encoder() -> ColourGrid:
    return ColourGrid()
