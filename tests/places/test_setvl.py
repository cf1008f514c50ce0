from __future__ import annotations

import pytest
from tests.places.layouts import setvl

from gleam.errors import GleamError, TableError
from gleam.places.importers import DATASETS, ImportOptions, import_dataset, import_places
from gleam.places.relations import answers


@pytest.mark.parametrize(("half", "splits"), [("train/", ["train"]), ("", [])])
def test_a_set_is_one_place_with_several_street_pictures(tmp_path, half, splits):
    places = import_places("setvl-480k", setvl.make(tmp_path, half=half))
    assert places.view_counts() == {"satellite": 2, "ground": 6}
    assert (places.splits, places.place_ids) == (splits, ["cell0", "cell1"])
    street, aerial = places.select(view="ground"), places.select(view="satellite")
    assert [rows.tolist() for rows in answers(aerial, street).positives] == [[0, 1, 2], [3, 4, 5]]
    row = street[4]
    assert (row.place, row.lat, row.lon, row.heading_deg) == ("cell1", 49.0, 11.5, 90.0)


def test_pictures_not_fetched_yet_are_counted(tmp_path):
    root = setvl.make(tmp_path)
    (root / "train/ground/id-01.jpg").unlink()
    (root / "train/satellite/cell1.jpg").unlink()
    found = import_dataset(DATASETS["setvl-480k"], root, ImportOptions())
    assert {e.reason: e.count for e in found.left_out} == {
        "satellite images of the lists are not fetched yet": 1,
        "ground images of the lists are not fetched yet": 1,
        "ground images have no satellite image of their place": 3,
    }


def test_columns_of_other_names_and_the_view_are_told(tmp_path):
    root = setvl.make(tmp_path)
    for name in ("street", "aerial"):
        file = root / f"train/{name}.csv"
        file.write_text(file.read_text().replace("reference_id", "tile"))
    with pytest.raises(TableError, match=r"columns \(tile, lat, lon, zoom\).*--column set="):
        import_places("setvl-480k", root)
    how = ImportOptions(columns={"set": "tile"}, extra={"view": "panorama"})
    assert import_places("setvl-480k", root, how).view_counts() == {"satellite": 2, "panorama": 6}
    with pytest.raises(GleamError, match="column of setvl-480k 'sets'"):
        import_places("setvl-480k", root, ImportOptions(columns={"sets": "tile"}))


def test_wrong_lists(tmp_path):
    root = setvl.make(tmp_path)
    file = root / "train/street.csv"
    good = file.read_text()
    file.write_text(good.replace("id-01,cell0,48", "id-01,cell0,north"))
    with pytest.raises(TableError, match=r"street\.csv: line 3, column 'lat' is 'north'"):
        import_places("setvl-480k", root)
    file.write_text(good.replace("id-01,cell0", "id-01,"))
    with pytest.raises(TableError, match=r"street\.csv: line 3, column 'reference_id' is empty"):
        import_places("setvl-480k", root)
    with pytest.raises(TableError, match="no CSV list of pictures"):
        import_places("setvl-480k", root / "train/ground")
