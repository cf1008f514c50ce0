"""Pairs from places tables: balanced, in regions that share no ground, the same every time."""

import itertools
import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from gleam.cli.main import build_app
from gleam.errors import BenchError
from gleam.explaining.benchmark import Bench
from gleam.explaining.benchmark.gathering import Site
from gleam.explaining.benchmark.make import make_pairs
from gleam.explaining.benchmark.recipe import PairRecipe
from gleam.explaining.benchmark.regions import assign_splits
from gleam.geo import distance_m, offset
from gleam.places import Places
from gleam.views import View

from .conftest import make_table, picture


class GreyEncoder:
    """Places with nearly the same number look alike to it."""

    name = fingerprint = "grey"

    def encode(self, images, view, poses=None):
        numbers = np.array([int(path.stem[:4]) for path in images], float)
        return np.stack([np.cos(numbers / 999), np.sin(numbers / 999)], -1).astype(np.float32)


def overlap(a, b):
    """Slow and plain: do the two 128 m squares around two positions touch? East and north by themselves."""
    north = distance_m(a[0], a[1], b[0], a[1])
    east = distance_m(a[0], a[1], a[0], b[1])
    return north < 127.5 and east < 127.5


@pytest.fixture
def made(table, tmp_path):
    make_pairs([table.root], tmp_path / "out", PairRecipe(seed=3), GreyEncoder())
    return Bench.open(tmp_path / "out")


def test_balance_and_tiers(made, table):
    pairs = made.pairs()
    counts = Counter((p.split, p.view, p.match) for p in pairs)
    for split in ("train", "val", "test"):
        for view in (View.DRONE, View.MAP):
            assert counts[split, view, True] == counts[split, view, False] > 0
    tiers = Counter(p.tier for p in pairs if not p.match)
    assert max(tiers.values()) - min(tiers.values()) <= 6
    assert set(tiers) == {"random", "near", "mistake"}
    # Nothing but the place tells: every query is in both a positive and a negative, no tile in many.
    assert Counter(p.query_image for p in pairs if p.match) == Counter(
        p.query_image for p in pairs if not p.match
    )
    assert max(Counter((p.view, p.tile_image) for p in pairs if not p.match).values()) <= 4
    assert {p.tile_width_m for p in pairs} == {128.0}
    assert made.info.sources[0].licence == "CC0-1.0"
    assert all(made.image_path(p.query_image).is_file() for p in pairs)


def test_no_ground_is_shared(made):
    pairs = made.pairs()
    at = {}
    for p in pairs:
        at.setdefault(p.split, set()).update([(p.query_lat, p.query_lon), (p.tile_lat, p.tile_lon)])
    for one, other in itertools.combinations(at, 2):
        assert not any(overlap(a, b) for a in at[one] for b in at[other])
    for p in pairs:
        here, there = (p.query_lat, p.query_lon), (p.tile_lat, p.tile_lon)
        assert overlap(here, there) == p.match
        assert p.distance_m == pytest.approx(distance_m(*here, *there), abs=0.1)
    near = np.mean([p.distance_m for p in pairs if p.tier == "near"])
    assert near < 0.7 * np.mean([p.distance_m for p in pairs if p.tier == "random"])


def test_mistakes_are_what_the_encoder_confuses(made):
    pairs = [p for p in made.pairs() if p.tier == "mistake"]
    apart = [abs(int(p.query_place[1:]) - int(p.tile_place[1:])) for p in pairs]
    others = [abs(int(p.query_place[1:]) - int(p.tile_place[1:])) for p in made.pairs() if p.tier == "random"]
    assert np.median(apart) < np.median(others)


def test_the_same_seed_gives_the_same_bytes(made, table, tmp_path):
    make_pairs([table.root], tmp_path / "again", PairRecipe(seed=3), GreyEncoder())
    make_pairs([table.root], tmp_path / "other", PairRecipe(seed=4), GreyEncoder())
    first, again, other = (tmp_path / n / "pairs.parquet" for n in ("out", "again", "other"))
    assert first.read_bytes() == again.read_bytes() != other.read_bytes()


