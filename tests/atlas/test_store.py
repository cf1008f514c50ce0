"""The default store's own promises: its files, its errors, its index; see also test_store_conformance.py."""

import os

import numpy as np
import pytest

from gleam.atlas import Region, Tile
from gleam.atlas.store import open_store
from gleam.atlas.store.lancedb import LanceStore
from gleam.atlas.tiles import TileBatch
from gleam.errors import AtlasError
from gleam.geo import Circle, distance_m

DIM = 24


def make_batch(n, seed=0, start=0, clusters=0):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, DIM))
    if clusters:
        vectors = rng.normal(size=(clusters, DIM))[rng.integers(0, clusters, n)] + 0.6 * vectors
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    lats, lons = 48.0 + rng.uniform(-0.05, 0.05, n), 16.0 + rng.uniform(-0.05, 0.05, n)
    tiles = [Tile(f"t{start + i:05d}", float(lats[i]), float(lons[i]), 128.0, "s") for i in range(n)]
    return TileBatch(tiles, vectors, [b"jpeg"] * n)


def brute_force(batch, query, k, keep=None):
    scores = batch.vectors @ query
    rows = [i for i in range(len(batch.tiles)) if keep is None or keep[i]]
    rows.sort(key=lambda i: (-scores[i], batch.tiles[i].id))
    return [batch.tiles[i].id for i in rows[:k]]


def test_a_missing_or_ruined_table_is_told(tmp_path):
    with pytest.raises(AtlasError, match="lost its tiles"):
        open_store(tmp_path / "nothing")
    open_store(tmp_path, dim=DIM).upsert(make_batch(5))
    for file in (tmp_path / "tiles.lance" / "_versions").iterdir():
        file.write_bytes(b"ruined")
    with pytest.raises(AtlasError, match="cannot be read"):
        open_store(tmp_path)


def test_what_is_written_is_on_the_disk_when_upsert_returns(tmp_path, monkeypatch):
    flushed, fsync = set(), os.fsync

    def remember(descriptor):
        flushed.add(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", remember)
    store = open_store(tmp_path, dim=DIM)
    for start in (0, 5):
        store.upsert(make_batch(5, start=start))
        paths = [p for p in (tmp_path / "tiles.lance").rglob("*") if p.parent.name != "tiles.lance"]
        assert len(paths) > 3
        assert {p.stat().st_ino for p in paths} <= flushed


def test_a_large_table_is_indexed_and_stays_accurate(tmp_path):
    batch = make_batch(3000, seed=3, clusters=40)
    store = LanceStore(tmp_path, dim=DIM, exact_rows=1000)
    store.upsert(batch)
    store.optimize(alone=True)
    assert [i.columns for i in store._table.list_indices()] == [["vector"]]
    circle = Circle(48.0, 16.0, 3500.0)
    keep = [distance_m(48.0, 16.0, t.lat, t.lon) <= circle.radius_m for t in batch.tiles]
    assert sum(keep) > 1000
    for region, kept in ((None, None), (Region.around(circle), keep)):
        found = wanted = 0
        for query in batch.vectors[::150]:
            (hits,) = store.search(query, 10, region)
            expected = set(brute_force(batch, query, 10, kept))
            found += len(expected & {h.tile.id for h in hits})
            wanted += len(expected)
        assert found / wanted >= 0.98


def test_tiles_held_in_memory_are_those_of_the_disk_and_follow_changes(tmp_path):
    """After a few searches by the index its tiles come from memory; nothing else may change by that."""
    batch = make_batch(1500, seed=5, clusters=30)
    store = LanceStore(tmp_path, dim=DIM, exact_rows=200)
    store.upsert(batch)
    store.optimize(alone=True)
    query = batch.vectors[7]
    answers = [store.search(query, 10)[0] for _ in range(8)]
    assert store._known is not None
    assert all(hits == answers[0] for hits in answers)
    # Another process writes meanwhile: a refresh brings the new tiles, the old ones are gone.
    other = LanceStore(tmp_path, exact_rows=200)
    moved = Tile(batch.tiles[7].id, 10.0, 20.0, 128.0, "other")
    other.upsert(TileBatch([moved], batch.vectors[7:8], [b"jpeg"]))
    other.delete([answers[0][1].tile.id])
    store.refresh()
    hits = store.search(query, 10)[0]
    assert hits[0].tile == moved
    assert answers[0][1].tile not in [hit.tile for hit in hits]
    assert [hit.tile for hit in hits[1:9]] == [hit.tile for hit in answers[0][2:10]]


def test_an_index_of_another_kind_is_replaced(tmp_path):
    from lancedb.index import IvfRq

    store = LanceStore(tmp_path, dim=DIM, exact_rows=200)
    store.upsert(make_batch(1500, clusters=30))
    store._table.create_index("vector", config=IvfRq(distance_type="cosine"), name="older")
    store.optimize(alone=True)
    assert [index.name for index in store._table.list_indices()] == ["vector_rq4"]


def test_a_region_gives_the_same_when_asked_again(tmp_path):
    """The first question about a small region of a large table loads it, the next ones find it loaded."""
    batch = make_batch(2000)
    store = LanceStore(tmp_path, dim=DIM, exact_rows=500)
    store.upsert(batch)
    region = Region.around(Circle(48.01, 16.01, 1500.0))
    keep = [distance_m(48.01, 16.01, t.lat, t.lon) <= 1500.0 for t in batch.tiles]
    query = make_batch(1, seed=8).vectors
    assert 0 < sum(keep) < 500
    answers = [store.search(query, 10, region)[0] for _ in range(3)]
    for hits in answers:
        assert [h.tile.id for h in hits] == brute_force(batch, query[0], 10, keep)
        assert [h.score for h in hits] == pytest.approx([h.score for h in answers[0]], abs=1e-6)
    # What is written afterwards is not hidden by what was loaded.
    near = Tile("new", 48.01, 16.01, 128.0, "s")
    store.upsert(TileBatch([near], query, [b"jpeg"]))
    assert store.search(query, 10, region)[0][0].tile == near
