"""Figures with intervals, against plain sums."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam.explaining.scoring.figures import mean_of, ratio_of, statistic_of

ROWS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=20)


@settings(max_examples=30, deadline=None)
@given(ROWS)
def test_a_ratio_is_that_of_the_sums(rows):
    part, whole, groups = ([row[k] for row in rows] for k in range(3))
    whole = [p + w for p, w in zip(part, whole, strict=True)]
    figure = ratio_of(part, whole, groups)
    if sum(whole) == 0:
        assert figure is None
        return
    assert figure.value == pytest.approx(sum(part) / sum(whole)) and figure.n == sum(whole)
    by_group = [
        sum(p for p, h in zip(part, groups, strict=True) if h == g)
        / sum(w for w, h in zip(whole, groups, strict=True) if h == g)
        for g in set(groups)
        if sum(w for w, h in zip(whole, groups, strict=True) if h == g)
    ]
    assert min(by_group) - 1e-9 <= figure.low <= figure.high <= max(by_group) + 1e-9


def test_a_mean_is_drawn_over_whole_groups():
    values = [1.0] * 10 + [0.0] * 10
    one = mean_of(values, list(range(20)))
    few = mean_of(values, ["a"] * 10 + ["b"] * 10)
    assert one.value == few.value == 0.5
    assert (few.low, few.high) == (0.0, 1.0) and 0.2 < one.low < 0.4 < 0.6 < one.high < 0.8
    assert one == mean_of(values, list(range(20)))


def test_what_is_undefined_is_no_figure():
    assert mean_of([], []) is None
    assert ratio_of([0], [0], [0]) is None
    assert statistic_of(lambda rows: np.nan, 3, [0, 1, 2]) is None
