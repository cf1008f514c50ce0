"""Squares between the tiles: their pixels equal a plain look-up, their vectors whatever was asked before."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam.atlas import Atlas, Tile
from gleam.atlas.embedding import THUMBNAIL_PIXELS, embed_tiles, prepare_tile
from gleam.imagery.decode import load_image
from gleam.imagery.preparation import Preparation
from gleam.locating.searching.between import STEPS_PER_STRIDE, Between
from gleam.locating.searching.mosaic import pieces_of, put_together

WIDTH_M = 96.0
SCALE = THUMBNAIL_PIXELS / WIDTH_M


def grid(stride: float, gone: frozenset[int] = frozenset()) -> list[tuple[Tile, tuple[float, float]]]:
    at = [(x * stride, y * stride) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    return [(Tile(f"t{n}", 0.0, 0.0, WIDTH_M, "s"), xy) for n, xy in enumerate(at) if n not in gone]


def pictures_of(around) -> dict[str, np.ndarray]:
    """Every pixel tells its tile and where in it the pixel lies."""
    rows, columns = np.mgrid[:THUMBNAIL_PIXELS, :THUMBNAIL_PIXELS].astype(np.uint8)
    return {t.id: np.stack([np.full_like(rows, n + 1), rows, columns], -1) for n, (t, _) in enumerate(around)}


def plain(around, east: float, north: float) -> np.ndarray | None:
    """Each pixel from the tile nearest to the square's centre that covers it; None where one has none."""

    def order(item):
        tile, (x, y) = item
        return (
            round(10 * max(abs(x - east), abs(y - north))),
            round(10 * max(abs(x), abs(y))),
            tile.id,
        )

    numbered = {tile.id: n + 1 for n, (tile, _) in enumerate(around)}
    square = np.zeros((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS, 3), int)
    covered = 0
    ranked = sorted(around, key=order)
    for row in range(THUMBNAIL_PIXELS):
        for column in range(THUMBNAIL_PIXELS):
            for tile, (x, y) in ranked:
                r, c = row - round((north - y) * SCALE), column - round((x - east) * SCALE)
                if 0 <= r < THUMBNAIL_PIXELS and 0 <= c < THUMBNAIL_PIXELS:
                    square[row, column] = numbered[tile.id], r, c
                    covered += 1
                    break
    return square if covered >= 0.999 * THUMBNAIL_PIXELS**2 else None


@settings(max_examples=12, deadline=None)
@given(
    st.sampled_from([24.0, 33.0, 48.0]),
    st.integers(-4, 4),
    st.integers(-4, 4),
    st.frozensets(st.integers(0, 8).filter(lambda n: n != 4), max_size=3),
)
def test_a_square_is_put_together_from_the_nearest_tiles(stride, i, j, gone) -> None:
    around = grid(stride, gone)
    east, north = i * stride / 4, j * stride / 4
    pieces = pieces_of(WIDTH_M, around, east, north)
    expected = plain(around, east, north)
    if expected is None:
        assert pieces is None
        return
    assert pieces is not None and len(pieces) <= 6
    np.testing.assert_array_equal(put_together(pieces, pictures_of(around)), expected)


@pytest.mark.parametrize(("i", "j"), [(0, 0), (1, -3), (4, 2)])
def test_halves_put_together_are_the_halves_of_what_is_put_together(i, j) -> None:
    around = grid(24.0)
    pieces = pieces_of(WIDTH_M, around, i * 6.0, j * 6.0)
    rng = np.random.default_rng(2)
    side = THUMBNAIL_PIXELS
    pictures = {tile.id: rng.integers(0, 256, (side, side, 3), np.uint8) for tile, _ in around}
    preparation = Preparation(pixels=side // 2, ground_width_m=WIDTH_M)
    halves = {name: prepare_tile(picture, WIDTH_M, preparation) for name, picture in pictures.items()}
    assert all(piece.fits(2) for piece in pieces)
    assert not all(piece.fits(5) for piece in pieces) or (i, j) == (0, 0)
    expected = prepare_tile(put_together(pieces, pictures), WIDTH_M, preparation)
    np.testing.assert_array_equal(put_together(pieces, halves, 2), expected)


def test_ground_that_no_tile_shows_is_told() -> None:
    alone = [item for item in grid(24.0) if item[1] == (0.0, 0.0)]
    assert pieces_of(WIDTH_M, alone, 0.0, 0.0) is not None
    assert pieces_of(WIDTH_M, alone, 6.0, 0.0) is None


@pytest.fixture
def middle(atlas):
    """A tile with all its neighbours, and a vector to search with."""
    tiles = list(atlas.store.tiles())
    lat, lon = np.median([t.lat for t in tiles]), np.median([t.lon for t in tiles])
    tile = min(tiles, key=lambda t: abs(t.lat - lat) + abs(t.lon - lon))
    return tile, atlas.store.vectors_of([tile.id])[0]


STEPS = [(i, j) for i in (-2, -1, 0, 1, 2) for j in (-2, -1, 0, 1, 2) if (i, j) != (0, 0)]


def ask(between, tile, vector, steps):
    around = between.around(tile, vector, [])
    return between.vectors([(tile, around, step) for step in steps])


def test_vectors_do_not_depend_on_what_was_asked_before(atlas, encoder, middle) -> None:
    tile, vector = middle
    once = ask(Between(atlas, encoder), tile, vector, STEPS)
    between = Between(atlas, encoder)
    for step in reversed(STEPS):
        ask(between, tile, vector, [step])
    again = ask(between, tile, vector, STEPS)
    assert all(v is not None for v in once)
    np.testing.assert_array_equal(np.stack(once), np.stack(again))


def test_a_square_on_a_neighbour_is_nearly_that_tile(atlas, encoder, middle) -> None:
    tile, vector = middle
    between = Between(atlas, encoder)
    around = between.around(tile, vector, [])
    assert len(around) == 9
    (seen,) = between.vectors([(tile, around, (STEPS_PER_STRIDE, 0))])
    east = max(around, key=lambda item: item[1][0] - abs(item[1][1]))[0]
    picture = load_image(atlas.store.thumbnails_of([east.id])[0])
    expected = embed_tiles(encoder, [prepare_tile(picture, east.width_m, atlas.preparation(encoder))])[0]
    assert float(seen @ expected) > 0.999


def test_each_square_is_encoded_once(atlas, encoder, middle, monkeypatch) -> None:
    tile, vector = middle
    seen = []
    embed = encoder.embed
    monkeypatch.setattr(
        encoder, "embed", lambda squares, view: seen.append(len(squares)) or embed(squares, view)
    )
    between = Between(atlas, encoder)
    for _ in range(3):
        ask(between, tile, vector, STEPS)
    assert seen == [1] * len(STEPS)


def test_threads_get_the_same_vectors(atlas, encoder, middle) -> None:
    tile, vector = middle
    expected = np.stack(ask(Between(atlas, encoder), tile, vector, STEPS))
    between = Between(atlas, encoder)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: np.stack(ask(between, tile, vector, STEPS)), range(8)))
    for one in found:
        np.testing.assert_array_equal(one, expected)


