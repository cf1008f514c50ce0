"""``gleam explain``, as a user types it, with a real encoder of fresh weights."""

import json

import pytest
from PIL import Image
from typer.testing import CliRunner

from gleam.atlas import Atlas
from gleam.cli.main import build_app


@pytest.fixture
def files(tiny_encoder, place, elsewhere, tmp_path):
    if not (tmp_path / "tiny").exists():
        tiny_encoder.save(tmp_path / "tiny")
    Image.fromarray(place).save(tmp_path / "place.png")
    Image.fromarray(elsewhere).save(tmp_path / "other.png")
    return tmp_path


def run(*words):
    return CliRunner().invoke(build_app([str(w) for w in words]), [str(w) for w in words])


def test_two_files_in_two_languages(files):
    pair = [
        "explain",
        files / "other.png",
        files / "place.png",
        "--view",
        "drone",
        "--encoder",
        files / "tiny",
    ]
    for language, sign in (("en", "Writing in the pictures was not read."), ("zh", "未读取图像中的文字")):
        result = run(*pair, "--language", language, "--heading", "0", "--overlay", files / f"{language}.png")
        assert result.exit_code == 0, result.stderr
        assert sign in result.stdout
        with Image.open(files / f"{language}.png") as drawn:
            assert drawn.height == 480
    verdict = json.loads(run(*pair, "--json").stdout)
    assert {"match", "probability", "evidence_for", "evidence_against", "text"} <= set(verdict)


def test_a_tile_of_an_atlas(files, tiny_encoder):
    (files / "m.csv").write_text("image,north,west,south,east\nplace.png,48.2,16.3,48.1983,16.3026\n")
    atlas = Atlas.build(files / "m.csv", tiny_encoder, files / "atlas")
    tile = next(iter(atlas.store.tiles())).id
    words = [
        "explain",
        files / "other.png",
        f"{files}/atlas:{tile}",
        "--view",
        "map",
        "--encoder",
        files / "tiny",
    ]
    result = run(*words, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["view"] == "map"
    gone = run("explain", files / "other.png", f"{files}/atlas:nowhere", "--view", "map")
    assert gone.exit_code == 2
    assert "nowhere" in gone.stderr
    twice = run(*words, "--tile-width-m", "64")
    assert twice.exit_code == 2
    assert "--tile-width-m" in twice.stderr


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"--view": "air"}, "Unknown view 'air'"),
        ({"--language": "de"}, "Unknown language 'de'"),
        ({"--explainer": "oracle"}, "Unknown explainer 'oracle'"),
        ({"--encoder": "nobody"}, "Unknown encoder 'nobody'"),
        ({"--tile-width-m": "0"}, "0 m"),
    ],
)
def test_bad_calls_are_one_sentence(files, changes, said):
    options = {"--view": "map", "--encoder": files / "tiny", **changes}
    result = run(
        "explain", files / "other.png", files / "place.png", *[w for pair in options.items() for w in pair]
    )
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_missing_files(files):
    for query, tile in (("no.png", "place.png"), ("place.png", "no.png"), ("place.png", "no.atlas:1")):
        result = run("explain", files / query, files / tile, "--view", "map", "--encoder", files / "tiny")
        assert result.exit_code == 2
        assert "no" in result.stderr
