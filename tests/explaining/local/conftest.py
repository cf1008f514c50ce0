"""Tiny models of every family, made once; two pictures."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def load_tiny_models():
    name = "gleam_test_tiny_models"
    if name not in sys.modules:
        path = Path(__file__).with_name("tiny_models.py")
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Folder of a tiny model by family."""
    tiny = load_tiny_models()
    root = tmp_path_factory.mktemp("models")
    return {family: tiny.make_model(root / family, family) for family in tiny.FAMILIES}


@pytest.fixture(scope="session")
def loaded(folders):
    """Tiny models by family, loaded as real ones are."""
    from gleam.explaining.local.model import LocalModel, Settings

    return {
        family: LocalModel.load(str(folder), Settings(image_side=112)) for family, folder in folders.items()
    }


def picture(seed, size=(96, 128)):
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    return np.asarray(coarse.resize(size[::-1], Image.Resampling.BICUBIC))


@pytest.fixture(scope="session")
def query():
    return picture(1)


@pytest.fixture(scope="session")
def tile():
    return picture(2, (112, 112))
