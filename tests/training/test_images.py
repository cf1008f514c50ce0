"""Prepared squares: right, reused, remade when something changed, and clear about bad files."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gleam.errors import ImageError
from gleam.imagery.decode import load_image
from gleam.imagery.preparation import Preparation, prepare
from gleam.places.table import PlaceImage, Places
from gleam.training import images
from gleam.training.batches import load_step
from gleam.training.config import PhaseConfig
from gleam.training.dataset import open_places
from gleam.training.images import prepared_images
from gleam.training.sampler import Batch
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


def test_large_jpegs_are_decoded_at_reduced_scale_with_nearly_the_same_squares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8))
    coarse.resize((1024, 1024), Image.Resampling.BICUBIC).save(tmp_path / "large.jpg", quality=90)
    places = Places([PlaceImage("a", View.MAP, "large.jpg")], tmp_path)
    shapes: list[tuple[int, ...]] = []
    real = images.load_image

    def load(path: Path, **named: int) -> np.ndarray:
        pixels = real(path, **named)
        shapes.append(pixels.shape)
        return pixels

    monkeypatch.setattr(images, "load_image", load)
    found = np.array(prepared_images(places, View.MAP, PREPARATION, tmp_path / "cache").pixels[0], float)
    # Four times the square's width is kept: enough for the geometry to sample from.
    assert shapes == [(128, 128, 3)]
    whole = prepare(real(tmp_path / "large.jpg"), View.MAP, places[0].pose, PREPARATION).pixels
    assert np.abs(found - whole).mean() < 3.0
    assert np.abs(found - whole).max() < 40.0


def test_images_are_brought_to_size_before_they_are_varied(table: Path, tmp_path: Path) -> None:
    # What augmentation gets is the square of the network, whatever the size of the picture.
    places = open_places([str(table)], "train", [View.PANORAMA], PREPARATION, tmp_path)
    phase = PhaseConfig(name="p", places=["x"], steps=1)
    inputs = load_step(places, Batch(np.arange(3), (View.PANORAMA,)), phase, torch.Generator().manual_seed(0))
    assert inputs.pixels.shape == (6, 3, 32, 32)
    store = places.stores[View.PANORAMA]
    assert all(part.pixels.shape[1:] == (32, 32, 3) for part in store.parts)
    assert isinstance(store.parts[0].pixels, np.memmap)
