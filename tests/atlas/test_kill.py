"""kill -9 at random moments of building, adding and removing changes nothing in the end."""

import importlib.util
import random
import shutil
import sys
from pathlib import Path

import pytest

from gleam.atlas import Atlas
from gleam.atlas.build import build_atlas
from gleam.atlas.sources import open_sources

_spec = importlib.util.spec_from_file_location(
    "gleam_test_changing_helpers", Path(__file__).with_name("changing_helpers.py")
)
helpers = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = helpers
_spec.loader.exec_module(helpers)

SIZES = {"tile_m": [128.0, 256.0], "stride_m": [64.0, 64.0]}
ENGINES = [
    "local",
    "processes",
    pytest.param("ray", marks=[pytest.mark.slow, pytest.mark.skipif("not _has_ray()")]),
]


def _has_ray():
    return importlib.util.find_spec("ray") is not None


@pytest.fixture
def rng():
    seed = random.randrange(2**32)
    print(f"seed of the kills: {seed}")
    return random.Random(seed)


@pytest.fixture(scope="module")
def base(imagery, pixel_encoder_class, tmp_path_factory):
    """An atlas of the landscape with two sizes of tiles."""
    out = tmp_path_factory.mktemp("base") / "atlas"
    build_atlas(open_sources([imagery / "map.csv"]), pixel_encoder_class(), out, **SIZES)
    return out


@pytest.fixture(scope="module")
def extended(base, more_imagery, pixel_encoder_class, tmp_path_factory):
    """The same with other imagery added."""
    out = shutil.copytree(base, tmp_path_factory.mktemp("extended") / "atlas")
    with Atlas.open(out) as atlas:
        atlas.add(more_imagery / "more.csv", pixel_encoder_class())
    return out


def check_equal(out, expected, content_of):
    with Atlas.open(out) as atlas, Atlas.open(expected) as whole:
        assert atlas.verify() == []
        assert content_of(atlas) == content_of(whole)
    assert not (out / ".work").exists()
    assert not (out / "units.jsonl").exists()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_killed_build(engine, imagery, base, tmp_path, content_of, rng):
    out, kills = tmp_path / "a", 2 if engine == "local" else 1
    order = {"verb": "build", "out": out, "sources": [imagery / "map.csv"], "options": SIZES}
    done, code, errors = helpers.run_with_kills(
        rng, kills, helpers.after_units(rng, 5), **order, engine=engine, workers=2
    )
    assert code == 0, errors
    assert done >= 1
    check_equal(out, base, content_of)


@pytest.mark.parametrize("engine", ENGINES[:2])
def test_a_killed_addition(engine, base, extended, more_imagery, tmp_path, content_of, rng):
    out = shutil.copytree(base, tmp_path / "a")
    order = {"verb": "add", "out": out, "sources": [more_imagery / "more.csv"]}
    done, code, errors = helpers.run_with_kills(
        rng, 1, helpers.after_units(rng, 4), **order, engine=engine, workers=2
    )
    assert code == 0, errors
    assert done >= 1
    check_equal(out, extended, content_of)


def test_a_killed_removal(base, extended, tmp_path, content_of, rng):
    out = shutil.copytree(extended, tmp_path / "a")
    order = {"verb": "remove", "out": out, "name": "more.csv"}
    _, code, errors = helpers.run_with_kills(rng, 3, helpers.after_announcement, **order)
    # Killed after the very last step, the imagery is gone and its name unknown.
    assert code == 0 or "Unknown imagery" in errors
    check_equal(out, base, content_of)


def test_a_killed_addition_can_be_given_up(base, more_imagery, tmp_path, content_of, rng):
    out = shutil.copytree(base, tmp_path / "a")
    process = helpers.start(verb="add", out=out, sources=[more_imagery / "more.csv"], commit_tiles=12)
    due = helpers.after_units(rng, 0)(out)
    while process.poll() is None and not ('"adding"' in (out / "atlas.json").read_text() and due()):
        pass
    helpers.kill(process)
    with Atlas.open(out) as atlas:
        problems = atlas.verify()
        assert len(problems) == 1
        assert "addition of more.csv was interrupted" in problems[0]
        atlas.remove("more.csv")
    check_equal(out, base, content_of)


def test_a_worker_that_dies_is_told_and_its_work_redone(imagery, base, tmp_path, content_of):
    out = tmp_path / "a"
    order = {"verb": "build", "out": out, "sources": [imagery / "map.csv"], "options": SIZES}
    process = helpers.start(**order, engine="processes", workers=1)
    due = helpers.after_units(random.Random(0), 0)(out)
    workers = []
    while process.poll() is None and not (workers and due()):
        found = helpers.psutil.Process(process.pid).children(recursive=True)
        workers = [w for w in found if "spawn_main" in " ".join(w.cmdline())]
    for worker in workers:
        worker.kill()
    code, errors = helpers.finish(process)
    assert code == 1
    assert "A worker process died" in errors
    assert helpers.finish(helpers.start(**order)) == (0, "")
    check_equal(out, base, content_of)
