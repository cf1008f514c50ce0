from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.errors import GleamError, TableError
from gleam.places import PlaceImage, Places
from gleam.places.schema import COLUMN_NAMES
from gleam.places.writing import rebased
from gleam.views import Pose, View

HEADER = "place,view,path,lat,lon,heading_deg,split\n"
GOOD = HEADER + "a,satellite,s/a.jpg,48.0,16.0,,train\na,drone,d/a.jpg,48.0,16.0,90,train\n"


def write_csv(tmp_path, text, name="places.csv"):
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return file


def some_rows():
    return [
        PlaceImage("b", View.SATELLITE, "s/b.jpg", lat=1.0, lon=2.0, ground_width_m=128.0, split="test"),
        PlaceImage("a", View.SATELLITE, "s/a.jpg", lat=1.5, lon=2.5, split="train", licence="CC-BY-4.0"),
        PlaceImage(
            "a", View.GROUND, "g/a.jpg", lat=1.5, lon=2.5, heading_deg=10.0, fov_deg=75.0, split="train"
        ),
    ]


def test_columns_of_rows_are_the_columns_of_the_table():
    assert tuple(f.name for f in dataclasses.fields(PlaceImage)) == COLUMN_NAMES


@pytest.mark.parametrize("name", ["places.parquet", "places.csv", "other.parquet"])
def test_write_and_read_give_the_same_rows(tmp_path, name):
    places = Places(some_rows(), tmp_path)
    file = places.write(tmp_path / name)
    again = Places.read(file)
    assert list(again) == some_rows()
    assert again == places
    assert again.root == tmp_path


def test_folder_is_written_and_read_as_places_parquet(tmp_path):
    assert Places(some_rows(), tmp_path).write(tmp_path) == tmp_path / "places.parquet"
    assert len(Places.read(tmp_path)) == 3


def test_parquet_carries_types_and_version(tmp_path):
    Places(some_rows(), tmp_path).write(tmp_path)
    schema = pq.read_schema(tmp_path / "places.parquet")
    assert schema.metadata[b"gleam.places"] == b"2"
    assert schema.field("lat").type == pa.float64()
    assert schema.field("taken").type == pa.string()
    column = pq.read_table(tmp_path / "places.parquet").column("heading_deg")
    assert column.to_pylist() == [None, None, 10.0]


def test_newer_format_is_refused(tmp_path):
    Places(some_rows(), tmp_path).write(tmp_path)
    file = tmp_path / "places.parquet"
    pq.write_table(pq.read_table(file).replace_schema_metadata({"gleam.places": "3"}), file)
    with pytest.raises(TableError, match="format 3, newer"):
        Places.read(file)


def test_pose_carries_what_is_known():
    row = some_rows()[2]
    assert row.pose == Pose(heading_deg=10.0, fov_deg=75.0)
    assert Places(some_rows()).poses[0] == Pose(ground_width_m=128.0)


def test_select_by_view_split_and_place(tmp_path):
    places = Places(some_rows(), tmp_path)
    assert [r.place for r in places.select(view="satellite")] == ["b", "a"]
    assert [r.view for r in places.select(split="train")] == [View.SATELLITE, View.GROUND]
    assert [r.path for r in places.select(places=["a"], view=View.GROUND)] == ["g/a.jpg"]
    assert len(places.select(view="drone")) == 0
    assert places.place_ids == ["b", "a"]
    assert places.splits == ["test", "train"]
    assert places.views == [View.SATELLITE, View.GROUND]
    assert places.view_counts() == {"satellite": 2, "ground": 1}


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"view": "sattelite"}, "Did you mean 'satellite'"),
        ({"split": "tets"}, "Did you mean 'test'"),
        ({"places": ["a", "zz"]}, "'zz'"),
    ],
)
def test_select_of_unknown_names_is_an_error_not_an_empty_table(wanted, says):
    with pytest.raises(GleamError, match=says):
        Places(some_rows()).select(**wanted)


def test_list_behaviour(tmp_path):
    places = Places(some_rows(), tmp_path)
    assert places[-1] == some_rows()[-1]
    assert list(places[1:]) == some_rows()[1:]
    assert places.path_of(0) == tmp_path / "s/b.jpg" == places.path_of(places[0]) == places.paths[0]
    assert np.isnan(places.column("heading_deg")[0])
    assert places.column("licence").tolist() == [None, "CC-BY-4.0", None]
    assert list(places.take(np.array([True, False, True]))) == [some_rows()[0], some_rows()[2]]
    with pytest.raises(GleamError, match="column 'headng'"):
        places.column("headng")


