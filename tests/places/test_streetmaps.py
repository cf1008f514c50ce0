from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.places.layouts import streetmaps
from tests.places.layouts.pictures import picture

from gleam.errors import TableError
from gleam.places.importers import DATASETS, ImportOptions, import_dataset, import_places

REAL = os.environ.get("GLEAM_REALDATA")


def test_folders_become_splits(tmp_path):
    places = import_places("street-maps", streetmaps.make(tmp_path))
    assert places.splits == ["eval", "train"]
    assert places.select(split="train").view_counts() == {"satellite": 2, "map": 2}
    assert places.select(split="eval").place_ids == ["eval/0", "eval/1"]
    alone = import_places("street-maps", streetmaps.make(tmp_path / "alone", halves=False))
    assert (alone.splits, alone.place_ids) == ([], ["0", "1"])


def test_positions_come_from_their_file(tmp_path):
    root = streetmaps.make(tmp_path, halves=False)
    (root / "positions.csv").write_text("name,lat,lon,ground_width_m\n0,48.1,11.5,128\n1,48.2,11.6,\n")
    rows = list(import_places("street-maps", root))
    assert {(r.place, r.lat, r.ground_width_m) for r in rows} == {("0", 48.1, 128.0), ("1", 48.2, None)}
    (root / "positions.csv").write_text("name,lat,lon\n0,48.1,11.5\n1,north,11.6\n")
    with pytest.raises(TableError, match=r"positions\.csv: line 3, column 'lat' is 'north'"):
        import_places("street-maps", root)
    (root / "positions.csv").write_text("name,lat\n0,48.1\n")
    with pytest.raises(TableError, match="column 'lon' is missing"):
        import_places("street-maps", root)


def test_halves_of_pairs_are_told(tmp_path):
    root = streetmaps.make(tmp_path, halves=False)
    (root / "map/1.png").rename(root / "map/2.png")
    found = import_dataset(DATASETS["street-maps"], root, ImportOptions())
    assert [str(e) for e in found.left_out] == [
        "1 satellite images have no map; they are only searched, the first is sat/1.jpg",
        "1 maps have no satellite image, the first is map/2.png",
    ]
    assert found.places.view_counts() == {"satellite": 2, "map": 1}
    picture(root / "map/0.jpg")
    with pytest.raises(TableError, match=r"both 0\.jpg and 0\.png are called"):
        import_places("street-maps", root)


def test_nothing_there(tmp_path):
    (tmp_path / "train/map").mkdir(parents=True)
    with pytest.raises(TableError, match="no images of paired street maps"):
        import_places("street-maps", tmp_path)


@pytest.mark.skipif(not REAL, reason="GLEAM_REALDATA names no folder of real imagery")
def test_the_real_pairs():
    places = import_places("street-maps", Path(REAL) / "pix2pix_maps_nyc")
    assert places.select(split="train").view_counts() == {"satellite": 946, "map": 946}
    assert places.select(split="eval").view_counts() == {"satellite": 150, "map": 150}
