"""Fitting on samples drawn from a known rule: the rule comes back, thresholds and regions hold."""

from dataclasses import replace

import numpy as np
import pytest

from gleam.errors import GleamError
from gleam.evaluation.calibration import Calibration, expected_calibration_error
from gleam.locating.calibrations import Calibrations
from gleam.locating.judging.calibrate import (
    EVERY_VIEW,
    FALSE_AT_80,
    FALSE_AT_80_BY_HERE,
    LEAST_CLAIM,
    MOST_WRONG,
    fit_answers,
)
from gleam.locating.judging.samples import Sample
from gleam.locating.judging.signs import SIGNS


def drawn(n, areas=("a", "b"), seed=0, telling="sharpness", view="drone", searched=0.0, base=-1.5):
    """Samples whose chance of being right depends on the margin and one more sign."""
    rng = np.random.default_rng(seed)
    out = []
    for i in range(n):
        signs = {name: float(rng.normal()) for name in SIGNS}
        signs["margin"] = float(rng.exponential(0.1))
        signs["heading_searched"] = searched
        present = bool(rng.random() < 0.8)
        odds = base + 25 * signs["margin"] + 2.5 * signs[telling]
        right = present and rng.random() < 1 / (1 + np.exp(-odds))
        if not present:
            signs["margin"] *= 0.1
            signs[telling] -= 3
        error = float(rng.rayleigh(6.0)) if right else float(rng.uniform(80, 900))
        sigmas = error / 4.0
        known = (error, sigmas) if present else (None, None)
        out.append(Sample(areas[i % len(areas)], view, f"p{i}", present, *known, signs, bool(i % 2)))
    return out


@pytest.fixture(scope="module")
def fitted():
    return fit_answers(drawn(1500), name="two areas")


def test_the_probability_holds_for_new_samples(fitted):
    calibration = Calibration.from_dict(fitted["answers"][0])
    new = drawn(3000, seed=7)
    features = [[s.signs[name] for name in calibration.features] for s in new]
    right = [s.present and s.error_m <= 50 for s in new]
    assert expected_calibration_error(calibration.probability(features), right) < 0.04


def test_a_sign_that_helps_is_taken_and_noise_is_not(fitted):
    chosen = fitted["answers"][0]["features"]
    assert chosen[:3] == ["similarity", "margin", "log_gallery"]
    assert "sharpness" in chosen
    assert len(chosen) <= 5


def test_claims_and_regions_hold_for_new_samples(fitted):
    calibrations = Calibrations.of(type("E", (), {"calibration": fitted, "name": "e"})())
    claim, region = calibrations.claim("drone"), calibrations.region("drone")
    answer = calibrations.answer("drone")
    new = drawn(4000, seed=11)
    p = answer.probability([[s.signs[name] for name in answer.features] for s in new])
    located = p >= claim.located_from
    present = np.array([s.present for s in new])
    wrong = np.array([s.present and s.error_m > 50 for s in new])
    assert wrong[located & present].mean() <= 2 * MOST_WRONG
    assert located[~present].mean() <= 0.08
    inside = [s.sigmas <= region.scale for s, use in zip(new, located & present, strict=True) if use]
    assert 0.93 <= np.mean(inside) <= 0.975
    assert fitted["held_out"]["drone"]["region95_holds"] == pytest.approx(0.95, abs=0.03)


def test_views_are_ranked_under_one_threshold_too(fitted):
    assert set(fitted["held_out"]) == {"drone"}  # of one view there is nothing to pool
    hard = [replace(s, view="ground") for s in drawn(1500, seed=3, base=-4.0)]
    searched = drawn(900, seed=4, searched=1.0)
    both = fit_answers([*drawn(1500), *searched, *hard], name="n")["held_out"]
    assert set(both) == {"drone", "drone, heading unknown", "ground", EVERY_VIEW}
    for by in (FALSE_AT_80, FALSE_AT_80_BY_HERE):
        assert 0 <= both["drone"][by] <= both["ground"][by] <= 1
        # The easy view answers more than 80 %, so that the hard one need not.
        assert both[EVERY_VIEW][by] < max(both["ground"][by], 0.05)
    assert both["ground"][FALSE_AT_80_BY_HERE] <= both["ground"][FALSE_AT_80]


