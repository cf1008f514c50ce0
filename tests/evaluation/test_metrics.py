from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from gleam.errors import GleamError
from gleam.evaluation import metrics
from gleam.evaluation.relevance import Relevance
from gleam.evaluation.retrieval import search


@pytest.mark.parametrize("k", [1, 2, 3, 5, 9])
def test_chance_is_the_mean_over_all_orders(k):
    positives, ignored, gallery = [[0], [1, 3], [0, 1, 2, 3]], [[], [4], []], 5
    relevance = Relevance.from_lists(positives, gallery, ignored)
    rng = np.random.default_rng(0)
    found = search(rng.normal(size=(3, 4)), rng.normal(size=(5, 4)), relevance)
    shares = []
    for right, junk in zip(positives, ignored, strict=True):
        orders = list(permutations([i for i in range(gallery) if i not in junk]))
        shares.append(np.mean([any(i in right for i in order[:k]) for order in orders]))
    assert metrics.chance_at(found, k) == pytest.approx(np.mean(shares))


def test_chance_of_one_positive_is_exact():
    found = search(np.eye(3), np.eye(3), Relevance.from_labels("abc", "abc"))
    assert metrics.chance_at(found, 1) == 1 / 3


def test_random_features_reach_chance():
    rng = np.random.default_rng(1)
    found = search(
        rng.normal(size=(4000, 8)),
        rng.normal(size=(50, 8)),
        Relevance.from_labels(np.arange(4000) % 50, range(50)),
    )
    for k in (1, 5, 10):
        assert metrics.hits_at(found, k).mean() == pytest.approx(metrics.chance_at(found, k), abs=0.03)


def test_ignored_items_take_no_rank_but_are_shown():
    tiles = np.array([[1.0, 0.0], [0.9, 0.1], [0.5, 0.5]])
    found = search(tiles[:1], tiles, Relevance.from_lists([[1]], 3, [[0]]))
    assert found.best.tolist() == [1]
    assert found.top[0, :3].tolist() == [0, 1, 2]


def test_spatial_distance_metric_by_hand():
    distances = np.array([[0.0, 100.0, np.nan]])
    want = (3 * 1 + 2 * np.exp(-0.1)) / 6
    assert metrics.spatial_distance_metric(distances, 3)[0] == pytest.approx(want)
    with pytest.raises(GleamError, match="SDM@0"):
        metrics.spatial_distance_metric(distances, 0)
