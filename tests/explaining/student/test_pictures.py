"""A benchmark folder and a city give a student the same kind of pictures."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from gleam.errors import GleamError
from gleam.explaining.benchmark import Pair
from gleam.explaining.benchmark.folder import BenchInfo, write_facts, write_info
from gleam.explaining.benchmark.pair import pair_id_of, write_pairs
from gleam.explaining.benchmark.text import Text, write_lines
from gleam.explaining.scene import ATTRIBUTES, attributes_of
from gleam.explaining.student.pictures import read_pictures
from gleam.explaining.student.training.telling import lessons
from gleam.files import sha256_of
from gleam.places.table import Places
from gleam.views import View


@pytest.fixture(scope="module")
def bench(tiny_city, tmp_path_factory):
    """A benchmark by hand: two places of the city, each drone picture with both tiles."""
    root = tmp_path_factory.mktemp("bench")
    places = Places.read(tiny_city)
    names = places.place_ids[:2]
    pairs, stored = [], {}
    for row in places:
        if row.place in names and row.view in (View.DRONE, View.SATELLITE):
            sha = sha256_of(places.path_of(row))
            file = root / "images" / sha[:2] / f"{sha}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(places.path_of(row).read_bytes())
            stored[row.place, row.view] = (sha, row)
    for a in names:
        for b in names:
            (query, row), (tile, own) = stored[a, View.DRONE], stored[b, View.SATELLITE]
            pairs.append(
                Pair(
                    pair_id_of(View.DRONE, a, b, query, tile),
                    "train",
                    a == b,
                    "positive" if a == b else "random",
                    View.DRONE,
                    a,
                    b,
                    query,
                    tile,
                    heading_deg=row.heading_deg,
                    pitch_deg=row.pitch_deg,
                    height_m=row.height_m,
                    fov_deg=row.fov_deg,
                    tile_width_m=own.ground_width_m,
                )
            )
    write_info(root, BenchInfo(name="tiny", created="2026-11-28", seed=0, splits={"train": 4}))
    write_pairs(root / "pairs.parquet", pairs)
    columns = pq.read_table(tiny_city / "facts.parquet").to_pydict()
    write_facts(root, dict(zip(columns["place"], columns["facts"], strict=True)))
    said = "The drone photo shows a river and many trees. The tile shows no river. They are different places."
    write_lines(
        root / "texts.jsonl",
        [Text(pair_id=p.pair_id, language="en", teacher="someone", explanation=said) for p in pairs],
    )
    return root


def test_a_benchmark_gives_its_own_pairs_and_true_labels(bench, tiny_city):
    found = read_pictures(bench, "train")
    assert found.pairs is not None
    assert len(found) == 4
    assert found.pairs.match.tolist() == [True, False, False, True]
    facts = {
        r["place"]: json.loads(r["facts"]) for r in pq.read_table(tiny_city / "facts.parquet").to_pylist()
    }
    for number, row in enumerate(found.places):
        truth = attributes_of(facts[row.place])
        for k, attribute in enumerate(ATTRIBUTES):
            value = found.labels[number, k]
            assert truth[attribute.name] == (None if value < 0 else attribute.values[value])
        assert found.places.path_of(row).is_file()
    tile = found.places[int(found.pairs.tile[0])]
    assert (tile.view, tile.ground_width_m) == (View.SATELLITE, 128.0)


def test_a_city_gives_labels_and_leaves_pairs_to_be_drawn(tiny_city):
    found = read_pictures(tiny_city, "train")
    assert found.pairs is None
    assert found.labels.shape == (len(found), len(ATTRIBUTES))
    assert (found.labels >= 0).mean() > 0.5
    assert len(np.unique(found.labels, axis=0)) > 5


def test_a_teachers_texts_become_lessons(bench, recipe):
    held = lessons([str(bench)], recipe.teller, 1)
    own = [lesson for lesson in held if "drone photo shows a river" in lesson.text]
    assert len(own) == 4
    assert own[0].saying.query["water"] == "river"
    assert own[0].saying.verdict is False
    assert len(held) == recipe.teller.texts


def test_a_split_without_pairs_is_refused(bench):
    with pytest.raises(GleamError, match="no pairs of the split 'val'"):
        read_pictures(bench, "val")
