"""A made-up table of places, a small benchmark, and a server that misbehaves on purpose."""

import hashlib
import importlib.util
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gleam.explaining.benchmark import Bench, Pair
from gleam.explaining.benchmark.folder import BenchInfo, write_facts, write_info
from gleam.explaining.benchmark.pair import write_pairs
from gleam.geo import offset
from gleam.places import Places
from gleam.places.table import PlaceImage
from gleam.views import View


def load_teacher_server():
    name = "gleam_test_teacher_server"
    if name not in sys.modules:
        path = Path(__file__).parent / "teacher_server.py"
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def teacher():
    return load_teacher_server()


@pytest.fixture(scope="session")
def running(teacher):
    with teacher.TeacherServer() as server:
        yield server


@pytest.fixture
def server(running, teacher, monkeypatch):
    running.clear()
    monkeypatch.setenv("GLEAM_API_KEY", teacher.KEY)
    return running


def picture(*seed):
    rng = np.random.default_rng(seed)
    buffer = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def make_table(
    folder, columns=8, rows=8, spacing_m=100.0, views=(View.DRONE, View.MAP), split=None, lat=48.0
):
    """Write a grid of places with random pictures; ``split(column, row)`` names their splits."""
    images = []
    (folder / "images").mkdir(parents=True)
    for x in range(columns):
        for y in range(rows):
            at = offset(lat, 16.0, x * spacing_m, y * spacing_m)
            for number, view in enumerate((View.SATELLITE, *views)):
                path = f"images/{x:02}{y:02}{view}.png"
                (folder / path).write_bytes(picture(x, y, number))
                images.append(
                    PlaceImage(
                        f"p{x:02}{y:02}",
                        view,
                        path,
                        lat=at[0] if lat is not None else None,
                        lon=at[1] if lat is not None else None,
                        ground_width_m=128.0 if view is not View.DRONE else None,
                        heading_deg=10.0 * x if view is View.DRONE else 0.0,
                        split=split(x, y) if split else None,
                        licence="CC0-1.0",
                    )
                )
    table = Places(images, root=folder)
    table.write(folder)
    return Places.read(folder)


@pytest.fixture
def table(tmp_path):
    return make_table(tmp_path / "table")


FACTS = {
    "junctions": [],
    "roads": [],
    "bridges": [],
    "water": [],
    "railways": [],
    "buildings": {"count": 0, "cover": 0.0},
    "trees": {"count": 90, "conifers": 0, "canopy": 0.4},
    "areas": [],
    "land_use": {"park": 1.0},
}


def make_bench(folder, count=12, facts=False):
    """Write a benchmark of ``count`` pairs with random pictures."""
    pairs = []
    for n in range(count):
        names = []
        for which in (0, 1):
            raw = picture(n, which)
            name = hashlib.sha256(raw).hexdigest()
            file = folder / "images" / name[:2] / f"{name}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(raw)
            names.append(name)
        match = n % 2 == 0
        view = (View.DRONE, View.MAP, View.PANORAMA, View.GROUND)[n // 2 % 4]
        split = ("train", "val", "test")[n // 2 % 3]
        tier = "positive" if match else "random"
        places = f"q{n}", f"q{n}" if match else f"t{n}"
        pairs.append(Pair(f"{n:016x}", split, match, tier, view, *places, *names, tile_width_m=128.0))
    splits = {s: sum(p.split == s for p in pairs) for s in ("train", "val", "test")}
    write_info(folder, BenchInfo(name="toy", created="2026-11-28", seed=1, splits=splits))
    write_pairs(folder / "pairs.parquet", pairs)
    if facts:
        places = {place for pair in pairs for place in (pair.query_place, pair.tile_place)}
        write_facts(folder, dict.fromkeys(places, json.dumps(FACTS)))
    return Bench.open(folder)


@pytest.fixture
def bench(tmp_path):
    return make_bench(tmp_path / "bench")
