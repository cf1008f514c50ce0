"""A probability is said to people without claiming certainty."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.evaluation.wording import in_percent


@pytest.mark.parametrize(
    ("probability", "said"),
    [(0.0, "<1"), (0.004, "<1"), (0.01, "1"), (0.5, "50"), (0.99, "99"), (0.996, ">99"), (1.0, ">99")],
)
def test_the_ends_are_bounds(probability, said):
    assert in_percent(probability) == said


@given(st.floats(0, 1))
def test_no_probability_reads_as_none_or_all(probability):
    said = in_percent(probability)
    assert said not in ("0", "100")
    assert abs(float(said.strip("<>")) - 100 * probability) <= 1.0
