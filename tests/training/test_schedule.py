"""The learning rate: rises, falls, never negative, ends where it should."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.training.config import PhaseConfig
from gleam.training.schedule import rate_at


@given(
    st.integers(1, 500),
    st.floats(0, 0.9),
    st.floats(0, 1),
    st.sampled_from(["cosine", "constant"]),
)
def test_shape(steps: int, warmup: float, final: float, schedule: str) -> None:
    phase = PhaseConfig(
        name="p",
        places=["x"],
        steps=steps,
        rate=0.5,
        warmup=warmup,
        final_rate_share=final,
        schedule=schedule,
    )
    rates = [rate_at(phase, step, steps) for step in range(steps)]
    warm = round(warmup * steps)
    assert all(0 < rate <= 0.5 + 1e-12 or final == 0 for rate in rates)
    assert all(a < b for a, b in pairwise(rates[: warm + 1]))
    assert all(a >= b for a, b in pairwise(rates[warm:]))


def test_values() -> None:
    phase = PhaseConfig(name="p", places=["x"], steps=100, rate=1.0, warmup=0.1, final_rate_share=0.2)
    assert rate_at(phase, 0, 100) == pytest.approx(1 / 11)
    assert rate_at(phase, 10, 100) == 1.0
    assert rate_at(phase, 55, 100) == pytest.approx(0.6)
    assert rate_at(phase, 99, 100) == pytest.approx(0.2, abs=0.01)
