"""The protocols as data, and what the command prints of them."""

from __future__ import annotations

import json

import pytest

from gleam.cli.main import main
from gleam.evaluation.metrics import ONE_PERCENT_RULES
from gleam.evaluation.protocols import PROTOCOLS

DIRECTIONS = [(p.name, d) for p in PROTOCOLS.values() for d in p.directions]


def run(capsys, *words):
    with pytest.raises(SystemExit) as left:
        main(["eval", *(str(w) for w in words)])
    out = capsys.readouterr()
    return left.value.code, out.out, out.err


def test_every_data_set_of_the_importers_has_a_protocol():
    expected = {"university1652", "sues200", "denseuav", "gta-uav-cross", "gta-uav-same", "vigor-same"}
    expected |= {"vigor-cross", "cvusa", "cvact-val", "cvact-test", "cv-cities", "setvl480k", "map-satellite"}
    assert set(PROTOCOLS) == expected


@pytest.mark.parametrize(("name", "direction"), DIRECTIONS, ids=[f"{n}-{d.name}" for n, d in DIRECTIONS])
def test_descriptions_are_consistent(name, direction):
    names = [measure.name for measure in direction.measures]
    assert len(set(names)) == len(names)
    assert all(m.one_percent in ONE_PERCENT_RULES for m in direction.measures if m.name == "R@1%")
    for peer in direction.published:
        assert set(peer.values) <= set(names)
        assert all(1 < value <= 100 for value in peer.values.values())
        assert peer.source


def test_protocols_are_listed(capsys):
    code, out, _ = run(capsys, "--protocols")
    assert code == 0
    assert all(name in out for name in PROTOCOLS)
    code, out, _ = run(capsys, "--protocols", "--json")
    listed = {entry["name"]: entry for entry in json.loads(out)}
    assert set(listed) == set(PROTOCOLS)
    assert listed["university1652"]["directions"][1]["gallery"] == 51_355


@pytest.fixture
def university(builder):
    for number in range(4):
        builder.add(f"{number:04d}", "satellite", split="test")
        builder.add(f"{number:04d}", "drone", count=2, split="test")
    return builder.places()


def test_table_shows_peers_with_their_source_and_fits_eighty_columns(university, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = run(capsys, "colour-histogram", university.root, "--protocol", "university1652")
    assert code == 0
    lines = out.splitlines()
    assert all(len(line) <= 80 for line in lines if "http" not in line)
    assert "…" not in out
    ours = next(line for line in lines if line.strip().startswith("ours"))
    peer = next(line for line in lines if line.strip().startswith("Sample4Geo [1]"))
    assert len(ours.split()) == 6
    assert peer.split()[2:] == ["92.65", "93.81"]
    assert any(line.startswith("[1] https://github.com/layumi") for line in lines)
    assert "UniABG [1s]" in out
    assert "4 of 951 gallery images: not comparable with published numbers" in " ".join(out.split())


def test_many_measures_are_printed_in_rows_that_fit(builder, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for number in range(3):
        where = {"lat": 30.3 + number / 1e3, "lon": 120.4, "split": "test"}
        builder.add(f"{number:06d}", "satellite", **where)
        builder.add(f"{number:06d}", "drone", **where)
    code, out, _ = run(capsys, "colour-histogram", builder.places().root, "--protocol", "denseuav")
    assert code == 0
    assert all(len(line) <= 80 for line in out.splitlines() if "http" not in line)
    assert all(name in out for name in ("SDM@10", "MA@50", "DINO-GFSA"))


def test_json_holds_figures_definitions_and_sources(university, capsys, tmp_path):
    words = ("--protocol", "university1652", "--json", "--views", "drone", "--out", tmp_path / "r.json")
    code, out, _ = run(capsys, "colour-histogram", university.root, *words)
    assert code == 0
    report = json.loads(out)
    assert report == json.loads((tmp_path / "r.json").read_text())
    (direction,) = report["directions"]
    assert direction["says"]["AP"] == "mean average precision by the trapezoid rule"
    assert direction["published"][0]["source"].startswith("https://")
    assert report["defined_by"][1].endswith("evaluate_gpu.py")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("colour-histogram", "TABLE", "--protocol", "university"), "Did you mean 'university1652'"),
        (("colour-histogram", "TABLE", "--protocol", "vigor-same"), "no panorama image"),
        (("colour-histogram", "TABLE", "--one-percent", "floor"), "add --protocol"),
        (("colour-histogram", "TABLE", "--protocol", "cvusa", "--limit", "3"), "give one of them"),
        (("colour-histogram",), "Give an encoder and a places table"),
    ],
)
def test_wrong_words_are_one_sentence_and_2(university, capsys, words, says):
    code, out, err = run(capsys, *(university.root if w == "TABLE" else w for w in words))
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.strip().splitlines()) <= 3


def test_missing_images_are_left_out_with_3(university, capsys):
    university.path_of(0).unlink()
    code, _, err = run(capsys, "colour-histogram", university.root, "--protocol", "university1652")
    assert code == 2
    assert "1 of 12 image files are missing" in err
    words = ("--protocol", "university1652", "--skip-bad")
    code, out, _ = run(capsys, "colour-histogram", university.root, *words)
    assert code == 3
    assert "left out" in out
