"""Telling photos from here from others, against references that count pairs one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.errors import GleamError
from gleam.evaluation.open_set import (
    auroc,
    false_locate_rate,
    pooled_false_locate_rate,
    threshold_at_coverage,
)

values = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=25)


@given(values, values)
def test_auroc_is_the_share_of_pairs_in_order(here, elsewhere):
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a in here for b in elsewhere]
    assert auroc(here, elsewhere) == pytest.approx(np.mean(pairs))


@given(values, st.sampled_from([0.05, 0.5, 0.8, 0.95, 1.0]))
def test_the_threshold_is_the_largest_that_answers_enough(here, coverage):
    found = threshold_at_coverage(here, coverage)
    answered = [t for t in here if np.mean([h >= t for h in here]) >= coverage - 1e-9]
    assert found == max(answered)


@given(values, values, st.sampled_from([0.5, 0.8, 0.95]))
def test_false_locates_are_counted_at_that_threshold(here, elsewhere, coverage):
    threshold = max(t for t in here if np.mean([h >= t for h in here]) >= coverage - 1e-9)
    assert false_locate_rate(here, elsewhere, coverage) == np.mean([e >= threshold for e in elsewhere])


@given(st.lists(st.tuples(values, values), min_size=1, max_size=4), st.floats(0.05, 1.0))
def test_several_kinds_share_a_threshold_and_count_alike(kinds, coverage):
    here, elsewhere = zip(*kinds, strict=True)
    everything = sorted((value for kind in here for value in kind), reverse=True)
    needed = next(n for n in range(1, len(everything) + 1) if n >= coverage * len(everything) - 1e-9)
    threshold = everything[needed - 1]
    rates = [sum(value >= threshold for value in kind) / len(kind) for kind in elsewhere]
    expected = sum(rates) / len(rates)
    assert pooled_false_locate_rate(here, elsewhere, coverage) == pytest.approx(expected)


def test_a_constant_confidence_claims_everything():
    assert auroc([0.3, 0.3], [0.3]) == 0.5
    assert false_locate_rate([0.3, 0.3], [0.3, 0.3, 0.1]) == pytest.approx(2 / 3)


@pytest.mark.parametrize(("here", "elsewhere"), [([], [1.0]), ([1.0], []), ([np.nan], [1.0])])
def test_nothing_and_nan_are_refused(here, elsewhere):
    with pytest.raises(GleamError):
        auroc(here, elsewhere)
    with pytest.raises(GleamError, match="coverage"):
        threshold_at_coverage([1.0], 0.0)
