"""The view of a photo: told by metadata, by shape, by pixels; always with a word on how."""

import numpy as np
import pytest
from PIL import Image

from gleam.city.make import make_city
from gleam.errors import GleamError
from gleam.imagery.exif_write import jpeg_with_metadata
from gleam.locating.detect_view import choose_view, detect_view, look_at, view_of_pixels
from gleam.places import Places
from gleam.views import QUERY_VIEWS, Pose, View


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """A city that the rule was not made on."""
    out = tmp_path_factory.mktemp("views") / "town"
    make_city(
        out,
        seed=53,
        size_km=0.7,
        places=16,
        pixels=128,
        rasters=False,
        tiles=False,
        split="test",
        views=QUERY_VIEWS,
    )
    return Places.read(out)


def test_most_pictures_of_an_unseen_city_are_told_by_their_pixels(town):
    right = [detect_view(town.path_of(row), use_metadata=False).view is row.view for row in town]
    assert np.mean(right) >= 0.85


def test_metadata_win_over_pixels(tmp_path):
    grey = np.full((90, 120, 3), 128, np.uint8)
    pose = Pose(heading_deg=20.0, pitch_deg=-60.0, roll_deg=0.0, height_m=80.0, fov_deg=70.0)
    jpeg_with_metadata(grey, tmp_path / "d.jpg", quality=90, pose=pose, view=View.DRONE)
    found = detect_view(tmp_path / "d.jpg")
    assert found.view is View.DRONE
    assert "drone-dji" in found.how
    assert detect_view(tmp_path / "d.jpg", use_metadata=False).how != found.how


def test_a_picture_twice_as_wide_as_high_is_a_panorama():
    rng = np.random.default_rng(0)
    for width, panorama in ((200, True), (196, True), (150, False), (230, False)):
        found = view_of_pixels(rng.integers(0, 255, (100, width, 3), dtype=np.uint8))
        assert (found.view is View.PANORAMA) is panorama


def test_simple_scenes_are_told():
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 255, (160, 200, 3), dtype=np.uint8)
    assert view_of_pixels(noise).view is View.DRONE
    blocks = np.array([[240, 236, 228], [255, 255, 255], [170, 211, 223]], np.uint8)
    drawn = np.kron(rng.integers(0, 3, (8, 10)), np.ones((20, 20), int))
    assert view_of_pixels(blocks[drawn]).view is View.MAP
    standing = noise // 2
    standing[:90] = (np.linspace(245, 200, 90)[:, None, None] - np.array([60, 20, 0])).astype(np.uint8)
    assert view_of_pixels(standing).view is View.GROUND


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 50, 3), (50, 1, 3), (3, 2, 3)])
def test_the_smallest_pictures_give_finite_numbers(shape):
    assert np.isfinite(list(look_at(np.zeros(shape, np.uint8)).values())).all()
    assert view_of_pixels(np.zeros(shape, np.uint8)).view in View


def test_what_is_told_is_not_guessed(tmp_path):
    Image.new("RGB", (200, 100)).save(tmp_path / "p.png")
    assert choose_view(tmp_path / "p.png", "ground") == (View.GROUND, None)
    view, note = choose_view(tmp_path / "p.png", None)
    assert view is View.PANORAMA
    assert "--view overrides" in note
    with pytest.raises(GleamError, match="Unknown view"):
        choose_view(tmp_path / "p.png", "sideways")
