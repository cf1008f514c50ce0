"""What every store of tiles promises, run over each adapter; and the traps of each engine."""

import numpy as np
import pytest

from gleam.atlas import Region, Tile
from gleam.atlas.store.lancedb import LanceStore
from gleam.atlas.tiles import TileBatch
from gleam.errors import AtlasError
from gleam.geo import Circle, distance_m

DIM = 24


def make_batch(n, seed=0, start=0, around=(48.0, 16.0), spread=0.05):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    lats = around[0] + rng.uniform(-spread, spread, n)
    lons = (around[1] + rng.uniform(-spread, spread, n) + 180) % 360 - 180
    tiles = [Tile(f"t{start + i:05d}", float(lats[i]), float(lons[i]), 128.0, "s") for i in range(n)]
    return TileBatch(tiles, vectors, [f"jpeg {start + i}".encode() for i in range(n)])


def brute_force(batch, query, k, keep=None):
    scores = batch.vectors @ query
    rows = [i for i in range(len(batch.tiles)) if keep is None or keep[i]]
    rows.sort(key=lambda i: (-scores[i], batch.tiles[i].id))
    return [batch.tiles[i].id for i in rows[:k]]


def queries(n, seed=9):
    vectors = np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(params=["exact", "indexed"])
def new_store(request, tmp_path):
    # "indexed" lowers the limit of exact search so far that the engine's own search is used.
    limit = 50_000 if request.param == "exact" else 20

    def make(**kwargs):
        return LanceStore(tmp_path, exact_rows=limit, **kwargs)

    return make


def test_search_equals_brute_force(new_store):
    store, batch = new_store(dim=DIM), make_batch(300)
    store.upsert(batch)
    for query, hits in zip(queries(5), store.search(queries(5), 10), strict=True):
        assert [h.tile.id for h in hits] == brute_force(batch, query, 10)
        expected = {t.id: float(v @ query) for t, v in zip(batch.tiles, batch.vectors, strict=True)}
        assert all(h.score == pytest.approx(expected[h.tile.id], abs=1e-5) for h in hits)


@pytest.mark.parametrize("radius", [300.0, 1500.0, 4000.0])
def test_search_in_a_circle_equals_brute_force(new_store, radius):
    store, batch = new_store(dim=DIM), make_batch(400)
    store.upsert(batch)
    circle = Circle(48.01, 16.01, radius)
    keep = [distance_m(circle.lat, circle.lon, t.lat, t.lon) <= radius for t in batch.tiles]
    assert store.count(Region.around(circle)) == sum(keep)
    for query in queries(4):
        (hits,) = store.search(query, 10, Region.around(circle))
        assert [h.tile.id for h in hits] == brute_force(batch, query, 10, keep)


def test_search_across_the_antimeridian(new_store):
    store, batch = new_store(dim=DIM), make_batch(200, around=(-17.0, 180.0))
    store.upsert(batch)
    region = Region.box(179.98, -17.02, -179.98, -16.98)
    keep = region.contains([t.lat for t in batch.tiles], [t.lon for t in batch.tiles])
    assert 0 < keep.sum() < len(keep)
    (hits,) = store.search(queries(1), 50, region)
    assert [h.tile.id for h in hits] == brute_force(batch, queries(1)[0], 50, keep)


def test_box_edges_are_inclusive(new_store):
    store, batch = new_store(dim=DIM), make_batch(30)
    store.upsert(batch)
    tile = batch.tiles[7]
    (hits,) = store.search(queries(1), 5, Region.box(tile.lon, tile.lat, tile.lon, tile.lat))
    assert [h.tile.id for h in hits] == [tile.id]


def test_writing_again_adds_nothing_and_replaces(new_store):
    store, batch = new_store(dim=DIM), make_batch(60)
    store.upsert(batch)
    store.upsert(batch)
    assert store.count() == 60
    moved = Tile("t00003", 10.0, 20.0, 128.0, "other")
    other = queries(1)
    store.upsert(TileBatch([moved], other, [b"new"]))
    assert store.count() == 60
    assert store.tiles_of(["t00003"]) == [moved]
    assert store.thumbnails_of(["t00003", "t00004"]) == [b"new", b"jpeg 4"]
    assert np.array_equal(store.vectors_of(["t00003"]), other)


def test_deleted_tiles_never_come_back(new_store):
    store, batch = new_store(dim=DIM), make_batch(100)
    store.upsert(batch)
    gone = [t.id for t in batch.tiles[::3]]
    assert store.delete([*gone, "not there"]) == len(gone)
    store.optimize(alone=True)
    found = {h.tile.id for hits in store.search(queries(3), 100) for h in hits}
    assert found.isdisjoint(gone)
    assert store.count() == 100 - len(gone)


