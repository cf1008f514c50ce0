"""``gleam locate``, as a user types it, with a real encoder of fresh weights."""

import datetime as dt
import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from gleam.atlas import Atlas
from gleam.cli.main import build_app


@pytest.fixture(scope="module")
def built(landscape, tmp_path_factory):
    """An encoder's folder and an atlas made with it."""
    from gleam.encoder import Encoder
    from gleam.encoder.config import EncoderConfig
    from gleam.imagery.preparation import Preparation

    folder = tmp_path_factory.mktemp("cli")
    config = EncoderConfig(
        backbone_options={"stem": 8, "channels": [8, 16, 16], "blocks": [1, 1, 1]},
        dim=16,
        grid_channels=8,
        preparation=Preparation(pixels=32, ground_width_m=128.0),
    )
    encoder = Encoder.untrained(config, seed=1, name="tiny")
    encoder.save(folder / "tiny")
    Image.fromarray(landscape.pixels).save(folder / "m.png")
    south, east = landscape.position(640, 640)
    (folder / "m.csv").write_text(f"image,north,west,south,east\nm.png,48.2,16.3,{south!r},{east!r}\n")
    Atlas.build(folder / "m.csv", encoder, folder / "atlas", stride_m=128.0)
    return folder


@pytest.fixture(autouse=True)
def told(monkeypatch):
    """Progress is told, whatever the shell that runs the tests prefers."""
    monkeypatch.delenv("GLEAM_QUIET", raising=False)


@pytest.fixture
def photos(landscape, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, spot in (("a.png", (200, 200)), ("b.png", (300, 400))):
        Image.fromarray(landscape.cut(*spot)).save(folder / name)
    return folder


@pytest.fixture
def run(built):
    def call(*words, encoder=True):
        named = ["--encoder", built / "tiny"] if encoder else []
        words = [str(w) for w in ("locate", *words, "--atlas", built / "atlas", *named)]
        return CliRunner().invoke(build_app(words), words)

    return call


def test_one_photo_is_one_object(run, photos):
    result = run(photos / "a.png", "--view", "drone", "--heading", "0", "--top", "3", "--json")
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    assert {"lat", "lon", "candidates", "probability", "status", "version"} <= set(answer)
    assert len(answer["candidates"]) == 3
    assert answer["encoder"]["name"] == "tiny"


def test_several_photos_and_a_broken_one(run, photos, tmp_path):
    (photos / "c.jpg").write_bytes(b"<html>not found</html>")
    result = run(photos, "--view", "map", "--width-m", "128", "--json", "--geojson", tmp_path / "o.geojson")
    assert result.exit_code == 3
    document = json.loads(result.stdout)
    assert [a["photo"] for a in document["answers"]] == ["a.png", "b.png"]
    assert [f["photo"] for f in document["failures"]] == ["c.jpg"]
    assert "text" in document["failures"][0]["error"]
    collection = json.loads((tmp_path / "o.geojson").read_text())
    assert [
        f["properties"]["photo"] for f in collection["features"] if f["properties"]["role"] == "best"
    ] == [
        "a.png",
        "b.png",
    ]
    lines = run(photos, "--view", "map").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["a.png", "b.png", "c.jpg"]
    assert "failed" in lines[2]


def test_nothing_located(run, tmp_path):
    Image.fromarray(np.full((60, 60, 3), 128, np.uint8)).save(tmp_path / "blank.png")
    result = run(tmp_path / "blank.png", "--view", "ground", "--json")
    assert result.exit_code == 4
    assert json.loads(result.stdout)["status"] == "cannot_tell"
    far = run(tmp_path / "blank.png", "--view", "ground", "--near", "10,10,500")
    assert far.exit_code == 4


def test_the_circle_is_used(run, photos, landscape):
    lat, lon = landscape.position(200, 200)
    result = run(photos / "a.png", "--view", "map", "--near", f"{lat},{lon},150", "--json")
    answer = json.loads(result.stdout)
    assert answer["prior"] == {"lat": lat, "lon": lon, "radius_m": 150.0}
    assert answer["searched"]["tiles"] < 25


def test_the_box_is_used(run, photos, landscape, tmp_path):
    north, west = landscape.position(130, 130)
    south, east = landscape.position(270, 270)
    words = ("--box", f"{south!r},{west!r},{north!r},{east!r}", "--to", tmp_path / "a.jsonl")
    answer = json.loads(run(photos / "a.png", "--view", "map", *words, "--json").stdout)
    assert answer["prior"] == {"south": south, "west": west, "north": north, "east": east}
    assert answer["prior_from"] == "told"
    assert answer["searched"]["bounds"] == [west, south, east, north]
    assert 0 < answer["searched"]["tiles"] < 25
    assert json.loads((tmp_path / "a.jsonl").read_text())["prior"] == answer["prior"]
    nowhere = run(photos / "a.png", "--view", "map", "--box", "-1,179.5,1,-179.5")
    assert nowhere.exit_code == 4
    assert "no tile in the box -1,179.5,1,-179.5" in nowhere.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--view", "map", "--box", "1,2,3"], "SOUTH,WEST,NORTH,EAST"),
        (["--view", "map", "--box", "3,2,1,4"], "empty"),
        (["--view", "map", "--box", "1,2,3,4", "--near", "1,2,3"], "choose one"),
        (["--view", "drne"], "Unknown view 'drne'"),
        (["--view", "map", "--near", "1,2"], "LAT,LON,RADIUS"),
        (["--view", "map", "--near", "95,2,100"], "not a position"),
        (["--view", "map", "--near", "5,2,-100"], "empty"),
        (["--view", "map", "--top", "0"], "--top"),
        (["--to", "a.shp"], "does not tell the format"),
        (["--to", "a.kml", "--to", "b.kml", "--format", "kml"], "one --to"),
        (["--to", "a.bin", "--format", "kmz"], "Unknown format 'kmz'"),
        (["--json", "--jsonl"], "choose one"),
        (["--resume"], "--out"),
        (["--together", "--sequence"], "choose one"),
        (["--together", "--to", "copies"], "one answer per photo"),
        (["--sequence", "--out", "a.jsonl"], "single photos"),
        (["--out", "a.jsonl", "--to", "a.jsonl"], "same file"),
    ],
)
def test_bad_calls_are_one_sentence(run, photos, words, said):
    result = run(photos / "a.png", *words)
    assert result.exit_code == 2
    assert said in result.stderr + result.stdout
    assert "Traceback" not in result.stderr


