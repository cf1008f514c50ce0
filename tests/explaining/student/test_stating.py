import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.errors import GleamError
from gleam.explaining.scene import ATTRIBUTES
from gleam.explaining.student.stating import NEVER, Thresholds, fit_thresholds, stated
from gleam.views import View


def slow_least(sure, right, wanted):
    """The lowest confidence such that, of all at least as sure, enough were right."""
    best = NEVER
    order = sorted(range(len(sure)), key=lambda k: -sure[k])
    for end in range(1, len(order) + 1):
        kept = order[:end]
        share = (sum(bool(right[k]) for k in kept) + 1) / (len(kept) + 2)
        if share >= wanted:
            best = round(float(sure[kept[-1]]), 4)
    return best


@given(seed=st.integers(0, 10**6), wanted=st.sampled_from([0.6, 0.9, 0.94]))
def test_thresholds_equal_the_slow_reference(seed, wanted):
    rng = np.random.default_rng(seed)
    guesses, labels = [], []
    for attribute in ATTRIBUTES:
        p = rng.dirichlet(np.full(len(attribute.values), 0.3), 60)
        truth = np.where(rng.random(60) < 0.7, p.argmax(1), rng.integers(0, len(attribute.values), 60))
        guesses.append(p)
        labels.append(np.where(rng.random(60) < 0.2, -1, truth))
    found = fit_thresholds({View.SATELLITE: guesses}, {View.SATELLITE: np.stack(labels, 1)}, wanted)
    for k, attribute in enumerate(ATTRIBUTES):
        known = labels[k] >= 0
        guess, sure = guesses[k].argmax(1)[known], guesses[k].max(1)[known]
        right = guess == labels[k][known]
        for number, value in enumerate(attribute.values):
            own = guess == number
            expected = slow_least(sure[own], right[own], wanted)
            assert found.of(View.SATELLITE, attribute.name, value) == pytest.approx(expected, abs=1e-9)
    assert Thresholds.from_dict(found.to_dict()) == found


def test_what_was_seen_too_rarely_is_not_stated():
    p = [np.full((3, len(a.values)), 1e-6) for a in ATTRIBUTES]
    for table in p:
        table[:, 0] = 0.999
    labels = np.zeros((3, len(ATTRIBUTES)), np.int64)
    found = fit_thresholds({View.DRONE: p}, {View.DRONE: labels}, 0.94)
    assert stated([t[0] for t in p], View.DRONE, found) == {}


def test_what_a_view_cannot_show_is_not_stated():
    sure = {a.name: dict.fromkeys(a.values, 0.1) for a in ATTRIBUTES}
    thresholds = Thresholds({view.value: sure for view in View}, 0.9)
    p = [np.eye(len(a.values))[0] for a in ATTRIBUTES]
    for view in View:
        assert set(stated(p, view, thresholds)) == {a.name for a in ATTRIBUTES if view in a.views}


@pytest.mark.parametrize(
    "table",
    [
        {"table": {"sideways": {}}, "wanted": 0.9},
        {"table": {"drone": {"weather": {"rain": 0.5}}}, "wanted": 0.9},
        {"table": {"drone": {"water": {"sea": 0.5}}}, "wanted": 0.9},
        {"table": {"drone": {"water": {"none": "much"}}}, "wanted": 0.9},
        {"wanted": 0.9},
    ],
)
def test_damaged_thresholds_are_refused(table):
    with pytest.raises(GleamError):
        Thresholds.from_dict(table)
