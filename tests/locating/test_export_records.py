"""JSON lines, the choice of the format, and what never leaves with a file."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gleam.errors import GleamError
from gleam.geo import Circle, Footprint
from gleam.locating import Answer, Candidate, Locator, Status
from gleam.locating.answer import CalibrationUse, Searched
from gleam.locating.batch import Failure
from gleam.locating.exporters import FORMATS, format_of, write_answers
from gleam.locating.exporters.jsonl import read_jsonl, to_line
from gleam.locating.job import Outcome
from gleam.views import Pose

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
NUMBER = st.floats(allow_nan=False, allow_infinity=False, width=32)
ANSWERS = st.builds(
    Answer,
    photo=st.none() | TEXT,
    view=st.sampled_from(["drone", "ground"]),
    status=st.sampled_from(list(Status)),
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    radius95_m=st.none() | NUMBER,
    region95=st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), max_size=4).map(tuple),
    covariance_m2=st.none() | st.tuples(NUMBER, NUMBER, NUMBER),
    calibration=st.none() | st.builds(CalibrationUse, TEXT, NUMBER, st.integers(0, 999)),
    candidates=st.just((Candidate(1, 48.0, 16.0, 0.5, "t", Footprint.square(48.0, 16.0, 50.0)),)),
    notes=st.lists(TEXT, max_size=2).map(tuple),
    timing_s=st.dictionaries(TEXT, NUMBER, max_size=2),
)


@given(st.lists(ANSWERS, max_size=3), st.lists(st.builds(Failure, TEXT, TEXT), max_size=3))
def test_json_lines_give_every_input_back(tmp_path_factory, answers, failures):
    path = tmp_path_factory.mktemp("l") / "a.jsonl"
    write_answers(path, answers, failures)
    assert read_jsonl(path) == ([answer.as_claimed() for answer in answers], failures)
    assert len(path.read_bytes().splitlines()) == len(answers) + len(failures)


def test_a_wrong_line_is_named(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(to_line(Failure("a", "b")) + "\n{}\n", encoding="utf-8")
    with pytest.raises(GleamError, match=r"a\.jsonl, line 2"):
        read_jsonl(path)
    path.write_text("not json\n", encoding="utf-8")
    with pytest.raises(GleamError, match="line 1"):
        read_jsonl(path)
    with pytest.raises(GleamError, match="does not exist"):
        read_jsonl(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("A.GeoJSON", "geojson"),
        ("a.csv", "csv"),
        ("a.jsonl", "jsonl"),
        ("a.kml", "kml"),
        ("a.gpx", "gpx"),
        ("geo.txt", "odm"),
        ("flight-geo.txt", "odm"),
        ("a.navsatfix.json", "navsatfix"),
        ("a.mavlink.jsonl", "mavlink"),
        ("a.tlog", "tlog"),
        ("copies", "exif"),
    ],
)
def test_the_name_tells_the_format(name, format):
    assert format_of(name) == format
    assert format_of("whatever.bin", format) == format


def test_an_unknown_format_is_one_sentence():
    with pytest.raises(GleamError, match=r"does not tell the format.*\.geojson"):
        format_of("a.shp")
    with pytest.raises(GleamError, match=r"Unknown format 'kmz'.*'kml'"):
        format_of("a.kml", "kmz")


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_no_file_tells_where_the_photo_said_it_was(tmp_path, format):
    secret = Circle(11.123456, 22.654321, 500.0)
    photo = tmp_path / "p.jpg"
    Image.new("RGB", (32, 32), (9, 99, 9)).save(photo)
    answers = [
        Answer(
            photo="p.jpg",
            view="ground",
            status=status,
            lat=48.2,
            lon=16.3,
            radius95_m=30.0,
            prior=secret,
            prior_from="exif",
            searched=Searched(secret.bounds, 9, 0.1),
            metadata={
                "EXIF GPSLatitude": "11.12345600",
                "EXIF GPSLongitude": "22.65432100",
                "EXIF GPSAltitude": "333",
                "XMP drone-dji:AbsoluteAltitude": "333",
                "EXIF FocalLengthIn35mmFilm": "24",
            },
            notes=(f"the atlas has no tile within 500 m of {secret.lat:.6f}, {secret.lon:.6f}",),
        )
        for status in Status
    ]
    out = tmp_path / ("out" if format == "exif" else "out.bin")
    write_answers(out, answers, [], format, photos=[photo] * len(answers))
    files = [*out.iterdir()] if out.is_dir() else [out]
    for file in files:
        data = file.read_bytes()
        for text in (b"11.12", b"22.65", b"333", b"11.1189", b"22.6497"):
            assert text not in data
    if format == "jsonl":
        row = json.loads(out.read_text().splitlines()[0])
        assert row["prior_from"] == "exif"
        assert row["metadata"] == {"EXIF FocalLengthIn35mmFilm": "24"}


REFUSED = [Status.NOT_HERE, Status.CANNOT_TELL]
PLACE_FIELDS = ("lat", "lon", "radius95_m", "radius95_from", "covariance_m2", "camera_lat", "camera_lon")


def refused(status, **changes):
    """A refused answer as the locator makes it: with the place that came nearest."""
    place = {"lat": 11.123456, "lon": 22.654321, "radius95_m": 44.75, "radius95_from": "measured"}
    camera = {"camera_lat": 11.123999, "camera_lon": 22.654999, "covariance_m2": (55.25, 0.0, 66.25)}
    found = {"heading_deg": 77.5, "heading_from": "search", "region95": ((11.1235, 22.6544),) * 3}
    return Answer(photo="p.jpg", view="ground", status=status, **{**place, **camera, **found, **changes})


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_no_file_gives_a_refused_photo_a_place(tmp_path, format):
    photo = tmp_path / "p.jpg"
    Image.new("RGB", (32, 32), (9, 99, 9)).save(photo)
    answers = [refused(status) for status in REFUSED]
    out = tmp_path / ("out" if format == "exif" else "out.bin")
    write_answers(out, answers, [], format, photos=[photo] * len(answers))
    for file in [*out.iterdir()] if out.is_dir() else [out]:
        data = file.read_bytes()
        for text in (b"11.12", b"22.65", b"44.75", b"55.25", b"66.25", b"77.5", b"measured"):
            assert text not in data


@pytest.mark.parametrize("status", list(Status))
def test_the_json_form_tells_the_place_that_is_claimed(status):
    square = Footprint.square(48.0, 16.0, 50.0)
    answer = refused(status, candidates=(Candidate(1, 48.0, 16.0, 0.5, "t", square),))
    document = Outcome([answer]).to_json()["answers"][0]
    for data in (answer.to_json(), document, json.loads(to_line(answer))):
        told = [data[name] is not None for name in (*PLACE_FIELDS, "heading_deg", "heading_from")]
        assert told == [status not in REFUSED] * len(told)
        assert bool(data["region95"]) == (status not in REFUSED)
        assert data["candidates"][0]["lat"] == 48.0  # what was looked at stays
        assert Answer.from_json(data) == answer.as_claimed()
    assert answer.lat == 11.123456  # evaluations rank refused photos by it


def test_a_heading_that_was_told_stays_with_a_refused_photo():
    told = refused(Status.NOT_HERE, heading_from="told", pose_from={"heading_deg": "told"})
    assert told.to_json()["heading_deg"] == 77.5


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_no_answers_at_all_give_a_file_all_the_same(tmp_path, format):
    write_answers(tmp_path / "out", [], [], format, photos=[])
    assert (tmp_path / "out").exists()


def test_real_answers_go_through_every_format(tmp_path, encoder, atlas, landscape):
    photo = tmp_path / "a.png"
    Image.fromarray(landscape.cut(200, 200)).save(photo)
    answer = Locator(encoder, atlas).locate(photo, "drone", pose=Pose(heading_deg=0.0, pitch_deg=-90.0))
    assert answer.lat is not None
    for format in FORMATS:
        write_answers(tmp_path / f"out-{format}", [answer], [], format, photos=[photo])
    (read,), _ = read_jsonl(tmp_path / "out-jsonl")
    assert read == answer
