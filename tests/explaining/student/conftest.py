"""A tiny city, a tiny encoder, and a student taught on them in seconds."""

from dataclasses import replace

import pytest

from gleam.explaining.student.config import (
    LengthConfig,
    MatchConfig,
    SeerConfig,
    StudentConfig,
    TellerConfig,
)


@pytest.fixture(scope="session")
def tiny_city(tmp_path_factory):
    from gleam.city.make import make_city

    folder = tmp_path_factory.mktemp("student") / "city"
    make_city(
        folder,
        seed=31,
        size_km=0.8,
        places=14,
        pixels=64,
        rasters=False,
        tiles=False,
        split="train",
        workers=1,
    )
    return folder


@pytest.fixture(scope="session")
def tiny_encoder_folder(tmp_path_factory, tiny_encoder):
    folder = tmp_path_factory.mktemp("student") / "encoder"
    tiny_encoder.save(folder)
    return folder


@pytest.fixture(scope="session")
def recipe(tiny_city, tiny_encoder_folder, tmp_path_factory):
    return StudentConfig(
        train=[str(tiny_city)],
        val=[str(tiny_city)],
        encoder=str(tiny_encoder_folder),
        calibration_name="the tiny city",
        checkpoint_steps=3,
        precision="fp32",
        stated_true=0.5,
        cache=tmp_path_factory.mktemp("student") / "cache",
        seer=SeerConfig(
            pixels=32, cells=8, hidden=32, dropout=0.0, training=LengthConfig(steps=12, batch=6, rate=5e-3)
        ),
        match=MatchConfig(
            cells=8, hidden=32, dropout=0.0, rounds=1, training=LengthConfig(steps=12, batch=16)
        ),
        teller=TellerConfig(
            width=32,
            layers=2,
            heads=2,
            vocabulary=600,
            texts=60,
            training=LengthConfig(steps=12, batch=8, rate=5e-3),
        ),
    )


@pytest.fixture(scope="session")
def taught(recipe, tmp_path_factory):
    """Return the folder of a finished training."""
    from gleam.explaining.student.training import train_student

    out = tmp_path_factory.mktemp("student") / "run"
    train_student(recipe, out)
    return out


@pytest.fixture
def changed(recipe):
    return lambda **keys: replace(recipe, **keys)
