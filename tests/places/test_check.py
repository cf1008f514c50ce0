from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image

from gleam.geo import offset
from gleam.places import PlaceImage, Places
from gleam.places.check import check_places
from gleam.views import View


@pytest.fixture
def sound(tmp_path):
    """Three places with satellite and drone images; nothing is wrong with them."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(3):
        lat, lon = offset(48.0, 16.0, 500.0 * number, 0.0)
        for view in (View.SATELLITE, View.DRONE):
            path = f"{view}_{number}.jpg"
            Image.fromarray(rng.integers(0, 255, (80, 80, 3), np.uint8)).save(tmp_path / path)
            rows.append(PlaceImage(f"p{number}", view, path, lat=lat, lon=lon))
    Places(rows, tmp_path).write(tmp_path)
    return tmp_path


def kinds(result):
    return {kind: count for kind, count in result.counts.items() if count}


def test_a_sound_table_has_no_findings(sound):
    result = check_places(Places.read(sound))
    assert result.findings == []
    assert result.to_dict()["ok"] is True
    assert result.to_dict()["views"] == {"satellite": 3, "drone": 3}


def test_each_kind_of_problem_is_found_once_and_named(sound):
    (sound / "drone_0.jpg").unlink()
    whole = (sound / "drone_1.jpg").read_bytes()
    (sound / "drone_1.jpg").write_bytes(whole[: len(whole) // 2])
    shutil.copy(sound / "satellite_0.jpg", sound / "satellite_2.jpg")
    rows = list(Places.read(sound))
    lat, lon = offset(48.0, 16.0, 3000.0, 0.0)
    Image.new("RGB", (9, 9)).save(sound / "far.png")
    Image.new("RGB", (8, 9)).save(sound / "alone.png")
    rows.append(PlaceImage("p2", View.DRONE, "far.png", lat=lat, lon=lon))
    rows.append(PlaceImage("nowhere", View.GROUND, "alone.png"))
    result = check_places(Places(rows, sound))
    assert kinds(result) == {"missing": 1, "unreadable": 1, "duplicate": 1, "mislocated": 1, "orphaned": 1}
    by_kind = {f.kind: f for f in result.findings}
    assert by_kind["missing"].row == 2
    assert by_kind["missing"].path.endswith("drone_0.jpg")
    assert "drone_1.jpg" in by_kind["unreadable"].says
    assert "row 1" in by_kind["duplicate"].says
    assert by_kind["duplicate"].row == 5
    assert "2000 m from the satellite image" in by_kind["mislocated"].says
    assert by_kind["orphaned"].row == 8


def test_distance_of_mislocation_is_the_callers_choice(sound):
    rows = [r for r in Places.read(sound)]
    lat, lon = offset(rows[0].lat, rows[0].lon, 0.0, 60.0)
    rows[1] = PlaceImage("p0", View.DRONE, "drone_0.jpg", lat=lat, lon=lon)
    places = Places(rows, sound)
    assert kinds(check_places(places)) == {}
    assert kinds(check_places(places, apart_m=50.0)) == {"mislocated": 1}


def test_absolute_and_outside_paths_and_unknown_columns_are_warnings(sound):
    text = "place,view,path,heading\n"
    text += f"a,satellite,{sound / 'satellite_0.jpg'},1\nb,satellite,../{sound.name}/satellite_1.jpg,2\n"
    (sound / "other.csv").write_text(text)
    result = check_places(Places.read(sound / "other.csv"))
    assert kinds(result) == {"outside": 2, "ignored column": 1}
    assert result.problems == []
    assert "did you mean 'heading_deg'" in result.findings[0].says


def test_fast_check_does_not_decode(sound):
    (sound / "drone_1.jpg").write_bytes(b"nonsense")
    assert kinds(check_places(Places.read(sound), read_images=False)) == {}
    assert kinds(check_places(Places.read(sound))) == {"unreadable": 1}


def test_names_of_places_that_no_row_has_are_told_once_per_column(tmp_path):
    rows = [
        PlaceImage("a", View.SATELLITE, "a.jpg"),
        PlaceImage("a", View.PANORAMA, "b.jpg", semi_positives="b|a|c"),
        PlaceImage("a", View.PANORAMA, "c.jpg", semi_positives="b"),
    ]
    found = [f for f in check_places(Places(rows, tmp_path)).findings if f.kind == "unknown place"]
    assert [(f.row, f.says) for f in found] == [
        (2, "3 names in 'semi_positives' are places of no row, the first is 'b'")
    ]
