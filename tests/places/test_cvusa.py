from __future__ import annotations

import pytest
from tests.places.layouts import cvusa
from tests.places.layouts.cvusa import position

from gleam.errors import TableError
from gleam.places.check import check_places
from gleam.places.importers import DATASETS, ImportOptions, import_dataset, import_places


def imported(root):
    return import_dataset(DATASETS["cvusa"], root, ImportOptions())


def test_pairs_splits_and_positions(tmp_path):
    found = imported(cvusa.make(tmp_path))
    places = found.places
    assert places.select(split="train").view_counts() == {"satellite": 3, "panorama": 3}
    assert places.select(split="validation").view_counts() == {"satellite": 2, "panorama": 2}
    assert [(c.split, c.view.value, c.images, c.published_images) for c in found.coverage] == [
        ("train", "satellite", 3, 35_532),
        ("train", "panorama", 3, 35_532),
        ("validation", "satellite", 2, 8_884),
        ("validation", "panorama", 2, 8_884),
    ]
    tile, pano = (row for row in places if row.place == "0000003")
    assert (tile.lat, tile.lon, pano.lat, pano.lon) == position(3)
    assert (tile.heading_deg, pano.heading_deg, pano.fov_deg) == (0.0, 0.0, 360.0)
    # Bing's tables give 0.2986 m per pixel at the equator for zoom level 19; 43 degrees north: times cos.
    assert tile.ground_width_m == pytest.approx(750 * 0.29858 * 0.731354, rel=1e-3)
    assert not check_places(places).problems


def test_without_positions_nothing_is_made_up(tmp_path):
    found = imported(cvusa.make(tmp_path, positions=False))
    assert all(row.lat is None and row.ground_width_m is None for row in found.places)
    assert any("there are no positions" in note for note in found.notes)


def test_a_part_works(tmp_path):
    root = cvusa.make(tmp_path)
    (root / "splits/val-19zl.csv").unlink()
    (root / "streetview/panos/0000001.jpg").unlink()
    (root / "bingmap/19/0000003.jpg").unlink()
    found = imported(root)
    assert found.absent == ("the file splits/val-19zl.csv",)
    assert {entry.reason: entry.count for entry in found.left_out} == {
        "panorama images are missing": 1,
        "satellite images are missing": 1,
        "panorama images have no satellite image of their place": 1,
    }
    assert found.places.view_counts() == {"satellite": 2, "panorama": 1}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("bingmap/19/0000009.jpg,streetview/panos/0000009.jpg", r"place '0000009', which .*all\.csv has no"),
        ("bingmap/19/0000001.jpg", "has 1 fields instead of 2"),
        ("../secret.jpg,streetview/panos/0000001.jpg", "no path inside the data set"),
        ("bingmap/19/0000001.jpg,/etc/passwd", "no path inside the data set"),
    ],
)
def test_a_wrong_line_is_refused_with_its_number(tmp_path, line, says):
    root = cvusa.make(tmp_path)
    with (root / "splits/train-19zl.csv").open("a") as file:
        file.write(f"\n{line}\n")
    with pytest.raises(TableError, match=rf"train-19zl\.csv: line 5 .*{says}"):
        import_places("cvusa", root)


@pytest.mark.parametrize(("row", "says"), [("x,1,2,3", "gives 'x' as degrees"), ("91,1,2,3", "not on Earth")])
def test_a_wrong_position_is_refused_with_its_number(tmp_path, row, says):
    root = cvusa.make(tmp_path)
    (root / "split_locations/all.csv").write_text(f"1,2,3,4,0\n{row},0\n")
    with pytest.raises(TableError, match=rf"all\.csv: line 2 .*{says}"):
        import_places("cvusa", root)


def test_nothing_there(tmp_path):
    with pytest.raises(TableError, match=r"no images of CVUSA.*train-19zl\.csv"):
        import_places("cvusa", tmp_path)
