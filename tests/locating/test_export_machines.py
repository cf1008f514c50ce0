"""What machines read: ODM's geo.txt, NavSatFix by a ROS library, MAVLink by pymavlink."""

import json
import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink import mavutil
from rosbags.typesys import Stores, get_typestore

from gleam.errors import GleamError
from gleam.geo import wrap_lon
from gleam.locating import Answer, Status
from gleam.locating.batch import Failure
from gleam.locating.exporters import write_answers
from gleam.locating.exporters.claims import fix_of, sigma_m, why_no_fix
from gleam.locating.exporters.mavlink import UNKNOWN_PROCESSING_US, to_mavlink

POSITION = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


def located(lat=48.2, lon=16.3, **changes):
    base = {"photo": "p.jpg", "view": "ground", "status": Status.LOCATED, "lat": lat, "lon": lon}
    return Answer(**{**base, "covariance_m2": (100.0, 20.0, 225.0), **changes})


REJECTED = [located(status=s, photo=f"{s}.jpg") for s in Status if s is not Status.LOCATED]
BROKEN = Failure("r.jpg", "r.jpg: the file is empty.")


def test_one_sigma_is_that_of_the_worst_axis():
    spread = np.linalg.eigvalsh([[100.0, 20.0], [20.0, 225.0]])
    assert math.isclose(sigma_m(located()), math.sqrt(spread.max()))
    assert sigma_m(located(covariance_m2=None)) is None
    # Of a round normal error 95 % lie within 2.448 sigma: drawn, not derived.
    drawn = np.random.default_rng(0).normal(0, 10, (200_000, 2))
    radius = float(np.quantile(np.hypot(*drawn.T), 0.95))
    assert math.isclose(sigma_m(located(covariance_m2=None, radius95_m=radius)), 10, rel_tol=0.01)


def test_the_fix_of_a_drone_is_where_it_flew():
    assert fix_of(located(view="drone")) is None
    assert fix_of(located(view="drone", pose={"pitch_deg": -90.0})) == (48.2, 16.3)
    assert fix_of(located(view="drone", camera_lat=48.3, camera_lon=16.4)) == (48.3, 16.4)
    assert [fix_of(answer) for answer in REJECTED] == [None] * 3


def together(*views, names=("a.jpg", "b.jpg")):
    return located(
        photo=", ".join(names), view="+".join(dict.fromkeys(views)), timing_s={"photos": len(views)}
    )


@pytest.mark.parametrize(
    ("views", "fixed"),
    [
        (("ground", "panorama"), True),
        (("panorama", "panorama"), True),
        (("drone", "ground", "panorama"), False),
        (("ground", "map"), False),
        (("drone", "drone"), False),
        (("map", "map"), False),
    ],
)
def test_photos_together_are_a_fix_when_all_tell_their_camera(tmp_path, views, fixed):
    answer = together(*views)
    assert fix_of(answer) == ((48.2, 16.3) if fixed else None)
    for name in ("a.mavlink.jsonl", "a.navsatfix.json"):
        write_answers(tmp_path / name, [answer])
    messages = [json.loads(line) for line in (tmp_path / "a.mavlink.jsonl").read_text().splitlines()]
    (fix,) = json.loads((tmp_path / "a.navsatfix.json").read_text())["messages"]
    assert [m["type"] for m in messages if m["type"] == "GPS_INPUT"] == ["GPS_INPUT"] * fixed
    assert fix["msg"]["status"]["status"] == (0 if fixed else -1)
    if not fixed:
        reason = "the ground they show, no camera: locate each alone"
        assert reason in "".join(m["text"] for m in messages)
        assert reason in fix["no_fix"]


def test_what_is_said_of_no_fix_is_a_remedy():
    drone = located(view="drone", pose={"height_m": 80.0, "pitch_deg": -60.0})
    assert why_no_fix(located(view="drone")).endswith("tell pitch, height, heading")
    assert why_no_fix(drone).endswith("tell heading")
    flat = located(view="drone", heading_deg=3.0, pose={"height_m": 80.0, "pitch_deg": -5.0})
    assert why_no_fix(flat).endswith("too close to the horizon")
    assert fix_of(located(view="map")) is None
    assert why_no_fix(located(view="map")).endswith("a map has no camera")


@pytest.mark.parametrize("views", [("ground", "panorama"), ("drone", "drone")])
def test_geo_txt_names_no_remedy_that_is_none(tmp_path, views):
    write_answers(tmp_path / "geo.txt", [together(*views), together(*views, names=("a.jpg",) * 2)])
    text = (tmp_path / "geo.txt").read_text()
    assert geo_txt(tmp_path / "geo.txt") == {}
    assert "rename" not in text
    assert "tell pitch" not in text
    assert text.count("# a.jpg, ") == text.count("locate each alone") == 2


def geo_txt(path):
    """Read as ODM documents the form: fields are told by their number, comments begin with #."""
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    assert header == "EPSG:4326"
    return {line.split()[0]: line.split()[1:] for line in lines if line and not line.startswith("#")}


