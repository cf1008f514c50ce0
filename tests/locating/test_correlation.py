"""The ground of a photo laid on that of a place: against a plain loop over shifts, and where it must peak."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from gleam.imagery.preparation import Preparation, prepare_each
from gleam.locating.query import query_of
from gleam.locating.searching import correlation, ground
from gleam.locating.searching.correlation import REACH_SHARE, Template, layers
from gleam.locating.searching.ground import Spread, lay_on_ground, turned
from gleam.views import Pose, View

SIDE = 48


def country(seed: int) -> np.ndarray:
    """Smooth colours over three squares' width, so that shifted squares can be cut."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (24, 24, 3), np.uint8))
    return np.asarray(coarse.resize((3 * SIDE, 3 * SIDE), Image.Resampling.BICUBIC))


def cut(land: np.ndarray, down: int = 0, right: int = 0) -> np.ndarray:
    return land[SIDE + down : 2 * SIDE + down, SIDE + right : 2 * SIDE + right]


def disc(radius: float) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    return np.hypot(x, y) < radius


def slow_layers(square):
    """The layers (6, S, S) pixel by pixel; the picture is mirrored at its edges."""
    rgb = square.astype(float)
    red, green, blue = np.moveaxis(rgb, -1, 0)
    out = []
    for tint in (rgb.mean(-1), green - (red + blue) / 2, blue - red):
        padded = np.pad(tint, 2, mode="symmetric")
        local = np.zeros((SIDE, SIDE))
        for y in range(SIDE):
            for x in range(SIDE):
                around = padded[y : y + 5, x : x + 5]
                local[y, x] = (tint[y, x] - around.mean()) / np.sqrt(max(around.var(), 9.0))
        out.append(local)
    down, right = np.gradient(out[0])
    smooth = np.gradient(ndimage.gaussian_filter(out[0], 1.0))
    return np.stack([*out, np.hypot(down, right), *smooth])


def slowly(square, mask, under):
    """The correlation (R, R) shift by shift, each a sum over pixels."""
    reach = round(REACH_SHARE * SIDE)
    shown, land = (layers(each[None])[0].astype(float) for each in (square, under))
    land = (land - land.mean((1, 2), keepdims=True)) / correlation._SPREADS
    centred = [a[mask] - a[mask].mean() for a in shown]
    out = np.zeros((2 * reach + 1, 2 * reach + 1))
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            below = [np.roll(b, (-down, -right), (0, 1))[mask] for b in land]
            alike = np.mean([(a / np.linalg.norm(a)) @ b for a, b in zip(centred, below, strict=True)])
            power = np.mean([b @ b for b in below])
            out[down + reach, right + reach] = alike / np.sqrt(max(power, 0.05 * mask.sum()))
    return out


def test_layers_are_those_of_a_loop_over_pixels():
    squares = np.stack([cut(country(1)), cut(country(2), 3, 1)])
    expected = np.stack([slow_layers(square) for square in squares])
    np.testing.assert_allclose(layers(squares), expected, atol=2e-3)


@pytest.mark.parametrize("seed", [1, 2])
def test_it_is_that_of_a_loop_over_shifts(seed):
    mask = disc(14.0) & (np.arange(SIDE)[:, None] < 30)
    square = cut(country(seed), 2, -3)
    others = np.stack([cut(country(seed)), cut(country(7)), cut(country(8), 5, 5)])
    found = Template(square, mask).correlation(others)
    expected = [slowly(square, mask, under) for under in others]
    np.testing.assert_allclose(found, expected, atol=2e-4)
    assert found[0].max() > 0.9 > 0.5 > found[1:].max()
    reach = round(REACH_SHARE * SIDE)
    # The photo's square was cut two pixels further down and three to the left: so it lies on the place's.
    assert np.unravel_index(found[0].argmax(), found[0].shape) == (reach + 2, reach - 3)


def test_a_shift_out_of_reach_is_not_found():
    template = Template(cut(country(3)), disc(14.0))
    reach = round(REACH_SHARE * SIDE)
    near, far = template.correlation(
        np.stack([cut(country(3), reach - 1, 0), cut(country(3), 2 * reach, 2 * reach)])
    )
    assert near.max() > 0.9 and far.max() < 0.6


