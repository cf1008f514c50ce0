"""What can be seen of an answer: the ground of the first place, and its lead over that of the others."""

import pytest

from gleam.atlas.tiles import Hit, Tile
from gleam.locating.judging.signs import MOST_PLACES, SIGNS, signs_of
from gleam.locating.searching.places import Place


def places(grounds):
    tile = Tile("t", 48.0, 16.0, 60.0, "s")
    return [
        Place(48.0 + n / 100, 16.0, Hit(tile, 0.9 - n / 100), 0, 3, ground=ground)
        for n, ground in enumerate(grounds)
    ]


@pytest.mark.parametrize(
    ("grounds", "lead"),
    [
        ([6.0, 4.5, 3.0], 1.5),
        ([4.0, 4.5, 3.0], -0.5),
        ([6.0], 6.0),
        ([0.0, 0.0], 0.0),
        ([5.0] + (MOST_PLACES - 1) * [2.0] + [9.0], 3.0),  # the last is not judged by
    ],
)
def test_the_ground_of_the_first_place_leads_that_of_the_others(grounds, lead):
    signs = signs_of(places(grounds), 100, 50.0, None, heading_searched=False)
    assert set(signs) <= set(SIGNS)
    assert (signs["ground"], signs["ground_lead"]) == (grounds[0], pytest.approx(lead))
