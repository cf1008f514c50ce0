"""Merging tiles into places: the quick way of finding neighbours changes nothing."""

import numpy as np
import pytest

from gleam.atlas.tiles import Hit, Tile
from gleam.geo import offset
from gleam.locating.searching import places


@pytest.mark.parametrize("lat", [0.0, 48.2, -89.99, 89.995])
def test_neighbours_are_those_of_all_distances(lat, monkeypatch):
    rng = np.random.default_rng(1)
    east, north = rng.uniform(-400, 400, (2, 300))
    lats, lons = offset(lat, 16.3, east, north)
    at = list(enumerate(zip(lats.tolist(), lons.tolist(), strict=True)))
    tiles = [Tile(f"t{n}", a, o, 112.0, "s") for n, (a, o) in at]
    hits = []
    for _ in range(3):
        scores = sorted(rng.uniform(0, 1, 300).tolist(), reverse=True)
        hits.append([Hit(tiles[i], s) for i, s in zip(rng.permutation(300).tolist(), scores, strict=True)])
    quick = places.merge_into_places(hits, 112.0, 28.0, 20)
    monkeypatch.setattr(places, "LEAST_M_PER_DEGREE", 1e-9)
    assert places.merge_into_places(hits, 112.0, 28.0, 20) == quick
    assert len(quick) == 20