def test_equal_scores_are_ordered_by_id(tmp_path):
    store, batch = LanceStore(tmp_path, dim=DIM), make_batch(40)
    same = np.repeat(batch.vectors[:1], 40, 0)
    store.upsert(TileBatch(batch.tiles[::-1], same, batch.thumbnails))
    (hits,) = store.search(batch.vectors[:1], 7)
    assert [h.tile.id for h in hits] == [f"t{i:05d}" for i in range(7)]


def test_a_reader_sees_what_a_writer_wrote(new_store):
    writer = new_store(dim=DIM)
    writer.upsert(make_batch(20))
    reader = new_store()
    version = reader.version()
    writer.upsert(make_batch(20, seed=1, start=20))
    reader.refresh()
    assert reader.count() == 40
    assert reader.version() > version
    assert len(reader.search(queries(1), 100)[0]) == 40


def test_tiles_come_in_order_and_survive_packing(new_store):
    store = new_store(dim=DIM)
    for start in (40, 0, 20):
        store.upsert(make_batch(20, seed=start, start=start))
    before = list(store.tiles())
    store.optimize()
    assert [t.id for t in before] == [f"t{i:05d}" for i in range(60)]
    assert list(store.tiles()) == before


def test_fewer_tiles_than_asked_for(new_store):
    store = new_store(dim=DIM)
    assert store.search(queries(2), 5) == [[], []]
    store.upsert(make_batch(3))
    assert len(store.search(queries(1), 5)[0]) == 3
    assert store.search(queries(1), 5, Region.box(0, 0, 1, 1)) == [[]]


def test_what_cannot_be_stored_or_searched_is_refused(new_store):
    store, batch = new_store(dim=DIM), make_batch(5)
    broken = batch.vectors.copy()
    broken[2, 3] = np.nan
    with pytest.raises(AtlasError, match="t00002"):
        store.upsert(TileBatch(batch.tiles, broken, batch.thumbnails))
    with pytest.raises(AtlasError, match=r"\(5, 24\)"):
        store.upsert(TileBatch(batch.tiles, batch.vectors[:, :5], batch.thumbnails))
    with pytest.raises(AtlasError, match="twice"):
        store.upsert(TileBatch([batch.tiles[0]] * 5, batch.vectors, batch.thumbnails))
    assert store.count() == 0
    store.upsert(batch)
    with pytest.raises(AtlasError, match="NaN"):
        store.search(broken[2:3], 3)
    with pytest.raises(AtlasError, match="7 numbers"):
        store.search(np.ones((1, 7), np.float32), 3)
    with pytest.raises(AtlasError, match="k is 0"):
        store.search(queries(1), 0)
    with pytest.raises(AtlasError, match="no tile 'nowhere'"):
        store.vectors_of(["t00001", "nowhere"])
    with pytest.raises(AtlasError, match="holds vectors of 24"):
        new_store(dim=DIM + 1)


def test_a_missing_or_ruined_table_is_told(tmp_path):
    with pytest.raises(AtlasError, match="lost its tiles"):
        LanceStore(tmp_path / "nothing")
    LanceStore(tmp_path, dim=DIM).upsert(make_batch(5))
    for file in (tmp_path / "tiles.lance" / "_versions").iterdir():
        file.write_bytes(b"ruined")
    with pytest.raises(AtlasError, match="cannot be read"):
        LanceStore(tmp_path)


def test_a_large_table_is_indexed_and_stays_accurate(tmp_path):
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(40, DIM))
    vectors = (centres[rng.integers(0, 40, 3000)] + rng.normal(0, 0.6, (3000, DIM))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    batch = make_batch(3000)
    batch = TileBatch(batch.tiles, vectors, batch.thumbnails)
    store = LanceStore(tmp_path, dim=DIM, exact_rows=1000)
    store.upsert(batch)
    store.optimize(alone=True)
    assert store._table.list_indices()
    circle = Circle(48.0, 16.0, 3500.0)
    keep = [distance_m(48.0, 16.0, t.lat, t.lon) <= circle.radius_m for t in batch.tiles]
    assert sum(keep) > 1000
    for region, kept in ((None, None), (Region.around(circle), keep)):
        found = wanted = 0
        for query in vectors[::150]:
            (hits,) = store.search(query, 10, region)
            expected = set(brute_force(batch, query, 10, kept))
            found += len(expected & {h.tile.id for h in hits})
            wanted += len(expected)
        assert found / wanted >= 0.98
