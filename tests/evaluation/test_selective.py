"""Risk and coverage against a loop that takes answers one at a time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.errors import GleamError
from gleam.evaluation.bootstrap import statistic_interval
from gleam.evaluation.calibration import expected_calibration_error
from gleam.evaluation.selective import area_under_risk_coverage, coverage_at_risk, risk_coverage

answers = st.lists(st.tuples(st.integers(0, 5).map(float), st.booleans()), min_size=1, max_size=30)


@given(answers)
def test_risk_falls_as_in_the_loop(pairs):
    taken = sorted(pairs, key=lambda p: (-p[0], p[1]))
    coverage, risk = risk_coverage(*zip(*pairs, strict=True))
    for n in range(1, len(taken) + 1):
        wrong = sum(not right for _, right in taken[:n])
        assert coverage[n - 1] == pytest.approx(n / len(taken))
        assert risk[n - 1] == pytest.approx(wrong / n)
    assert area_under_risk_coverage(*zip(*pairs, strict=True)) == pytest.approx(risk.mean())


@given(answers, st.sampled_from([0.0, 0.05, 0.3]))
def test_coverage_at_a_risk_is_that_of_the_best_threshold(pairs, risk):
    best = 0.0
    for threshold in {c for c, _ in pairs}:
        taken = [right for c, right in pairs if c >= threshold]
        if np.mean([not r for r in taken]) <= risk + 1e-12:
            best = max(best, len(taken) / len(pairs))
    assert coverage_at_risk(*zip(*pairs, strict=True), risk) == pytest.approx(best)


def test_a_confidence_that_knows_beats_one_that_does_not():
    rng = np.random.default_rng(0)
    right = rng.random(400) < 0.7
    knows, guesses = right + rng.normal(0, 0.3, 400), rng.random(400)
    assert area_under_risk_coverage(knows, right) < 0.7 * area_under_risk_coverage(guesses, right)
    assert area_under_risk_coverage(np.zeros(400), right) > 0.3


@pytest.mark.parametrize("confidence", [[], [np.nan], [0.1, 0.2]])
def test_sizes_and_nan_are_refused(confidence):
    with pytest.raises(GleamError):
        risk_coverage(confidence, [True] if confidence else [])


def test_the_interval_of_a_calibration_error_holds_its_value_and_narrows():
    rng = np.random.default_rng(1)

    def interval(n):
        p = rng.random(n)
        y = rng.random(n) < p
        return statistic_interval(
            lambda rows: expected_calibration_error(p[rows], y[rows], 5), n, resamples=100
        )

    few, many = interval(60), interval(2000)
    assert few.low < few.high
    assert many.high - many.low < few.high - few.low
    grouped = statistic_interval(lambda rows: float(len(rows)), 6, groups=list("aabbbb"), resamples=50)
    assert grouped.value == 6 and {grouped.low, grouped.high} <= {4.0, 8.0, 6.0}
