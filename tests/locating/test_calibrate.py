"""Calibrating through an atlas: the fitted parts are read back and used by the next locator."""

import numpy as np
import pytest
from PIL import Image

from gleam.errors import GleamError
from gleam.evaluation.calibration import Calibration
from gleam.locating import Locator
from gleam.locating.judging.calibrate import calibrate_locator
from gleam.places import PlaceImage, Places
from gleam.views import View


@pytest.fixture(scope="module")
def places(landscape, tmp_path_factory):
    """Thirty maps; a third of them drowned in noise, so that some answers are wrong."""
    folder = tmp_path_factory.mktemp("places")
    rng = np.random.default_rng(3)
    rows = []
    for n in range(30):
        x, y = (round(v) for v in rng.uniform(160, 480, 2))
        cut = landscape.cut(x, y).astype(float)
        if n % 3 == 0:
            noise = Image.fromarray(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)).resize((128, 128))
            cut = 0.15 * cut + 0.85 * np.asarray(noise, float)
        Image.fromarray(cut.astype(np.uint8)).save(folder / f"{n}.png")
        lat, lon = landscape.position(x, y)
        rows.append(PlaceImage(f"p{n}", View.MAP, f"{n}.png", lat, lon, 0.0, ground_width_m=128.0))
    return Places(rows, folder)


def test_what_is_fitted_is_used(encoder, atlas, places, landscape, map_pose):
    fitted = calibrate_locator(Locator(encoder, atlas), places, name="noisy maps")
    (answer,) = fitted["answers"]
    calibration = Calibration.from_dict(answer)
    assert calibration.views == ("map",)
    assert 60 < calibration.n <= 75  # in the whole atlas, around a prior, and some without their ground
    assert 0.2 < calibration.positive_share < 0.9
    encoder.calibration = fitted
    noise = np.random.default_rng(8).integers(0, 255, (8, 8, 3), dtype=np.uint8).repeat(16, 0).repeat(16, 1)
    unsure = Locator(encoder, atlas).locate(noise, "map", pose=map_pose)
    assert unsure.probability < 0.4
    assert not unsure.located
    found = Locator(encoder, atlas).locate(landscape.cut(333, 201), "map", pose=map_pose)
    assert found.calibration.name == "noisy maps"
    assert found.probability > 0.8
    claims = fitted["claims"]["map"]
    assert found.located is (found.probability >= claims["located_from"])


def test_a_radius_through_the_atlas_is_not_widened(encoder, atlas, landscape, map_pose):
    radius = {"radius95_m": 7.5, "name": "x", "n": 50, "through": "atlas"}
    encoder.calibration = {"radius95": {"map": radius}}
    answer = Locator(encoder, atlas).locate(landscape.cut(333, 201), "map", pose=map_pose)
    assert answer.radius95_m == 7.5
    assert "widened" not in answer.radius95_from


def test_photos_without_position_cannot_calibrate(encoder, atlas, places, tmp_path):
    rows = [PlaceImage("p", View.MAP, str(places.path_of(0)), ground_width_m=128.0)]
    with pytest.raises(GleamError, match="No map photo"):
        calibrate_locator(Locator(encoder, atlas), Places(rows, tmp_path), name="none")
