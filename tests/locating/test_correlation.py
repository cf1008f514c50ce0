"""The ground of a photo laid on that of a place: against a plain loop over shifts, and where it must peak."""

import numpy as np
import pytest
from PIL import Image

from gleam.imagery.preparation import Preparation, prepare_each
from gleam.locating.query import query_of
from gleam.locating.searching import refine
from gleam.locating.searching.correlation import REACH_SHARE, Template, layers
from gleam.views import Pose, View

SIDE = 48


def country(seed: int) -> np.ndarray:
    """Smooth colours over three squares' width, so that shifted squares can be cut."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (24, 24, 3), np.uint8))
    return np.asarray(coarse.resize((3 * SIDE, 3 * SIDE), Image.Resampling.BICUBIC))


def cut(ground: np.ndarray, down: int = 0, right: int = 0) -> np.ndarray:
    return ground[SIDE + down : 2 * SIDE + down, SIDE + right : 2 * SIDE + right]


def disc(radius: float) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    return np.hypot(x, y) < radius


def slowly(square, mask, under):
    """Pearson's correlation of what the mask shows with what lies under it, for every shift and layer."""
    reach = round(REACH_SHARE * SIDE)
    shown, ground = layers(square[None])[0].astype(float), layers(under[None])[0].astype(float)
    best = -2.0
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            moved = np.roll(ground, (-down, -right), (1, 2))
            each = [np.corrcoef(a[mask], b[mask])[0, 1] for a, b in zip(shown, moved, strict=True)]
            best = max(best, float(np.mean(each)))
    return best


@pytest.mark.parametrize("seed", [1, 2])
def test_it_is_that_of_a_loop_over_shifts(seed):
    mask = disc(14.0) & (np.arange(SIDE)[:, None] < 30)
    square = cut(country(seed), 2, -3)
    others = np.stack([cut(country(seed)), cut(country(7)), cut(country(8), 5, 5)])
    found = Template(square, mask).correlation(others)
    expected = [slowly(square, mask, under) for under in others]
    np.testing.assert_allclose(found, expected, atol=2e-4)
    assert found[0] > 0.95 > 0.5 > found[1:].max()


def test_a_shift_out_of_reach_is_not_found():
    template = Template(cut(country(3)), disc(14.0))
    reach = round(REACH_SHARE * SIDE)
    near, far = template.correlation(
        np.stack([cut(country(3), reach - 1, 0), cut(country(3), 2 * reach, 2 * reach)])
    )
    assert near > 0.95 and far < 0.6


def test_even_ground_correlates_with_nothing():
    even = np.full((SIDE, SIDE, 3), 120, np.uint8)
    assert abs(Template(even, disc(14.0)).correlation(cut(country(4))[None])[0]) < 0.05
    assert abs(Template(cut(country(4)), disc(14.0)).correlation(even[None])[0]) < 0.05


def test_brightness_and_contrast_of_the_photo_do_not_matter():
    square, under = cut(country(5)), cut(country(5), 1, 2)[None]
    darker = (square * 0.5 + 20).astype(np.uint8)
    plain, dark = (Template(s, disc(14.0)).correlation(under)[0] for s in (square, darker))
    assert dark == pytest.approx(plain, abs=0.02)


P = Preparation(pixels=SIDE, ground_width_m=60.0)
PANORAMA = np.asarray(Image.fromarray(country(6)).resize((256, 128)))


def test_a_panorama_shows_ground_around_its_camera_and_a_photo_a_fan_of_it():
    around = prepare_each(PANORAMA, View.PANORAMA, [Pose(0.0)], P)[0].ground
    fan = prepare_each(PANORAMA, View.GROUND, [Pose(0.0, fov_deg=70.0)], P)[0].ground
    radius = np.hypot(*(np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2)) / (SIDE / 2)
    assert not around[radius > P.metric_share].any() and around[(radius > 0.1) & (radius < 0.55)].all()
    assert 0 < fan.sum() < 0.35 * around.sum()
    assert fan[: SIDE // 2].sum() == fan.sum()  # it looks north
    for view in (View.DRONE, View.MAP, View.SATELLITE):
        assert prepare_each(PANORAMA, view, [Pose(0.0)], P)[0].ground is None


class Layout:
    """An encoder of which only the preparation matters."""

    def embed(self, squares, view):
        return np.zeros((len(squares), 4), np.float32)


def test_the_ground_turns_with_the_assumed_heading():
    query = query_of(Layout(), P, PANORAMA, View.GROUND, Pose(None, fov_deg=70.0), headings=8)
    for row, heading in enumerate(query.headings):
        square, ground = query.on_the_ground(row)
        told = prepare_each(PANORAMA, View.GROUND, [Pose(float(heading), fov_deg=70.0)], P)[0]
        assert (square == told.pixels).mean() > 0.99
        assert (ground == told.ground).mean() > 0.99
    drone = query_of(Layout(), P, PANORAMA, View.DRONE, Pose(30.0))
    assert drone.on_the_ground(0) is None


class Contender:
    def __init__(self, place):
        self.anchor, self.around, self.step, self.best = None, (), (0, 0), place


class Squares:
    """Stands in for the squares between tiles."""

    def __init__(self, squares):
        self.given = squares

    def squares(self, wanted):
        assert len(wanted) == len(self.given)
        return self.given


def test_the_place_whose_ground_fits_gains(monkeypatch):
    from gleam.atlas.tiles import Hit, Tile
    from gleam.locating.searching.places import Place

    panorama = query_of(Layout(), P, PANORAMA, View.PANORAMA, Pose(0.0))
    own = panorama.drawn[0]
    tile = Tile("t", 48.0, 16.0, 60.0, "s")
    running = [Contender(Place(48.0, 16.0, Hit(tile, 0.5), 0, 1)) for _ in range(3)]
    refine.lay_on_ground(Squares([cut(country(9)), own, None]), panorama, running)
    wrong, right, unseen = (c.best for c in running)
    assert right.correlation > 0.99 and right.score == pytest.approx(
        0.5 + refine.CORRELATION_WEIGHT * (right.correlation - refine.CORRELATION_BY_CHANCE)
    )
    assert wrong.correlation < 0.5 and wrong.score < right.score
    assert (unseen.correlation, unseen.score) == (0.0, 0.5)  # ground is missing there
    drone = query_of(Layout(), P, PANORAMA, View.DRONE, Pose(0.0))
    refine.lay_on_ground(Squares([]), drone, running)
    assert running[1].best is right
