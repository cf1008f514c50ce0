"""Prepared squares: right, reused, remade when something changed, and clear about bad files."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gleam.errors import ImageError
from gleam.imagery.decode import load_image
from gleam.imagery.preparation import Preparation, prepare
from gleam.places.table import Places
from gleam.training import images
from gleam.training.images import prepared_images
from gleam.views import View

MakeTable = Callable[..., Path]

PREPARATION = Preparation(pixels=32)


@pytest.mark.parametrize("view", list(View))
def test_squares_equal_the_preparation_of_each_image(table: Path, tmp_path: Path, view: View) -> None:
    places = Places.read(table).select(view=view)
    found = prepared_images(places, view, PREPARATION, tmp_path, workers=2)
    assert found.pixels.shape == (len(places), 32, 32, 3) and found.pixels.dtype == np.uint8
    assert found.usable.all() and not found.problems
    for i, row in enumerate(places):
        expected = prepare(load_image(places.path_of(row)), view, row.pose, PREPARATION)
        np.testing.assert_array_equal(found.pixels[i], expected.pixels)
        assert found.north_up[i] == expected.north_up


def test_the_cache_is_reused_and_follows_changes(
    make_table: MakeTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = Places.read(make_table(tmp_path / "table", 3)).select(view=View.MAP)
    cache = tmp_path / "cache"
    first = np.array(prepared_images(places, View.MAP, PREPARATION, cache).pixels)
    calls: list[object] = []
    real = images.load_image
    monkeypatch.setattr(images, "load_image", lambda path, **k: calls.append(path) or real(path, **k))
    np.testing.assert_array_equal(prepared_images(places, View.MAP, PREPARATION, cache).pixels, first)
    assert calls == []
    prepared_images(places, View.MAP, Preparation(pixels=32, ground_width_m=100.0), cache)
    assert len(calls) == 3
    file = places.path_of(0)
    file.write_bytes(places.path_of(1).read_bytes())
    os.utime(file, ns=(1, 1))
    changed = prepared_images(places, View.MAP, PREPARATION, cache)
    np.testing.assert_array_equal(changed.pixels[0], first[1])


def test_bad_images_are_named_or_listed(make_table: MakeTable, tmp_path: Path) -> None:
    places = Places.read(make_table(tmp_path / "table", 4)).select(view=View.DRONE)
    places.path_of(1).write_bytes(places.path_of(1).read_bytes()[:60])
    places.path_of(3).unlink()
    with pytest.raises(ImageError, match=r"place-00[13].*00[13]\.png"):
        prepared_images(places, View.DRONE, PREPARATION, tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("drone-*")), "a failed build left a folder behind"
    found = prepared_images(places, View.DRONE, PREPARATION, tmp_path / "cache", skip_bad=True)
    assert found.usable.tolist() == [True, False, True, False]
    assert len(found.problems) == 2 and "001.png" in found.problems[0] and "003.png" in found.problems[1]
    # A later call that does not want to skip must not take the partial cache for whole.
    with pytest.raises(ImageError, match=r"001\.png"):
        prepared_images(places, View.DRONE, PREPARATION, tmp_path / "cache")
