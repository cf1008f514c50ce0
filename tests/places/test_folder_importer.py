from __future__ import annotations

import pytest
from PIL import Image

from gleam.errors import GleamError, TableError
from gleam.places import PlaceImage, Places
from gleam.places.importers import KINDS, ImportOptions, import_places
from gleam.views import View


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pictures").mkdir()
    for name in ("1.jpg", "2.jpg"):
        Image.new("RGB", (8, 8)).save(tmp_path / "pictures" / name)
    return tmp_path


def options(folder, text, **more):
    file = folder / "list.csv"
    file.write_text(text, encoding="utf-8")
    return ImportOptions(csv=file, **more)


def test_aliases_mapped_columns_and_constants(folder):
    text = "station,file,Latitude,lng,yaw\nx,1.jpg,47.5,8.5,270\ny,2.jpg,47.6,8.6,\n"
    how = options(
        folder, text, columns={"place": "station"}, constants={"view": "ground", "licence": "CC0-1.0"}
    )
    places = import_places("folder", folder / "pictures", how)
    assert list(places) == [
        PlaceImage("x", View.GROUND, "1.jpg", lat=47.5, lon=8.5, heading_deg=270.0, licence="CC0-1.0"),
        PlaceImage("y", View.GROUND, "2.jpg", lat=47.6, lon=8.6, licence="CC0-1.0"),
    ]
    file = places.write(folder / "out.parquet")
    assert Places.read(file).path_of(1).is_file()
    assert Places.read(file)[1].path == "pictures/2.jpg"


@pytest.mark.parametrize(
    ("text", "more", "says"),
    [
        (
            "place,view,path\na,map,1.jpg\nb,map,9.jpg\n",
            {},
            r"list\.csv: row 2 \(line 3\), column 'path'.*1 of 2",
        ),
        (
            "place,view,path,lat,lon\na,map,1.jpg,x,1\n",
            {},
            r"list\.csv: row 1 \(line 2\), column 'lat' is 'x'",
        ),
        ("place,path\na,1.jpg\n", {}, "column 'view' is missing"),
        ("place,view,path\na,map,1.jpg\n", {"columns": {"lat": "y"}}, "no column 'y' for 'lat'"),
        ("place,view,path\na,map,1.jpg\n", {"columns": {"latt": "y"}}, "Did you mean 'lat'"),
        (
            "place,view,path\na,map,1.jpg\n",
            {"constants": {"view": "map"}},
            "in the file and given as a constant",
        ),
        ("place,view,path\n", {}, "no rows"),
        ("place,view,path\na,map,8.jpg\n", {"skip_missing": True}, "none of the 1 images exists"),
    ],
)
def test_wrong_input_is_refused(folder, text, more, says):
    with pytest.raises(GleamError, match=says):
        import_places("folder", folder / "pictures", options(folder, text, **more))


def test_rows_without_image_can_be_left_out(folder):
    how = options(folder, "place,view,path\na,map,1.jpg\nb,map,9.jpg\n", skip_missing=True)
    assert [r.place for r in import_places("folder", folder / "pictures", how)] == ["a"]


def test_missing_folder_and_csv(folder):
    with pytest.raises(TableError, match="no such folder"):
        import_places("folder", folder / "none")
    with pytest.raises(TableError, match="no such CSV file"):
        import_places("folder", folder)


def test_unknown_importer_lists_the_known(folder):
    with pytest.raises(GleamError, match=r"Unknown kind of data set 'foler'.*folder"):
        import_places("foler", folder)
    assert "folder" in KINDS