def test_paths_follow_when_the_table_is_written_elsewhere(tmp_path):
    Places(some_rows(), tmp_path / "data").write(tmp_path / "tables" / "x.parquet")
    again = Places.read(tmp_path / "tables" / "x.parquet")
    assert again[0].path == "../data/s/b.jpg"
    assert again.path_of(0).resolve() == (tmp_path / "data/s/b.jpg").resolve()


def test_numpy_numbers_and_nan_are_taken_from_rows():
    row = PlaceImage("a", View.MAP, "a.png", lat=np.float32(1.5), lon=np.float64(2), heading_deg=float("nan"))
    made = Places([row])[0]
    assert (made.lat, made.lon, made.heading_deg) == (1.5, 2.0, None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("place,view\na,drone\n", "column 'path' is missing"),
        (
            HEADER + "a,drone,x.jpg,95,16,,\n",
            r"row 1 \(line 2\), column 'lat' is 95, but must be from -90 to 90",
        ),
        (
            HEADER + "a,drone,y.jpg,5,16,,\na,drone,x.jpg,5,-181,,\n",
            r"row 2 \(line 3\), column 'lon' is -181",
        ),
        (HEADER + "a,drone,x.jpg,north,16,,\n", r"row 1 \(line 2\), column 'lat' is 'north', not a number"),
        (HEADER + "a,drone,x.jpg,inf,16,,\n", r"column 'lat' is inf"),
        (HEADER + "a,drone,x.jpg,5,,,\n", r"row 1 \(line 2\), column 'lon' and 'lat' must be given both"),
        (HEADER + "a,dron,x.jpg,5,6,,\n", r"row 1 \(line 2\), column 'view' is 'dron'.*Did you mean 'drone'"),
        (HEADER + "a,drone,,5,6,,\n", r"row 1 \(line 2\), column 'path' is empty"),
        (HEADER + ",drone,x.jpg,5,6,,\n", r"row 1 \(line 2\), column 'place' is empty"),
        (HEADER + "a,drone,x.jpg,5,6,400,\n", r"column 'heading_deg' is 400"),
        (
            GOOD + "a,drone,d/a.jpg,48,16,,train\n",
            r"row 3 \(line 4\), column 'path' repeats row 2 \(line 3\)",
        ),
        (HEADER, "no rows"),
        ("", "empty"),
        (HEADER + "a,drone,x.jpg\n", "not a readable CSV"),
        ("place,view,path,path\na,drone,x,y\n", "'path' more than once"),
    ],
)
def test_wrong_csv_is_refused_naming_file_row_and_column(tmp_path, text, says):
    file = write_csv(tmp_path, text)
    with pytest.raises(TableError, match=says) as caught:
        Places.read(file)
    assert "places.csv" in str(caught.value)


def test_wrong_encoding_says_so(tmp_path):
    (tmp_path / "places.csv").write_bytes("place,view,path\n北京,drone,x.jpg\n".encode("gbk"))
    with pytest.raises(TableError, match="UTF-8"):
        Places.read(tmp_path)


def test_byte_order_mark_spaces_in_header_and_chinese_names_are_read(tmp_path):
    text = "\ufeffplace, view,path\n北京, Drone ,图/a.jpg\n"
    places = Places.read(write_csv(tmp_path, text))
    assert places[0] == PlaceImage("北京", View.DRONE, "图/a.jpg")


def test_a_place_called_null_or_na_keeps_its_name(tmp_path):
    places = Places.read(
        write_csv(tmp_path, "place,view,path\nNA,map,x.png\nnull,map,x.png\n007,map,x.png\n")
    )
    assert places.place_ids == ["NA", "null", "007"]


def test_foreign_parquet_types_are_conformed(tmp_path):
    raw = pa.table(
        {
            "place": [1, 2],
            "view": pa.array(["map", "map"]).dictionary_encode(),
            "path": ["x", "y"],
            "lat": pa.array([1, 2], pa.int32()),
            "lon": pa.array([1.5, 2.5], pa.float32()),
            "heading_deg": [float("nan"), 3.0],
            "colour": ["red", "blue"],
        }
    )
    pq.write_table(raw, tmp_path / "places.parquet")
    places = Places.read(tmp_path)
    assert places[0] == PlaceImage("1", View.MAP, "x", lat=1.0, lon=1.5)
    assert places.ignored_columns == ("colour",)


