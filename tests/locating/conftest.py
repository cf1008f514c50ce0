"""A made-up landscape, its atlas, and an encoder that starts at once."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gleam.atlas import Atlas
from gleam.geo import offset
from gleam.views import Pose

NORTH, WEST = 48.2, 16.3
HEIGHT_M, WIDTH_M = 640, 640


def load_pixel_encoder():
    name = "gleam_test_pixel_encoder"
    if name not in sys.modules:
        path = Path(__file__).parents[1] / "atlas" / "pixel_encoder.py"
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name].PixelEncoder


@pytest.fixture(scope="session")
def pixel_encoder_class():
    return load_pixel_encoder()


@pytest.fixture
def encoder(pixel_encoder_class):
    return pixel_encoder_class()


class Landscape:
    """(640, 640, 3), one metre per pixel, with positions."""

    def __init__(self):
        rng = np.random.default_rng(5)
        coarse = Image.fromarray(rng.integers(0, 256, (20, 20, 3), dtype=np.uint8))
        self.pixels = np.asarray(coarse.resize((WIDTH_M, HEIGHT_M), Image.Resampling.BICUBIC))

    def position(self, x, y):
        """Return (lat, lon) of metres east and south of the upper left corner."""
        return offset(NORTH, WEST, x, -y)

    def cut(self, x, y, heading=0.0, width=128):
        """Return the (width, width, 3) square around a point whose upward side faces a heading."""
        image = Image.fromarray(self.pixels)
        half = width / 2
        box = (x - 91 - half, y - 91 - half, x + 91 + half, y + 91 + half)
        turned = image.crop(tuple(round(v) for v in box)).rotate(heading, Image.Resampling.BICUBIC)
        middle = turned.width / 2
        corner = round(middle - half)
        return np.asarray(turned)[corner : corner + width, corner : corner + width]


@pytest.fixture(scope="session")
def landscape():
    return Landscape()


@pytest.fixture(scope="session")
def atlas_folder(landscape, pixel_encoder_class, tmp_path_factory):
    folder = tmp_path_factory.mktemp("locating")
    Image.fromarray(landscape.pixels).save(folder / "m.png")
    south, east = landscape.position(WIDTH_M, HEIGHT_M)
    (folder / "m.csv").write_text(
        f"image,north,west,south,east,date,licence\nm.png,{NORTH!r},{WEST!r},{south!r},{east!r},2024-05-01,CC0\n"
    )
    Atlas.build(folder / "m.csv", pixel_encoder_class(), folder / "atlas", stride_m=32.0)
    return folder / "atlas"


@pytest.fixture
def atlas(atlas_folder):
    return Atlas.open(atlas_folder)


@pytest.fixture
def map_pose():
    return Pose(heading_deg=0.0, ground_width_m=128.0)