@pytest.fixture
def halved(atlas_folder, encoder, tmp_path):
    """An atlas whose stored pictures are twice as fine as what its encoder takes, and the encoder."""
    fine = replace(encoder.preparation, pixels=THUMBNAIL_PIXELS // 2)
    encoder.preparation = fine
    encoder.fingerprint = "halved"
    Atlas.build(atlas_folder.parent / "m.csv", encoder, tmp_path / "atlas", stride_m=32.0).close()
    with Atlas.open(tmp_path / "atlas") as atlas:
        yield atlas, encoder


def test_what_is_made_ready_is_not_fetched_again_and_changes_nothing(halved, monkeypatch) -> None:
    atlas, encoder = halved
    tiles = list(atlas.store.tiles())
    tile, vector = tiles[len(tiles) // 2], atlas.store.vectors_of([tiles[0].id])[0]
    expected = ask(Between(atlas, encoder), tile, vector, STEPS)
    between = Between(atlas, encoder)
    between.warm(lambda: False)
    monkeypatch.setattr(atlas.store, "thumbnails_of", lambda names: pytest.fail(f"fetched again: {names}"))
    for one, other in zip(ask(between, tile, vector, STEPS), expected, strict=True):
        assert (one is None) == (other is None)
        assert one is None or np.array_equal(one, other)


def test_making_ready_stops_when_told(halved, monkeypatch) -> None:
    atlas, encoder = halved
    monkeypatch.setattr(atlas.store, "thumbnails_of", lambda names: pytest.fail(f"fetched: {names}"))
    Between(atlas, encoder).warm(lambda: True)


def test_removed_tiles_are_forgotten(atlas_folder, encoder, tmp_path) -> None:
    shutil.copytree(atlas_folder, tmp_path / "copy")
    with Atlas.open(tmp_path / "copy") as atlas:
        # A corner: its squares outward have no ground.
        tile = min(atlas.store.tiles(), key=lambda t: t.lat + t.lon)
        vector = atlas.store.vectors_of([tile.id])[0]
        between = Between(atlas, encoder)
        around = between.around(tile, vector, [])
        assert len(around) == 4
        inward, outward = between.vectors([(tile, around, (1, 1)), (tile, around, (-1, -1))])
        assert inward is not None and outward is None
        atlas.store.delete([t.id for t, _ in around if t.id != tile.id])
        between.follow()
        (left,) = ask(between, tile, vector, [(1, 1)])
        assert left is None


def test_squares_come_as_the_encoder_takes_them_or_as_the_atlas_keeps_them(atlas, encoder, middle) -> None:
    tile, vector = middle
    between = Between(atlas, encoder)
    around = between.around(tile, vector, [])
    wanted = [(tile, around, step) for step in ((0, 0), (1, -2))] + [(tile, [(tile, (0.0, 0.0))], (2, 0))]
    whole, prepared = between.squares(wanted, whole=True), between.squares(wanted)
    assert whole[2] is None and prepared[2] is None  # a part of it no tile shows
    kept = load_image(atlas.store.thumbnails_of([tile.id])[0])
    np.testing.assert_array_equal(whole[0], kept)
    for one, other in zip(whole[:2], prepared[:2], strict=True):
        assert one.shape == (THUMBNAIL_PIXELS, THUMBNAIL_PIXELS, 3)
        expected = prepare_tile(one, tile.width_m, atlas.preparation(encoder))
        np.testing.assert_array_equal(other, expected)