def test_an_empty_folder_is_one_sentence(run, tmp_path):
    (tmp_path / "none").mkdir()
    result = run(tmp_path / "none", "--view", "map")
    assert result.exit_code == 2
    assert "holds no photo" in result.stderr


def test_the_encoder_of_the_atlas_is_the_default(run, photos):
    result = run(photos / "a.png", "--view", "map", encoder=False)
    assert result.exit_code == 2
    assert "'tiny'" in result.stderr  # it is no shipped encoder: its folder must be given


def test_lines_come_as_they_are_made(run, photos):
    (photos / "c.jpg").write_bytes(b"")
    result = run(photos, "--view", "map", "--width-m", "128", "--jsonl")
    assert result.exit_code == 3
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["photo"].split("/")[-1] for row in rows] == ["a.png", "b.png", "c.jpg"]
    assert rows[2]["status"] == "failed"
    assert "empty" in rows[2]["error"]
    assert "1 failed" in result.stderr
    assert result.stderr.count("3 photos: ") == 1


def test_every_format_from_one_run(run, photos, tmp_path):
    (photos / "c.jpg").write_bytes(b"")
    names = [
        "a.geojson",
        "a.csv",
        "a.jsonl",
        "a.kml",
        "a.gpx",
        "geo.txt",
        "a.navsatfix.json",
        "a.tlog",
        "exif",
    ]
    asked = [word for name in names for word in ("--to", tmp_path / "out" / name)]
    result = run(photos, "--view", "map", "--width-m", "128", "--json", *asked)
    assert result.exit_code == 3, result.stderr
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(names)
    assert sorted(p.name for p in (tmp_path / "out" / "exif").iterdir()) == ["a.png", "b.png"]
    counts = json.loads(result.stdout)["summary"]
    assert counts["failed"] == 1
    assert sum(counts.values()) == 3


