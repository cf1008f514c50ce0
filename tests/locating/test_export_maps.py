"""KML, GPX and CSV, read back by the programs they are for."""

import csv
import json

import gpxpy
import pyogrio
import pytest
import shapely
from fastkml.validator import get_schema_parser
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gleam.geo import Footprint, wrap_lon
from gleam.locating import Answer, Candidate, Status
from gleam.locating.answer import CalibrationUse
from gleam.locating.batch import Failure
from gleam.locating.exporters import write_answers
from gleam.locating.exporters.csv_table import COLUMNS, read_text
from gleam.locating.exporters.mavlink import to_mavlink

PLACES = st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), min_size=1, max_size=4)
# Any text a file name can hold, broken bytes (lone surrogates) and control characters among it.
NAMES = st.text(min_size=1, max_size=20).filter(lambda text: "/" not in text and "\0" not in text)


def located(lat=48.2, lon=16.3, **changes):
    square = Footprint.square(48.2, 16.3, 100.0)
    candidates = tuple(Candidate(rank, lat, lon, 0.9, f"t{rank}", square) for rank in (1, 2))
    base = {"photo": "p.jpg", "view": "ground", "status": Status.LOCATED, "lat": lat, "lon": lon}
    return Answer(**{**base, "radius95_m": 50.0, "candidates": candidates, **changes})


ABSENT = Answer(photo="q.jpg", view="ground", status=Status.NOT_HERE, lat=1.0, lon=2.0, notes=("too far",))
BROKEN = Failure("r.jpg", "r.jpg: the file is empty.")


def near(point, lat, lon):
    return abs(point[1] - lat) <= 1e-7 and abs(wrap_lon(point[0] - lon)) <= 1e-7


def points_of(path, layer):
    _, _, shapes, _ = pyogrio.raw.read(path, layer=layer)
    return [shapely.get_coordinates(shapely.from_wkb(s))[0] for s in shapes]


@pytest.mark.parametrize("driver", ["LIBKML", "KML"])
def test_gdal_reads_the_folders_of_a_kml(tmp_path, driver):
    path = tmp_path / "a.kml"
    calibrated = {"probability": 0.9, "calibration": CalibrationUse("a city & more", 50.0, 400)}
    crossing = located(lat=10.0, lon=180.0, radius95_m=1000.0, taken="2024-05-01T10:00:00")
    write_answers(path, [located(**calibrated), crossing, ABSENT], [BROKEN])
    assert driver in pyogrio.list_drivers()
    layers = [name for name, _ in pyogrio.list_layers(path)]
    assert layers[:3] == ["Positions", "Regions 95 %", "Alternatives"]
    first, second = points_of(path, "Positions")
    assert near(first, 48.2, 16.3)
    assert near(second, 10.0, 180.0)
    _, _, shapes, _ = pyogrio.raw.read(path, layer="Regions 95 %")
    plain, cut = (shapely.from_wkb(s) for s in shapes)
    assert plain.contains(shapely.Point(16.3, 48.2))
    assert plain.is_valid
    assert len(cut.geoms) == 2
    assert cut.bounds[0] == -180
    assert cut.bounds[2] == 180
    assert len(points_of(path, "Alternatives")) == 2


@settings(max_examples=30)
@given(PLACES, NAMES, NAMES)
def test_any_kml_is_valid_by_the_schema_of_the_ogc(tmp_path_factory, places, name, note):
    path = tmp_path_factory.mktemp("k") / "a.kml"
    answers = [
        located(lat=lat, lon=lon, photo=name, notes=(note,), taken="2024-05-01T10:00:00+02:00")
        for lat, lon in places
    ]
    write_answers(path, [*answers, ABSENT], [Failure(name, note)])
    get_schema_parser().assertValid(etree.parse(path))
    for point, (lat, lon) in zip(points_of(path, "Positions"), places, strict=True):
        assert near(point, lat, lon)


def test_a_kml_lists_what_has_no_place(tmp_path):
    path = tmp_path / "a.kml"
    write_answers(path, [ABSENT], [BROKEN])
    text = path.read_text(encoding="utf-8")
    assert "not_here: too far" in text
    assert BROKEN.error in text
    assert "<coordinates>" not in text


@settings(max_examples=30)
@given(PLACES, NAMES)
def test_gpxpy_reads_the_waypoints_back(tmp_path_factory, places, name):
    path = tmp_path_factory.mktemp("x") / "a.gpx"
    write_answers(path, [*(located(lat=lat, lon=lon, photo=name) for lat, lon in places), ABSENT], [BROKEN])
    read = gpxpy.parse(path.read_text(encoding="utf-8"))
    assert len(read.waypoints) == len(places)
    for point, (lat, lon) in zip(read.waypoints, places, strict=True):
        assert near((point.longitude, point.latitude), lat, lon)
        assert -180 <= point.longitude < 180
        assert point.horizontal_dilution is None
    assert "q.jpg: not_here" in read.description
    assert BROKEN.error in read.description


