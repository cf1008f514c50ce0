"""Licence, date and origin of each tile in the LanceDB table, also in one made before it had the columns."""

import shutil

import lancedb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam.atlas import Atlas, Tile
from gleam.atlas.sources import licence_report
from gleam.atlas.store import open_store
from gleam.atlas.store.lancedb import LanceStore
from gleam.atlas.tiles import TileBatch

DIM = 8
COLUMNS = ["licence", "date", "origin"]
FORMER = ["id", "lat", "lon", "width_m", "source", "vector", "thumbnail"]
HARD = [
    "it's",
    'say "x"',
    "back\\slash\\",
    "版权 © 城市",
    "two\nlines\t",
    "'; DROP",
    "%s {0} $1 --",
    "x" * 9000,
]


def make_batch(n, source, start=0):
    vectors = np.random.default_rng(start).normal(size=(n, DIM))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    tiles = [Tile(f"{source}-{start + i:05d}", 48.0, 16.0, 128.0, source) for i in range(n)]
    return TileBatch(tiles, vectors, [b"jpeg"] * n)


def said(licence=None, date=None, origin=None):
    return {"licence": licence, "date": date, "origin": origin}


def rows_of(folder):
    """What another program finds: (source, licence, date, origin) of each tile by id, with LanceDB alone."""
    table = lancedb.connect(str(folder)).open_table("tiles")
    rows = table.search().select(["id", "source", *COLUMNS]).limit(10**6).to_arrow().to_pylist()
    return {row["id"]: tuple(row[name] for name in ("source", *COLUMNS)) for row in rows}


def make_former(folder):
    """Write the table anew with the schema of former versions, without an index."""
    database = lancedb.connect(str(folder))
    rows = database.open_table("tiles").search().select(FORMER).limit(10**6).to_arrow()
    dim = rows.schema.field("vector").type.list_size
    types = [pa.string(), *[pa.float64()] * 3, pa.string(), pa.list_(pa.float32(), dim), pa.binary()]
    fields = [pa.field(n, t, nullable=n != "id") for n, t in zip(FORMER, types, strict=True)]
    shutil.rmtree(folder / "tiles.lance")
    database.create_table("tiles", schema=pa.schema(fields)).merge_insert(
        "id"
    ).when_not_matched_insert_all().execute(pa.table(rows.to_pydict(), schema=pa.schema(fields)))
    assert database.open_table("tiles").schema.names == FORMER


@pytest.fixture(scope="module")
def base(imagery, pixel_encoder_class, tmp_path_factory):
    out = tmp_path_factory.mktemp("said") / "atlas"
    terms = {"licence": "CC-BY-4.0", "date": "2024-05-01", "origin": "the city's own"}
    Atlas.build(imagery / "map.csv", pixel_encoder_class(), out, stride_m=128.0, **terms).close()
    return out


@pytest.fixture
def folder(base, tmp_path):
    return shutil.copytree(base, tmp_path / "a")


def agrees(atlas):
    """Whether the table alone tells what ``gleam atlas licenses`` tells of the manifest."""
    told = {(r["licence"], r["origin"], r["date"]) for r in licence_report(atlas.sources)}
    rows = rows_of(atlas.path)
    assert len(rows) == len(atlas) > 0
    records = {record.key: record for record in atlas.sources}
    for source, *terms in rows.values():
        assert terms == [getattr(records[source], name) for name in COLUMNS]
    found = {
        tuple(text or "unknown" for text in (lic, origin, date)) for _, lic, date, origin in rows.values()
    }
    return found == told


def test_the_table_alone_tells_the_licence_of_every_tile(folder, more_imagery, encoder):
    with Atlas.open(folder) as atlas:
        assert {row[1:] for row in rows_of(folder).values()} == {
            ("CC-BY-4.0", "2024-05-01", "the city's own")
        }
        assert agrees(atlas) and atlas.verify() == []
        atlas.add(more_imagery / "more.csv", encoder, licence="CC0")
        assert {row[1:] for row in rows_of(folder).values()} == {
            ("CC-BY-4.0", "2024-05-01", "the city's own"),
            ("CC0", None, None),
        }
        assert agrees(atlas) and atlas.verify() == []


def test_an_atlas_of_the_former_table_is_used_as_before_and_gets_the_licences_at_the_next_write(
    folder, more_imagery, encoder, content_of
):
    with Atlas.open(folder) as atlas:
        before = content_of(atlas)
        query = atlas.store.vectors_of(sorted(before[0])[:1])
        answer = atlas.search(query, 5)
    make_former(folder)
    with Atlas.open(folder) as atlas:
        assert content_of(atlas) == before
        assert list(map(list, atlas.search(query, 5))) == list(map(list, answer))
        assert atlas.verify() == [] and atlas.store.described() == {}
        added = atlas.add(more_imagery / "more.csv", encoder, licence="CC0", origin="someone")
        assert agrees(atlas) and atlas.verify() == []
    make_former(folder)
    with Atlas.open(folder) as atlas:
        atlas.remove(added.new[0].key)
        assert agrees(atlas) and atlas.verify() == []
        assert content_of(atlas) == before


