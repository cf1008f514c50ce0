"""Look-alikes equal a brute-force search and never include the place itself or what overlaps it."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from gleam.encoder import EncoderConfig, build_model
from gleam.errors import ConfigError
from gleam.imagery.preparation import Preparation
from gleam.places.table import Places
from gleam.training import similar
from gleam.training.config import HardNegativesConfig, PhaseConfig
from gleam.training.dataset import PlaceSet, open_places
from gleam.training.embedding import embed_places
from gleam.training.hard_negatives import is_due, mine, most_similar, nearest_places
from gleam.training.related import Related
from gleam.training.runtime import Runtime
from gleam.training.similar import IndexedSearch, Search, most_similar_exact
from gleam.views import QUERY_VIEWS, View

PREPARATION = Preparation(pixels=32)
SMALL = EncoderConfig(
    backbone_options={"stem": 4, "channels": [6, 8, 12]},
    dim=16,
    grid=2,
    grid_channels=4,
    preparation=PREPARATION,
)


@pytest.fixture
def places(table: Path, cache: Path) -> PlaceSet:
    return open_places([str(table)], None, QUERY_VIEWS, PREPARATION, cache)


def positions(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    lat, lon = np.radians(lat), np.radians(lon)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], 1)


def finder(gallery: torch.Tensor) -> Callable[[torch.Tensor, int], np.ndarray]:
    return lambda queries, count: most_similar_exact(queries, gallery, count, torch.device("cpu"))


def test_most_similar_equals_brute_force(places: PlaceSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similar, "QUERIES_AT_ONCE", 7)
    monkeypatch.setattr(similar, "ROWS_AT_ONCE", 11)
    generator = torch.Generator().manual_seed(0)
    queries, gallery = functional.normalize(torch.randn(2, 40, 8, generator=generator), dim=-1)
    # Places 0 to 4 stand on one spot; 7 and 9, and 7 and 30, show part of each other.
    unit = places.unit.copy()
    unit[:5] = unit[0]
    parts = {(7, 9), (9, 7), (7, 30), (30, 7)}
    together = replace(places, unit=unit, related=Related.from_pairs([(7, 9), (30, 7)], 40))
    found = most_similar(queries, finder(gallery), 6, together, 0.25)
    for i in range(40):
        others = [j for j in range(40) if j != i and not (i < 5 and j < 5) and (i, j) not in parts]
        others.sort(key=lambda j: -float(queries[i] @ gallery[j]))
        assert found[i].tolist() == others[:6]


def test_fewer_places_than_asked(places: PlaceSet) -> None:
    vectors = functional.normalize(torch.randn(40, 8, generator=torch.Generator().manual_seed(0)), dim=-1)
    found = most_similar(vectors, finder(vectors), 64, places, 0.25)
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


def test_dense_places_still_have_neighbours(places: PlaceSet) -> None:
    # Thirty places on one spot: more than the few extra ones that are asked for at first.
    unit = places.unit.copy()
    unit[:30] = unit[0]
    dense = replace(places, unit=unit)
    found = nearest_places(dense, 4, 0.25)
    assert found[0].tolist() == [30, 31, 32, 33] and (found >= 0).all()
    vectors = torch.zeros(40, 8)
    vectors[:, 0] = 1.0
    vectors[30:, 1] = 0.1
    alike = most_similar(vectors, finder(functional.normalize(vectors, dim=-1)), 4, dense, 0.25)
    assert (alike[:30] >= 30).all() and (alike >= 0).all()


def test_worlds_that_are_not_on_earth_have_neighbours_too(
    make_table: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_table(tmp_path / "table", 12, views=(View.SATELLITE, View.MAP))
    spots = np.random.default_rng(0).uniform(-3000, 3000, (12, 2))
    rows = [
        replace(row, lat=None, lon=None, x_m=spots[int(row.place[-3:]), 0], y_m=spots[int(row.place[-3:]), 1])
        for row in Places.read(folder)
    ]
    Places(rows, folder).write(folder)
    game = open_places([str(folder)], None, [View.MAP], PREPARATION, tmp_path / "cache")
    distance = np.linalg.norm(spots[:, None] - spots, axis=-1)
    np.fill_diagonal(distance, np.inf)
    distance[distance < 32.0] = np.inf
    assert (nearest_places(game, 3, 0.25) == np.argsort(distance, axis=1)[:, :3]).all()


def clustered(rows: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return queries and a gallery of unit vectors around a few hundred centres, as places have them."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(rows // 20, 32, generator=generator)
    gallery = centres.repeat(20, 1) + 0.6 * torch.randn(rows // 20 * 20, 32, generator=generator)
    queries = gallery + 0.3 * torch.randn(gallery.shape, generator=generator)
    return functional.normalize(queries, dim=-1), functional.normalize(gallery, dim=-1)


def test_an_index_finds_nearly_all_and_says_how_many() -> None:
    pytest.importorskip("faiss", reason="the index needs faiss (gleam-geo[train])")
    queries, gallery = clustered(4000)
    index = IndexedSearch(gallery, probes=4)
    found = index.search(queries, 10)
    exact = most_similar_exact(queries, gallery, 10, torch.device("cpu"))
    slow = (queries[:50] @ gallery.T).argsort(dim=1, descending=True)[:, :10].numpy()
    np.testing.assert_array_equal(exact[:50], slow)
    true_share = np.mean([len(np.intersect1d(a, b)) / 10 for a, b in zip(found, exact, strict=True)])
    told, asked = index.recall(queries, 10)
    assert asked == 256 and told == pytest.approx(true_share, abs=0.04)
    assert 0.6 < told < 1.0
    assert IndexedSearch(gallery, probes=10**6).recall(queries, 10)[0] == pytest.approx(1.0, abs=1e-3)
    np.testing.assert_array_equal(IndexedSearch(gallery, probes=4).search(queries, 10), found)


@pytest.mark.parametrize("alike", [0.0, 0.9])
def test_a_coarse_first_pass_finds_the_same_neighbours(alike: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of a young network, whose vectors are almost one and the same."""
    monkeypatch.setattr(similar, "_COARSE_FROM", 1)
    monkeypatch.setattr(similar, "inference_dtype", lambda: torch.bfloat16)
    monkeypatch.setattr(similar, "ROWS_AT_ONCE", 900)
    queries, gallery = (functional.normalize(alike + (1 - alike) * v, dim=1) for v in clustered(2500))
    found = most_similar_exact(queries[:200], gallery, 20, torch.device("cpu"))
    true = (queries[:200].double() @ gallery.double().T).topk(20, dim=1).indices.numpy()
    shared = [len(np.intersect1d(a, b)) / 20 for a, b in zip(found, true, strict=True)]
    assert np.mean(shared) > 0.999
    assert (found[:, 0] == true[:, 0]).mean() > 0.99


