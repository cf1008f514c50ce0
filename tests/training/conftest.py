"""A small table of generated pictures: each place a random pattern, seen by every view with noise."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gleam.encoder import EncoderConfig
from gleam.imagery.preparation import Preparation
from gleam.places.table import PlaceImage, Places
from gleam.training.config import EvaluateConfig, PhaseConfig, TrainConfig
from gleam.views import View

PIXELS = 32

SMALL_ENCODER = EncoderConfig(
    backbone_options={"stem": 4, "channels": [6, 8, 12]},
    dim=16,
    grid=2,
    grid_channels=4,
    preparation=Preparation(pixels=PIXELS),
)


def write_table(
    folder: Path,
    count: int,
    *,
    seed: int = 0,
    views: tuple[View, ...] = tuple(View),
    spacing_deg: float = 0.01,
    missing: dict[View, int] | None = None,
) -> Path:
    """Write ``count`` places; of a view in ``missing`` only the first so many places have an image.

    Every fifth place is in the split "test".
    """
    rows = []
    for number in range(count):
        pattern = np.random.default_rng([seed, number]).integers(0, 256, (6, 6, 3)).astype(float)
        for view in views:
            if missing and number >= missing.get(view, count):
                continue
            noise = np.random.default_rng([seed, number, 1 + list(View).index(view)]).normal(0, 12, (6, 6, 3))
            # Each view has colours of its own: what an untrained network sees does not match.
            shown = np.roll(pattern, list(View).index(view), axis=2)
            shown = 255.0 - shown if view in (View.DRONE, View.MAP) else shown
            square = Image.fromarray(np.clip(shown + noise, 0, 255).astype(np.uint8))
            path = folder / "images" / view.value / f"{number:03d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            square.resize(
                (2 * PIXELS if view is View.PANORAMA else PIXELS, PIXELS), Image.Resampling.BICUBIC
            ).save(path)
            overhead = view in (View.SATELLITE, View.MAP)
            rows.append(
                PlaceImage(
                    place=f"place-{number:03d}",
                    view=view,
                    path=str(path.relative_to(folder)),
                    lat=10.0 + spacing_deg * number,
                    lon=20.0,
                    heading_deg=0.0,
                    pitch_deg=-90.0 if view is View.DRONE else None if overhead else 0.0,
                    height_m=None if overhead else 100.0 if view is View.DRONE else 2.0,
                    fov_deg=65.0 if view in (View.DRONE, View.GROUND) else None,
                    ground_width_m=128.0 if overhead else None,
                    split="test" if number % 5 == 4 else "train",
                )
            )
    Places(rows, folder).write(folder)
    return folder


@pytest.fixture(scope="session")
def make_table() -> Callable[..., Path]:
    """Return :func:`write_table`."""
    return write_table


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of 40 places, 32 of them to learn from."""
    return write_table(tmp_path_factory.mktemp("table"), 40)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of prepared squares, shared by the tests of a session."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def recipe(table: Path, cache: Path, tmp_path: Path) -> Callable[..., TrainConfig]:
    """Return a maker of two-phase recipes; ``phase`` changes both phases, the rest the training."""

    def make(phase: dict[str, Any] | None = None, **changes: Any) -> TrainConfig:
        shared = {"places": [str(table)], "steps": 6, "batch": 8, "rate": 5e-3, **(phase or {})}
        values: dict[str, Any] = {
            "name": "small",
            "out": str(tmp_path / "out"),
            "cache": str(cache),
            "encoder": SMALL_ENCODER,
            "device": "cpu",
            "log_every_steps": 1,
            "checkpoint_every_steps": 4,
            "evaluate": EvaluateConfig(places=[str(table)]),
            "phases": [PhaseConfig(name="one", views=["drone"], **shared), PhaseConfig(name="two", **shared)],
            **changes,
        }
        return TrainConfig(**values)

    return make
