import numpy as np
import pytest

from gleam.errors import GleamError
from gleam.explaining.student.config import MatchConfig
from gleam.explaining.student.pairs import draw_pairs
from gleam.geo import distance_m, offset
from gleam.places.table import PlaceImage, Places
from gleam.views import QUERY_VIEWS, View


def a_town(side=9, step_m=70.0):
    rows = []
    for k in range(side * side):
        lat, lon = offset(51.0, 7.0, step_m * (k % side), step_m * (k // side))
        for view in (View.SATELLITE, View.DRONE, View.GROUND):
            rows.append(PlaceImage(f"p{k}", view, f"{view}/{k}.jpg", lat=float(lat), lon=float(lon)))
    return Places(rows)


def vectors_of(places, seed=0):
    v = np.random.default_rng(seed).normal(size=(len(places), 8)).astype(np.float32)
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def test_pairs_are_balanced_and_negatives_are_of_three_kinds():
    places = a_town()
    vectors, config = vectors_of(places), MatchConfig()
    pairs = draw_pairs(places, vectors, config, np.random.default_rng(5))
    names, lat, lon = places.column("place"), places.column("lat"), places.column("lon")
    views = places.column("view")
    assert pairs.match.sum() * 2 == len(pairs) == 2 * 81 * 2
    assert set(views[pairs.tile]) == {"satellite"}
    assert set(views[pairs.query]) == {"drone", "ground"}
    assert ((names[pairs.query] == names[pairs.tile]) == pairs.match).all()
    assert ((pairs.tier == "positive") == pairs.match).all()
    apart = distance_m(lat[pairs.query], lon[pairs.query], lat[pairs.tile], lon[pairs.tile])
    assert apart[~pairs.match].min() > config.near_m[0] - 0.1
    near = pairs.tier == "near"
    assert apart[near].max() < config.near_m[1] + 0.5
    for tier in ("near", "mistake", "random"):
        assert 0.2 < (pairs.tier[~pairs.match] == tier).mean() < 0.47


def test_every_query_has_its_positive_and_a_negative_so_neither_side_gives_it_away():
    places = a_town()
    pairs = draw_pairs(places, vectors_of(places), MatchConfig(), np.random.default_rng(5))
    matched, unmatched = pairs.query[pairs.match], pairs.query[~pairs.match]
    assert sorted(matched) == sorted(unmatched)


def test_the_look_alikes_are_the_most_similar_of_those_far_enough():
    places = a_town()
    vectors = vectors_of(places)
    config = MatchConfig(near_share=0.0, alike_share=1.0)
    pairs = draw_pairs(places, vectors, config, np.random.default_rng(5))
    tiles = np.flatnonzero(places.column("view") == "satellite")
    lat, lon, names = (places.column(c) for c in ("lat", "lon", "place"))
    for query, tile in zip(pairs.query[~pairs.match], pairs.tile[~pairs.match], strict=True):
        far = distance_m(lat[query], lon[query], lat[tiles], lon[tiles]) >= config.near_m[0]
        others = tiles[far & (names[tiles] != names[query])]
        rank = (vectors[others] @ vectors[query] > vectors[tile] @ vectors[query] + 1e-6).sum()
        assert rank < 12


def test_the_same_dice_give_the_same_pairs():
    places = a_town(5)
    drawn = [
        draw_pairs(places, vectors_of(places), MatchConfig(), np.random.default_rng(2)) for _ in range(2)
    ]
    assert (drawn[0].tile == drawn[1].tile).all()


def test_a_town_too_small_is_refused():
    places = a_town(1)
    with pytest.raises(GleamError, match="too few places"):
        draw_pairs(places, vectors_of(places), MatchConfig(), np.random.default_rng(0))
    assert View.SATELLITE not in QUERY_VIEWS
