"""How many places a search looks at closely, and how many it returns."""

import numpy as np
import pytest
from PIL import Image

from gleam.locating import Locator
from gleam.locating.searching import finding, ground
from gleam.views import Pose, View


@pytest.fixture
def panorama():
    rng = np.random.default_rng(3)
    return np.asarray(Image.fromarray(rng.integers(0, 256, (16, 32, 3), np.uint8)).resize((256, 128)))


@pytest.mark.parametrize(("view", "times"), [(View.PANORAMA, 2), (View.DRONE, 1)])
def test_more_places_are_looked_at_by_photos_that_show_ground(
    encoder, atlas, panorama, monkeypatch, view, times
):
    asked = []
    refine = finding.refine_places

    def recorded(*arguments):
        asked.append((len(arguments[3]), arguments[5]))
        return refine(*arguments)

    monkeypatch.setattr(finding, "refine_places", recorded)
    finder = Locator(encoder, atlas).finder
    found = finder.search(finder.queries(panorama, view, Pose(0.0)), None, 3, refine=4)
    assert asked == [(max(3, 4 * times), 4 * times)]
    assert len(found.places) == 3
    assert (found.spread is not None) == (view is View.PANORAMA)
    assert any(place.ground for place in found.places) == (view is View.PANORAMA)


def test_a_spread_that_is_told_is_used_and_told_on(encoder, atlas, panorama, monkeypatch):
    monkeypatch.setattr(ground, "LAID_FINELY", 99)
    finder = Locator(encoder, atlas).finder
    queries = finder.queries(panorama, View.PANORAMA, Pose(0.0))
    own = finder.search(queries, None, 3)
    double = ground.Spread(2 * own.spread.coarse, 2 * own.spread.fine)
    told = finder.search(queries, None, 3, spread=double)
    assert told.spread == double
    grounds = {place.best.tile.id: place.ground for place in own.places}
    halved = {place.best.tile.id: 2 * place.ground for place in told.places}
    assert grounds.keys() & halved.keys()
    for tile in grounds.keys() & halved.keys():
        assert halved[tile] == pytest.approx(grounds[tile])
