"""A made-up landscape and two encoders: one of grey values, one real with fresh weights."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def load_pixel_encoder():
    name = "gleam_test_pixel_encoder"
    if name not in sys.modules:
        path = Path(__file__).parents[1] / "atlas" / "pixel_encoder.py"
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name].PixelEncoder


@pytest.fixture
def encoder():
    return load_pixel_encoder()()


@pytest.fixture(scope="session")
def tiny_encoder():
    """A real encoder with fresh weights."""
    from gleam.encoder import Encoder
    from gleam.encoder.config import EncoderConfig
    from gleam.imagery.preparation import Preparation

    config = EncoderConfig(
        backbone_options={"stem": 8, "channels": [8, 16, 16], "blocks": [1, 1, 1]},
        dim=16,
        grid_channels=8,
        preparation=Preparation(pixels=32, ground_width_m=128.0),
    )
    return Encoder.untrained(config, seed=1)


def hills(seed, size=128):
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (7, 7, 3), dtype=np.uint8))
    return np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC))


@pytest.fixture
def place():
    return hills(1)


@pytest.fixture
def elsewhere():
    return hills(2)
