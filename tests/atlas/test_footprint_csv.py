"""Reading tables of footprints: other people's column names, and sentences for what is wrong."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.atlas.sources.footprint_csv import read_footprints
from gleam.errors import TableError
from gleam.geo import Footprint

OURS = "image,north,west,south,east\n"
BOX = Footprint(((48.2, 16.3), (48.2, 16.4), (48.1, 16.4), (48.1, 16.3)))


def table(tmp_path, text, name="t.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "header",
    [
        "image,north,west,south,east",
        "Filename,Top_left_lat,Top_left_lon,Bottom_right_lat,Bottom_right_long",
        "FILE, TL_LAT ,tl_lon,br_lat,br_lon",
        "\ufeffimage,max_lat,min_lon,min_lat,max_lon",
    ],
)
def test_known_column_names(tmp_path, header):
    (row,) = read_footprints(table(tmp_path, f"{header}\na.png,48.2,16.3,48.1,16.4"))
    assert row.footprint == BOX
    assert row.path == tmp_path / "a.png"


def test_wkt_terms_blank_lines_and_another_folder(tmp_path):
    text = f'image,footprint,date,license\na.png,"{BOX.to_wkt()}",2024-05-01,CC0\n,,,\n'
    (row,) = read_footprints(table(tmp_path, text), Path("elsewhere"))
    assert (row.footprint, row.date, row.licence) == (BOX, "2024-05-01", "CC0")
    assert row.path == Path("elsewhere/a.png")


@given(st.floats(-80, 80), st.floats(-179, 179), st.floats(1e-4, 5), st.floats(1e-4, 0.9))
def test_edges_survive_to_the_last_bit(tmp_path, south, west, height, width):
    text = f"{OURS}a.png,{south + height!r},{west!r},{south!r},{west + width!r}\n"
    (row,) = read_footprints(table(tmp_path, text))
    assert row.footprint.corners[0] == (south + height, west)
    assert row.footprint.corners[2] == (south, west + width)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["no image column"]),
        (OURS, ["holds no row"]),
        ("image,north,west,south\na.png,1,2,0", ["'east' is missing"]),
        (f"{OURS}a.png,48.2,16.3,x,16.4", ["row 2", "'south'", "'x'"]),
        (f"{OURS}a.png,48.2,16.3,48.1,16.4\nb.png,48.1,16.3,48.2,16.4", ["row 3", "above south"]),
        (f"{OURS}a.png,98.2,16.3,48.1,16.4", ["row 2", "98.2"]),
        (f"{OURS}a.png,48.2,16.3,48.1,16.3", ["row 2", "no width"]),
        (f"{OURS}a.png,nan,16.3,48.1,16.4", ["row 2", "nan"]),
        (f"{OURS}a.png,80,-170,-80,170", ["row 2", "west -170", "east 170", "half round the Earth", "check"]),
        (f"{OURS}a.png,80,-180,-80,180", ["row 2", "half round the Earth"]),
        (f"{OURS}a.png,48.2,16.4,48.1,16.3", ["row 2", "half round the Earth", "swap"]),
        (f"{OURS},48.2,16.3,48.1,16.4", ["row 2", "'image' is empty"]),
        (f"{OURS}a.png,48.2,16.3,48.1,16.4\na.png,48.2,16.3,48.1,16.4", ["row 3", "row 2 already"]),
        ('image,footprint\na.png,"POLYGON ((1 2, 3 4))"', ["row 2", "WKT"]),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, words):
    path = table(tmp_path, text)
    with pytest.raises(TableError) as caught:
        read_footprints(path)
    for word in [str(path), *words]:
        assert word in str(caught.value)


def test_the_place_is_told_once_and_rows_are_those_of_the_spreadsheet(tmp_path):
    good = "a.png,48.2,16.3,48.1,16.4\n"
    path = table(tmp_path, f"{OURS}{good},,,,\nb.png,98.2,16.3,48.1,16.4")
    with pytest.raises(TableError) as caught:
        read_footprints(path)
    assert str(caught.value).startswith(f"{path}, row 4: latitude 98.2, longitude 16.3 is not")
    assert str(caught.value).count(str(path)) == 1
    path = table(tmp_path, f"{OURS}{good},,,,\n{good}")
    with pytest.raises(TableError, match=r"row 4: image a\.png stands in row 2 already"):
        read_footprints(path)


def test_a_box_across_the_antimeridian(tmp_path):
    (row,) = read_footprints(table(tmp_path, f"{OURS}a.png,-17,179.9,-17.1,-179.95"))
    assert row.footprint.corners == ((-17, 179.9), (-17, -179.95), (-17.1, -179.95), (-17.1, 179.9))
    assert row.footprint.bounds == pytest.approx((179.9, -17.1, -179.95, -17))


def test_missing_and_binary_tables(tmp_path):
    with pytest.raises(TableError, match="does not exist"):
        read_footprints(tmp_path / "no.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00image")
    with pytest.raises(TableError, match="UTF-8"):
        read_footprints(tmp_path / "b.csv")
