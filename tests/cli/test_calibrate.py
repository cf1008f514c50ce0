"""``gleam calibrate`` stores what it measured beside the weights, and refuses what it cannot measure."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gleam.city.make import make_city
from gleam.encoder.storage import shipped_encoders


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "gleam", *words], capture_output=True, text=True)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small city that the shipped weights have not seen."""
    out = tmp_path_factory.mktemp("calibrate") / "town"
    make_city(out, seed=31, size_km=0.7, places=24, pixels=64, rasters=False, tiles=False, split="test")
    return out


def test_the_calibration_travels_with_the_weights(town: Path, tmp_path: Path) -> None:
    encoder = tmp_path / "net"
    shutil.copytree(shipped_encoders()["city"], encoder)
    other = json.loads((encoder / "calibration.json").read_text(encoding="utf-8"))
    other["answers"][0]["features"][-1] = "of another version"
    (encoder / "calibration.json").write_text(json.dumps(other), encoding="utf-8")
    done = run("calibrate", str(encoder), str(town), "--name", "small-town", "--json")
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == {"encoder", "fingerprint", "held_out"}
    kept = json.loads((encoder / "calibration.json").read_text(encoding="utf-8"))
    views = {view for answer in kept["answers"] for view in answer["views"]}
    assert views == {"drone", "map", "panorama", "ground"}
    assert {answer["name"] for answer in kept["answers"]} == {"small-town"}


def test_places_without_satellite_pictures_are_refused(town: Path, tmp_path: Path) -> None:
    from gleam.places import Places
    from gleam.views import View

    encoder = tmp_path / "net"
    shutil.copytree(shipped_encoders()["city"], encoder)
    before = (encoder / "calibration.json").read_bytes()
    Places.read(town).select(view=View.DRONE).write(tmp_path / "drones.parquet")
    done = run("calibrate", str(encoder), str(tmp_path / "drones.parquet"), "--name", "no-tiles")
    assert done.returncode == 2
    assert "satellite" in done.stderr and "Traceback" not in done.stderr
    assert (encoder / "calibration.json").read_bytes() == before


def test_every_area_needs_its_atlas(town: Path, tmp_path: Path) -> None:
    done = run("calibrate", str(tmp_path), str(town), str(town), "--atlas", str(tmp_path), "--name", "x")
    assert done.returncode == 2
    assert "1 atlases came with 2 tables" in done.stderr


def test_a_limit_keeps_all_tiles_and_draws_photos_evenly(town: Path) -> None:
    from gleam.cli.calibrate import _limited
    from gleam.places import Places
    from gleam.views import View

    table = Places.read(town)
    counts = _limited(table, 5).view_counts()
    assert counts.pop(View.SATELLITE) == table.view_counts()[View.SATELLITE]
    assert set(counts.values()) == {5}
