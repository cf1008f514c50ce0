"""Where the places of a city lie."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from gleam.city.places import SPACINGS_M, SPLIT_GAP_M, choose_places, make_strips, margin_m
from gleam.city.plan import make_scene
from gleam.city.scene import Edge, RoadClass, Scene
from gleam.errors import GleamError


@pytest.fixture(scope="module")
def scene() -> Scene:
    return make_scene(4, 1200.0)


def distance_to_roads(scene: Scene, x: float, y: float) -> tuple[float, Edge]:
    """Slow and obvious: the distance to the nearest middle line of a street, and that street."""
    best = (np.inf, scene.edges[0])
    for edge in scene.edges:
        if edge.road_class < RoadClass.LOCAL:
            continue
        a, b = np.stack([edge.x, edge.y], 1)[:-1], np.stack([edge.x, edge.y], 1)[1:]
        t = np.clip(((np.array([x, y]) - a) * (b - a)).sum(1) / np.maximum(((b - a) ** 2).sum(1), 1e-9), 0, 1)
        d = float(np.hypot(*(a + t[:, None] * (b - a) - [x, y]).T).min())
        if d < best[0]:
            best = (d, edge)
    return best


def test_places_lie_on_carriageways_apart_and_within_the_margin(scene):
    chosen = choose_places(scene, 60)
    positions = np.stack([chosen.x, chosen.y], 1)
    nearest = cKDTree(positions).query(positions, k=2)[0][:, 1]
    assert nearest.min() >= chosen.spacing_m
    margin = margin_m(scene.width_m)
    assert (positions >= margin).all() and (positions <= scene.width_m - margin).all()
    rings = [(n.x, n.y, max(n.roundabout)) for n in scene.nodes.values() if n.roundabout]
    for x, y in positions:
        distance, edge = distance_to_roads(scene, x, y)
        on_ring = any(np.hypot(x - rx, y - ry) < r for rx, ry, r in rings)
        assert distance < edge.half_width_m or on_ring


def test_no_place_lies_on_the_island_of_a_roundabout(scene):
    chosen = choose_places(scene, 120, split="train")
    for node in scene.nodes.values():
        if node.roundabout:
            assert np.hypot(chosen.x - node.x, chosen.y - node.y).min() > min(node.roundabout)


def test_many_places_are_at_junctions(scene):
    chosen = choose_places(scene, 60, split="all")
    junctions = np.array([(n.x, n.y) for n in scene.nodes.values() if n.degree >= 3])
    distance = cKDTree(junctions).query(np.stack([chosen.x, chosen.y], 1))[0]
    assert 0.25 < (distance < 15).mean() < 0.85


def test_the_same_scene_gives_the_same_places_and_more_only_add(scene):
    few, again, many = choose_places(scene, 20), choose_places(scene, 20), choose_places(scene, 60)
    assert np.array_equal(few.x, again.x) and np.array_equal(few.y, again.y)
    assert np.array_equal(few.x, many.x[:20]) and few.split == many.split[:20]


def test_spacing_is_tightened_only_when_needed(scene):
    assert choose_places(scene, 10).spacing_m == SPACINGS_M[0]
    assert choose_places(scene, 150).spacing_m < SPACINGS_M[0]


def test_too_many_places_name_how_many_fit(scene):
    with pytest.raises(GleamError, match=r"Only \d+ places fit .*not 5000.*raise --size"):
        choose_places(scene, 5000)


def test_splits_are_strips_with_a_gap_between(scene):
    chosen = choose_places(scene, 80)
    split = np.array(chosen.split)
    assert set(split) == {"train", "val", "test"}
    assert chosen.x[split == "val"].min() - chosen.x[split == "train"].max() >= SPLIT_GAP_M
    assert chosen.x[split == "test"].min() - chosen.x[split == "val"].max() >= SPLIT_GAP_M
    assert (split == "train").sum() > (split == "test").sum() > (split == "val").sum()


def test_one_split_takes_the_whole_city():
    (strip,) = make_strips(3000.0, "test")
    assert (strip.split, strip.west_m, strip.east_m) == ("test", 150.0, 2850.0)


def test_a_narrow_city_is_not_divided():
    assert [s.split for s in make_strips(800.0)] == [None]
    assert [s.split for s in make_strips(1000.0)] == ["train", "val", "test"]
