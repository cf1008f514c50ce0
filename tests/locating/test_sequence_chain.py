"""The chain against the plain sum over every path."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam.locating.several.chain import Chain


def every_path(weights, priors, moves, reach):
    """(probability of each spot of each photo, log evidence, filtered ones) by summing over all paths."""
    count = len(weights)
    seen = [np.zeros(len(w)) for w in weights]
    total = 0.0
    for path in itertools.product(*[[None, *range(len(w))] for w in weights]):
        likelihood, last = 1.0, None
        for photo, spot in enumerate(path):
            if spot is None:
                continue
            if last is None or photo - last[0] > reach:
                likelihood *= priors[photo][spot]
            else:
                likelihood *= moves(last[0], photo)[last[1], spot]
            likelihood *= weights[photo][spot]
            last = (photo, spot)
        total += likelihood
        for photo, spot in enumerate(path):
            if spot is not None:
                seen[photo][spot] += likelihood
    assert count == len(path)
    return [s / total for s in seen], float(np.log(total))


def random_problem(seed, counts, spread):
    rng = np.random.default_rng(seed)
    weights = [np.exp(rng.normal(0, spread, n)) for n in counts]
    priors = [np.full(n, 0.1) for n in counts]
    steps = {
        (a, b): rng.random((counts[a], counts[b])) * (rng.random((counts[a], counts[b])) < 0.7) / 3
        for a in range(len(counts))
        for b in range(a + 1, len(counts))
    }
    return weights, priors, lambda a, b: steps[a, b]


def run(weights, priors, moves, reach):
    chain = Chain(moves, reach=reach)
    filtered = [chain.add(w, p) for w, p in zip(weights, priors, strict=True)]
    return chain, filtered


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    counts=st.lists(st.integers(0, 3), min_size=1, max_size=5),
    reach=st.integers(1, 5),
    spread=st.sampled_from([0.5, 3.0, 12.0]),
)
def test_it_is_the_sum_over_every_path(seed, counts, reach, spread):
    weights, priors, moves = random_problem(seed, counts, spread)
    chain, filtered = run(weights, priors, moves, reach)
    expected, log_evidence = every_path(weights, priors, moves, reach)
    assert chain.log_evidence == pytest.approx(log_evidence, abs=1e-9)
    for mine, theirs in zip(chain.smoothed(), expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-12, rtol=1e-7)
    for photo in range(len(counts)):
        so_far, _ = every_path(weights[: photo + 1], priors[: photo + 1], moves, reach)
        np.testing.assert_allclose(filtered[photo], so_far[photo], atol=1e-12, rtol=1e-7)
        np.testing.assert_allclose(chain.filtered(photo), so_far[photo], atol=1e-12, rtol=1e-7)


def test_at_the_last_photo_filter_and_smoother_agree():
    weights, priors, moves = random_problem(1, [4, 3, 5, 2], 2.0)
    chain, filtered = run(weights, priors, moves, 25)
    np.testing.assert_allclose(chain.smoothed()[-1], filtered[-1], rtol=1e-9)


def test_hundreds_of_strong_photos_stay_finite():
    rng = np.random.default_rng(0)
    place = np.eye(3) * 0.9 + 0.01
    chain = Chain(lambda a, b: place)
    for _ in range(400):
        weights = np.full(3, 1e-3)
        weights[1] = 1e6 if rng.random() < 0.8 else 1e-3
        chain.add(weights, np.full(3, 1e-4))
    smoothed = chain.smoothed()
    assert np.isfinite(chain.log_evidence)
    assert chain.log_evidence > 3000
    assert all(np.isfinite(s).all() and 0 <= s.sum() <= 1 + 1e-9 for s in smoothed)
    assert np.mean([s[1] > 0.99 for s in smoothed]) > 0.7


def test_a_bad_photo_does_not_break_the_memory():
    """The middle photo shows a place too far away; those beside it still support each other."""
    near = np.array([[0.5, 0.0], [0.0, 0.5]])
    chain = Chain(lambda a, b: np.zeros((2, 2)) if 1 in (a, b) else near)
    for weights in ([500.0, 550.0], [0.0, 900.0], [600.0, 100.0]):
        chain.add(np.array(weights), np.full(2, 0.01))
    first, middle, last = chain.smoothed()
    assert first[0] > 0.8 > first[1]
    assert last[0] > 0.8
    assert middle[1] < 0.3
