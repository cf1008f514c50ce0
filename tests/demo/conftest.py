"""A small made-up story for tests of the report. Nothing here pretends to be a result."""

from collections.abc import Callable

import numpy as np
import pytest

from gleam.demo.findings import (
    Explained,
    Overview,
    Photo,
    Picture,
    Region,
    Score,
    Stage,
    Story,
    TrainingProgress,
    ViewScores,
)
from gleam.views import QUERY_VIEWS, View

BOUNDS = (10.0, 50.0, 10.02, 50.012)


def picture(seed: int, height: int = 96, width: int = 96) -> Picture:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 200, (height // 12, width // 12, 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((12, 12, 1), dtype=np.uint8))


def photo(view: View, index: int, *, answered: bool = True, off: float = 0.0) -> Photo:
    truth = (50.002 + 0.0013 * index, 10.002 + 0.0021 * index)
    width = 192 if view is View.PANORAMA else 96
    return Photo(
        file=f"images/{view.value}/p{index:05d}.jpg",
        view=view,
        picture=picture(index, 96, width),
        truth=truth,
        answer=(truth[0] + off, truth[1] + off) if answered else None,
        status="located" if answered else "cannot_tell",
        probability=0.93 if answered else None,
        radius95_m=58.0 if answered else None,
        error_m=(off * 111_000 + 3.0) if answered else None,
        seconds=0.021,
        found_tile=picture(index + 50) if answered else None,
        true_tile=picture(index + 50 if off == 0 else index + 70),
    )


def explained(match: bool, index: int) -> Explained:
    return Explained(
        file=f"images/drone/p{index:05d}.jpg",
        view=View.DRONE,
        query=picture(index),
        tile=picture(index + 9),
        truth=match,
        match=match,
        probability=0.97 if match else None,
        similarity=0.8 if match else -0.1,
        regions=(
            Region(1, ((0.1, 0.1, 0.35, 0.3),), ((0.12, 0.1, 0.36, 0.32),), supports=True),
            Region(2, ((0.5, 0.6, 0.8, 0.9),), ((0.5, 0.58, 0.8, 0.9),), supports=match),
            Region(3, (), ((0.7, 0.02, 0.98, 0.3),), supports=False),
        ),
        text_en="Region 1 agrees: the crossing has the same shape.\nRegion 3 speaks against it.",
        text_zh="区域 1 一致：路口形状相同。\n区域 3 不支持。",
    )


def scores(view: View, value: float) -> ViewScores:
    best = Score(value, value, value)
    return ViewScores(view, 100, Score(value, value - 0.05, min(value + 0.04, 1)), best, best, 0.04, 6.0)


def story(**changes: object) -> Story:
    photos = []
    for number, view in enumerate(QUERY_VIEWS):
        photos.append(photo(view, 2 * number))
        photos.append(photo(view, 2 * number + 1, off=0.004 if number == 3 else 0.0, answered=number != 2))
    recall = (
        ("before", "训练前", dict.fromkeys(QUERY_VIEWS, 0.01)),
        ("after phase 1", "第一阶段后", {view: 0.1 * (n + 1) for n, view in enumerate(QUERY_VIEWS)}),
        ("after phase 2", "第二阶段后", {view: 0.15 * (n + 1) for n, view in enumerate(QUERY_VIEWS)}),
    )
    values: dict[str, object] = {
        "seed": 7,
        "version": "0.1.0",
        "machine": "2 cores, CPU",
        "encoder": "city",
        "area_km2": 1.44,
        "tiles": 324,
        "tile_m": 128.0,
        "training": TrainingProgress(recall, places=400, gallery=100, seconds=71.0, parameters=260_000),
        "scores": tuple(
            scores(view, value) for view, value in zip(QUERY_VIEWS, (0.97, 0.93, 0.81, 0.34), strict=True)
        ),
        "gallery": 100,
        "photos": tuple(photos),
        "explained": (explained(True, 1), explained(True, 2), explained(False, 3)),
        "overview": Overview(picture(99, 480, 600), BOUNDS, 1200.0),
        "stages": (
            Stage("making the city", "生成城市", 41.0, "gleam city make city --seed 7"),
            Stage("training", "训练", 71.0, "gleam train recipe.yaml"),
            Stage("locating the photos", "定位照片", 4.0),
        ),
    }
    return Story(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def make_story() -> Callable[..., Story]:
    """Return the function that makes a story; its arguments replace fields."""
    return story
