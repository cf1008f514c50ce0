"""``gleam locate``, as a user types it, with a real encoder of fresh weights."""

import json

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
    assert [f["photo"].endswith("c.jpg") for f in document["failures"]] == [True]
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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--view", "drne"], "Unknown view 'drne'"),
        (["--view", "map", "--near", "1,2"], "LAT,LON,RADIUS"),
        (["--view", "map", "--near", "95,2,100"], "not a position"),
        (["--view", "map", "--near", "5,2,-100"], "empty"),
        (["--view", "map", "--top", "0"], "--top"),
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