def test_even_ground_correlates_with_nothing():
    even = np.full((SIDE, SIDE, 3), 120, np.uint8)
    assert abs(Template(even, disc(14.0)).correlation(cut(country(4))[None])).max() < 0.05
    assert abs(Template(cut(country(4)), disc(14.0)).correlation(even[None])).max() < 0.05
    nothing = Template(cut(country(4)), np.zeros((SIDE, SIDE), bool)).correlation(cut(country(4))[None])
    assert (nothing == 0).all()


def test_brightness_contrast_and_shade_do_not_matter():
    square, under = cut(country(5)), cut(country(5), 1, 2)[None]
    darker = (square * 0.5 + 20).astype(np.uint8)
    shade = np.linspace(0.5, 1.0, SIDE)[:, None, None]
    shaded = (square * shade).astype(np.uint8)
    plain, dark, half = (Template(s, disc(14.0)).correlation(under).max() for s in (square, darker, shaded))
    assert dark == pytest.approx(plain, abs=0.02)
    assert half == pytest.approx(plain, abs=0.02)


P = Preparation(pixels=SIDE, ground_width_m=60.0)
NORTH = Pose(0.0)
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
        square, seen = query.on_the_ground(row)
        told = prepare_each(PANORAMA, View.GROUND, [Pose(float(heading), fov_deg=70.0)], P)[0]
        assert (square == told.pixels).mean() > 0.99
        assert (seen == told.ground).mean() > 0.99
    drone = query_of(Layout(), P, PANORAMA, View.DRONE, Pose(30.0))
    assert drone.on_the_ground(0) is None


class Contender:
    def __init__(self, place, number):
        self.anchor, self.around, self.step, self.best = number, (), (0, 0), place


class Squares:
    """Stands in for the squares between tiles, as the encoder takes them and as an atlas keeps them."""

    def __init__(self, squares, whole=None):
        self.given, self.whole = squares, whole
        self.asked_whole = []

    def squares(self, wanted, *, whole=False):
        numbers = [number for number, _, _ in wanted]
        if whole:
            self.asked_whole += numbers
        return [(self.whole if whole else self.given)[number] for number in numbers]


def running(count):
    from gleam.atlas.tiles import Hit, Tile
    from gleam.locating.searching.places import Place

    tile = Tile("t", 48.0, 16.0, 60.0, "s")
    return [Contender(Place(48.0, 16.0, Hit(tile, 0.5), 0, 1), number) for number in range(count)]


def laid_at(preparation, pose=NORTH):
    """A panorama, and the same drawn as fine as an atlas keeps its pictures."""
    query = query_of(Layout(), preparation, PANORAMA, View.PANORAMA, pose)
    fine = prepare_each(PANORAMA, View.PANORAMA, [pose], replace(preparation, pixels=192))[0]
    return query, fine


def test_the_place_whose_ground_fits_gains():
    panorama = replace(query_of(Layout(), P, PANORAMA, View.PANORAMA, NORTH), finely=None)
    own = panorama.drawn[0]
    those = running(4)
    squares = [cut(country(9)), own, None, cut(country(10))]
    spread = lay_on_ground(Squares(squares), panorama, those)
    wrong, right, unseen, other = (c.best for c in those)
    assert right.ground > 7 > 5 > wrong.ground
    for place in (wrong, right, other):
        assert place.score == pytest.approx(0.5 + ground.WORTH * (place.ground - ground.BY_CHANCE))
    assert (unseen.ground, unseen.score) == (0.0, 0.5)  # ground is missing there
    template = Template(*panorama.on_the_ground(0))
    maps = template.correlation(np.stack([squares[0], own, squares[3]]))
    assert spread.fine is None
    assert spread.coarse == pytest.approx(np.sqrt((maps.astype(float) ** 2).mean()), rel=1e-5)
    assert right.ground == pytest.approx(maps[1].max() / spread.coarse, rel=1e-5)
    # Alone a place does not tell what correlates by chance; what all of them told does.
    alone = running(1)
    assert lay_on_ground(Squares([own]), panorama, alone, spread) == spread
    assert alone[0].best.ground == pytest.approx(right.ground, rel=1e-5)


