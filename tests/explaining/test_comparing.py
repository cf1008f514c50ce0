"""Tournaments: both orders, a bias for a position cancels, and of equals the former wins."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.explaining.comparing import Contestant, hold_tournament
from gleam.explaining.verdict import Verdict
from gleam.views import Pose, View


class Judge:
    """Compares numbers; adds ``bias`` to whatever comes first."""

    name = "judge"

    def __init__(self, bias=0.0):
        self.bias = bias
        self.asked = []

    def compare(self, query, tile_a, tile_b, view, pose=None, *, tile_width_m=None):
        self.asked.append((tile_a, tile_b))
        return min(1.0, max(0.0, 0.5 + (tile_a - tile_b) / 20 + self.bias))


class OneByOne:
    """Knows no comparison, only a probability for each."""

    name = "one"

    def __init__(self, probability=True):
        self.probability = probability
        self.asked = 0

    def explain(self, query, tile, view, pose=None, *, language="en", tile_width_m=None):
        self.asked += 1
        return Verdict(
            match=tile > 5,
            probability=tile / 10 if self.probability else None,
            calibration=None,
            threshold=None,
            similarity=tile / 10 - 0.2,
            control=None,
            evidence_for=(),
            evidence_against=(),
            elsewhere=1.0,
            text=str(tile),
            language=language,
            explainer="one",
            view="drone",
            seconds=0,
            cost_usd=0,
        )


def contestants(numbers):
    return [Contestant(n, 128.0, Pose()) for n in numbers]


numbers = st.lists(st.integers(0, 10), min_size=2, max_size=6)


@given(numbers)
def test_both_kinds_of_explainers_order_alike(values):
    # Slow and plain: a stable sort, best first.
    expected = sorted(range(len(values)), key=lambda i: -values[i])
    for judge in (Judge(), OneByOne(), OneByOne(probability=False)):
        tournament = hold_tournament(judge, None, contestants(values), View.DRONE)
        assert list(tournament.order) == expected
        assert sum(tournament.scores) == pytest.approx(len(values) / 2)


@given(numbers, st.sampled_from([-0.4, 0.2, 0.45]))
def test_a_bias_for_a_position_cancels(values, bias):
    judge = Judge(bias / 2)
    tournament = hold_tournament(judge, None, contestants([v / 2 for v in values]), View.DRONE)
    assert list(tournament.order) == sorted(range(len(values)), key=lambda i: -values[i])
    assert all(duel.swing == pytest.approx(abs(bias)) for duel in tournament.duels)
    # Every two in both orders, and nothing else.
    pairs = [(values[a] / 2, values[b] / 2) for a, b in itertools.permutations(range(len(values)), 2)]
    assert sorted(judge.asked) == sorted(pairs)


def test_one_by_one_asks_once_for_each():
    judge = OneByOne()
    tournament = hold_tournament(judge, None, contestants([3, 9, 0, 10]), View.DRONE)
    assert judge.asked == 4
    assert tournament.verdicts[1].text == "9"
    assert tournament.order == (3, 1, 0, 2)