def test_an_addition_begun_with_another_licence_ends_with_that_of_the_manifest(
    folder, more_imagery, encoder, monkeypatch
):
    def die(*_):
        raise KeyboardInterrupt

    with Atlas.open(folder) as atlas:
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            # The last moment: all tiles are written and journalled, so that none is cut again.
            patch.setattr("gleam.atlas.filling._check_count", die)
            atlas.add(more_imagery / "more.csv", encoder, licence="CC0")
        atlas.refresh()
        (key,) = (e.record.key for e in atlas.manifest.imagery if e.state == "adding")
        assert {row[1:] for row in rows_of(folder).values() if row[0] == key} == {("CC0", None, None)}
        atlas.add(more_imagery / "more.csv", encoder, licence="ODbL", date="2025")
        assert {row[1:] for row in rows_of(folder).values() if row[0] == key} == {("ODbL", "2025", None)}
        assert agrees(atlas) and atlas.verify() == []


def test_verify_tells_a_table_that_contradicts_the_manifest(folder):
    record = Atlas.open(folder).sources[0]
    table = lancedb.connect(str(folder)).open_table("tiles")
    name = next(iter(rows_of(folder)))
    table.update(where=f"id = '{name}'", values={"licence": "all rights reserved"})
    with Atlas.open(folder) as atlas:
        (problem,) = atlas.verify()
    for words in (record.name, "licence all rights reserved", "manifest says CC-BY-4.0"):
        assert words in problem


def test_the_columns_come_beside_the_data_and_the_index_stays(tmp_path):
    """Laying them beside a large table moves no row: all stays indexed, and no answer changes."""
    store = LanceStore(tmp_path, dim=DIM, exact_rows=300)
    for start, source in ((0, "a"), (400, "b"), (800, "c")):
        store.upsert(make_batch(400, source, start))
    make_former(tmp_path)
    store = LanceStore(tmp_path, exact_rows=300)
    store.optimize(alone=True)
    query = make_batch(1, "q", 77).vectors
    answer = [[*hits] for hits in store.search(query, 10)]
    held = {p: p.stat().st_ino for p in (tmp_path / "tiles.lance" / "data").iterdir()}
    store.describe({"a": said("CC0"), "b": said(None, "2020"), "c": said("", "", "")})
    assert held.items() <= {p: p.stat().st_ino for p in held}.items()
    known = store._table.index_stats(store._table.list_indices()[0].name)
    assert (known.num_indexed_rows, known.num_unindexed_rows) == (1200, 0)
    assert [[*hits] for hits in store.search(query, 10)] == answer
    kept = {"a": [said("CC0")], "b": [said(None, "2020")], "c": [said()]}
    assert store.described() == kept
    # Said again, nothing is written; a source that comes later is no change for those that are there.
    version = store.version()
    store.describe({"a": said("CC0"), "b": said(None, "2020"), "c": said(), "d": said("ODbL")})
    assert store.version() == version
    store.upsert(make_batch(5, "d"))
    store.upsert(make_batch(5, "d"))
    store.optimize(alone=True)
    assert store.described() == LanceStore(tmp_path).described() == {**kept, "d": [said("ODbL")]}
    assert store.count() == 1205


@pytest.mark.parametrize("former", [True, False])
def test_any_text_is_kept_as_it_was_said(tmp_path, former):
    store = open_store(tmp_path, dim=DIM)
    terms = {f"s{i}": said(text, text[::-1], None if i % 2 else text) for i, text in enumerate(HARD)}
    if not former:
        store.describe(terms)
    for source in terms:
        store.upsert(make_batch(3, source))
    if former:
        make_former(tmp_path)
        store = open_store(tmp_path)
        store.describe(terms)
    assert rows_of(tmp_path) == {
        f"{source}-{i:05d}": (source, *(row[name] for name in COLUMNS))
        for source, row in terms.items()
        for i in range(3)
    }
    assert open_store(tmp_path).described() == {source: [row] for source, row in terms.items()}


texts = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))


@settings(max_examples=25, deadline=None)
@given(terms=st.dictionaries(st.sampled_from("abc"), st.tuples(texts, texts, texts)))
def test_changed_minds_are_followed(terms, tmp_path_factory):
    store = open_store(tmp_path_factory.mktemp("t"), dim=DIM)
    store.describe({"a": said("first"), "b": said("first")})
    for source in "abc":
        store.upsert(make_batch(2, source))
    wanted = {source: said(*row) for source, row in terms.items()}
    store.describe(wanted)
    found = store.described()
    assert {source: found[source] for source in wanted} == {s: [row] for s, row in wanted.items()}
