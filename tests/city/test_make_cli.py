"""``gleam city`` from the command line."""

import json

import pytest
from PIL import Image

from gleam.cli.main import main


def run(capsys, *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    told = capsys.readouterr()
    return int(left.value.code or 0), told.out, told.err


def test_make_prints_one_json_document(capsys, tmp_path):
    words = ["--seed", 11, "--size", 0.6, "--places", 2, "--pixels", 16, "--views", "map,ground"]
    code, out, _ = run(capsys, "city", "make", tmp_path / "c", *words, "--no-tiles", "--no-rasters", "--json")
    summary = json.loads(out)
    assert code == 0 and summary["counts"] == {"places": 2, "images": 4, "map": 2, "ground": 2}
    assert summary["rasters"] == [] and summary["tiles"] is None
    code, out, _ = run(capsys, *summary["command"].split()[1:])  # it is the command that was given
    assert code == 0 and "was there already" in out


def test_make_says_in_words_what_was_made(capsys, small_city, small_recipe):
    words = ["--seed", 11, "--size", 0.6, "--places", 6, "--pixels", 32, "--resolution", 1.0]
    code, out, _ = run(capsys, "city", "make", small_city, *words)
    assert code == 0
    assert "6, 30 pictures" in out and ", zooms " in out and "EPSG:32" in out and "rasters/satellite_2" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--places", "0"], "--places 0 is out of range"),
        (["--size", "99"], "--size 99 is out of range"),
        (["--views", "satelite"], "Did you mean 'satellite'?"),
        (["--size", "0.6", "--places", "5000"], "places fit"),
        (["--size", "big"], "--size"),
    ],
)
def test_bad_values_are_one_sentence_and_exit_2(capsys, tmp_path, words, said):
    code, out, err = run(capsys, "city", "make", tmp_path / "c", *words)
    assert code == 2 and out == "" and said in " ".join(err.split())
    assert "Traceback" not in err and list(tmp_path.iterdir()) == []


def test_sheet_shows_places_in_rows_and_views_in_columns(capsys, small_city, tmp_path):
    code, out, _ = run(
        capsys, "city", "sheet", small_city, "--out", tmp_path / "s.png", "--places", 3, "--height", 40
    )
    assert code == 0 and "3 places" in out
    assert Image.open(tmp_path / "s.png").size == (4 * 40 + 80 + 4 * 6, 3 * 40 + 2 * 6)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--start", "100"], "beyond the last"),
        (["--places", "0"], "--places of 1 or more"),
        (["--out", "sheet.gif"], "name the sheet .jpg or .png"),
    ],
)
def test_a_sheet_of_nothing_is_refused(capsys, small_city, words, said):
    code, _, err = run(capsys, "city", "sheet", small_city, *words)
    assert code == 2 and said in err
