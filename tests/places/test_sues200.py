from __future__ import annotations

import pytest
from tests.places.layouts import sues200
from tests.places.layouts.sues200 import TEST, TRAIN

from gleam.errors import TableError
from gleam.places.check import check_places
from gleam.places.importers import DATASETS, ImportOptions, import_dataset, import_places
from gleam.places.importers.sues200 import TRAIN_PLACES


@pytest.mark.parametrize("maker", [sues200.make, sues200.make_split])
def test_both_trees_give_the_published_split(tmp_path, maker):
    found = import_dataset(DATASETS["sues-200"], maker(tmp_path), ImportOptions())
    places = found.places
    assert places.view_counts() == {"satellite": 3, "drone": 24}
    assert places.select(split="train").view_counts() == {"satellite": 2, "drone": 16}
    queries = places.select(view="drone", split="test", role="query")
    assert set(queries.column("place")) == {TEST}
    assert sorted(queries.column("height_m")) == [150, 150, 200, 200, 250, 250, 300, 300]
    assert places.select(split="test", role="gallery").view_counts() == {"satellite": 3, "drone": 24}
    assert places.select(view="satellite", split="test", role="query").column("place").tolist() == [TEST]
    assert {row.split for row in places if row.place in TRAIN} == {"train|test:gallery"}
    assert not found.absent and not found.left_out
    assert check_places(places).counts["duplicate"] == 0


def test_the_training_half_is_the_published_one():
    assert len(TRAIN_PLACES) == 120
    assert {"0001", "0200"} < TRAIN_PLACES
    assert not {"0008", "0012", "0201"} & TRAIN_PLACES


def test_missing_heights_and_folders_are_told(tmp_path):
    root = sues200.make(tmp_path)
    (root / "drone_view_512/0002/300").rename(root / "elsewhere")
    found = import_dataset(DATASETS["sues-200"], root, ImportOptions())
    assert [str(entry) for entry in found.left_out] == [
        "1 folders of drone images of one height are missing, the first is drone_view_512/0002/300"
    ]
    assert len(found.places) == 25
    (root / "satellite-view").rename(root / "satellites")
    with pytest.raises(TableError, match=r"no images of SUES-200.*satellite-view"):
        import_places("sues-200", root)
