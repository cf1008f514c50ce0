"""The plan as a whole: determinism, sizes, the place on Earth, errors."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import fields
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam.city.plan import make_scene
from gleam.city.plan.on_earth import frame_for
from gleam.city.scene import FLAG_BRIDGE, LandUse, ObjectKind, Scene, SegmentKind
from gleam.errors import GleamError
from gleam.geo import bearing_deg, distance_m

DIGEST_IN_ANOTHER_PROCESS = """
from test_plan import digest
from gleam.city.plan import make_scene
print(digest(make_scene(21, 700)))
"""


@cache
def scene_of(seed: int, size_m: float) -> Scene:
    return make_scene(seed, size_m)


def digest(scene: Scene) -> str:
    """Return a hash of everything in a scene."""
    state = hashlib.sha256()

    def add(value: object) -> None:
        if isinstance(value, np.ndarray):
            state.update(f"{value.dtype}{value.shape}".encode())
            state.update(np.ascontiguousarray(value).tobytes())
        elif isinstance(value, dict):
            for key, item in value.items():
                add((key, item))
        elif isinstance(value, tuple):
            for item in value:
                add(item)
        elif hasattr(value, "__dataclass_fields__"):
            for field in fields(value):
                add(getattr(value, field.name))
        else:
            state.update(repr(value).encode())

    add(scene)
    return state.hexdigest()


def test_same_seed_gives_the_same_scene_also_in_another_process():
    here = digest(make_scene(21, 700))
    assert here == digest(make_scene(21, 700))
    for hash_seed in ("1", "77"):
        environment = os.environ | {
            "PYTHONHASHSEED": hash_seed,
            "PYTHONPATH": os.pathsep.join([os.path.dirname(__file__), *sys.path]),
        }
        there = subprocess.run(
            [sys.executable, "-c", DIGEST_IN_ANOTHER_PROCESS],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert there.stdout.strip() == here


def test_other_seeds_give_other_cities():
    digests = {digest(scene_of(seed, 700)) for seed in (21, 22, 23)}
    assert len(digests) == 3
    one, other = scene_of(21, 700), scene_of(22, 700)
    assert len(one.objects) != len(other.objects)
    assert one.frame != other.frame


@pytest.mark.parametrize("size", [500, 1000, (500, 1700), (2100, 600)])
def test_any_size_has_water_bridges_streets_and_houses(size):
    scene = make_scene(5, size)
    width, height = size if isinstance(size, tuple) else (size, size)
    assert (scene.width_m, scene.height_m) == (width, height)
    rivers = scene.segments[scene.segments[:, 0] == SegmentKind.RIVER]
    inside = (rivers[:, 1] > 0) & (rivers[:, 1] < width) & (rivers[:, 2] > 0) & (rivers[:, 2] < height)
    assert inside.sum() > 20
    assert any(edge.flags & FLAG_BRIDGE for edge in scene.edges)
    kinds = scene.objects[:, 0]
    per_km2 = (kinds == ObjectKind.BUILDING).sum() / (width * height / 1e6)
    assert 500 < per_km2 < 4000
    assert (kinds == ObjectKind.TREE).sum() > 100
    assert (kinds == ObjectKind.CAR).sum() > 100


def test_all_land_uses_occur_in_a_city_of_three_kilometres():
    scene = scene_of(12, 3000)
    shares = np.bincount(scene.block_use[scene.block_of.ravel()], minlength=len(LandUse))
    shares = shares / shares.sum()
    assert (shares > 0).all(), dict(zip(LandUse, shares, strict=True))
    assert shares[LandUse.DETACHED] > 0.1
    assert shares[LandUse.SPORT] < 0.15


def test_arrays_have_the_types_that_compiled_code_expects():
    scene = scene_of(21, 700)
    for name in ("objects", "segments", "areas", "cell_top_m", "block_ground", "block_seed"):
        array = getattr(scene, name)
        assert array.dtype == np.float32 and array.flags.c_contiguous and np.isfinite(array).all(), name
    assert scene.block_of.dtype == np.uint16
    assert scene.block_use.dtype == np.int32
    assert len(scene.block_use) == len(scene.block_ground) == len(scene.block_seed) > scene.block_of.max()
    assert scene.top_m >= (scene.objects[:, 8] + scene.objects[:, 9]).max()


@given(seed=st.integers(0, 10**6), gap=st.integers(1, 10799))
@settings(max_examples=25)
def test_cities_of_different_seeds_lie_apart_on_earth(seed, gap):
    one, other = frame_for(seed, 10_000, 10_000), frame_for(seed + gap, 10_000, 10_000)
    (lat1, lon1), (lat2, lon2) = one.to_wgs84(5000, 5000), other.to_wgs84(5000, 5000)
    assert distance_m(lat1, lon1, lat2, lon2) > 10_200


@given(seed=st.integers(0, 10**6), x=st.floats(0, 4000), y=st.floats(0, 2000))
@settings(max_examples=25)
def test_frame_round_trip_and_true_north(seed, x, y):
    frame = frame_for(seed, 4000, 2000)
    lat, lon = frame.to_wgs84(x, y)
    assert 34.9 < lat < 55.1
    back_x, back_y = frame.to_local(lat, lon)
    assert abs(back_x - x) < 1e-3 and abs(back_y - y) < 1e-3
    centre = frame.to_wgs84(2000, 1000)
    north = frame.to_wgs84(2000, 2000)
    bearing = bearing_deg(*centre, *north)
    assert min(bearing, 360 - bearing) < 1e-6
    assert distance_m(*centre, *north) == pytest.approx(1000, rel=5e-4)


@pytest.mark.parametrize("seed", [-1, 1.5, True, "7"])
def test_unusable_seed_is_refused(seed):
    with pytest.raises(GleamError, match="seed"):
        make_scene(seed, 1000)


@pytest.mark.parametrize("size", [499, 10_001, float("nan"), (1000, 20), (1000, 1000, 1000)])
def test_unusable_size_is_refused(size):
    with pytest.raises(GleamError, match="500 to 10000"):
        make_scene(1, size)
