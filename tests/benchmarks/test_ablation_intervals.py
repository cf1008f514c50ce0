"""The intervals of the ablations: against the formulas written out, and against simulated truth."""

from __future__ import annotations

import math
import statistics
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from ablation.arms import Budget, read_table
from ablation.intervals import difference, recall


def test_difference_equals_the_formulas_written_out():
    ours = {1: [1, 3, 1, 9, 1], 2: [1, 1, 2, 1, 4], 3: [2, 1, 1, 1, 1]}
    theirs = {1: [2, 3, 1, 9, 2], 2: [1, 2, 2, 3, 4], 3: [2, 2, 1, 5, 1]}
    change = [[float(a == 1) - float(b == 1) for a, b in zip(ours[s], theirs[s], strict=True)] for s in ours]
    seeds = [statistics.mean(row) for row in change]
    places = [statistics.mean(column) for column in zip(*change, strict=True)]
    half = math.hypot(
        4.302653 * statistics.stdev(seeds) / math.sqrt(3), 1.959964 * statistics.stdev(places) / math.sqrt(5)
    )
    found = difference(ours, theirs, 1)
    assert found.value == pytest.approx(statistics.mean(seeds))
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half), rel=1e-6)


def test_only_seeds_of_both_are_compared():
    ours = {1: [1, 1], 2: [2, 2], 7: [5, 5]}
    theirs = {1: [1, 2], 2: [2, 1], 9: [5, 5]}
    assert difference(ours, theirs, 1).value == pytest.approx(0.0)
    with pytest.raises(ValueError, match="two of them"):
        difference({1: [1]}, {1: [1]}, 1)


def test_a_place_without_a_tile_is_an_error():
    with pytest.raises(ValueError, match="no right tile"):
        recall({1: [1, 0]}, 1)


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(300):
        hard, chance = rng.normal(0, 1, 200), {}
        for name, shift in (("ours", 0.3), ("theirs", 0.0)):
            runs = {s: hard + shift + rng.normal(0, 0.15) + rng.normal(0, 1, 200) for s in range(4)}
            chance[name] = {s: np.where(score > 0.5, 1, 2) for s, score in runs.items()}
        # Normal sums: place, seed and answer together have this spread.
        spread = math.sqrt(1 + 0.15**2 + 1)
        share = [1 - statistics.NormalDist(shift, spread).cdf(0.5) for shift in (0.3, 0.0)]
        found = difference(chance["ours"], chance["theirs"], 1)
        held += found.low <= share[0] - share[1] <= found.high
    assert held / 300 >= 0.93


def test_every_arm_has_the_same_budget():
    table, budget = read_table(), Budget(steps=200, images=160)
    for arm in table.arms.values():
        config = arm.train_config(1, budget, Path("p"), Path("o"), Path("c"), table.arms["base"])
        _, images = arm.steps_and_images(config)
        assert images == budget.steps * budget.images * arm.share_of_images, arm.name
        assert arm.versus is None or arm.versus in table.arms
    assert {name for question in table.questions for name in question.arms} <= set(table.arms)
