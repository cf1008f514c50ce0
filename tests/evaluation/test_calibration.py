from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss

from gleam.errors import GleamError
from gleam.evaluation.calibration import (
    ANSWER_FEATURES,
    Calibration,
    answer_features,
    brier_score,
    calibration_figures,
    expected_calibration_error,
    fit_calibration,
    fit_pair_calibration,
    honest_calibration_error,
    negative_log_likelihood,
    reliability,
)
from gleam.geo import offset


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    features = np.stack(
        [rng.normal(0.5, 0.2, 3000), rng.exponential(0.1, 3000), rng.normal(6, 1, 3000)], axis=1
    )
    odds = -1.0 + 4.0 * features[:, 0] + 10.0 * features[:, 1] - 0.4 * features[:, 2]
    return features, rng.random(3000) < expit(odds), expit(odds)


def fitted(data):
    return fit_calibration(data[0], data[1], name="test", views=["drone"], within_m=25.0)


def test_fit_is_that_of_scikit_learn_on_platts_targets(data):
    features, right, _ = data
    yes, no = right.sum(), (~right).sum()
    soft = np.where(right, (yes + 1) / (yes + 2), 1 / (no + 2))
    doubled = np.concatenate([features, features])
    labels = np.repeat([1, 0], len(features))
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=5000)
    model.fit(doubled, labels, sample_weight=np.concatenate([soft, 1 - soft]))
    ours = fitted(data)
    np.testing.assert_allclose(ours.coefficients, model.coef_[0], rtol=5e-3)
    np.testing.assert_allclose(ours.probability(features), model.predict_proba(features)[:, 1], atol=2e-3)


def test_fit_recovers_the_true_probabilities(data):
    features, right, truth = data
    found = fitted(data).probability(features)
    assert np.abs(found - truth).mean() < 0.02
    assert expected_calibration_error(found, right) < 0.04


def test_json_round_trip_keeps_every_number(data):
    ours = fitted(data)
    again = Calibration.from_dict(json.loads(json.dumps(ours.to_dict())))
    assert again == ours
    assert (again.n, again.within_m, again.views, again.features) == (3000, 25.0, ("drone",), ANSWER_FEATURES)
    assert 0 < again.positive_share < 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"intercept": float("nan")}, "not finite"),
        ({"coefficients": [1.0]}, "3 features but has 1"),
        ({"extra": 1}, "missing or unknown: extra"),
    ],
)
def test_damaged_json_is_refused(data, change, says):
    with pytest.raises(GleamError, match=says):
        Calibration.from_dict({**fitted(data).to_dict(), **change})


def test_separable_data_and_constant_features_stay_finite():
    features = np.stack([np.linspace(0, 1, 50), np.full(50, 0.3), np.full(50, np.log(100))], axis=1)
    ours = fit_calibration(features, features[:, 0] > 0.5, name="x", views=["map"])
    assert ours.coefficients[1:] == (0.0, 0.0)
    p = ours.probability(features)
    assert 0.9 < p[-1] < 1.0
    assert 0.0 < p[0] < 0.1


def test_pair_calibration_takes_plain_similarities():
    rng = np.random.default_rng(1)
    similarity = np.concatenate([rng.normal(0.7, 0.1, 400), rng.normal(0.4, 0.1, 400)])
    ours = fit_pair_calibration(similarity, np.arange(800) < 400, name="x", views=["ground"])
    assert ours.within_m is None
    assert ours.probability([0.55])[0] == pytest.approx(0.5, abs=0.06)
    assert (np.diff(ours.probability(np.linspace(0, 1, 20))) > 0).all()


def test_answer_features_skip_candidates_that_agree_with_the_first():
    lat, lon = offset(np.full(4, 48.0), np.full(4, 16.0), [0.0, 20.0, 200.0, 300.0], [0.0, 0.0, 0.0, 0.0])
    features = answer_features([[0.9, 0.8, 0.6, 0.5]], [lat], [lon], 100, within_m=50.0)
    np.testing.assert_allclose(features, [[0.9, 0.3, np.log(100)]])
    alone = answer_features([[0.9, 0.8, np.nan, np.nan]], [lat], [lon], [7], within_m=50.0)
    np.testing.assert_allclose(alone, [[0.9, 0.1, np.log(7)]])
    one = answer_features([[0.9]], [[48.0]], [[16.0]], 1, within_m=50.0)
    np.testing.assert_allclose(one, [[0.9, 0.0, 0.0]])


def test_scores_are_those_of_scikit_learn(data):
    _, right, p = data
    assert brier_score(p, right) == pytest.approx(brier_score_loss(right, p))
    assert negative_log_likelihood(p, right) == pytest.approx(log_loss(right, p))
    figures = calibration_figures(p, right)
    assert figures == {
        "ece": expected_calibration_error(p, right),
        "brier": brier_score(p, right),
        "nll": negative_log_likelihood(p, right),
        "n": 3000,
    }


def test_ece_by_hand():
    p, right = np.array([0.1, 0.2, 0.8, 0.9]), np.array([0, 1, 1, 1])
    assert expected_calibration_error(p, right, bins=2) == pytest.approx(0.5 * 0.35 + 0.5 * 0.15)
    assert [b["n"] for b in reliability(p, right, bins=2)] == [2, 2]
    assert negative_log_likelihood([1.0], [0]) == np.inf


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: fit_pair_calibration([0.1, 0.2], [True, True], name="x", views=[]), "All 2 .* are right"),
        (lambda: fit_pair_calibration([0.1, np.nan], [True, False], name="x", views=[]), "example 1"),
        (lambda: fit_pair_calibration([0.1, 0.2], [True], name="x", views=[]), "2 rows of features"),
        (lambda: brier_score([0.5, 1.5], [1, 0]), "between 0 and 1"),
        (lambda: brier_score([], []), "two lists"),
    ],
)
def test_wrong_input_is_refused(call, says):
    with pytest.raises(GleamError, match=says):
        call()


def test_few_honest_probabilities_have_an_error_too() -> None:
    rng = np.random.default_rng(3)
    p = rng.random(100)
    mean, most = honest_calibration_error(p, bins=5)
    slow = [expected_calibration_error(p, rng.random(100) < p, bins=5) for _ in range(2000)]
    assert mean == pytest.approx(np.mean(slow), abs=0.004)
    assert most == pytest.approx(np.quantile(slow, 0.95), abs=0.01)
    assert honest_calibration_error(np.repeat(p, 100), bins=5)[0] < mean / 5
