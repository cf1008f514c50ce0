from __future__ import annotations

import json

import pytest

from gleam.cli.main import main


def run(capsys, *words):
    with pytest.raises(SystemExit) as left:
        main(["eval", *(str(w) for w in words)])
    out = capsys.readouterr()
    return left.value.code, out.out, out.err


def test_json_document_and_file(world, capsys, tmp_path):
    words = ["--json", "--split", "test", "--views", "map", "--no-baseline", "--seed", "3"]
    words += ["--hide", "heading", "--hide", "pose", "--out", tmp_path / "r.json"]
    code, out, _ = run(capsys, "colour-histogram", world.root, *words)
    assert code == 0
    report = json.loads(out)
    assert report == json.loads((tmp_path / "r.json").read_text())
    assert (list(report["views"]), report["gallery"], report["seed"]) == (["map"], 12, 3)
    assert report["hide"] == ["heading", "pose"]
    assert "baseline_colour_histogram" not in report["views"]["map"]


def test_table_for_people_fits_eighty_columns(world, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = run(capsys, "colour-histogram", world.root / "places.parquet")
    assert code == 0
    lines = out.splitlines()
    row = next(line for line in lines if line.startswith(" drone") or line.startswith("drone"))
    assert "24" in row.split()
    assert "4.2" in row.split()
    assert "…" not in out
    assert "R@10" in out


def test_bad_images_can_be_left_out_with_3(make_world, tmp_path, capsys):
    world = make_world(tmp_path, places=4)
    world.path_of(1).write_bytes(b"no image")
    code, out, err = run(capsys, "colour-histogram", world.root, "--json")
    assert (code, out) == (2, "")
    assert "0000.png" in err
    code, out, _ = run(capsys, "colour-histogram", world.root, "--json", "--skip-bad")
    assert code == 3
    assert len(json.loads(out)["skipped"]) == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--hide", "headng"), "Did you mean 'heading'"),
        (("--views", "dron"), "Did you mean 'drone'"),
        (("--split", "tets"), "Did you mean 'test'"),
    ],
)
def test_unknown_names_are_one_sentence_and_2(world, capsys, words, says):
    code, out, err = run(capsys, "colour-histogram", world.root, *words)
    assert (code, out) == (2, "")
    assert says in err


def test_a_saved_encoder_is_evaluated_on_a_city_folder(world, capsys, tmp_path):
    from gleam.encoder import Encoder
    from gleam.encoder.config import EncoderConfig

    saved = Encoder.untrained(EncoderConfig(), seed=1, name="fresh")
    saved.save(tmp_path / "fresh")
    code, out, _ = run(capsys, tmp_path / "fresh", world.root, "--json", "--views", "map")
    assert code == 0
    report = json.loads(out)
    assert report["fingerprint"] == saved.fingerprint
    assert 0 <= report["views"]["map"]["recall@1"]["value"] <= 1


def test_photos_from_elsewhere_need_an_atlas(world, capsys):
    code, out, err = run(capsys, "colour-histogram", world.root, "--others", world.root)
    assert (code, out) == (2, "")
    assert "add --atlas" in err
