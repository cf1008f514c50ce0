"""The benchmark's folder: what is written comes back, what is wrong is said in one sentence."""

import json
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.errors import BenchError, GleamError
from gleam.explaining.benchmark import Bench, Pair, Text
from gleam.explaining.benchmark.folder import BenchInfo, write_facts, write_info
from gleam.explaining.benchmark.pair import read_pairs, write_pairs
from gleam.explaining.benchmark.text import Revision, read_lines, write_lines
from gleam.views import View

PAIR = Pair("p1", "train", True, "positive", View.DRONE, "a", "a", "a" * 64, "b" * 64, tile_width_m=128.0)
OTHER = replace(PAIR, pair_id="p2", split="test", match=False, tier="near", tile_place="b")


@pytest.fixture
def folder(tmp_path):
    write_info(tmp_path, BenchInfo(name="toy", created="2026-11-28", seed=1, splits={"train": 1, "test": 1}))
    write_pairs(tmp_path / "pairs.parquet", [PAIR, OTHER])
    return tmp_path


def text(pair="p1", language="en", **values):
    return Text(pair_id=pair, language=language, teacher="city", match=True, explanation="Same.", **values)


number = st.none() | st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(st.sampled_from(["train", "val", "test"]), st.text(min_size=1), number, number)))
def test_pairs_come_back(tmp_path_factory, values):
    pairs = [
        replace(PAIR, pair_id=str(n), split=split, query_place=place, heading_deg=heading, query_lat=lat)
        for n, (split, place, heading, lat) in enumerate(values)
    ]
    file = tmp_path_factory.mktemp("pairs") / "pairs.parquet"
    write_pairs(file, pairs)
    assert read_pairs(file) == pairs


def test_reading(folder):
    write_lines(folder / "texts.jsonl", [text(), text("p2", "zh"), text("p2", status="refused")])
    write_facts(folder, {"a": json.dumps({"trees": {"count": 3}})})
    bench = Bench.open(folder)
    assert bench.pairs() == [PAIR, OTHER]
    assert bench.pairs("test") == [OTHER]
    assert [t.pair_id for t in bench.texts()] == ["p1", "p2"]
    assert [t.language for t in bench.texts("zh")] == ["zh"]
    assert bench.texts("en", "test") == []
    assert len(bench.records()) == 3
    assert bench.facts("a") == {"trees": {"count": 3}}
    assert bench.facts("b") is None
    image = folder / "images" / "aa" / f"{'a' * 64}.png"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"x")
    assert bench.image_path("a" * 64) == image
    for wrong, said in (("b" * 64, "vanished"), ("../../etc/passwd", "no SHA-256")):
        with pytest.raises(BenchError, match=said):
            bench.image_path(wrong)
    with pytest.raises(GleamError, match="Unknown split 'dev'"):
        bench.pairs("dev")


def test_what_people_revised_counts(folder):
    write_lines(
        folder / "texts.jsonl",
        [text(), text(model="other"), text(language="zh"), text("p2"), text("p2", "zh")],
    )
    write_lines(
        folder / "revised.jsonl",
        [
            Revision(pair_id="p1", language="en", status="edited", match=False, explanation="Not the same."),
            Revision(pair_id="p1", language="zh", status="accepted"),
            Revision(pair_id="p2", language="en", status="discarded"),
        ],
    )
    bench = Bench.open(folder)
    said = [(t.pair_id, t.language, t.teacher, t.match, t.explanation, t.revised) for t in bench.texts()]
    assert said == [
        ("p1", "en", "people", False, "Not the same.", True),
        ("p1", "zh", "city", True, "Same.", True),
        ("p2", "zh", "city", True, "Same.", False),
    ]
    assert len(bench.texts(revised=False)) == 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 0}, r"version 0; this GLEAM reads version 1: make it anew"),
        ({"version": 2}, r"version 2; .* update GLEAM"),
        ({"format": "other"}, "not of a GLEAM-X benchmark"),
        ({"seed": "x"}, "bench.json, seed"),
    ],
)
def test_another_version_is_refused(folder, change, said):
    data = json.loads((folder / "bench.json").read_text())
    (folder / "bench.json").write_text(json.dumps({**data, **change}))
    with pytest.raises(BenchError, match=said):
        Bench.open(folder)


def test_no_benchmark(tmp_path):
    with pytest.raises(BenchError, match=r"holds no bench\.json"):
        Bench.open(tmp_path)
    with pytest.raises(BenchError, match="does not exist"):
        Bench.open(tmp_path / "gone")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{broken", "line 2"),
        (b"\xff\xfe", "line 2"),
        (b'{"pair_id": "p1", "language": "de", "teacher": "t"}', "line 2, field language"),
    ],
)
def test_a_wrong_line_is_named(folder, line, said):
    (folder / "texts.jsonl").write_bytes(text().model_dump_json().encode() + b"\n" + line + b"\n")
    with pytest.raises(BenchError, match=said):
        read_lines(folder / "texts.jsonl", Text)


def test_a_text_on_an_unknown_pair_is_said(folder):
    write_lines(folder / "texts.jsonl", [text("p9")])
    with pytest.raises(BenchError, match="'p9', which is not there"):
        Bench.open(folder).texts()


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("split", "dev", "row 2: split 'dev'"),
        ("view", "air", "row 2: Unknown view"),
        ("tier", "random", "row 1: match True does not go"),
        ("query_image", "../x", "row 2: query_image"),
        ("match", None, "row 2: match is missing"),
    ],
)
def test_a_wrong_row_is_named(folder, column, value, said):
    file = folder / "pairs.parquet"
    table = pq.read_table(file).to_pydict()
    table[column][0 if column == "tier" else 1] = value
    import pyarrow as pa

    pq.write_table(pa.table(table), file)
    with pytest.raises(BenchError, match=said):
        read_pairs(file)


def test_damaged_tables(tmp_path):
    file = tmp_path / "pairs.parquet"
    with pytest.raises(BenchError, match="is missing"):
        read_pairs(file)
    file.write_bytes(b"PAR1 no")
    with pytest.raises(BenchError, match="cannot be read"):
        read_pairs(file)
