"""Pairs of satellite tile and map: the same pixels, the same ground, a table that trains."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import mercantile
import numpy as np
import pytest
import shapely
from PIL import Image
from tests.streetmaps.conftest import earth, write_ground
from tests.streetmaps.extracts import write_geojson, write_pbf

from gleam.cli.main import main
from gleam.geo import Footprint
from gleam.imagery.decode import load_image
from gleam.places import Places
from gleam.streetmaps.splitting import spaced
from gleam.streetmaps.styles import STYLES, rgb
from gleam.views import View

ROAD = shapely.LineString([(0, 90), (160, 130), (300, 290)])


def run(capsys, *words):
    with pytest.raises(SystemExit) as left:
        main(["places", "make-maps", *(str(w) for w in words)])
    out = capsys.readouterr()
    return left.value.code, out.out, out.err


@pytest.fixture
def extract(tmp_path, road_tags):
    return write_pbf([(road_tags, earth(ROAD))], tmp_path / "area.osm.pbf")


def pixels(table, row):
    return load_image(table.path_of(row)).astype(int)


def test_map_and_satellite_coincide_pixel_by_pixel(ground, extract, tmp_path, capsys):
    out = tmp_path / "pairs"
    words = ("--osm", extract, "--out", out, "--tile-m", 140, "--pixels", 280, "--json")
    code, printed, _ = run(capsys, ground.file, *words)
    assert code == 0
    result = json.loads(printed)
    table = Places.read(out)
    assert result["pairs"] == len(table.place_ids) > 2
    assert result["empty"] >= 1, "the corner without the road"
    colour = np.array(rgb(STYLES["daylight"].local))
    for place in table.place_ids:
        satellite, drawn = (table.select(view=v, places=[place])[0] for v in ("satellite", "map"))
        white = pixels(table, satellite).min(axis=2) > 158
        road = (np.abs(pixels(table, drawn) - colour) <= 3).all(axis=2)
        assert white.sum() > 500
        assert (white & road).sum() / (white | road).sum() > 0.95
        assert satellite.footprint == drawn.footprint
        assert Footprint.from_wkt(satellite.footprint).width_m == pytest.approx(140, abs=0.01)


def test_rows_tell_ground_licence_and_attribution(ground, extract, tmp_path, capsys):
    out = tmp_path / "pairs"
    words = ("--style", "night", "--style", "plain", "--style", "daylight", "--names", "--source", "the town")
    code, printed, _ = run(capsys, ground.file, "--osm", extract, "--out", out, "--tile-m", 140, *words)
    assert code == 0
    assert "map: © OpenStreetMap contributors, ODbL-1.0" in printed
    table = Places.read(out)
    first = table.place_ids[0]
    maps = table.select(view="map", places=[first])
    assert [row.path.split("/")[1] for row in maps] == ["night", "plain", "daylight"]
    assert {(row.licence, row.source) for row in table.select(view="map")} == {
        ("ODbL-1.0", "© OpenStreetMap contributors")
    }
    assert {(row.licence, row.source) for row in table.select(view="satellite")} == {
        ("CC-BY-4.0", "the town")
    }
    row = maps[0]
    assert (row.heading_deg, row.ground_width_m, row.split) == (0.0, 140.0, None)
    assert Footprint.from_wkt(row.footprint).contains(row.lat, row.lon)
    assert len({hashlib.sha256(table.path_of(r).read_bytes()).hexdigest() for r in maps}) == 3


def test_splits_share_no_ground_and_are_evaluated(ground, extract, tmp_path, capsys):
    out = tmp_path / "pairs"
    words = ("--tile-m", 50, "--pixels", 32, "--test-share", 0.4)
    code, printed, _ = run(capsys, ground.file, "--osm", extract, "--out", out, *words)
    assert code == 0 and "on the border between the splits" in printed
    table = Places.read(out)
    west = [Footprint.from_wkt(r.footprint).bounds[2] for r in table.select(split="train")]
    east = [Footprint.from_wkt(r.footprint).bounds[0] for r in table.select(split="test")]
    assert max(west) <= min(east)
    with pytest.raises(SystemExit) as left:
        main(["eval", "colour-histogram", str(out), "--protocol", "map-satellite", "--json"])
    report = json.loads(capsys.readouterr().out)
    assert left.value.code == 0
    assert report["directions"][0]["queries"] == table.select(view="map", split="test").__len__()


def test_the_table_can_be_trained_on(ground, extract, tmp_path, capsys):
    from gleam.imagery.preparation import Preparation
    from gleam.training.dataset import open_places

    out = tmp_path / "pairs"
    run(capsys, ground.file, "--osm", extract, "--out", out, "--tile-m", 100, "--pixels", 64)
    places = open_places([str(out)], None, [View.MAP], Preparation(pixels=16), tmp_path / "cache")
    assert len(places) == len(Places.read(out).place_ids)


def digests(folder):
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_a_killed_run_goes_on_to_the_same_result(ground, extract, tmp_path, capsys):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    words = ["--osm", str(extract), "--tile-m", "30", "--pixels", "64", "--style", "all"]
    assert run(capsys, ground.file, *words, "--out", whole)[0] == 0
    call = [
        sys.executable,
        "-m",
        "gleam",
        "places",
        "make-maps",
        str(ground.file),
        *words,
        "--out",
        str(killed),
    ]
    child = subprocess.Popen(call, env={**os.environ, "GLEAM_QUIET": "1"}, stdout=subprocess.DEVNULL)
    while child.poll() is None and len(list(killed.glob("satellite/*.jpg"))) < 3:
        time.sleep(0.01)
    assert child.poll() is None, "it ended before it could be killed"
    child.send_signal(signal.SIGKILL)
    child.wait()
    done = {file: file.stat().st_mtime_ns for file in killed.glob("satellite/*.jpg")}
    assert not (killed / "places.parquet").exists()
    assert run(capsys, ground.file, *words, "--out", killed)[0] == 0
    kept = {name: digest for name, digest in digests(killed).items() if ".partial" not in name}
    assert {name: d for name, d in kept.items() if not name.startswith(".")} == digests(whole)
    assert all(file.stat().st_mtime_ns == when for file, when in done.items())


def test_other_settings_and_foreign_folders_are_refused(ground, extract, tmp_path, capsys):
    out = tmp_path / "pairs"
    words = ("--osm", extract, "--out", out, "--tile-m", 140, "--pixels", 32)
    assert run(capsys, ground.file, *words)[0] == 0
    assert run(capsys, ground.file, *words)[0] == 0
    code, _, err = run(capsys, ground.file, *words, "--style", "night")
    assert code == 2 and "other sources or with other settings" in err
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "letter.txt").write_text("dear")
    code, _, err = run(capsys, ground.file, "--osm", extract, "--out", foreign)
    assert code == 2 and "has content that is no street-map run" in err


def test_a_raster_map_is_cut_on_the_same_pixels(ground, tmp_path, capsys):
    chart = write_ground(tmp_path / "chart.tif", [ROAD.buffer(6.0)], colour=(240, 240, 200))
    out = tmp_path / "pairs"
    words = ("--map", chart, "--map-source", "town survey", "--tile-m", 140, "--pixels", 140)
    code, printed, err = run(capsys, ground.file, "--out", out, *words)
    assert code == 0
    assert "say them with --map-licence" in err and "licence unknown" in printed
    table = Places.read(out)
    for place in table.place_ids:
        one, other = (pixels(table, table.select(view=v, places=[place])[0]) for v in ("satellite", "map"))
        assert ((one.min(axis=2) > 200) == (other[:, :, 2] > 235)).mean() > 0.97
    assert {row.source for row in table.select(view="map")} == {"town survey"}


def test_a_folder_of_web_map_tiles_is_a_raster_map(ground, tmp_path, capsys):
    west, south, east, north = shapely.total_bounds([earth(shapely.box(-50, -50, 350, 350))])
    for tile in mercantile.tiles(west, south, east, north, [17]):
        file = tmp_path / "xyz" / "17" / str(tile.x) / f"{tile.y}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (256, 256), (200, 40, 120)).save(file)
    out = tmp_path / "pairs"
    words = ("--map", tmp_path / "xyz", "--xyz", "--map-licence", "own", "--tile-m", 140, "--pixels", 32)
    code, printed, err = run(capsys, ground.file, "--out", out, *words)
    assert (code, err) == (0, "") and "xyz, own" in printed
    table = Places.read(out)
    assert (np.abs(pixels(table, table.select(view="map")[0]) - (200, 40, 120)) <= 2).all()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "Give either --osm EXTRACT or --map MAP"),
        (("--osm", "EXTRACT", "--map", "AREA"), "Give either --osm EXTRACT or --map MAP"),
        (("--osm", "EXTRACT", "--style", "nightly"), "Did you mean 'night'"),
        (("--osm", "EXTRACT", "--tile-m", "0"), "--tile-m and --stride-m must lie between"),
        (("--osm", "EXTRACT", "--pixels", "5"), "--pixels must lie between 16 and 4096"),
        (("--osm", "EXTRACT", "--test-share", "0.9"), "--test-share between 0 and 0.5"),
        (("--osm", "EXTRACT", "--font", "AREA"), "--font is for --names"),
        (("--osm", "EXTRACT", "--names", "--font", "AREA"), "is not a font file that can be read"),
        (("--map", "AREA", "--names"), "are for maps drawn from --osm"),
        (("--osm", "nowhere.osm.pbf"), "nowhere.osm.pbf does not exist"),
        (("--map", "nowhere.tif"), "nowhere.tif does not exist"),
    ],
)
def test_wrong_calls_are_one_sentence_and_2(ground, extract, tmp_path, capsys, words, says):
    named = {"EXTRACT": extract, "AREA": ground.file}
    code, out, err = run(capsys, ground.file, "--out", tmp_path / "out", *(named.get(w, w) for w in words))
    assert (code, out) == (2, "")
    assert says in " ".join(err.split())


def test_imagery_elsewhere_is_told(ground, tmp_path, road_tags, capsys):
    far = write_geojson(
        [(road_tags, shapely.LineString([(2.0, 48.0), (2.1, 48.0)]))], tmp_path / "far.geojson"
    )
    code, _, err = run(capsys, ground.file, "--osm", far, "--out", tmp_path / "out")
    assert code == 2 and "is it an extract of another area" in " ".join(err.split())


def test_positions_too_near_an_earlier_one_are_left_out():
    north = np.array([0.0, 100.0, 110.0, 200.0, 215.0, 300.0, 0.0]) / 111_195
    lon = [10.0] * 6 + [10.0]
    assert spaced([45.0 + n for n in north], lon, 50.0) == [0, 1, 3, 5]
