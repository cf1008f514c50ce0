from __future__ import annotations

import json

import pytest
from PIL import Image

from gleam.cli.main import main
from gleam.places import Places


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
    assert run(capsys, "places", "show", table)[1].startswith(str(table))


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
