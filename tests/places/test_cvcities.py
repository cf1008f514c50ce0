from __future__ import annotations

import pytest
from tests.places.layouts import cvcities

from gleam.errors import TableError
from gleam.places.importers import DATASETS, ImportOptions, import_dataset, import_places


@pytest.mark.parametrize("from_city", [False, True])
def test_cities_halves_and_positions(tmp_path, from_city):
    root = cvcities.make(tmp_path, from_city=from_city)
    found = import_dataset(DATASETS["cv-cities"], root, ImportOptions())
    places = found.places
    assert places.select(split="train").view_counts() == {"satellite": 4, "panorama": 4}
    assert places.select(split="test").place_ids == ["london/london0", "london/london1"]
    row = next(r for r in places if r.place == "tokyo/tokyo1" and r.view == "panorama")
    assert (row.lat, row.lon, row.heading_deg, row.fov_deg) == (35.68, 139.7, None, 360.0)
    assert row.path == "tokyo/pano_images/tokyo1.jpg"
    assert len(found.absent) == 13 and "the city barcelona" in found.absent
    assert sum(c.published_images for c in found.coverage) == 2 * 223_736


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("a,2.3,48.8,paris,x.jpg", "has 5 fields instead of 6"),
        ("a,east,48.8,paris,x.jpg,y.jpg", "gives 'east' as the longitude"),
        ("a,2.3,98.8,paris,x.jpg,y.jpg", "position 98.8, 2.3, which is not on Earth"),
        ("a,2.3,48.8,paris,D:\\x.jpg,y.jpg", "no path inside the data set"),
    ],
)
def test_a_wrong_line_is_refused_with_its_number(tmp_path, line, says):
    root = cvcities.make(tmp_path)
    with (root / "paris/img_info.csv").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(TableError, match=rf"img_info\.csv: line 3 .*{says}"):
        import_places("cv-cities", root)


def test_a_missing_image_is_counted(tmp_path):
    root = cvcities.make(tmp_path)
    (root / "paris/pano_images/paris0.jpg").unlink()
    (root / "tokyo/img_info.csv").unlink()
    found = import_dataset(DATASETS["cv-cities"], root, ImportOptions())
    assert "the file tokyo/img_info.csv" in found.absent
    assert [str(e) for e in found.left_out] == [
        "1 panorama images are missing, the first is paris/pano_images/paris0.jpg"
    ]