def test_memory_does_not_grow_with_the_square(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, gallery = clustered(3000)
    monkeypatch.setattr(similar, "QUERIES_AT_ONCE", 64)
    monkeypatch.setattr(similar, "ROWS_AT_ONCE", 256)
    largest = 0

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            nonlocal largest
            out = func(*args, **(kwargs or {}))
            for tensor in out if isinstance(out, tuple) else (out,):
                largest = max(largest, tensor.untyped_storage().nbytes())
            return out

    with Watch():
        most_similar_exact(queries, gallery, 20, torch.device("cpu"))
    assert largest <= max(64 * 256 * 4, gallery.nbytes) < queries.shape[0] * gallery.shape[0] * 4 / 50


def test_an_index_is_used_where_it_is_asked_for(places: PlaceSet, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("faiss", reason="the index needs faiss (gleam-geo[train])")
    told: list[tuple[str, Search]] = []
    model, runtime = build_model(SMALL, 0), Runtime("cpu", threads=1)
    for search, above in (("exact", 0), ("auto", 40), ("auto", 39), ("indexed", 200_000)):
        mining = HardNegativesConfig(pool=5, search=search, index_above=above)
        phase = PhaseConfig(name="p", places=["x"], steps=1, hard_negatives=mining)
        mine(model, places, phase, runtime, lambda view, search: told.append((view, search)))
    assert [search.method for _, search in told] == ["exact", "exact", "indexed", "indexed"]
    assert all(view == "all" and search.rows == 40 and search.recall == 1.0 for view, search in told)
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(ConfigError, match=r"gleam-geo\[train\].*'exact'"):
        IndexedSearch(torch.zeros(40, 4), 1)


def test_mining_returns_the_network_s_own_confusions(places: PlaceSet) -> None:
    model, runtime = build_model(SMALL, 0), Runtime("cpu", threads=1)
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
