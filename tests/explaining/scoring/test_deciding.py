"""Figures of verdicts, against loops and against scikit-learn."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score
from sklearn.metrics import f1_score as sklearn_f1

from gleam.explaining.scoring.deciding import balanced_accuracy, f1_score, recall_of, verdict_figures
from gleam.explaining.scoring.items import join
from gleam.explaining.scoring.prediction import Prediction

VERDICTS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40)


def slow_recall(pairs, kind):
    of_kind = [said for said, truth in pairs if truth == kind]
    return sum(said == kind for said in of_kind) / len(of_kind) if of_kind else math.nan


@settings(max_examples=80, deadline=None)
@given(VERDICTS)
def test_kernels_equal_loops_and_a_library(pairs):
    said, truth = zip(*pairs, strict=True)
    for kind in (True, False):
        assert recall_of(said, truth, kind) == pytest.approx(slow_recall(pairs, kind), nan_ok=True)
    hits = sum(s and t for s, t in pairs)
    extra, missed = sum(s and not t for s, t in pairs), sum(t and not s for s, t in pairs)
    if hits + extra + missed:
        assert f1_score(said, truth) == pytest.approx(2 * hits / (2 * hits + extra + missed))
        assert f1_score(said, truth) == pytest.approx(sklearn_f1(truth, said, zero_division=0.0))
    else:
        assert math.isnan(f1_score(said, truth))
    if len(set(truth)) == 2:
        assert balanced_accuracy(said, truth) == pytest.approx(balanced_accuracy_score(truth, said))
    else:
        assert math.isnan(balanced_accuracy(said, truth))


def test_always_saying_one_thing_has_no_balanced_accuracy_above_half(bench, helpers):
    predictions = [helpers.predict(p, "en", "", match=False) for p in bench.pairs("test")]
    figures = verdict_figures(join(bench, predictions))
    assert figures["balanced_accuracy"].value == 0.5
    assert figures["recall_match"].value == 0.0 and figures["recall_no_match"].value == 1.0
    assert figures["f1"].value == 0.0
    assert figures["auroc"].value == 0.5


def test_no_answer_counts_as_wrong(bench, helpers):
    pairs = bench.pairs("test")
    predictions = [helpers.predict(p, "en", "") for p in pairs[:6]]
    predictions += [
        Prediction(pair_id=p.pair_id, language="en", explainer="author", problem="refused") for p in pairs[6:]
    ]
    figures = verdict_figures(join(bench, predictions))
    assert figures["accuracy"].value == figures["answered"].value == 0.5
    assert figures["balanced_accuracy"].value == 0.5
    assert figures["brier"].n == 6 and figures["brier"].value == pytest.approx(0.01)


def test_probability_figures_and_intervals(bench, helpers):
    pairs = bench.pairs("test")
    rng = np.random.default_rng(0)
    p = {pair.pair_id: float(rng.uniform(0.5, 1) if pair.match else rng.uniform(0, 0.6)) for pair in pairs}
    predictions = [
        helpers.predict(pair, language, "", match=p[pair.pair_id] >= 0.5, probability=p[pair.pair_id])
        for pair in pairs
        for language in ("en", "zh")
    ]
    figures = verdict_figures(join(bench, predictions))
    here = [p[q.pair_id] for q in pairs if q.match]
    elsewhere = [p[q.pair_id] for q in pairs if not q.match]
    slow = np.mean([(a > b) + 0.5 * (a == b) for a in here for b in elsewhere])
    assert figures["auroc"].value == pytest.approx(slow)
    for figure in figures.values():
        assert figure.low <= figure.value <= figure.high or figure.low == pytest.approx(figure.high)
    # Two languages of one pair are no two witnesses: the interval is that of one language alone.
    one = verdict_figures(join(bench, [q for q in predictions if q.language == "en"]))
    assert figures["accuracy"].low == pytest.approx(one["accuracy"].low)
    assert figures["accuracy"].high == pytest.approx(one["accuracy"].high)