def test_where_the_heading_is_known_it_is_laid_on_the_likeliest_places_finely(monkeypatch):
    monkeypatch.setattr(ground, "LAID_FINELY", 3)
    panorama, fine = laid_at(P)
    drawn, mask = panorama.finely
    assert (drawn == fine.pixels).all() and (mask == fine.ground).all() and drawn.shape == (192, 192, 3)
    own = panorama.drawn[0]
    # As the encoder sees it the third place fits best; only a finer look tells that it is the second.
    squares = [cut(country(9)), turned(own, panorama.ground[0], 4.0)[0], own, cut(country(10)), None]
    finer = [np.asarray(Image.fromarray(s).resize((192, 192))) if s is not None else None for s in squares]
    finer[1], finer[2] = drawn, finer[0]
    between, those = Squares(squares, finer), running(5)
    spread = lay_on_ground(between, panorama, those)
    assert len(between.asked_whole) == 3 and {1, 2} <= set(between.asked_whole)
    coarse = Template(*panorama.on_the_ground(0)).correlation(np.stack(squares[:4]))
    closer = Template(drawn, mask).correlation(np.stack([finer[n] for n in between.asked_whole]))
    assert spread.fine == pytest.approx(np.sqrt((closer.astype(float) ** 2).mean()), rel=1e-5)
    fits = dict.fromkeys(range(4), ground.BY_CHANCE)
    fits |= dict(zip(between.asked_whole, closer.max((1, 2)) / spread.fine, strict=True))
    (one, two) = ground.WORTH_OF_BOTH
    for number, contender in enumerate(those[:4]):
        expected = one * coarse[number].max() / spread.coarse + two * fits[number]
        assert contender.best.ground == pytest.approx(expected / (one + two), rel=1e-4)
        assert contender.best.score == pytest.approx(
            0.5 + expected - (one + two) * ground.BY_CHANCE, rel=1e-4
        )
    assert coarse[2].max() > coarse[1].max()
    assert those[1].best.score == max(c.best.score for c in those)
    # Looked at alone, by what is known of chance already.
    alone = [running(5)[1]]
    assert lay_on_ground(between, panorama, alone, spread) == spread
    assert alone[0].best.ground == pytest.approx(those[1].best.ground, rel=1e-5)


def test_under_an_assumed_heading_or_without_finer_pictures_nothing_is_laid_finely():
    assert query_of(Layout(), P, PANORAMA, View.PANORAMA, Pose(None), headings=8).finely is None
    assert laid_at(replace(P, pixels=192))[0].finely is None
    assert query_of(Layout(), P, PANORAMA, View.DRONE, NORTH).finely is None


def test_a_view_from_above_is_not_laid_on_the_ground():
    drone = query_of(Layout(), P, PANORAMA, View.DRONE, Pose(0.0))
    those = running(1)
    before = those[0].best
    assert lay_on_ground(Squares([]), drone, those) is None
    assert those[0].best is before


def test_a_heading_between_the_assumed_ones_is_tried():
    """Eight headings are 45 degrees apart here, and the true one is 2.5 degrees from the nearest."""
    north = replace(query_of(Layout(), P, PANORAMA, View.PANORAMA, NORTH), finely=None)
    true, _ = turned(*north.on_the_ground(0), 2.5)
    searched = query_of(Layout(), P, PANORAMA, View.PANORAMA, Pose(None), headings=8)
    correlations = []
    for query in (north, searched):
        those = running(1)
        lay_on_ground(Squares([true]), query, those, Spread(1.0))
        correlations.append(those[0].best.ground)
    assert searched.headings[0] == 0.0
    assert correlations[0] < 0.95 < 0.98 < correlations[1]


def test_turning_is_about_the_camera():
    square = cut(country(11))
    there, mask = turned(square, disc(14.0), 10.0)
    back, _ = turned(there, mask, -10.0)
    middle = disc(12.0)
    difference = np.abs(back[middle].astype(float) - square[middle]).mean()
    assert difference < 0.2 * np.abs(there[middle].astype(float) - square[middle]).mean()
    assert (mask ^ disc(14.0)).mean() < 0.01
