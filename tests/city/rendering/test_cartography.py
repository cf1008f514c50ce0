"""Street maps: styles, what they show, labels that can be switched off, tiles that fit."""

import numpy as np
import pytest
from PIL import Image

from gleam.city.cartography import STYLES, draw_map
from gleam.city.cartography.labels import draw_labels
from gleam.city.cartography.surface import map_class
from gleam.city.renderer.packing import world_of
from gleam.city.scene import FLAG_MEDIAN, RoadClass
from gleam.errors import GleamError
from gleam.streetmaps.styles import (
    ARTERIAL,
    BUILDING,
    COLLECTOR,
    LAND,
    LOCAL,
    OUTLINE,
    PARK,
    WATER,
    rgb,
)

WINDOW = (170.0, 170.0, 330.0, 330.0)


def test_there_are_many_styles_and_one_is_dark():
    assert len(STYLES) >= 4
    light = {name: np.mean(rgb(style.land)) for name, style in STYLES.items()}
    assert min(light.values()) < 60 < 200 < max(light.values())
    for style in STYLES.values():
        palette = style.palette()
        assert palette.shape == (15, 3) and palette.min() >= 0 and palette.max() <= 255
        assert np.abs(palette[WATER] - palette[LAND]).max() > 8  # water can be told from land


@pytest.mark.parametrize("style", sorted(STYLES))
def test_every_style_draws_every_window_alike(town, style):
    one, two = (draw_map(town, *WINDOW, 48, style, True, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one, two)
    assert one.shape == (48, 48, 3) and one.dtype == np.uint8 and one.std() > 4


def test_an_unknown_style_is_refused_with_the_choices(town):
    with pytest.raises(GleamError, match=r"nihgt.*Did you mean 'night'.*daylight"):
        draw_map(town, *WINDOW, 16, "nihgt")


def test_height_follows_the_window(town):
    assert draw_map(town, 100.0, 100.0, 200.0, 150.0, 40, "plain", False).shape == (20, 40, 3)


def test_a_building_is_drawn_where_it_stands(build, block):
    scene = build([block(120.0, 90.0, 10.0, 6.0, 9.0)])
    style = STYLES["survey"]
    image = draw_map(scene, 80.0, 60.0, 160.0, 120.0, 80, style, False)
    drawn = (image == rgb(style.building)).all(axis=2) | (image == rgb(style.outline)).all(axis=2)
    rows, columns = np.nonzero((image != image[0, 0]).any(axis=2))
    assert (columns.min(), columns.max()) == (30, 49) and (rows.min(), rows.max()) == (24, 35)
    assert drawn.sum() >= 0.75 * 20 * 12
    world = world_of(scene)
    assert map_class(120.0, 90.0, world, 0.5, False, True) == BUILDING
    assert map_class(129.8, 90.0, world, 0.5, False, True) == OUTLINE
    assert map_class(120.0, 90.0, world, 0.5, False, False) == LAND
    assert map_class(131.0, 90.0, world, 0.5, False, True) == LAND


def test_streets_are_drawn_as_streets(town):
    world = world_of(town)
    checked = 0
    for edge in town.edges:
        half = edge.length_m / 2
        x, y = (float(np.interp(half, edge.along_m, line)) for line in (edge.x, edge.y))
        open_road = min(half - edge.clear_m[0], half - edge.clear_m[1]) > 3.0  # not within a roundabout
        inside = 0 < x < town.width_m and 0 < y < town.height_m
        if edge.road_class >= RoadClass.LOCAL and open_road and inside:
            shown = map_class(x, y, world, 0.5, False, True)
            # The middle of an arterial may be its green median.
            assert shown in (LOCAL, COLLECTOR, ARTERIAL) or (shown == PARK and edge.flags & FLAG_MEDIAN)
            checked += 1
    assert checked > 10


def label_pixels(scene, window, pixels, style, size):
    """Pixels that labels touch, found on a black and on a white sheet."""
    touched = np.zeros((pixels, pixels), bool)
    for shade in (0, 255):
        sheet = Image.new("RGB", (pixels, pixels), (shade, shade, shade))
        draw_labels(scene, sheet, *window, STYLES[style], size, None)
        touched |= (np.array(sheet) != shade).any(axis=2)
    return touched


def test_labels_change_only_label_pixels(town):
    pixels = 192
    bare = draw_map(town, *WINDOW, pixels, "daylight", False)
    named = draw_map(town, *WINDOW, pixels, "daylight", True)
    changed = (bare != named).any(axis=2)
    touched = label_pixels(town, WINDOW, pixels, "daylight", round(0.05 * pixels))
    assert 50 < changed.sum() < 0.3 * changed.size
    assert not (changed & ~touched).any()


def test_labels_leave_the_rest_of_a_random_map_alone(town):
    pixels = 128
    changed = False
    for seed in range(6):
        bare, named = (
            draw_map(town, *WINDOW, pixels, "survey", labels, np.random.default_rng(seed))
            for labels in (False, True)
        )
        outside = ~label_pixels(town, WINDOW, pixels, "survey", 7)
        assert np.array_equal(bare[outside], named[outside])
        changed = changed or not np.array_equal(bare, named)
    assert changed


def test_neighbouring_tiles_agree_to_the_pixel(town):
    side, pixels = 120.0, 160
    left = draw_map(town, 120.0, 180.0, 120.0 + side, 180.0 + side, pixels, "parchment", True)
    right = draw_map(town, 240.0, 180.0, 240.0 + side, 180.0 + side, pixels, "parchment", True)
    across = draw_map(town, 180.0, 180.0, 180.0 + side, 180.0 + side, pixels, "parchment", True)
    joined = np.concatenate([left[:, 80:], right[:, :80]], axis=1)
    assert (joined != across).any(axis=2).mean() < 0.002


def test_random_maps_differ_and_some_leave_buildings_out(town):
    images = [draw_map(town, *WINDOW, 32, "survey", False, np.random.default_rng(s)) for s in range(25)]
    assert len({i.tobytes() for i in images}) > 10
    wall = np.array(rgb(STYLES["survey"].building))
    shown = [(np.abs(i.astype(int) - wall).max(axis=2) < 3).mean() for i in images]
    assert min(shown) < 0.01 < 0.05 < max(shown)
