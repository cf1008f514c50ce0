"""What every store of tiles promises, run over each adapter; what becomes of changes and of kills."""

import importlib.util
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gleam.atlas import Tile
from gleam.atlas.store import open_store
from gleam.atlas.tiles import TileBatch
from gleam.errors import AtlasError, GleamError


def load_adapters():
    name = "gleam_test_store_adapters"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("store_adapters.py"))
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


a = load_adapters()


@pytest.fixture(params=list(a.ADAPTERS))
def adapter(request, tmp_path):
    kind, lacking = a.ADAPTERS[request.param]
    if lacking:
        pytest.skip(f"{request.param} needs {', '.join(lacking)}")
    made = kind(tmp_path)
    yield made
    made.end()


@pytest.fixture
def writable(adapter):
    if not adapter.writable:
        pytest.skip("a frozen pack is not written to")
    return adapter


def test_writing_again_adds_nothing_and_replaces(adapter):
    store, batch = adapter.writer(), a.make_batch(400)
    store.upsert(batch)
    store.upsert(batch)
    moved = Tile("t00003", 10.0, 20.0, 128.0, "other")
    other = a.make_queries(batch, 1)
    store.upsert(TileBatch([moved], other, [b"new"]))
    store = adapter.reader()
    assert store.count() == 400
    assert store.tiles_of(["t00003"]) == [moved]
    assert store.thumbnails_of(["t00003", "t00004"]) == [b"new", b"jpeg 4"]
    assert np.allclose(store.vectors_of(["t00003"]), other, atol=5e-4)
    for mode in ("auto", "exact", "indexed"):
        (hits,) = store.search(other, 400, mode=mode)
        assert hits[0].tile == moved
        assert len(hits) == len(set(a.ids_of(hits))) == 400


def test_deleted_tiles_never_come_back(adapter):
    writer, batch = adapter.writer(), a.make_batch(600)
    writer.upsert(batch)
    writer.optimize()
    gone = [t.id for t in batch.tiles[::3]]
    assert writer.delete([*gone, "not there"]) == len(gone)
    assert writer.delete(gone) == 0
    for optimize in (False, True):
        if optimize:
            writer.optimize(alone=True)
        store = adapter.reader()
        assert store.count() == 600 - len(gone)
        for mode in ("auto", "exact", "indexed"):
            hits = store.search(batch.vectors[:9:3], 600, mode=mode)
            assert {i for h in hits for i in a.ids_of(h)} == {t.id for t in batch.tiles} - set(gone)
        with pytest.raises(AtlasError, match=gone[0]):
            store.tiles_of([gone[0]])


def test_what_is_written_after_the_index_is_found(adapter):
    writer = adapter.writer()
    first, later = a.make_batch(500), a.make_batch(500, seed=5, start=500)
    writer.upsert(first)
    writer.optimize()
    writer.upsert(later)
    for _ in range(2):
        found = adapter.reader().search(later.vectors[:20], 1)
        assert [a.ids_of(h) for h in found] == [[t.id] for t in later.tiles[:20]]
        writer.optimize()


def test_equal_scores_are_ordered_by_id(adapter):
    batch = a.make_batch(40, width=112.0)
    same = np.repeat(batch.vectors[:1], 40, 0)
    adapter.writer().upsert(TileBatch(batch.tiles[::-1], same, batch.thumbnails))
    (hits,) = adapter.reader().search(batch.vectors[:1], 7)
    assert a.ids_of(hits) == [f"t{i:05d}" for i in range(7)]


def test_sources_may_hold_any_character_and_ids_nearly_any(adapter):
    batch = a.make_batch(4)
    sources = ["it's", 'say "x"', "back\\slash", "城市"]
    names = ["a b", "%_*", "x=1;--", "城市-112m"]
    tiles = [Tile(n, t.lat, t.lon, t.width_m, s) for n, s, t in zip(names, sources, batch.tiles, strict=True)]
    writer = adapter.writer()
    writer.upsert(TileBatch(tiles, batch.vectors, batch.thumbnails))
    store = adapter.reader()
    assert store.tiles_of(names) == tiles
    assert [list(store.tiles(s)) for s in sources] == [[t] for t in tiles]
    assert writer.delete(names[1:]) == 3
    assert a.ids_of(adapter.reader().search(batch.vectors[:1], 9)[0]) == names[:1]


def test_an_empty_store_answers(writable):
    store = writable.writer()
    assert store.count() == 0 and list(store.tiles()) == [] and list(store.batches()) == []
    for mode in ("auto", "exact", "indexed"):
        assert store.search(a.make_batch(2).vectors, 5, mode=mode) == [[], []]
    assert store.delete(["t00000"]) == 0
    store.upsert(TileBatch([], np.zeros((0, a.DIM), np.float32), []))
    store.optimize()
    assert store.count() == 0


def test_an_empty_store_is_not_frozen(adapter):
    if adapter.writable:
        pytest.skip("not a frozen pack")
    adapter.writer()
    with pytest.raises(AtlasError, match="without tiles"):
        adapter.reader()