def test_a_stopped_run_is_gone_on_with(made, table, tmp_path, monkeypatch):
    import gleam.explaining.benchmark.make as room

    def broken(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(room, "write_pairs", broken)
    with pytest.raises(KeyboardInterrupt):
        make_pairs([table.root], tmp_path / "b", PairRecipe(seed=3), GreyEncoder())
    assert not (tmp_path / "b").exists()
    monkeypatch.undo()

    class Unused(GreyEncoder):
        def encode(self, images, view, poses=None):
            raise AssertionError("vectors were kept and are not made again")

    make_pairs([table.root], tmp_path / "b", PairRecipe(seed=3), Unused())
    assert (tmp_path / "b" / "pairs.parquet").read_bytes() == (made.root / "pairs.parquet").read_bytes()
    assert sorted(f.name for f in (tmp_path / "b").iterdir()) == ["bench.json", "images", "pairs.parquet"]
    # A finished one is left alone, another recipe is refused.
    make_pairs([table.root], tmp_path / "b", PairRecipe(seed=3), Unused())
    with pytest.raises(BenchError, match="made otherwise"):
        make_pairs([table.root], tmp_path / "b", PairRecipe(seed=9), Unused())


def test_at_most_so_many(table, tmp_path):
    info = make_pairs([table.root], tmp_path / "few", PairRecipe(seed=3, pairs=40))
    assert 30 <= sum(info.splits.values()) <= 42
    counts = Counter((p.split, p.match) for p in Bench.open(tmp_path / "few").pairs())
    assert all(counts[split, True] == counts[split, False] for split in info.splits)


def test_two_tables(tmp_path):
    make_table(tmp_path / "a", 5, 5)
    make_table(tmp_path / "b", 5, 5, lat=50.0)
    make_pairs([tmp_path / "a", tmp_path / "b"], tmp_path / "out", PairRecipe(seed=1))
    pairs = Bench.open(tmp_path / "out").pairs()
    assert {p.query_place[0] for p in pairs} == {"0", "1"}
    assert all(p.query_place[0] == p.tile_place[0] for p in pairs)


def test_splits_of_the_table(tmp_path):
    make_table(tmp_path / "t", split=lambda x, y: "train" if x < 4 else "dev" if x < 6 else "test")
    info = make_pairs([tmp_path / "t"], tmp_path / "out", PairRecipe())
    assert info.notes["split_by"] == "table"
    # Columns 100 m apart with tiles of 128 m: at each border the training side, then val, gives way.
    assert info.notes["dropped_at_borders"] == 16
    assert {p.query_place[:3] for p in Bench.open(tmp_path / "out").pairs("val")} == {"p04"}
    make_table(tmp_path / "u", split=lambda x, y: "fold1")
    with pytest.raises(BenchError, match="has the split 'fold1'"):
        make_pairs([tmp_path / "u"], tmp_path / "v", PairRecipe(split_by="table"))


@settings(max_examples=15)
@given(
    st.lists(st.tuples(st.floats(0, 3000), st.floats(0, 3000)), min_size=3, max_size=40),
    st.integers(0, 99),
    st.sampled_from([0.0, 60.0, -89.0, 84.0]),
    st.sampled_from([0.0, 179.99]),
)
def test_splits_never_share_ground(points, seed, lat, lon):
    at = [offset(lat, lon, *point) for point in points]
    sites = [Site(str(n), 0, [], {}, *p, 128.0, None) for n, p in enumerate(at)]
    kept, notes = assign_splits(sites, PairRecipe(seed=seed, test_share=0.3))
    assert len(kept) + notes["dropped_at_borders"] == len(sites)
    for a, b in itertools.combinations(kept, 2):
        if a.split != b.split:
            assert distance_m(a.lat, a.lon, b.lat, b.lon) >= 127.9


def test_bad_pictures_are_left_out_and_counted(table, tmp_path):
    (table.root / "images/0000satellite.png").write_bytes(b"not a picture")
    (table.root / "images/0001drone.png").unlink()
    (table.root / "images/0002map.png").write_bytes(picture(9, 9, 9)[:100])
    # All for training, so that no place falls out at a border before its pictures are looked at.
    info = make_pairs([table.root], tmp_path / "out", PairRecipe(val_share=0, test_share=0))
    assert info.notes["unreadable_pictures"] == 3
    assert not any("p0000" in (p.query_place, p.tile_place) for p in Bench.open(tmp_path / "out").pairs())


def test_places_without_positions(tmp_path):
    table = make_table(tmp_path / "t", 4, 4)
    rows = Places([type(r)(r.place, r.view, r.path) for r in table], root=table.root)
    rows.write(table.root / "bare.csv")
    info = make_pairs([table.root / "bare.csv"], tmp_path / "out", PairRecipe())
    assert info.notes["without_position"] == 16
    assert {p.tier for p in Bench.open(tmp_path / "out").pairs()} == {"positive", "random"}


def test_nothing_to_pair(tmp_path):
    make_table(tmp_path / "t", 2, 2, views=())
    with pytest.raises(BenchError, match="No place has both"):
        make_pairs([tmp_path / "t"], tmp_path / "out", PairRecipe())
    make_table(tmp_path / "u", 1, 1)
    with pytest.raises(BenchError, match="No pair can be made"):
        make_pairs([tmp_path / "u"], tmp_path / "out2", PairRecipe())
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    with pytest.raises(BenchError, match="already has content"):
        make_pairs([tmp_path / "t"], tmp_path / "full", PairRecipe())


def run(*words):
    return CliRunner().invoke(build_app([str(w) for w in words]), [str(w) for w in words])


def test_the_command(table, tmp_path):
    words = ["bench", "make", table.root, "--out", tmp_path / "out", "--encoder", "none"]
    result = run(*words, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["bench"]["splits"] == Bench.open(tmp_path / "out").info.splits
    assert "pairs, split by blocks" in run(*words).stdout
    for more, said in (
        (["--split-by", "luck"], "Unknown way to split 'luck'"),
        (["--pairs", "1"], "too few"),
        (["--test-share", "1"], "leave something for train"),
        (["--teacher", "oracle"], "Unknown teacher 'oracle'"),
        (["--teacher", "city"], "has no facts.parquet"),
        (["--calls", "three"], "Unknown number of calls"),
        (["--price", "cheap"], "is not IN,OUT"),
        (["--languages", "de"], "Unknown language 'de'"),
    ):
        failed = run(*words, *more)
        assert failed.exit_code == 2, more
        assert said in failed.stderr


def test_check_finds_what_is_wrong(made):
    assert run("bench", "check", made.root).exit_code == 0
    pairs = made.pairs()
    gone, changed, twice = (made.image_path(p.query_image) for p in pairs[:6:2])
    gone.unlink()
    changed.write_bytes(picture(5, 5, 5))
    twice.with_suffix(".bmp").write_bytes(twice.read_bytes())
    (made.root / "images/aa").mkdir(exist_ok=True)
    (made.root / "images/aa/stranger.png").write_bytes(picture(7))
    (made.root / "texts.jsonl").write_text('{"pair_id": "nobody", "language": "en", "teacher": "t"}\n')
    result = run("bench", "check", made.root)
    assert result.exit_code == 3
    for said in (
        f"{gone.stem} has vanished",
        f"{changed} was changed",
        f"{twice.stem} lies there 2 times",
        "stranger.png is no picture",
        "'nobody', which is not there",
    ):
        assert said in result.stdout
