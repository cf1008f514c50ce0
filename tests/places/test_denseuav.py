from __future__ import annotations

import pytest
from tests.places.layouts import denseuav
from tests.places.layouts.denseuav import QUERY, TRAIN, position

from gleam.errors import TableError
from gleam.places.check import check_places
from gleam.places.importers import DATASETS, ImportOptions, import_dataset, import_places


def test_halves_queries_galleries_and_positions(tmp_path):
    found = import_dataset(DATASETS["denseuav"], denseuav.make(tmp_path), ImportOptions())
    places = found.places
    assert places.view_counts() == {"satellite": 18, "drone": 9}
    assert places.select(split="train").view_counts() == {"satellite": 12, "drone": 6}
    assert places.select(split="test", role="query").view_counts() == {"satellite": 6, "drone": 3}
    assert places.select(split="test", role="gallery").view_counts() == {"satellite": 18, "drone": 9}
    assert {row.split for row in places if row.place in TRAIN} == {"train|test:gallery"}
    for row in places:
        assert (row.lat, row.lon) == pytest.approx(position(row.place))
        assert row.height_m == (float(row.path.rsplit("/H")[-1][:-4]) if row.view == "drone" else None)
    assert not found.absent and not found.left_out
    assert check_places(places).counts["duplicate"] == 0


def test_positions_may_stand_in_two_files_or_nowhere(tmp_path):
    root = denseuav.make(tmp_path)
    lines = (root / "Dense_GPS_ALL.txt").read_text().splitlines(keepends=True)
    (root / "Dense_GPS_ALL.txt").unlink()
    (root / "Dense_GPS_train.txt").write_text("".join(lines[:2]))
    (root / "Dense_GPS_test.txt").write_text(lines[2])
    assert import_places("denseuav", root).column("lat").min() == pytest.approx(position(TRAIN[0])[0])
    for name in ("train", "test"):
        (root / f"Dense_GPS_{name}.txt").unlink()
    found = import_dataset(DATASETS["denseuav"], root, ImportOptions())
    assert found.absent == ("the file Dense_GPS_ALL.txt with the positions",)
    assert all(row.lat is None for row in found.places)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/x/000001/H80.tif E120.1 N30.1", "has 3 fields instead of 4"),
        ("/x/000001/H80.tif N30.1 E120.1 94", "gives 'E120.1' where N and degrees are due"),
        ("/x/000001/H80.tif E200.1 N30.1 94", "gives 'E200.1' where E and degrees are due"),
        ("/x/000001/H80.tif Eeast N30.1 94", "gives 'Eeast' where E"),
        ("H80.tif E120.1 N30.1 94", "not a file in the folder of a place"),
    ],
)
def test_a_wrong_position_is_refused_with_its_line(tmp_path, line, says):
    root = denseuav.make(tmp_path)
    with (root / "Dense_GPS_ALL.txt").open("a") as file:
        file.write(f"\n{line}\n")
    with pytest.raises(TableError, match=rf"Dense_GPS_ALL\.txt: line 5 .*{says}"):
        import_places("denseuav", root)


def test_a_part_works(tmp_path):
    root = denseuav.make(tmp_path)
    (root / "train").rename(root / "later")
    found = import_dataset(DATASETS["denseuav"], root, ImportOptions())
    assert found.absent == ("the folder train/satellite", "the folder train/drone")
    assert found.places.splits == ["test"]
    assert found.places.select(split="test", role="query").place_ids == [QUERY]