def test_a_reader_sees_what_a_writer_wrote(writable):
    writer = writable.writer()
    writer.upsert(a.make_batch(200))
    reader = writable.reader()
    assert len(reader.search(a.make_batch(1).vectors, 999)[0]) == 200
    version = reader.version()
    writer.upsert(a.make_batch(300, seed=1, start=200))
    writer.delete(["t00000"])
    reader.refresh()
    assert reader.version() > version
    assert reader.count() == 499
    assert len(reader.search(a.make_batch(1).vectors, 999)[0]) == 499


def test_what_cannot_be_stored_is_refused_whole(writable):
    store, batch = writable.writer(), a.make_batch(5)
    broken = batch.vectors.copy()
    broken[2, 3] = np.nan
    with pytest.raises(AtlasError, match="t00002"):
        store.upsert(TileBatch(batch.tiles, broken, batch.thumbnails))
    with pytest.raises(AtlasError, match=r"\(5, 32\)"):
        store.upsert(TileBatch(batch.tiles, batch.vectors[:, :5], batch.thumbnails))
    with pytest.raises(AtlasError, match="4 thumbnails"):
        store.upsert(TileBatch(batch.tiles, batch.vectors, batch.thumbnails[:4]))
    with pytest.raises(AtlasError, match="twice"):
        store.upsert(TileBatch([batch.tiles[0]] * 5, batch.vectors, batch.thumbnails))
    for tile, match in (
        (Tile("", 0.0, 0.0, 112.0, "s"), "cannot name a tile"),
        (Tile('say "x"', 0.0, 0.0, 112.0, "s"), "cannot name a tile"),
        (Tile("x" * 201, 0.0, 0.0, 112.0, "s"), "cannot name a tile"),
        (Tile("far", 91.0, 0.0, 112.0, "s"), "far"),
        (Tile("lost", float("nan"), 0.0, 112.0, "s"), "lost"),
    ):
        with pytest.raises(GleamError, match=match):
            store.upsert(TileBatch([*batch.tiles[:4], tile], batch.vectors, batch.thumbnails))
    assert store.count() == 0


def test_what_is_said_of_the_imagery_is_kept_or_left_to_the_manifest(adapter):
    terms = {"licence": "CC-BY-4.0", "date": None, "origin": "someone"}
    writer = adapter.writer()
    writer.describe({"s": terms, "other": {**terms, "licence": "CC0"}})
    writer.upsert(a.make_batch(200))
    store = adapter.reader()
    assert store.described() == ({"s": [terms]} if adapter.url is None and adapter.writable else {})
    assert list(store.tiles()) == a.make_batch(200).tiles


def test_vectors_of_another_length_are_told(writable):
    writable.writer().upsert(a.make_batch(3))
    with pytest.raises(AtlasError, match="holds vectors of 32 numbers, not of 33"):
        open_store(writable.folder, writable.url, dim=a.DIM + 1)


def test_a_store_that_is_not_there_is_told(writable):
    with pytest.raises(AtlasError, match="build the atlas again"):
        writable.reader()


def test_a_frozen_pack_refuses_changes(adapter):
    if adapter.writable:
        pytest.skip("not a frozen pack")
    adapter.writer().upsert(a.make_batch(3))
    store = adapter.reader()
    for change in (
        lambda: store.upsert(a.make_batch(1)),
        lambda: store.delete(["t00000"]),
        lambda: store.optimize(),
        lambda: store.describe({}),
    ):
        with pytest.raises(AtlasError, match="frozen atlas and cannot be changed"):
            change()
    assert store.count() == 3 and store.version() == 1


def test_a_kill_keeps_what_was_acknowledged(writable):
    """A real process, ended by kill -9 at a moment that is drawn anew each time."""
    seed = int(os.environ.get("GLEAM_TEST_SEED", random.SystemRandom().randrange(10**6)))
    print(f"GLEAM_TEST_SEED={seed}")
    wait = random.Random(seed).uniform(0.0, 1.5)
    script = Path(__file__).with_name("store_writer.py")
    command = [sys.executable, script, Path(a.__file__), writable.folder, writable.url or "-", "5000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        first = process.stdout.readline()
        time.sleep(wait)
        process.kill()
        said = [first, *process.stdout]
    acknowledged = [int(line.split()[1]) for line in said if line.startswith("acknowledged")]
    assert acknowledged and len(acknowledged) < 5000, "the process ended before it was killed"
    batches = [a.make_batch(50, seed=n, start=50 * n) for n in acknowledged]
    store = writable.writer()
    ids = [t.id for b in batches for t in b.tiles]
    assert store.tiles_of(ids) == [t for b in batches for t in b.tiles]
    assert np.allclose(store.vectors_of(ids), np.concatenate([b.vectors for b in batches]), atol=1e-6)
    # At most the batch under way came besides; doing all of it again doubles nothing.
    assert len(ids) <= store.count() <= len(ids) + 50
    last = a.make_batch(50, seed=len(batches), start=50 * len(batches))
    store.upsert(a.joined(*batches))
    store.upsert(last)
    store.optimize()
    assert store.count() == len(ids) + 50
    assert [t.id for t in store.tiles()] == sorted([*ids, *(t.id for t in last.tiles)])
    assert a.ids_of(store.search(last.vectors[:1], 1)[0]) == [last.tiles[0].id]
