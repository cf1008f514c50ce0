"""Measured facts: colours, lines, directions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.explaining.facts import (
    COLOURS,
    DIRECTIONS,
    colour_word,
    direction_word,
    line_direction,
    lines_apart,
    look_of,
    region_offset,
)
from gleam.explaining.sentences import en, zh


@pytest.mark.parametrize(
    ("rgb", "word"),
    [
        ((10, 10, 10), "black"),
        ((70, 70, 72), "dark grey"),
        ((128, 126, 128), "grey"),
        ((190, 190, 186), "light grey"),
        ((250, 250, 250), "white"),
        ((60, 120, 50), "green"),
        ((60, 90, 160), "blue"),
        ((180, 40, 40), "red"),
        ((140, 100, 60), "brown"),
        ((130, 60, 150), "purple"),
    ],
)
def test_colours_have_names(rgb, word):
    assert colour_word(np.array(rgb, float)) == word


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_every_colour_has_a_name_in_every_language(rgb):
    word = colour_word(np.array(rgb, float))
    assert word in COLOURS
    assert word in en.COLOURS
    assert word in zh.COLOURS


def test_every_language_has_the_same_words():
    for name in ("TEMPLATES", "COLOURS", "DIRECTIONS"):
        assert set(getattr(en, name)) == set(getattr(zh, name))
    assert set(en.DIRECTIONS) == set(DIRECTIONS)
    assert set(en.COLOURS) == set(COLOURS)


@pytest.mark.parametrize("degrees", range(0, 180, 15))
def test_lines_are_measured_in_their_direction(degrees):
    """Stripes that run so many degrees clockwise from up."""
    y, x = np.mgrid[0:32, 0:32].astype(float)
    across = x * np.cos(np.radians(degrees)) + y * np.sin(np.radians(degrees))
    found = line_direction(120 + 60 * np.sin(across / 2))
    assert found is not None
    assert lines_apart(found, degrees) < 3


def test_noise_and_flats_have_no_lines():
    rng = np.random.default_rng(0)
    assert line_direction(rng.normal(100, 30, (32, 32))) is None
    assert line_direction(np.full((32, 32), 77.0)) is None
    assert line_direction(np.zeros((2, 2))) is None


@given(st.floats(0, 180), st.floats(0, 180))
def test_lines_are_never_more_than_a_right_angle_apart(a, b):
    assert 0 <= lines_apart(a, b) <= 90
    assert lines_apart(a, b) == pytest.approx(lines_apart(b, a), abs=1e-9)


def test_directions_and_offsets():
    assert direction_word(0, 5) == "north"
    assert direction_word(5, 5) == "north-east"
    assert direction_word(-5, 0.1) == "west"
    assert direction_word(-0.1, 5) == "north"
    assert region_offset(0, 3, 4, 128.0) == (48.0, 48.0)
    assert region_offset(3, 0, 4, 128.0) == (-48.0, -48.0)


def test_a_look_is_measured():
    look = look_of(np.full((8, 8, 3), (60, 120, 50), np.uint8))
    assert (look.colour, look.brightness, look.contrast, look.lines_deg) == ("green", 76.7, 0.0, None)
