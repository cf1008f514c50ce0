"""Merging tiles into places: the quick way of finding neighbours changes nothing."""

import numpy as np
import pytest

from gleam.atlas.tiles import Hit, Tile
from gleam.geo import Frame, distance_m, offset
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


def one_by_one(hits, stride_m):
    """Return where a place of tiles under one heading lies, in the frame of its best tile."""
    frame = Frame.at(hits[0].tile.lat, hits[0].tile.lon)
    at = np.array([frame.to_local(h.tile.lat, h.tile.lon) for h in hits])
    weights = np.array([np.exp((h.score - hits[0].score) / places.SHARPNESS) for h in hits])
    weights[np.hypot(*at.T) > places.NEIGHBOUR_STRIDES * stride_m] = 0.0
    return frame.to_wgs84(*(weights @ at / weights.sum()))


@pytest.mark.parametrize("lon", [16.3, 18.0, 179.9999])
def test_a_place_lies_at_the_mean_of_its_tiles_also_where_zones_meet(lon):
    rng = np.random.default_rng(4)
    # Three clusters around a meridian where two UTM zones meet, far enough apart to be three places.
    east = np.repeat([-1000.0, 0.0, 1000.0], 9) + np.tile([-28.0, 0.0, 28.0], 9)
    north = np.tile(np.repeat([-28.0, 0.0, 28.0], 3), 3)
    lats, lons = offset(48.2, lon, east, north)
    scores = rng.uniform(0.3, 0.9, 27)
    tiles = [Tile(f"t{n:02d}", a, o, 112.0, "s") for n, (a, o) in enumerate(zip(lats, lons, strict=True))]
    hits = sorted((Hit(t, s) for t, s in zip(tiles, scores.tolist(), strict=True)), key=lambda h: -h.score)
    found = places.merge_into_places([hits], 112.0, 28.0, 10)
    assert [p.members for p in found] == [9, 9, 9]
    for place in found:
        cluster = int(place.best.tile.id[1:]) // 9
        own = [h for h in hits if int(h.tile.id[1:]) // 9 == cluster]
        assert distance_m(place.lat, place.lon, *one_by_one(own, 28.0)) < 1e-6