def test_geo_txt_has_located_cameras_only(tmp_path):
    path = tmp_path / "geo.txt"
    drone = located(
        photo="d.jpg",
        view="drone",
        camera_lat=48.3,
        camera_lon=16.4,
        heading_deg=350.0,
        pose={"pitch_deg": -60.0, "roll_deg": 1.0},
    )
    odd = [located(photo="has blanks.jpg"), located(photo="#4.jpg"), located(photo="low.jpg", view="drone")]
    plain = located(photo="n.jpg", covariance_m2=None)
    write_answers(path, [located(), drone, plain, *odd, *REJECTED], [BROKEN])
    rows = geo_txt(path)
    assert list(rows) == ["p.jpg", "d.jpg", "n.jpg"]
    assert rows["n.jpg"] == ["16.3000000", "48.2000000"]
    sigma = f"{sigma_m(located()):.2f}"
    assert rows["p.jpg"] == ["16.3000000", "48.2000000", "0", "nan", "nan", "nan", sigma, sigma]
    assert rows["d.jpg"][:2] == ["16.4000000", "48.3000000"]
    assert rows["d.jpg"][3:6] == ["350.00", "30.00", "1.00"]
    comments = [line for line in path.read_text().splitlines() if line.startswith("#")]
    assert len(comments) == 1 + len(odd) + len(REJECTED) + 1


@given(POSITION)
def test_geo_txt_gives_positions_back(tmp_path_factory, place):
    path = tmp_path_factory.mktemp("o") / "geo.txt"
    write_answers(path, [located(*place)])
    x, y = map(float, geo_txt(path)["p.jpg"][:2])
    assert abs(y - place[0]) <= 1e-7
    assert abs(wrap_lon(x - place[1])) <= 1e-7


def ros_message(data):
    """Build the message of a ROS 2 type store from JSON, null being NaN, and send it through CDR."""
    store = get_typestore(Stores.ROS2_HUMBLE)
    types = store.types

    def number(value):
        return math.nan if value is None else float(value)

    header = types["std_msgs/msg/Header"](
        types["builtin_interfaces/msg/Time"](**data["header"]["stamp"]), data["header"]["frame_id"]
    )
    message = types["sensor_msgs/msg/NavSatFix"](
        header=header,
        status=types["sensor_msgs/msg/NavSatStatus"](**data["status"]),
        **{name: number(data[name]) for name in ("latitude", "longitude", "altitude")},
        position_covariance=np.array(data["position_covariance"], np.float64),
        position_covariance_type=data["position_covariance_type"],
    )
    assert set(data) == {f for f in message.__dataclass_fields__ if not f.startswith(("COVARIANCE", "__"))}
    raw = store.serialize_cdr(message, "sensor_msgs/msg/NavSatFix")
    return store.deserialize_cdr(raw, "sensor_msgs/msg/NavSatFix")


@settings(max_examples=30)
@given(POSITION, st.none() | st.floats(0, 1e4))
def test_ros_takes_the_fixes(tmp_path_factory, place, radius):
    path = tmp_path_factory.mktemp("n") / "a.navsatfix.json"
    answers = [
        located(*place, taken="2024-05-01T12:00:00.5+02:00"),
        located(*place, covariance_m2=None, radius95_m=radius),
        *REJECTED,
    ]
    write_answers(path, answers, [BROKEN])
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["type"] == "sensor_msgs/msg/NavSatFix"
    assert [m["status"] for m in document["messages"]][-1] == "failed"
    known, other, *rejected = (ros_message(m["msg"]) for m in document["messages"][:-1])
    assert abs(known.latitude - place[0]) <= 1e-7
    assert abs(wrap_lon(known.longitude - place[1])) <= 1e-7
    assert math.isnan(known.altitude)
    assert (known.status.status, known.position_covariance_type) == (0, known.COVARIANCE_TYPE_KNOWN)
    matrix = known.position_covariance.reshape(3, 3)
    assert np.array_equal(matrix[:2, :2], [[100.0, 20.0], [20.0, 225.0]])  # east first, row by row
    assert matrix[2, 2] >= 1e6  # the altitude is not known
    assert (known.header.stamp.sec, known.header.stamp.nanosec) == (1_714_557_600, 500_000_000)
    assert other.position_covariance_type == (0 if radius is None else 1)
    for message in rejected:
        assert message.status.status == message.status.STATUS_NO_FIX
        assert math.isnan(message.latitude)
        assert math.isnan(message.longitude)
        assert message.position_covariance_type == message.COVARIANCE_TYPE_UNKNOWN


def tlog(path, monkeypatch):
    """Read a log as ground stations do: with times, through pymavlink."""
    monkeypatch.setenv("MAVLINK20", "1")
    log = mavutil.mavlink_connection(str(path), dialect="common")
    messages = []
    while (message := log.recv_match()) is not None:
        assert message.get_type() != "BAD_DATA"
        messages.append(message)
    log.close()
    return messages


