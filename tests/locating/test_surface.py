"""Score surfaces: their spread equals a plain weighted sum, and degenerate ones stay finite."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam.geo import Frame
from gleam.locating.searching.surface import FLOOR_SHARE, SHARPNESS, Surface

FRAME = Frame.at(48.0, 9.0)


def surface(
    at: list[tuple[float, float]], scores: list[float], peak: tuple[float, float] = (0.0, 0.0)
) -> Surface:
    return Surface(FRAME, peak, np.array(at, float).reshape(-1, 2), np.array(scores, float), 112.0)


def plain(at: list[tuple[float, float]], scores: list[float]) -> tuple[float, float, float]:
    """Sum over the positions one by one; each stands for the square of its nearest neighbour's distance."""
    sums, total = np.zeros(3), 0.0
    for i, (x, y) in enumerate(at):
        gap = min(np.hypot(x - u, y - v) for j, (u, v) in enumerate(at) if j != i)
        weight = np.exp((scores[i] - max(scores)) / SHARPNESS) * gap**2
        sums += weight * np.array([x * x, x * y, y * y])
        total += weight
    floor = (FLOOR_SHARE * 112.0) ** 2
    return tuple(sums / total + np.array([floor, 0.0, floor]))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-80, 80), st.integers(-80, 80)), min_size=2, max_size=12, unique=True))
def test_the_spread_is_that_of_the_weights(at: list[tuple[int, int]]) -> None:
    scores = [0.6 - 0.001 * abs(x) - 0.0005 * abs(y) for x, y in at]
    np.testing.assert_allclose(surface(at, scores).covariance_m2, plain(at, scores), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("at", [[(0, 0)], [(3, 4)] * 5])
def test_imagery_one_tile_wide_has_a_finite_spread(at: list[tuple[float, float]]) -> None:
    east, cross, north = surface(at, [0.4] * len(at)).covariance_m2
    assert east * north > cross**2
    assert np.isfinite([east, cross, north]).all()


def test_a_position_seen_twice_counts_once() -> None:
    at, scores = [(0, 0), (10, 0), (0, 20)], [0.6, 0.59, 0.58]
    once = surface(at, scores).covariance_m2
    twice = surface([*at, (10, 0)], [*scores, 0.59]).covariance_m2
    np.testing.assert_allclose(twice, once)