def test_nothing_improbable_is_claimed_where_strangers_are_easily_told():
    """With strangers far off, a threshold near 0.5 would keep the rates of the samples."""
    samples = [
        replace(s, signs=s.signs | {"similarity": -9.0, "margin": 0.0}) if not s.present else s
        for s in drawn(1500, base=4.0)
    ]
    claims = fit_answers(samples, name="easy")["claims"]["drone"]
    assert claims["located_from"] >= LEAST_CLAIM


def test_one_area_is_cut_in_halves():
    found = fit_answers(drawn(600, areas=("only",)), name="one area")
    assert found["held_out"]["drone"]["n"] == 600


def test_nothing_and_one_sided_samples_are_refused():
    with pytest.raises(GleamError, match="no located photo"):
        fit_answers([], name="none")
    with pytest.raises(GleamError, match="are right"):
        fit_answers([s for s in drawn(300) if s.present and s.error_m <= 50], name="all right")


def test_a_searched_heading_is_calibrated_apart_where_there_are_enough_of_both():
    known, unknown = drawn(900), drawn(900, seed=3, searched=1.0, base=-4.0)
    fitted = fit_answers([*known, *unknown], name="both")
    assert set(fitted["claims"]) == {"drone", "drone, heading unknown"}
    calibrations = Calibrations.of(type("E", (), {"calibration": fitted, "name": "e"})())
    for kind, told in (("drone", 0.0), ("drone, heading unknown", 1.0)):
        assert calibrations.kind_of("drone", heading_searched=bool(told)) == kind
        answer = calibrations.answer(kind)
        new = drawn(3000, seed=21, searched=told, base=-4.0 if told else -1.5)
        p = answer.probability([[s.signs[name] for name in answer.features] for s in new])
        assert expected_calibration_error(p, [s.present and s.error_m <= 50 for s in new]) < 0.05
    # One calibration for both would be wrong for either; few of one kind stay with the others.
    together = fit_answers([*known, *unknown[:50]], name="few")
    assert set(together["claims"]) == {"drone"}
    assert (
        Calibrations.of(type("E", (), {"calibration": together, "name": "e"})()).kind_of(
            "drone", heading_searched=True
        )
        == "drone"
    )


def test_photos_that_are_told_nothing_count_as_not_claimed():
    known = drawn(900)
    silent = [replace(s, signs={}, error_m=None, sigmas=None) for s in drawn(900, seed=5)]
    alone, both = (fit_answers(x, name="n") for x in (known, [*known, *silent]))
    assert both["answers"] == alone["answers"]
    alone, both = alone["held_out"]["drone"], both["held_out"]["drone"]
    assert (
        both["located"] < 0.7 * alone["located"]
        and both["false_located"] < 0.7 * alone["false_located"] + 1e-9
    )
    with pytest.raises(GleamError, match="found any place"):
        fit_answers(silent, name="nothing at all")


def test_photos_planted_in_a_flight_are_not_missed_where_they_get_no_position():
    known = drawn(900)
    silent = [replace(s, signs={}, error_m=None, sigmas=None) for s in drawn(300, seed=5) if s.present]
    planted = [replace(s, planted=True) for s in silent]
    alone, counted, left_out = (
        fit_answers(x, name="n")["held_out"]["drone"] for x in (known, [*known, *silent], [*known, *planted])
    )
    assert left_out == alone
    assert counted["false_locate_at_80"] > alone["false_locate_at_80"]
    # What is said of one counts as any other answer does.
    right = [s for s in known if s.present and s.error_m <= 50]
    wrong = [replace(s, planted=True, error_m=500.0) for s in right[:40]]
    more = fit_answers([*known, *wrong], name="n")["held_out"]["drone"]
    assert more["n"] == alone["n"] + 40 and more["brier"] > alone["brier"]


def test_pairs_are_those_of_the_view_whatever_is_known_of_the_heading():
    pairs = [{"name": "p", "views": ["drone"], "features": ["similarity"], "intercept": 0.0}]
    pairs[0] |= {"coefficients": [1.0], "within_m": None, "n": 9, "positive_share": 0.5}
    known = Calibrations.of(type("E", (), {"calibration": {"pairs": pairs}, "name": "e"})())
    assert known.pair("drone, heading unknown") is known.pair("drone") is not None
    assert known.kind_of("drone", heading_searched=True) == "drone"