@pytest.mark.parametrize("name", ["places.parquet", "places.json"])
def test_files_that_are_no_table(tmp_path, name):
    (tmp_path / name).write_bytes(b"not a table")
    with pytest.raises(TableError, match=name):
        Places.read(tmp_path / name)


def test_missing_file_and_folder_without_table(tmp_path):
    with pytest.raises(TableError, match="no such places table"):
        Places.read(tmp_path / "none.parquet")
    with pytest.raises(TableError, match=r"holds no places\.parquet or places\.csv"):
        Places.read(tmp_path)


def test_truncated_parquet_is_refused(tmp_path):
    file = Places(some_rows(), tmp_path).write(tmp_path)
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(TableError, match="not a readable Parquet"):
        Places.read(file)


def test_rows_given_in_python_are_checked_too():
    with pytest.raises(TableError, match="row 1, column 'lat' is 91"):
        Places([PlaceImage("a", View.MAP, "x", lat=91.0, lon=0.0)])
    with pytest.raises(TableError, match="repeats row 1"):
        Places([some_rows()[0], some_rows()[0]])


text = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(str.strip)
number = st.none() | st.floats(-90, 90)


@st.composite
def rows(draw):
    out = {}
    for _ in range(draw(st.integers(1, 6))):
        lat = draw(number)
        row = PlaceImage(
            place=draw(text),
            view=draw(st.sampled_from(list(View))),
            path=draw(text),
            lat=lat,
            lon=None if lat is None else draw(st.floats(-180, 180)),
            pitch_deg=draw(number),
            footprint=draw(st.none() | text),
            taken=draw(st.none() | text),
        )
        out[(row.place, row.view, row.path)] = row
    return list(out.values())


@given(rows=rows(), suffix=st.sampled_from([".csv", ".parquet"]))
def test_any_rows_survive_the_round_trip(tmp_path_factory, rows, suffix):
    folder = tmp_path_factory.mktemp("table")
    Places(rows, folder).write(folder / f"t{suffix}")
    assert list(Places.read(folder / f"t{suffix}")) == rows


def test_hundred_thousand_rows_are_read_in_about_a_second(tmp_path):
    count = 100_000
    table = pa.table(
        {
            "place": [f"p{i // 5}" for i in range(count)],
            "view": [list(View)[i % 5].value for i in range(count)],
            "path": [f"images/{i}.jpg" for i in range(count)],
            "lat": np.linspace(0, 1, count),
            "lon": np.linspace(0, 1, count),
        }
    )
    pq.write_table(table, tmp_path / "places.parquet")
    best = 9.0
    for _ in range(3):
        started = time.process_time()
        places = Places.read(tmp_path)
        places.select(view="drone")
        best = min(best, time.process_time() - started)
    assert best < 1.5


def test_columns_of_a_hopeless_type_are_named(tmp_path):
    raw = pa.table({"place": ["a"], "view": ["map"], "path": ["x"], "lat": [[1.0]], "lon": [1.0]})
    pq.write_table(raw, tmp_path / "places.parquet")
    with pytest.raises(TableError, match="column 'lat'"):
        Places.read(tmp_path)
    pq.write_table(
        raw.set_column(0, "place", pa.array([["a"]])).drop(["lat", "lon"]), tmp_path / "places.parquet"
    )
    with pytest.raises(TableError, match="column 'place'"):
        Places.read(tmp_path)


@given(
    st.lists(st.sampled_from(["a.jpg", "b/c.jpg", "b/../d.jpg", "../e.jpg", "b/..", "./f.jpg", "/g/h.jpg"])),
    st.sampled_from([("/x", "/x/y"), ("/x/y", "/x"), ("/x", "/z/w"), ("/x/b", "/x/b/c"), ("/x", "/x/b")]),
)
def test_paths_are_moved_as_each_by_itself(paths, folders):
    old, new = map(Path, folders)
    table = pa.table({"place": paths, "view": paths, "path": pa.array(paths, pa.string())})
    moved = rebased(table, old, new).column("path").to_pylist()
    assert moved == [p if os.path.isabs(p) else Path(os.path.relpath(old / p, new)).as_posix() for p in paths]
