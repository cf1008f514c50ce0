"""Look-alikes equal a brute-force search and never include the place itself or what overlaps it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from gleam.encoder import EncoderConfig, build_model
from gleam.imagery.preparation import Preparation
from gleam.training import hard_negatives
from gleam.training.config import HardNegativesConfig, PhaseConfig
from gleam.training.dataset import PlaceSet, open_places
from gleam.training.embedding import embed_places
from gleam.training.hard_negatives import is_due, mine, most_similar, nearest_places
from gleam.training.runtime import Runtime
from gleam.views import QUERY_VIEWS, View

PREPARATION = Preparation(pixels=32)


@pytest.fixture
def places(table: Path, cache: Path) -> PlaceSet:
    return open_places([str(table)], None, QUERY_VIEWS, PREPARATION, cache)


def positions(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    lat, lon = np.radians(lat), np.radians(lon)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], 1)


def test_most_similar_equals_brute_force(places: PlaceSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hard_negatives, "_CHUNK", 7)
    generator = torch.Generator().manual_seed(0)
    queries, gallery = functional.normalize(torch.randn(2, 40, 8, generator=generator), dim=-1)
    # Places 0 to 4 stand on one spot.
    unit = places.unit.copy()
    unit[:5] = unit[0]
    together = replace(places, unit=unit)
    found = most_similar(queries, gallery, 6, together, 0.25)
    for i in range(40):
        others = [j for j in range(40) if j != i and not (i < 5 and j < 5)]
        others.sort(key=lambda j: -float(queries[i] @ gallery[j]))
        assert found[i].tolist() == others[:6]


def test_fewer_places_than_asked(places: PlaceSet) -> None:
    vectors = functional.normalize(torch.randn(40, 8, generator=torch.Generator().manual_seed(0)), dim=-1)
    found = most_similar(vectors, vectors, 64, places, 0.25)
    assert found.shape == (40, 64)
    assert all(
        sorted(row[row >= 0].tolist()) == [j for j in range(40) if j != i] for i, row in enumerate(found)
    )


@pytest.mark.parametrize(("lat", "lon"), [(0.0, 0.0), (89.9, 0.0), (60.0, 179.999), (-45.0, -180.0)])
def test_nearest_places_equal_brute_force_anywhere(places: PlaceSet, lat: float, lon: float) -> None:
    rng = np.random.default_rng(1)
    lats = np.clip(lat + rng.normal(0, 0.02, 40), -90, 90)
    lons = (lon + rng.normal(0, 0.04, 40) + 180) % 360 - 180
    moved = replace(places, unit=positions(lats, lons))
    found = nearest_places(moved, 5, 0.25)
    for i in range(40):
        distance = [
            float(np.arccos(np.clip(moved.unit[i] @ moved.unit[j], -1, 1))) * 6.371e6 for j in range(40)
        ]
        others = sorted((j for j in range(40) if j != i and distance[j] >= 32.0), key=lambda j: distance[j])
        assert found[i].tolist() == others[:5]


def test_mining_returns_the_network_s_own_confusions(places: PlaceSet) -> None:
    config = EncoderConfig(
        backbone_options={"stem": 4, "channels": [6, 8, 12]},
        dim=16,
        grid=2,
        grid_channels=4,
        preparation=PREPARATION,
    )
    model, runtime = build_model(config, 0), Runtime("cpu", threads=1)
    phase = PhaseConfig(
        name="p",
        places=["x"],
        steps=1,
        views_per_batch="one",
        hard_negatives=HardNegativesConfig(pool=5, nearest=2),
    )
    found = mine(model, places, phase, runtime)
    assert set(found) == {None, *QUERY_VIEWS}
    assert all(near.shape == (40, 7) and near.dtype == np.int32 for near in found.values())
    everyone = np.arange(40)
    similarity = (
        embed_places(model, places, View.MAP, everyone, runtime)
        @ embed_places(model, places, View.SATELLITE, everyone, runtime).T
    )
    similarity.fill_diagonal_(-2)
    best = similarity.argmax(1).numpy()
    assert (found[View.MAP][:, 0] == best).all()


def test_when_it_is_due() -> None:
    config = HardNegativesConfig(every_epochs=3, from_epoch=2)
    assert [epoch for epoch in range(10) if is_due(config, epoch)] == [2, 5, 8]
    assert not is_due(None, 4)