def test_pymavlink_reads_the_log(tmp_path, monkeypatch):
    path = tmp_path / "a.tlog"
    flown = located(
        photo="d.jpg",
        view="drone",
        lat=48.2,
        lon=16.3,
        camera_lat=-33.9,
        camera_lon=-70.6,
        taken="2024-05-01T12:00:00+02:00",
        timing_s={"total": 1.25},
    )
    write_answers(path, [flown, *REJECTED], [BROKEN])
    messages = tlog(path, monkeypatch)
    kinds = [m.get_type() for m in messages]
    assert kinds[:2] == ["GLOBAL_POSITION_SENSOR", "GPS_INPUT"]
    assert set(kinds[2:]) == {"STATUSTEXT"}
    assert [m.get_seq() for m in messages] == list(range(len(messages)))
    sensor, gps, *texts = messages
    assert (sensor.lat, sensor.lon) == (gps.lat, gps.lon) == (-339_000_000, -706_000_000)
    sigma = sigma_m(flown)
    assert math.isclose(sensor.eph, sigma, rel_tol=1e-6)
    assert math.isclose(gps.horiz_accuracy, sigma, rel_tol=1e-6)
    assert gps.hdop == gps.vdop == 65535  # unknown, and never metres
    assert all(map(math.isnan, (sensor.alt, sensor.alt_ellipsoid, sensor.epv)))
    assert sensor.source == mavutil.mavlink.GLOBAL_POSITION_SRC_VISION
    captured_us = 1_714_557_600_000_000
    assert gps.time_usec == captured_us
    assert (sensor.time_usec, sensor.processing_time) == (captured_us + 1_250_000, 1_250_000)
    assert math.isclose(sensor._timestamp, sensor.time_usec / 1e6)
    # 2024-05-01 10:00 UTC was 295,218 s into GPS week 2312, leap seconds counted.
    assert (gps.time_week, gps.time_week_ms) == (2312, 295_218_000)
    ignored = [
        value
        for name, value in vars(mavutil.mavlink).items()
        if name.startswith("GPS_INPUT_IGNORE_FLAG_") and not name.endswith("HORIZONTAL_ACCURACY")
    ]
    assert gps.ignore_flags == sum(ignored)
    assert gps.fix_type == 2
    assert {t.text for t in texts} == {
        "ambiguous.jpg: ambiguous",
        "not_here.jpg: not_here",
        "cannot_tell.jpg: cannot_tell",
        "r.jpg: failed",
    }


@settings(max_examples=30)
@given(POSITION)
def test_positions_survive_the_log(tmp_path_factory, place):
    path = tmp_path_factory.mktemp("m") / "a.tlog"
    write_answers(path, [located(*place)])
    with pytest.MonkeyPatch.context() as patch:
        sensor, gps = tlog(path, patch)
    for message in (sensor, gps):
        assert abs(message.lat / 1e7 - place[0]) <= 1e-7
        assert abs(wrap_lon(message.lon / 1e7 - place[1])) <= 1e-7


def test_an_unknown_time_is_not_taken_for_fresh():
    sensor, gps = to_mavlink(located(covariance_m2=None), now_us=1_000_000)
    assert sensor["processing_time"] == UNKNOWN_PROCESSING_US
    assert gps["time_week"] == 0
    assert math.isnan(sensor["eph"])
    assert gps["ignore_flags"] & 64  # the horizontal accuracy is not known either
    unset, _ = to_mavlink(located(taken="1970-01-01T00:00:00"), now_us=1_000_000)
    assert unset["processing_time"] == UNKNOWN_PROCESSING_US


def test_long_texts_come_in_chunks(tmp_path, monkeypatch):
    name = "x" * 95 + ".jpg"
    write_answers(tmp_path / "a.tlog", [], [Failure(name, "broken.")])
    texts = tlog(tmp_path / "a.tlog", monkeypatch)
    assert "".join(t.text for t in texts) == f"{name}: failed"
    assert len({t.id for t in texts}) == 1
    assert texts[0].id != 0
    assert [t.chunk_seq for t in texts] == list(range(len(texts)))


def test_the_lines_say_the_same(tmp_path):
    path = tmp_path / "a.mavlink.jsonl"
    write_answers(path, [located(taken="2024-05-01T12:00:00", timing_s={"total": 2.0}), *REJECTED], [BROKEN])
    sensor, gps, *texts = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert (sensor["type"], gps["type"]) == ("GLOBAL_POSITION_SENSOR", "GPS_INPUT")
    assert sensor["epv"] is None
    assert (sensor["capture"], sensor["capture_is_utc"]) == ("2024-05-01T12:00:00", False)
    assert (sensor["processing_s"], sensor["photo"]) == (2.0, "p.jpg")
    assert {t["type"] for t in texts} == {"STATUSTEXT"}
    assert not any("lat" in t for t in texts)
    assert texts[-1]["error"] == BROKEN.error


def test_a_missing_pymavlink_is_told_before_the_work(tmp_path, monkeypatch):
    for name in list(sys.modules):
        if name.startswith("pymavlink.dialects.v20.common"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pymavlink.dialects.v20.common", None)
    with pytest.raises(GleamError, match=r"gleam-geo\[exchange\]"):
        write_answers(tmp_path / "a.tlog", [located()])
    write_answers(tmp_path / "a.mavlink.jsonl", [located()])
