from __future__ import annotations

import json

import pytest
from PIL import Image
from tests.places.layouts import vigor

from gleam.cli.main import main
from gleam.places import Places
from gleam.places.importers import DATASETS


@pytest.fixture
def folder(tmp_path):
    Image.new("RGB", (8, 8), "red").save(tmp_path / "1.jpg")
    Image.new("RGB", (8, 8), "blue").save(tmp_path / "2.jpg")
    (tmp_path / "places.csv").write_text(
        "place,view,path,lat,lon\na,satellite,1.jpg,47.5,8.5\na,drone,2.jpg,47.5,8.5\n"
    )
    return tmp_path


def run(capsys, *words):
    with pytest.raises(SystemExit) as left:
        main([str(w) for w in words])
    out = capsys.readouterr()
    return left.value.code, out.out, out.err


def test_import_check_show(folder, capsys):
    table = folder / "t.parquet"
    code, out, _ = run(
        capsys, "places", "import", "folder", folder, "--out", table, "--constant", "split=test", "--json"
    )
    assert code == 0
    assert json.loads(out)["images"] == 2
    assert Places.read(table).splits == ["test"]

    code, out, _ = run(capsys, "places", "check", table, "--json")
    assert (code, json.loads(out)["ok"]) == (0, True)

    code, out, _ = run(capsys, "places", "show", table, "--json", "--rows", 1)
    shown = json.loads(out)
    assert shown["views"] == {"satellite": 1, "drone": 1}
    assert shown["filled"]["heading_deg"] == 0
    assert [r["path"] for r in shown["rows"]] == ["1.jpg"]
    out = run(capsys, "places", "show", table, "--rows", 0)[1].splitlines()
    assert out[0].startswith(str(table))
    assert [line.split() for line in out[2:]] == [
        ["split", "view", "images", "places"],
        ["test", "satellite", "1", "1"],
        ["test", "drone", "1", "1"],
    ]


def test_check_leaves_with_3_and_lists(folder, capsys):
    (folder / "2.jpg").unlink()
    code, out, _ = run(capsys, "places", "check", folder)
    assert code == 3
    assert "missing: 1" in out
    assert "2.jpg" in out


def test_errors_are_one_sentence_and_2(folder, capsys):
    code, out, err = run(capsys, "places", "import", "fodler", folder, "--out", folder / "t.csv")
    assert (code, out) == (2, "")
    assert "Did you mean 'folder'" in err
    assert run(capsys, "places", "import", "folder", folder, "--out", folder / "t", "--column", "lat")[0] == 2
    assert run(capsys, "places", "show", folder / "none.csv")[0] == 2


def test_import_and_check_of_a_data_set_say_how_much_is_there(tmp_path, capsys):
    root = vigor.make(tmp_path / "VIGOR", ["Chicago"])
    table = tmp_path / "t.parquet"
    code, out, _ = run(capsys, "places", "import", "vigor", root, "--out", table)
    assert code == 0
    assert "cross-test" in out and "90,618" in out
    assert "Not there: the city NewYork, the city SanFrancisco, the city Seattle." in out
    assert "This is a part of VIGOR; it can be used as it is." in out
    assert "https://github.com/Jeff-Zilence/VIGOR" in out
    assert "Licence: academic research only" in out

    code, out, _ = run(
        capsys, "places", "import", "vigor", root, "--out", table, "--protocol", "same-area", "--json"
    )
    told = json.loads(out)
    assert (code, told["splits"], told["whole"]) == (0, ["test", "train"], False)
    assert told["coverage"][1]["share"] == pytest.approx(3 / 52_609)
    assert told["filled"]["semi_positives"] == 6

    code, out, _ = run(capsys, "places", "check", "vigor", root, "--fast", "--json")
    told = json.loads(out)
    assert (code, told["check"]["ok"], told["whole"]) == (3, True, False)
    assert told["absent"] == ["the city NewYork", "the city SanFrancisco", "the city Seattle"]
    assert run(capsys, "places", "check", "vigor", root)[1].endswith("No problems found.\n")
    (root / "Chicago" / "satellite" / vigor.tile("Chicago", 0)).write_bytes(b"no picture")
    assert "unreadable: 1" in run(capsys, "places", "check", "vigor", root)[1]


def test_list_names_home_and_licence_of_every_data_set(capsys):
    code, out, _ = run(capsys, "places", "import", "--list")
    assert code == 0
    code, text, _ = run(capsys, "places", "import", "--list", "--json")
    listed = json.loads(text)["datasets"]
    assert json.loads(text)["kinds"] == ["folder", *DATASETS]
    assert [d["kind"] for d in listed] == list(DATASETS)
    for dataset in listed:
        assert f"{dataset['kind']}: {dataset['title']}" in out
        assert dataset["home"].startswith("https://") and dataset["home"] in out
        assert dataset["licence"] and dataset["obtain"] and dataset["layout"].strip()


def test_what_is_not_told_is_asked_for(folder, capsys):
    for words, says in (
        (["import"], "Give the kind"),
        (["import", "vigor", folder], "--out"),
        (["check", "vigor"], "give its folder too"),
        (["check", folder, "--protocol", "same-area"], "speak of a data set"),
        (["import", "vigor", folder, "--out", "t.csv", "--option", "a=b"], "option of vigor 'a'"),
        (["import", "folder", folder, "--out", "t.csv", "--protocol", "a"], "no protocols"),
    ):
        code, out, err = run(capsys, "places", *words)
        assert (code, out) == (2, "")
        assert says in err
    assert run(capsys, "places", "check", "folder", folder)[0] == 0