def test_gdal_reads_a_gpx_and_its_track(tmp_path):
    path = tmp_path / "a.gpx"
    later = located(lat=48.3, taken="2024-05-01T12:00:10+02:00", photo="later.jpg")
    earlier = located(taken="2024-05-01T10:00:00Z", photo="earlier.jpg")
    drone = located(view="drone", taken="2024-05-01T10:00:05Z", camera_lat=48.25, camera_lon=16.35)
    write_answers(path, [later, earlier, drone, located(taken="2024-05-01T10:00:00")])
    assert len(points_of(path, "waypoints")) == 4
    track = points_of(path, "track_points")
    assert [(round(x, 7), round(y, 7)) for x, y in track] == [(16.3, 48.2), (16.35, 48.25), (16.3, 48.3)]
    read = gpxpy.parse(path.read_text(encoding="utf-8"))
    assert [p.time.isoformat() for p in read.tracks[0].segments[0].points] == [
        "2024-05-01T10:00:00+00:00",
        "2024-05-01T10:00:05+00:00",
        "2024-05-01T10:00:10+00:00",
    ]
    assert len(read.tracks) == 1  # one photo by a clock without a time zone is no track
    assert "the camera's clock, whose time zone is unknown: UTC is assumed" in read.waypoints[3].comment
    assert "clock" not in read.waypoints[0].comment


def test_a_flight_by_a_clock_without_a_zone_is_a_track(tmp_path):
    path = tmp_path / "a.gpx"
    clocks = ("2024-05-01T10:00:09", "2024-05-01T10:00:07", "2024-05-01T10:00:07")
    flight = [located(lat=48.5 - n / 10, taken=clock) for n, clock in enumerate(clocks)]
    unset = located(lat=10.0, taken="1970-01-01T00:00:04")
    write_answers(path, [*flight, unset])
    read = gpxpy.parse(path.read_text(encoding="utf-8"))
    (track,) = read.tracks
    assert "time zone is unknown: UTC is assumed" in track.description
    # By their times; those of the same second in their order.
    assert [round(p.latitude, 7) for p in track.segments[0].points] == [48.4, 48.3, 48.5]
    assert [w.time and w.time.isoformat() for w in read.waypoints] == [
        *(f"{clock}+00:00" for clock in clocks),
        None,
    ]
    assert "UTC is assumed" not in read.waypoints[3].comment
    # MAVLink takes the same clock the same way.
    for answer, point in zip([*flight, unset], read.waypoints, strict=True):
        gps = to_mavlink(answer, now_us=7)[1]
        assert gps["time_usec"] == (7 if point.time is None else point.time.timestamp() * 1e6)
    zoned = [located(lat=5.0 + n, taken=f"2024-05-01T18:00:0{n}+08:00") for n in (1, 0)]
    write_answers(path, [*flight, *zoned])
    named, by_clock = gpxpy.parse(path.read_text(encoding="utf-8")).tracks
    assert (named.description, len(named.segments[0].points)) == (None, 2)
    assert len(by_clock.segments[0].points) == 3


@settings(max_examples=50)
@given(PLACES, NAMES, NAMES)
def test_a_csv_gives_positions_and_texts_back(tmp_path_factory, places, name, note):
    path = tmp_path_factory.mktemp("c") / "a.csv"
    write_answers(
        path,
        [*(located(lat=lat, lon=lon, photo=name, notes=(note,)) for lat, lon in places), ABSENT],
        [Failure(name, note)],
    )
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(places) + 2
    for row, (lat, lon) in zip(rows, places, strict=False):
        assert set(row) == set(COLUMNS)
        assert near((float(row["lon"]), float(row["lat"])), lat, lon)
        assert not row["photo"].startswith(("=", "+", "-", "@"))
        assert read_text(row["photo"]) == name.encode("utf-8", "replace").decode()
        assert read_text(row["notes"]) == note.encode("utf-8", "replace").decode()
        assert shapely.from_wkt(row["region95"]).is_valid
    rejected, failed = rows[-2:]
    assert (rejected["status"], rejected["lat"], rejected["region95"]) == ("not_here", "", "")
    assert (failed["status"], failed["lat"]) == ("failed", "")
    assert read_text(failed["error"]) == note.encode("utf-8", "replace").decode()


def test_files_tell_how_probably_a_photo_is_from_here(tmp_path):
    sure = {"probability": 0.9, "probability_here": 0.97, "calibration": CalibrationUse("c", 50.0, 400)}
    for name in ("a.csv", "a.geojson", "a.kml"):
        write_answers(tmp_path / name, [located(**sure), ABSENT])
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        assert [row["probability_here"] for row in csv.DictReader(file)] == ["0.9700", ""]
    features = json.loads((tmp_path / "a.geojson").read_text(encoding="utf-8"))["features"]
    told = {f["properties"]["photo"]: f["properties"].get("probability_here") for f in features[::-1]}
    assert told == {"p.jpg": 0.97, "q.jpg": None}
    values = etree.parse(tmp_path / "a.kml").iterfind(".//{*}Data[@name='probability_here']/{*}value")
    assert [value.text for value in values] == ["0.97"]


def test_the_digits_do_not_tell_how_sure_it_is(tmp_path):
    for radius, name in ((0.5, "sure.csv"), (5000.0, "unsure.csv")):
        write_answers(tmp_path / name, [located(radius95_m=radius)])
    cells = [
        [row["lat"] for row in csv.DictReader((tmp_path / name).open(encoding="utf-8"))]
        for name in ("sure.csv", "unsure.csv")
    ]
    assert cells[0] == cells[1] == ["48.2000000"]
