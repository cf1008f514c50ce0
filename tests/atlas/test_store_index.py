"""Which index each engine makes, from how many tiles on, and that what it finds is compared again in full."""

import sys
from pathlib import Path

import numpy as np
import pytest

from gleam.atlas import Region, Tile
from gleam.atlas.store import open_store
from gleam.atlas.store.lancedb import LanceStore
from gleam.atlas.tiles import TileBatch

DIM, LIMIT = 16, 50_000


def make_batch(n):
    """Tiles from south to north, a metre apart, whose vectors are clustered as those of a city are."""
    rng = np.random.default_rng(11)
    vectors = rng.normal(size=(200, DIM))[rng.integers(0, 200, n)] + 0.6 * rng.normal(size=(n, DIM))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    tiles = [Tile(f"t{i:06d}", 48.0 + i * 1e-5, 16.0, 128.0, "s") for i in range(n)]
    return TileBatch(tiles, vectors, [b"jpeg"] * n)


def part(batch, first, last):
    return TileBatch(batch.tiles[first:last], batch.vectors[first:last], batch.thumbnails[first:last])


def southern(n):
    """A region of the first ``n`` tiles."""
    return Region.box(15.9, 47.9, 16.1, 48.0 + (n - 0.5) * 1e-5)


def questions(batch, n=20):
    """Vectors between stored ones and noise, as photos are."""
    rng = np.random.default_rng(12)
    near = batch.vectors[rng.integers(0, len(batch.tiles), n)]
    asked = near + rng.normal(0, 0.15, near.shape)
    return (asked / np.linalg.norm(asked, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A table of one tile more than is searched exactly, of the default store, and its tiles."""
    folder, batch = tmp_path_factory.mktemp("large"), make_batch(LIMIT + 1)
    store = open_store(folder, dim=DIM)
    store.upsert(part(batch, 0, LIMIT))
    store.optimize(alone=True)
    at_the_limit = store._table.list_indices()
    store.upsert(part(batch, LIMIT, LIMIT + 1))
    store.optimize(alone=True)
    yield folder, batch, at_the_limit
    store.close()


def test_a_table_of_more_than_50_000_tiles_gets_an_ivf_rq_index(large):
    folder, _, at_the_limit = large
    table = open_store(folder)._table
    assert at_the_limit == []
    (index,) = table.list_indices()
    known = table.index_stats(index.name)
    assert (known.index_type, known.distance_type) == ("IVF_RQ", "cosine")
    assert (known.num_indexed_rows, known.num_unindexed_rows) == (LIMIT + 1, 0)


def test_a_region_of_up_to_50_000_tiles_is_searched_exactly_and_a_larger_one_by_the_index(large):
    """What is compared tile by tile is loaded for it; what the engine searches is not."""
    folder, batch, _ = large
    asked = questions(batch, 3)
    store = open_store(folder)
    for region in (None, southern(LIMIT + 1)):
        store.search(asked, 10, region)
        assert store._loaded is None
    found = store.search(asked, 10, southern(LIMIT))
    assert len(store._loaded.columns) == LIMIT
    scores = asked @ batch.vectors[:LIMIT].T
    for hits, row in zip(found, scores, strict=True):
        assert [h.tile.id for h in hits] == [f"t{i:06d}" for i in np.argsort(-row)[:10]]


@pytest.mark.parametrize("within", [None, "a region"])
def test_what_the_index_finds_is_compared_again_in_full(large, within):
    """Of 4-bit vectors alone similarities come out wrong in the second digit, and so does their order."""
    folder, batch, _ = large
    store = open_store(folder)
    region = southern(LIMIT + 1) if within else None
    asked = questions(batch)
    found = store.search(asked, 10, region, mode="indexed")
    scores = asked @ batch.vectors.T
    wanted = np.argsort(-scores, axis=1)[:, :10]
    rows = [[int(h.tile.id[1:]) for h in hits] for hits in found]
    for hits, near, row in zip(found, rows, scores, strict=True):
        assert [h.score for h in hits] == pytest.approx(row[near].tolist(), abs=1e-5)
    assert np.mean([len(set(a) & set(b)) / 10 for a, b in zip(rows, wanted.tolist(), strict=True)]) >= 0.98


def test_a_frozen_pack_is_a_mapped_ivf_of_8_bit_vectors(tmp_path):
    faiss = pytest.importorskip("faiss", reason="frozen atlases need faiss-cpu")
    from gleam.atlas.store.frozen_pack import write_pack

    batch, pack = make_batch(5000), tmp_path / "pack"
    table = LanceStore(tmp_path / "table", dim=DIM)
    table.upsert(batch)
    pack.mkdir()
    write_pack(table, pack)
    store = open_store(pack, "frozen")
    index = faiss.downcast_index(store._index)
    assert isinstance(index, faiss.IndexIVFScalarQuantizer)
    assert index.sq.qtype == faiss.ScalarQuantizer.QT_8bit
    assert index.code_size == DIM  # a byte for each number
    assert index.metric_type == faiss.METRIC_INNER_PRODUCT
    assert index.nlist > 1 and index.ntotal == 5000
    # Lists that FAISS has read into memory are of another class.
    assert isinstance(faiss.downcast_InvertedLists(index.invlists), faiss.OnDiskInvertedLists)
    assert isinstance(store._vectors, np.memmap) and isinstance(store._pictures, np.memmap)
    assert (store._vectors.mode, store._vectors.dtype) == ("r", np.float16)
    if sys.platform == "linux":
        mapped = Path("/proc/self/maps").read_text()
        for name in ("index.faiss", "vectors.npy", "thumbnails.bin", "tiles.arrow"):
            assert str(pack / name) in mapped, name
    # The 8-bit vectors choose, those of half precision have the last word.
    asked = questions(batch)
    for hits, row in zip(store.search(asked, 10, mode="indexed"), asked @ batch.vectors.T, strict=True):
        assert [h.score for h in hits] == pytest.approx([row[int(h.tile.id[1:])] for h in hits], abs=1e-3)
    store.close()
