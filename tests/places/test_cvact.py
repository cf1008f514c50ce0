from __future__ import annotations

import numpy as np
import pytest
from tests.places.layouts import cvact
from tests.places.layouts.cvact import NAMES, SETS, UTM, write_mat

from gleam.errors import TableError
from gleam.places.importers import DATASETS, ImportOptions, import_dataset, import_places


def imported(root):
    return import_dataset(DATASETS["cvact"], root, ImportOptions())


def test_halves_and_positions(tmp_path):
    found = imported(cvact.make(tmp_path))
    places = found.places
    assert {s: places.select(split=s).view_counts()["panorama"] for s in places.splits} == {
        "train": 2,
        "validation": 1,
        "test": 4,
    }
    assert [r.place for r in places.select(split="train", view="satellite")] == [NAMES[0], NAMES[2]]
    first = places[0]
    # Parliament House of Canberra lies at 35.308 S, 149.124 E.
    assert first.lat == pytest.approx(-35.31, abs=0.05)
    assert first.lon == pytest.approx(149.12, abs=0.05)
    assert (first.heading_deg, places[1].fov_deg) == (0.0, 360.0)
    assert first.path == f"ANU_data_small/satview_polish/{NAMES[0]}_satView_polish.jpg"
    assert not found.left_out and not found.absent


def test_either_order_of_the_coordinates_gives_the_same_positions(tmp_path):
    root = cvact.make(tmp_path)
    before = import_places("cvact", root).column("lat")
    write_mat(root, utm=UTM[:, ::-1])
    np.testing.assert_array_equal(import_places("cvact", root).column("lat"), before)


def test_a_part_works(tmp_path):
    root = cvact.make(tmp_path)
    (root / "ANU_data_test").rename(root / "later")
    (root / f"ANU_data_small/streetview/{NAMES[0]}_grdView.jpg").unlink()
    found = imported(root)
    assert found.absent == ("the folder ANU_data_test (test)",)
    assert [str(entry) for entry in found.left_out] == [
        f"1 panorama images are missing, the first is ANU_data_small/streetview/{NAMES[0]}_grdView.jpg"
    ]
    write_mat(root, sets={name: SETS[name] for name in ("trainSet",)})
    assert imported(root).absent == tuple(
        f"the list of the split {split} in ACT_data.mat" for split in ("validation", "test")
    )


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"sets": {"trainSet": ("trainInd", [1, 6])}}, r"trainSet\.trainInd: entry 2 is 6, but there are 5"),
        ({"sets": {"trainSet": ("trainInd", [0])}}, r"trainSet\.trainInd: entry 1 is 0"),
        ({"sets": {"trainSet": ("other", [1])}}, r"trainSet\.trainInd is not what .*there is no such field"),
        ({"utm": UTM[:3]}, r"utm has the shape \(3, 2\) for 5 panoramas"),
        ({"utm": np.vstack([UTM[:4], [[1.0, 2.0]]])}, r"utm row 5 is \[1\.0, 2\.0\]"),
        ({"utm": np.vstack([UTM[:4], [[np.nan, 2.0]]])}, r"utm row 5 is \[nan, 2\.0\]"),
    ],
)
def test_a_wrong_list_is_refused_with_its_entry(tmp_path, how, says):
    root = cvact.make(tmp_path)
    write_mat(root, **how)
    with pytest.raises(TableError, match=says):
        import_places("cvact", root)


def test_missing_and_damaged_lists(tmp_path):
    with pytest.raises(TableError, match=r"ACT_data\.mat: no such file; it comes with https"):
        import_places("cvact", tmp_path)
    (tmp_path / "ACT_data.mat").write_bytes(b"MATLAB 5.0 and no more")
    with pytest.raises(TableError, match=r"ACT_data\.mat: not a readable MATLAB file"):
        import_places("cvact", tmp_path)