def test_a_format_for_any_name(run, photos, tmp_path):
    run(photos / "a.png", "--view", "map", "--to", tmp_path / "a.bin", "--format", "csv")
    assert (tmp_path / "a.bin").read_text(encoding="utf-8").startswith("photo,status,")
    run(photos / "a.png", "--view", "map", "--geojson", tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text())["type"] == "FeatureCollection"


def test_the_view_is_detected_and_said(run, photos):
    result = run(photos / "a.png")
    assert result.exit_code in (0, 4)
    assert "detected" in result.stdout
    answer = json.loads(run(photos / "a.png", "--json").stdout)
    assert answer["view_detected"] is True


def test_a_resumed_run_makes_no_answer_twice(run, photos, tmp_path):
    words = (photos, "--view", "map", "--width-m", "128", "--jsonl", "--out", tmp_path / "r.jsonl")
    first = run(*words)
    again = run(*words, "--resume")
    assert "2 of 2 photos are answered already" in again.stderr
    assert again.stdout == first.stdout  # timings and all
    assert run(*words).exit_code == 2
    assert "answered already" not in run(*words, "--resume", "--top", "2").stderr


def test_photos_of_one_place_give_one_answer(run, photos):
    result = run(photos, "--view", "map", "--width-m", "128", "--together", "--jsonl")
    assert result.exit_code in (0, 4), result.stderr
    (row,) = [json.loads(line) for line in result.stdout.splitlines()]
    assert row["view"] == "map"
    (photos / "c.jpg").write_bytes(b"")
    assert run(photos, "--view", "map", "--together").exit_code == 3


def test_a_flight_is_ordered_by_its_times(run, photos, landscape):
    from gleam.imagery.exif_write import jpeg_with_metadata
    from gleam.views import Pose, View

    for name, second in (("z.jpg", 10), ("y.jpg", 30), ("x.jpg", 50)):
        jpeg_with_metadata(
            landscape.cut(200 + 2 * second, 300),
            photos / name,
            view=View.DRONE,
            pose=Pose(heading_deg=0.0, pitch_deg=-90.0, height_m=60.0, fov_deg=60.0),
            taken=dt.datetime(2024, 5, 1, 12, 0, second),
        )
    flown = [photos / name for name in ("x.jpg", "y.jpg", "z.jpg")]
    result = run(*flown, "--view", "drone", "--sequence", "--speed", "10", "--jsonl")
    assert result.exit_code in (0, 4), result.stderr
    assert [json.loads(line)["photo"] for line in result.stdout.splitlines()] == ["z.jpg", "y.jpg", "x.jpg"]
    mixed = run(*flown, photos / "a.png", "--view", "drone", "--sequence", "--jsonl")
    assert "in the order given" in mixed.stderr
    assert json.loads(mixed.stdout.splitlines()[0])["photo"] == "x.jpg"


def test_a_killed_run_resumes_to_the_same_result(run, built, landscape, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for n in range(12):
        Image.fromarray(landscape.cut(150 + 8 * n, 450 - 6 * n)).save(folder / f"{n:02d}.png")
    (folder / "00.png").write_bytes(b"broken")
    words = [folder, "--view", "drone", "--out", tmp_path / "r.jsonl"]
    command = ["locate", *words, "--resume", "--atlas", built / "atlas", "--encoder", built / "tiny"]
    for lines in (2, 5):  # the second kill hits a run that resumes
        process = subprocess.Popen([sys.executable, "-m", "gleam.cli.main", *map(str, command)])
        while process.poll() is None and len(rows_of(tmp_path / "r.jsonl")) < lines:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL  # it had not come to its end
    left = run(*words, "--resume", "--jsonl")
    assert left.exit_code == 3
    assert "of 12 photos are answered already" in left.stderr
    whole = run(*words[:-1], tmp_path / "whole.jsonl", "--jsonl")
    assert plain(left.stdout) == plain(whole.stdout)
    assert plain((tmp_path / "r.jsonl").read_text()) == plain((tmp_path / "whole.jsonl").read_text())
    assert len(rows_of(tmp_path / "r.jsonl")) == 12


def rows_of(path):
    return path.read_bytes().split(b"\n")[:-1] if path.exists() else []


def plain(text):
    """Return the rows without how long they took."""
    rows = [json.loads(line) for line in text.splitlines()]
    return [{key: value for key, value in row.items() if key != "timing_s"} for row in rows]
