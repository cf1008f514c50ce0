"""A made-up landscape as imagery of both kinds, and an encoder that starts at once."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gleam.geo import offset

NORTH, WEST = 48.2, 16.3
PIXEL_M = 1.0


def load_pixel_encoder():
    """Return the class, also for the other folders of tests that use it."""
    name = "gleam_test_pixel_encoder"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("pixel_encoder.py"))
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


@pytest.fixture(scope="session")
def landscape():
    """(640, 800, 3) uint8, one metre per pixel: smooth hills of colour, no two places alike."""
    rng = np.random.default_rng(5)
    coarse = Image.fromarray(rng.integers(0, 256, (32, 40, 3), dtype=np.uint8))
    return np.asarray(coarse.resize((800, 640), Image.Resampling.BICUBIC))


@pytest.fixture(scope="session")
def imagery(landscape, tmp_path_factory):
    """A folder with the landscape as an image with a CSV of footprints."""
    folder = tmp_path_factory.mktemp("imagery")
    Image.fromarray(landscape).save(folder / "map.png")
    write_table(folder / "map.csv", "map.png", landscape.shape[1] * PIXEL_M, landscape.shape[0] * PIXEL_M)
    return folder


@pytest.fixture(scope="session")
def more_imagery(landscape, tmp_path_factory):
    """A second folder: other ground to the east, and a blank image."""
    folder = tmp_path_factory.mktemp("more")
    Image.fromarray(landscape[::-1, ::-1][:512, :640]).save(folder / "more.png")
    write_table(folder / "more.csv", "more.png", 640.0, 512.0, west=WEST + 0.02)
    Image.new("RGB", (400, 400)).save(folder / "blank.png")
    write_table(folder / "blank.csv", "blank.png", 400.0, 400.0, west=WEST + 0.04)
    return folder


def write_table(path, image, width_m, height_m, north=NORTH, west=WEST):
    south, east = offset(north, west, width_m, -height_m)
    path.write_text(
        "Filename,Top_left_lat,Top_left_lon,Bottom_right_lat,Bottom_right_long\n"
        f"{image},{north!r},{west!r},{south!r},{east!r}\n",
        encoding="utf-8",
    )


@pytest.fixture
def table_writer():
    return write_table


def content(atlas):
    """Everything an atlas holds, comparable."""
    tiles = list(atlas.store.tiles())
    ids = [t.id for t in tiles]
    vectors = atlas.store.vectors_of(ids)
    thumbnails = atlas.store.thumbnails_of(ids)
    rows = {t.id: (t, v.tobytes(), j) for t, v, j in zip(tiles, vectors, thumbnails, strict=True)}
    return rows, atlas.manifest


@pytest.fixture
def content_of():
    return content
