"""What every store of tiles promises, run over each adapter; what a reader finds."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gleam.atlas import Region
from gleam.atlas.tiles import TileBatch
from gleam.errors import AtlasError, GleamError
from gleam.geo import Circle, distance_m


def load_adapters():
    name = "gleam_test_store_adapters"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("store_adapters.py"))
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


a = load_adapters()
VIENNA, FIJI = (48.0, 16.0), (-17.0, 180.0)
BOX = Region.box(15.97, 47.98, 16.03, 48.02)
CIRCLE = Region.around(Circle(48.01, 16.01, 2500.0))
ACROSS = Region.box(179.97, -17.03, -179.97, -16.97)
FILTERS = {
    "all": (None, None),
    "box": (BOX, None),
    "circle": (CIRCLE, None),
    "width": (None, 224.0),
    "box and width": (BOX, 112.0),
    "antimeridian": (ACROSS, None),
    "antimeridian and width": (ACROSS, 224.0),
    "one hundredth": (Region.box(15.99, 47.995, 16.01, 48.005), None),
}


def make_world():
    """Most of it indexed, some of it written after the index was built."""
    first = a.joined(
        a.make_batch(1700, seed=1, around=VIENNA, source="vienna"),
        a.make_batch(500, seed=2, start=1700, around=FIJI, source="fiji"),
    )
    edge = a.make_batch(4, seed=4, start=2400, around=FIJI, source="edge")
    tiles = [replace(t, lon=lon) for t, lon in zip(edge.tiles, (-180.0, 180.0) * 2, strict=True)]
    edge = TileBatch(tiles, edge.vectors, edge.thumbnails)
    return first, a.joined(a.make_batch(200, seed=3, start=2200, around=VIENNA, source="later"), edge)


def kept(batch, region, width):
    lats, lons = np.array([t.lat for t in batch.tiles]), np.array([t.lon for t in batch.tiles])
    keep = np.array([width is None or t.width_m == width for t in batch.tiles])
    if region is None:
        return keep
    if region.circle is not None:
        centre = region.circle
        near = [distance_m(centre.lat, centre.lon, t.lat, t.lon) <= centre.radius_m for t in batch.tiles]
        return keep & np.array(near)
    inside = np.zeros(len(keep), bool)
    for west, south, east, north in region.boxes:
        inside |= (lons >= west) & (lons <= east) & (lats >= south) & (lats <= north)
    return keep & inside


@pytest.fixture(scope="module", params=list(a.ADAPTERS))
def filled(request, tmp_path_factory):
    """A store of 2,404 tiles and what it holds."""
    kind, lacking = a.ADAPTERS[request.param]
    if lacking:
        pytest.skip(f"{request.param} needs {', '.join(lacking)}")
    adapter = kind(tmp_path_factory.mktemp(request.param))
    first, later = make_world()
    writer = adapter.writer()
    writer.upsert(first)
    writer.optimize()
    writer.upsert(later)
    yield adapter.reader(), a.joined(first, later)
    adapter.end()


def recall(found, wanted):
    hit = sum(len(set(a.ids_of(f)) & set(w)) for f, w in zip(found, wanted, strict=True))
    return hit / sum(len(w) for w in wanted)


@pytest.mark.parametrize("mode", ["auto", "indexed", "exact"])
@pytest.mark.parametrize("which", list(FILTERS))
def test_recall_against_exact_search(filled, which, mode):
    store, batch = filled
    region, width = FILTERS[which]
    keep = kept(batch, region, width)
    assert keep.sum() >= 10
    queries = a.make_queries(batch, 15)
    found = store.search(queries, 10, region, width_m=width, mode=mode)
    wanted = [a.brute_force(batch, q, 10, keep) for q in queries]
    assert recall(found, wanted) >= (1.0 if mode == "exact" else 0.98)
    allowed = {t.id for t, k in zip(batch.tiles, keep, strict=True) if k}
    assert all(set(a.ids_of(hits)) <= allowed for hits in found)
    assert all(len(hits) == 10 for hits in found)


def test_hits_carry_the_tile_and_its_similarity_best_first(filled):
    store, batch = filled
    tiles = {t.id: t for t in batch.tiles}
    vectors = {t.id: v for t, v in zip(batch.tiles, batch.vectors, strict=True)}
    for query, hits in zip(a.make_queries(batch, 5), store.search(a.make_queries(batch, 5), 20), strict=True):
        assert all(h.tile == tiles[h.tile.id] for h in hits)
        assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
        # A frozen pack keeps half precision.
        assert all(h.score == pytest.approx(float(vectors[h.tile.id] @ query), abs=1e-3) for h in hits)


@pytest.mark.parametrize("mode", ["auto", "indexed", "exact"])
def test_box_edges_are_inclusive(filled, mode):
    store, batch = filled
    for number in (7, 1800, 2300):
        tile = batch.tiles[number]
        region = Region.box(tile.lon, tile.lat, tile.lon, tile.lat)
        (hits,) = store.search(a.make_queries(batch, 1), 5, region, mode=mode)
        assert a.ids_of(hits) == [tile.id]
        assert store.count(region) == 1
    corner = [batch.tiles[3], batch.tiles[4]]
    south, north = sorted(t.lat for t in corner)
    west, east = sorted(t.lon for t in corner)
    region = Region.box(west, south, east, north)
    (hits,) = store.search(a.make_queries(batch, 1), 2400, region, mode=mode)
    assert {t.id for t in corner} <= set(a.ids_of(hits))


def test_both_sides_of_the_antimeridian_are_one_region(filled):
    store, batch = filled
    (hits,) = store.search(a.make_queries(batch, 1), 2000, ACROSS)
    assert {h.tile.lon > 0 for h in hits} == {True, False}
    assert set(a.ids_of(hits)) == {
        t.id for t, k in zip(batch.tiles, kept(batch, ACROSS, None), strict=True) if k
    }


@pytest.mark.parametrize("mode", ["auto", "indexed", "exact"])
@pytest.mark.parametrize(
    ("west", "east"), [(179.9, 180.0), (-180.0, -179.9), (180.0, -179.9), (179.9, -180.0)]
)
def test_a_box_that_ends_on_the_antimeridian_holds_what_lies_on_it(filled, west, east, mode):
    store, batch = filled
    region = Region.box(west, -17.1, east, -16.9)
    side = 1 if abs(west) < 180 else -1
    wanted = {t.id for t in batch.tiles if abs(t.lon) == 180 or t.lon * side >= 179.9}
    assert {t.id for t in batch.tiles[2400:]} < wanted
    (hits,) = store.search(a.make_queries(batch, 1), 2000, region, mode=mode)
    assert set(a.ids_of(hits)) == wanted
    assert store.count(region) == len(wanted)


@pytest.mark.parametrize("which", list(FILTERS))
def test_counts(filled, which):
    store, batch = filled
    region, width = FILTERS[which]
    assert store.count(region, width_m=width) == kept(batch, region, width).sum()
    assert store.count(region, width_m=77.0) == 0
    assert store.search(a.make_queries(batch, 2), 3, region, width_m=77.0) == [[], []]


def test_fewer_tiles_than_asked_for_and_none(filled):
    store, batch = filled
    region, _ = FILTERS["one hundredth"]
    (hits,) = store.search(a.make_queries(batch, 1), 500, region)
    assert len(hits) == kept(batch, region, None).sum() < 500
    assert store.search(a.make_queries(batch, 2), 5, Region.box(0, 0, 1, 1)) == [[], []]
    assert store.count(Region.box(0, 0, 1, 1)) == 0


def test_tiles_come_ordered_by_id_and_by_source(filled):
    store, batch = filled
    assert list(store.tiles()) == sorted(batch.tiles, key=lambda t: t.id)
    assert list(store.tiles("fiji")) == [t for t in batch.tiles if t.source == "fiji"]
    assert list(store.tiles("nobody's")) == []


def test_content_comes_in_the_order_asked_for(filled):
    store, batch = filled
    rows = [2399, 5, 1200, 5]
    ids = [batch.tiles[i].id for i in rows]
    assert store.tiles_of(ids) == [batch.tiles[i] for i in rows]
    assert store.thumbnails_of(ids) == [batch.thumbnails[i] for i in rows]
    assert np.allclose(store.vectors_of(ids), batch.vectors[rows], atol=5e-4)
    assert store.vectors_of([]).shape == (0, a.DIM)
    for ask in (store.tiles_of, store.thumbnails_of, store.vectors_of):
        with pytest.raises(AtlasError, match="no tile 'nowhere'"):
            ask(["t00001", "nowhere"])


def test_batches_hold_everything_once(filled):
    store, batch = filled
    parts = list(store.batches(300))
    assert max(len(p.tiles) for p in parts) <= 300
    everything = a.joined(*parts)
    order = np.argsort([t.id for t in everything.tiles])
    assert [everything.tiles[i] for i in order] == list(batch.tiles)
    assert [everything.thumbnails[i] for i in order] == list(batch.thumbnails)
    assert np.allclose(everything.vectors[order], batch.vectors, atol=5e-4)


def test_one_query_and_many_give_the_same(filled):
    store, batch = filled
    queries = a.make_queries(batch, 12)
    together = store.search(queries, 10, BOX)
    assert [a.ids_of(store.search(q, 10, BOX)[0]) for q in queries] == [a.ids_of(h) for h in together]


def test_what_cannot_be_searched_is_refused(filled):
    store, batch = filled
    query = a.make_queries(batch, 1)
    broken = query.copy()
    broken[0, 3] = np.nan
    with pytest.raises(AtlasError, match="NaN"):
        store.search(broken, 3)
    with pytest.raises(AtlasError, match="7 numbers"):
        store.search(np.ones((1, 7), np.float32), 3)
    with pytest.raises(AtlasError, match="k is 0"):
        store.search(query, 0)
    with pytest.raises(GleamError, match=r"auto, exact, indexed"):
        store.search(query, 3, mode="quick")
