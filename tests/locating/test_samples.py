"""Locating photos of known position: what is taken away is gone, and a killed run goes on."""

import numpy as np
import pytest
from PIL import Image

from gleam.atlas import Region
from gleam.errors import GleamError
from gleam.geo import Circle, distance_m
from gleam.locating import Locator
from gleam.locating.judging.samples import sample_area
from gleam.locating.judging.signs import SIGNS
from gleam.places import PlaceImage, Places
from gleam.views import View


@pytest.fixture(scope="module")
def places(landscape, tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    rng = np.random.default_rng(4)
    rows = []
    for n in range(6):
        x, y = (round(v) for v in rng.uniform(160, 480, 2))
        Image.fromarray(landscape.cut(x, y)).save(folder / f"{n}.png")
        lat, lon = landscape.position(x, y)
        rows.append(PlaceImage(f"p{n}", View.MAP, f"{n}.png", lat, lon, 0.0, ground_width_m=128.0))
    return Places(rows, folder)


@pytest.fixture(scope="module")
def strangers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strangers")
    rng = np.random.default_rng(9)
    rows = []
    for n in range(8):
        small = Image.fromarray(rng.integers(0, 255, (12, 12, 3), dtype=np.uint8))
        small.resize((128, 128), Image.Resampling.BICUBIC).save(folder / f"{n}.png")
        rows.append(PlaceImage(f"s{n}", View.MAP, f"{n}.png", 10.0, 10.0, 0.0, ground_width_m=128.0))
    return Places(rows, folder)


def test_a_killed_run_goes_on_and_gives_the_same(encoder, atlas, places, strangers, tmp_path):
    def run():
        locator = Locator(encoder, atlas)
        return sample_area(locator, places, area="land", others=[strangers], absent_share=0.5, cache=tmp_path)

    first = run()
    (file,) = tmp_path.glob("*.jsonl")
    whole = file.read_bytes()
    lines = whole.splitlines()
    # Killed while the fourth photo was being written.
    file.write_bytes(b"\n".join(lines[:3]) + b"\n" + lines[3][: len(lines[3]) // 2])
    assert run() == first
    assert len(file.read_bytes().splitlines()) == len(lines) + 1  # the torn one stays, unread
    before = file.read_bytes()
    assert run() == first
    assert file.read_bytes() == before  # nothing was located again


def test_samples_tell_what_is_needed(encoder, atlas, places, strangers):
    locator = Locator(encoder, atlas)
    samples = sample_area(locator, places, area="land", others=[strangers], absent_share=0.9, limit=4)
    here = [s for s in samples if s.present]
    assert len(here) == 2 * 4
    assert all(set(s.signs) == set(SIGNS) for s in samples)
    assert all(s.error_m is not None and s.sigmas is not None for s in here)
    assert all(s.error_m is None for s in samples if not s.present)
    assert {s.place[0] for s in samples if not s.present} == {"p", "s"}
    right, wrong = ([s.signs["similarity"] for s in samples if s.present is p] for p in (True, False))
    assert np.median(right) > np.median(wrong)


def test_ground_that_is_taken_away_is_never_found(encoder, atlas, landscape, map_pose):
    finder = Locator(encoder, atlas).finder
    queries = finder.queries(landscape.cut(333, 201), View.MAP, map_pose)
    gone = Circle(*landscape.position(333, 201), 150.0)
    for region in (None, Region.around(Circle(*landscape.position(333, 201), 260.0))):
        found = finder.search(queries, region, 5, without=gone)
        assert found.places
        for place in found.places:
            assert distance_m(gone.lat, gone.lon, place.best.tile.lat, place.best.tile.lon) > 150.0


def test_photos_without_position_are_told(encoder, atlas, places, tmp_path):
    rows = [PlaceImage("p", View.MAP, str(places.path_of(0)), ground_width_m=128.0)]
    with pytest.raises(GleamError, match="No map photo of none has a position"):
        sample_area(Locator(encoder, atlas), Places(rows, tmp_path), area="none")
