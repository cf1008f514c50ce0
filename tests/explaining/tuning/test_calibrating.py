"""Calibration and figures of verdicts, on made-up leanings whose truth is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.errors import GleamError
from gleam.explaining.benchmark import Pair
from gleam.explaining.local.probability import AnswerCalibrations
from gleam.explaining.tuning.calibrating import calibrate
from gleam.explaining.tuning.readings import Reading, Written, by_group, verdict_figures, written_figures
from gleam.explaining.tuning.result import difference
from gleam.views import View


def pair(number, match):
    tier = "positive" if match else "near"
    return Pair(f"p{number}", "val", match, tier, View.DRONE, f"q{number}", "t", "a" * 64, "b" * 64)


def over_confident(total=600, scale=4.0, shift=3.0, language="en"):
    """Leanings four times too strong and shifted towards no, as base models lean."""
    rng = np.random.default_rng(0)
    readings = []
    for number in range(total):
        true = rng.normal(0, 1.5)
        match = bool(rng.random() < 1 / (1 + math.exp(-true)))
        lean = scale * true - shift
        readings.append(Reading(pair(number, match), language, lean, 1 / (1 + math.exp(-lean))))
    return readings


def test_it_takes_back_a_known_distortion():
    made = calibrate(over_confident(), "toy val")
    one = made.languages["en"]
    assert one.coefficients[0] == pytest.approx(1 / 4, rel=0.2)
    assert one.intercept == pytest.approx(3 / 4, abs=0.2)
    figures = made.figures["en"]
    for name in ("nll", "ece", "brier"):
        assert figures["after"][name] < figures["before"][name]


def test_each_language_has_its_own():
    made = calibrate([*over_confident(), *over_confident(shift=-3.0, language="zh")], "toy val")
    assert made.probability(0.0, "en")[0] > 0.5 > made.probability(0.0, "zh")[0]
    assert made.probability(0.0, "en")[1] == "toy val (en)"


def test_one_verdict_alone_calibrates_nothing():
    made = calibrate([r for r in over_confident() if r.pair.match], "toy val")
    assert made.languages == {}
    assert made.probability(1.0, "en") is None


def test_it_survives_the_disk(tmp_path):
    made = calibrate(over_confident(), "toy val")
    made.save(tmp_path)
    read = AnswerCalibrations.read(tmp_path)
    assert read.languages == made.languages
    assert read.probability(1.25, "en") == made.probability(1.25, "en")
    (tmp_path / "calibration.json").write_text('{"format": 9}')
    with pytest.raises(GleamError, match=r"calibration\.json is no calibration of format 1"):
        AnswerCalibrations.read(tmp_path)


def test_a_calibration_for_other_prompts_is_not_used():
    made = calibrate(over_confident(), "toy val")
    assert AnswerCalibrations(made.languages, prompts="local-0").probability(1.0, "en") is None


@given(st.lists(st.tuples(st.booleans(), st.floats(0.001, 0.999)), min_size=2, max_size=30))
def test_figures_equal_slow_counts(rows):
    readings = [Reading(pair(n, match), "en", 0.0, p) for n, (match, p) in enumerate(rows)]
    figures = verdict_figures(readings)
    right = [(p >= 0.5) == match for match, p in rows]
    assert figures["accuracy"]["value"] == pytest.approx(sum(right) / len(right))
    for name, kind in (("recall_match", True), ("recall_no_match", False)):
        own = [r for r, (match, _) in zip(right, rows, strict=True) if match is kind]
        assert figures[name] == (pytest.approx(sum(own) / len(own)) if own else None)
    wins = [1.0 if a > b else 0.5 if a == b else 0.0 for m, a in rows if m for n, b in rows if not n]
    assert figures["auroc"] == (pytest.approx(sum(wins) / len(wins)) if wins else None)


def test_groups_add_up():
    readings = over_confident(60)
    groups = by_group(readings)
    assert groups["language en"]["n"] == groups["view drone"]["n"] == 60
    assert groups["tier positive"]["n"] + groups["tier near"]["n"] == 60


def test_written_answers_that_were_refused_are_no_verdicts():
    made = [
        Written(pair(0, True), "en", True),
        Written(pair(1, True), "en", False),
        Written(pair(2, False), "en", None, "empty"),
    ]
    assert written_figures(made) == {"n": 3, "usable": pytest.approx(2 / 3), "accuracy": 0.5}
    assert written_figures([])["accuracy"] is None


def test_a_difference_is_of_the_same_pairs():
    before = [Reading(pair(n, True), "en", 0.0, 0.9 if n < 6 else 0.1) for n in range(10)]
    after = [Reading(pair(n, True), "en", 0.0, 0.9 if n < 8 else 0.1) for n in range(10)]
    found = difference(before, after)
    assert found["value"] == pytest.approx(0.2)
    assert found["low"] <= 0.2 <= found["high"]
    with pytest.raises(GleamError, match="same pairs"):
        difference(before, after[:-1])
