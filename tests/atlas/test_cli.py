"""``gleam atlas``, as a user types it."""

import json

import pytest
from typer.testing import CliRunner

from gleam.cli.main import build_app


@pytest.fixture(scope="module")
def encoder_folder(tmp_path_factory):
    """A saved encoder with fresh weights."""
    from gleam.encoder import Encoder
    from gleam.encoder.config import EncoderConfig
    from gleam.imagery.preparation import Preparation

    config = EncoderConfig(
        backbone_options={"stem": 8, "channels": [8, 16, 16], "blocks": [1, 1, 1]},
        dim=16,
        grid_channels=8,
        preparation=Preparation(pixels=32, ground_width_m=128.0),
    )
    folder = tmp_path_factory.mktemp("encoder") / "tiny"
    Encoder.untrained(config, seed=1, name="tiny").save(folder)
    return str(folder)


def run(*words):
    return CliRunner().invoke(build_app([str(w) for w in words]), [str(w) for w in words])


def test_build_show_and_verify(imagery, encoder_folder, tmp_path):
    out = tmp_path / "a"
    words = [
        "atlas",
        "build",
        imagery / "map.csv",
        "--encoder",
        encoder_folder,
        "--out",
        out,
        "--stride-m",
        "128",
    ]
    made = run(*words, "--licence", "CC0", "--json")
    assert made.exit_code == 0, made.stderr
    about = json.loads(made.stdout)
    assert about["encoder"]["name"] == "tiny"
    assert about["sources"][0]["licence"] == "CC0"
    assert about["tiles"] == 35
    assert run(*words, "--licence", "CC0").exit_code == 0  # already whole
    shown = run("atlas", "show", out, "--tiles", "--json")
    listed = json.loads(shown.stdout)
    assert len(listed["listed"]) == 35
    assert "35 tiles of 128 m" in run("atlas", "show", out).stdout
    checked = run("atlas", "verify", out, "--json")
    assert json.loads(checked.stdout)["problems"] == []
    assert "sound" in run("atlas", "verify", out).stdout


def test_imagery_comes_and_goes(imagery, more_imagery, encoder_folder, tmp_path):
    out = tmp_path / "a"
    sizes = ["--tile-m", "128", "--tile-m", "256", "--stride-m", "128"]
    made = run("atlas", "build", imagery / "map.csv", "--encoder", encoder_folder, "--out", out, *sizes)
    assert made.exit_code == 0, made.stderr
    assert "128 m, 128 m apart and 256 m, 128 m apart" in made.stdout
    words = ["atlas", "add", out, more_imagery / "more.csv", "--encoder", encoder_folder]
    added = json.loads(run(*words, "--licence", "CC0", "--source", "someone", "--json").stdout)
    assert [record["name"] for record in added["added"]] == ["more.csv"]
    assert added["tiles"] > 0
    assert "more.csv is already in" in run(*words).stdout
    told = json.loads(run("atlas", "licenses", out, "--json").stdout)["licences"]
    assert [row["licence"] for row in told] == ["unknown", "CC0"]
    assert "origin someone" in run("atlas", "licenses", out).stdout
    unknown = run("atlas", "remove", out, "mor.csv")
    assert unknown.exit_code == 2
    assert "more.csv (" in unknown.stderr
    removed = json.loads(run("atlas", "remove", out, "more.csv", "--json").stdout)
    assert removed["tiles"] == added["tiles"]
    last = run("atlas", "remove", out, "map.csv")
    assert last.exit_code == 2
    assert "only whole imagery" in last.stderr
    assert run("atlas", "verify", out).exit_code == 0


def test_images_in_a_folder_with_a_table(imagery, encoder_folder, tmp_path):
    table = tmp_path / "elsewhere.csv"
    table.write_text((imagery / "map.csv").read_text())
    made = run(
        "atlas",
        "build",
        imagery,
        "--csv",
        table,
        "--encoder",
        encoder_folder,
        "-o",
        tmp_path / "a",
        "--stride-m",
        "128",
    )
    assert made.exit_code == 0, made.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{dir}/no.tif"], "does not exist"),
        (["{map}", "--encoder", "nobody"], "Unknown encoder 'nobody'"),
        (["{map}", "--tile-m", "-1"], "--tile-m"),
        (["{map}", "--engine", "rya"], "Unknown engine 'rya'. Did you mean 'ray'?"),
        (["{map}", "--engine", "processes", "--workers", "0"], "--workers"),
        (["{map}", "--store", "redis://here"], "no address of a store"),
        (["{map}", "--stride-m", "500"], "--stride-m"),
        ([], "No imagery"),
        (["{dir}"], "holds no GeoTIFF"),
    ],
)
def test_bad_calls_are_one_sentence(imagery, encoder_folder, tmp_path, words, said):
    filled = [w.format(dir=tmp_path, map=imagery / "map.csv") for w in words]
    encoder = [] if "--encoder" in filled else ["--encoder", encoder_folder]
    result = run("atlas", "build", *filled, *encoder, "--out", tmp_path / "a")
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "a").exists()


def test_what_is_no_atlas(tmp_path):
    for verb in ("show", "verify"):
        result = run("atlas", verb, tmp_path)
        assert result.exit_code == 2
        assert "not an atlas" in result.stderr
