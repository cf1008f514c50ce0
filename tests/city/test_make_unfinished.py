"""What happens when making a city is stopped, or its folder is in the way."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gleam.city import pictures
from gleam.city.make import make_city
from gleam.errors import GleamError

QUICK = {"rasters": False, "tiles": False, "workers": 1}

CHILD = """
import sys
from gleam.city import pictures
from gleam.city.make import make_city
pictures.PIECE = 2
make_city(sys.argv[1], workers=1, seed=11, size_km=0.6, places=6, pixels=32, mosaic_m_per_px=1.0)
"""


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a POSIX signal")
def test_a_killed_run_is_gone_on_with_and_ends_in_the_same_bytes(
    small_city, small_recipe, tmp_path, monkeypatch
):
    out, work = tmp_path / "killed", tmp_path / "killed.partial"
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(out)])
    part = work / "parts" / "places_000002.json"
    until = time.monotonic() + 120
    while not part.is_file() and child.poll() is None and time.monotonic() < until:
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert part.is_file() and not out.exists()

    # One finished piece keeps its pictures, another one lost a picture to a power cut.
    kept = work / "images" / "map" / "p00000.jpg"
    stamp = kept.stat().st_mtime_ns
    (work / "images" / "ground" / "p00002.jpg").write_bytes(b"")
    monkeypatch.setattr(pictures, "PIECE", 2)
    make_city(out, workers=1, **small_recipe)
    assert (out / "images" / "map" / "p00000.jpg").stat().st_mtime_ns == stamp
    assert files_of(out) == files_of(small_city)
    assert not work.exists()


def test_a_city_stopped_just_before_it_got_its_name_is_only_renamed(small_recipe, tmp_path, monkeypatch):
    out = tmp_path / "city"
    make_city(out, **small_recipe, **QUICK)
    made = files_of(out)
    out.rename(tmp_path / "city.partial")
    monkeypatch.setattr(pictures, "_replace", lambda *_: pytest.fail("a picture was made again"))
    make_city(out, **small_recipe, **QUICK)
    assert files_of(out) == made and [p.name for p in tmp_path.iterdir()] == ["city"]


def test_an_unfinished_folder_of_another_recipe_is_named(small_recipe, tmp_path, monkeypatch):
    out = tmp_path / "city"

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(pictures, "_replace", stop)
        with pytest.raises(KeyboardInterrupt):
            make_city(out, **small_recipe, **QUICK)
    assert not out.exists() and (tmp_path / "city.partial" / "recipe.json").is_file()
    with pytest.raises(GleamError, match=r"city\.partial holds an unfinished city of another recipe"):
        make_city(out, **{**small_recipe, "seed": 12}, **QUICK)


def test_a_full_disk_is_one_sentence_and_keeps_what_was_done(small_recipe, tmp_path, monkeypatch):
    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(pictures, "_replace", full)
    with pytest.raises(GleamError, match=r"The disk is full.*run the same command again"):
        make_city(tmp_path / "city", **small_recipe, **QUICK)
    assert not (tmp_path / "city").exists()


def test_a_folder_with_other_content_is_never_touched(small_recipe, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(GleamError, match="no finished city; choose another folder"):
            make_city(tmp_path, overwrite=overwrite, **small_recipe, **QUICK)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(GleamError, match="is a file"):
        make_city(tmp_path / "thesis.txt", **small_recipe, **QUICK)


def test_another_city_is_replaced_only_when_told_to(small_recipe, tmp_path):
    out = tmp_path / "city"
    two = {**small_recipe, "places": 2, "views": ("map",)}
    make_city(out, **two, **QUICK)
    with pytest.raises(GleamError, match=r"made otherwise \(seed 11.*--overwrite"):
        make_city(out, **{**two, "places": 3}, **QUICK)
    assert len(list((out / "images/map").iterdir())) == 2
    summary = make_city(out, overwrite=True, **{**two, "places": 3}, **QUICK)
    assert summary["counts"] == {"places": 3, "images": 3, "map": 3}
    assert len(list((out / "images/map").iterdir())) == 3
    assert [p.name for p in tmp_path.iterdir()] == ["city"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"seed": -1}, "--seed -1 is out of range"),
        ({"size_km": 0.1}, "--size 0.1 is out of range"),
        ({"places": 0}, "--places 0 is out of range"),
        ({"pixels": 4}, "--pixels 4 is out of range"),
        ({"quality": 100}, "--quality 100 is out of range"),
        ({"mosaic_m_per_px": 0.0}, "--resolution 0 is out of range"),
        ({"mosaic_m_per_px": float("nan")}, "--resolution nan is out of range"),
        ({"views": ()}, "No views"),
        ({"split": " "}, "--split needs a name"),
        ({"places": 4000}, r"Only \d+ places fit"),
    ],
)
def test_values_out_of_range_are_named(small_recipe, tmp_path, wrong, said):
    with pytest.raises(GleamError, match=said):
        make_city(tmp_path / "city", **{**small_recipe, **wrong}, **QUICK)
    assert list(tmp_path.iterdir()) == []  # nothing left that would be in the way of a better call
