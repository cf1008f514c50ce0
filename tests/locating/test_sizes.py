"""Tiles of two sizes: the photo is searched in both, and places count with the mean of what both say."""

import numpy as np
import pytest
from PIL import Image

from gleam.atlas import Atlas
from gleam.geo import distance_m
from gleam.locating import Locator
from gleam.views import View

SIZES = (128.0, 96.0)


@pytest.fixture(scope="module")
def two_sizes(atlas_folder, pixel_encoder_class, tmp_path_factory):
    out = tmp_path_factory.mktemp("sizes") / "atlas"
    Atlas.build(atlas_folder.parent / "m.csv", pixel_encoder_class(), out, tile_m=list(SIZES))
    return Atlas.open(out)


def test_two_sizes_are_searched_and_averaged(encoder, two_sizes, landscape, map_pose):
    finder = Locator(encoder, two_sizes).finder
    queries = finder.queries(landscape.cut(333, 201), View.MAP, map_pose)
    assert tuple(queries) == SIZES
    found = finder.search(queries, None, 5, refine=0)
    best = found.places[0]
    assert found.tiles == two_sizes.store.count(width_m=128.0)
    assert best.best.tile.width_m == 128.0
    truth = landscape.position(333, 201)
    assert distance_m(*truth, best.lat, best.lon) < 32
    (fine,) = two_sizes.search(queries[96.0].vectors, 400, tile_m=96.0)
    near = [h.score for h in fine if distance_m(best.lat, best.lon, h.tile.lat, h.tile.lon) <= 24]
    low, high = sorted([best.best.score, max(near)])
    assert low <= best.score <= high
    scores = [place.score for place in found.places]
    assert scores == sorted(scores, reverse=True)


def test_two_sizes_find_more_in_noise_than_one(encoder, two_sizes, landscape, map_pose):
    finder = Locator(encoder, two_sizes).finder
    rng = np.random.default_rng(6)
    right = {"one": 0, "both": 0}
    for _ in range(14):
        x, y = (round(v) for v in rng.uniform(160, 480, 2))
        noise = Image.fromarray(rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)).resize((128, 128))
        photo = (0.3 * landscape.cut(x, y) + 0.7 * np.asarray(noise)).astype(np.uint8)
        both = finder.queries(photo, View.MAP, map_pose)
        for name, queries in (("one", {128.0: both[128.0]}), ("both", both)):
            best = finder.search(queries, None, 5, refine=0).places[0]
            right[name] += distance_m(*landscape.position(x, y), best.lat, best.lon) < 40
    assert right["both"] >= right["one"]
    assert right["both"] >= 4


def test_an_answer_from_two_sizes_holds_together(encoder, two_sizes, landscape, map_pose):
    answer = Locator(encoder, two_sizes).locate(landscape.cut(333, 201), "map", pose=map_pose)
    assert distance_m(*landscape.position(333, 201), answer.lat, answer.lon) < 5
    assert all(c.footprint.width_m == pytest.approx(128, abs=0.01) for c in answer.candidates)
