from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from gleam.errors import GleamError
from gleam.evaluation import bootstrap
from gleam.evaluation.bootstrap import mean_intervals, quantile_intervals


def test_mean_interval_is_that_of_scipy():
    values = np.random.default_rng(0).exponential(size=300)
    ours = mean_intervals(values, resamples=4000)[0]
    theirs = stats.bootstrap((values,), np.mean, n_resamples=4000, method="percentile", rng=1)
    assert ours.value == pytest.approx(values.mean())
    assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=0.01)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=0.01)


def test_coverage_is_near_the_level():
    rng = np.random.default_rng(2)
    inside = 0
    for trial in range(300):
        i = mean_intervals((rng.random(80) < 0.7).astype(float), resamples=300, seed=trial)[0]
        inside += i.low <= 0.7 <= i.high
    assert 0.90 < inside / 300 < 0.985


def test_groups_widen_the_interval_of_repeated_witnesses():
    values = (np.random.default_rng(3).random(60) < 0.5).astype(float)
    repeated, groups = np.repeat(values, 20), np.repeat(np.arange(60), 20).astype(str)
    once = mean_intervals(values)[0]
    alone = mean_intervals(repeated)[0]
    grouped = mean_intervals(repeated, groups=groups)[0]
    assert grouped == once
    assert alone.high - alone.low < 0.4 * (grouped.high - grouped.low)


def test_grouped_mean_weighs_groups_by_their_size():
    interval = mean_intervals([1.0, 1.0, 1.0, 0.0], groups=["a", "a", "a", "b"])[0]
    assert interval.value == 0.75
    assert (interval.low, interval.high) == (0.0, 1.0)


def test_quantiles_equal_slow_resampling():
    values = np.random.default_rng(4).exponential(size=51)
    ours = quantile_intervals(values, (0.5, 0.9), resamples=500, seed=7)
    rng = np.random.default_rng(7)
    drawn = rng.integers(0, 51, (500, 51))
    for number, q in enumerate((0.5, 0.9)):
        slow = [np.quantile(values[d], q, method="inverted_cdf") for d in drawn]
        assert ours[number].value == np.quantile(values, q, method="inverted_cdf")
        assert ours[number].low == pytest.approx(np.quantile(slow, 0.025))
        assert ours[number].high == pytest.approx(np.quantile(slow, 0.975))


def test_seed_decides_and_block_size_does_not(monkeypatch):
    values = np.random.default_rng(5).normal(size=(40, 3))
    means, medians = mean_intervals(values, seed=1), quantile_intervals(values[:, 0], (0.5,), seed=1)
    assert mean_intervals(values, seed=1) == means
    assert mean_intervals(values, seed=2) != means
    monkeypatch.setattr(bootstrap, "_NUMBERS_AT_ONCE", 100)
    assert quantile_intervals(values[:, 0], (0.5,), seed=1) == medians
    for small, large in zip(mean_intervals(values, seed=1), means, strict=True):
        assert small.to_dict() == pytest.approx(large.to_dict())


def test_certain_results_have_no_width():
    assert mean_intervals(np.ones(9))[0].to_dict() == {"value": 1.0, "low": 1.0, "high": 1.0}


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: mean_intervals([]), "nothing to resample"),
        (lambda: mean_intervals([1.0, np.nan]), "1 of 2 values"),
        (lambda: mean_intervals([1.0], groups=[1, 2]), "2 groups"),
        (lambda: quantile_intervals([1.0], [0.5], level=1.5), "level"),
    ],
)
def test_wrong_input_is_refused(call, says):
    with pytest.raises(GleamError, match=says):
        call()
