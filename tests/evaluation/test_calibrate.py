from __future__ import annotations

import json

import numpy as np
import pytest

from gleam.errors import GleamError
from gleam.evaluation.calibrate import calibrate_encoder
from gleam.evaluation.calibration import Calibration
from gleam.files import to_json


@pytest.fixture(scope="module")
def blurred(tmp_path_factory, make_world):
    return make_world(tmp_path_factory.mktemp("blurred"), places=80, noise=450.0)


def test_calibrations_are_fitted_per_view_and_hold_out_of_sample(blurred, encoder):
    made = json.loads(to_json(calibrate_encoder(encoder, blurred, name="patches", hide_cases=((),))))
    assert [c["views"] for c in made["answers"]] == [["drone"], ["map"]]
    answer, pair = Calibration.from_dict(made["answers"][0]), Calibration.from_dict(made["pairs"][0])
    assert (answer.name, answer.within_m, pair.within_m) == ("patches", 50.0, None)
    assert pair.positive_share == 0.5
    assert pair.coefficients[0] > 0
    sure, unsure = answer.probability([[0.9, 0.5, np.log(80)], [0.1, 0.0, np.log(80)]])
    assert sure > 0.9 > 0.4 > unsure
    assert set(made["held_out"]) == {"drone", "map"}
    # Saying the base rate for everything would give a Brier score of share * (1 - share).
    share = answer.positive_share
    assert made["held_out"]["drone"]["brier"] < 0.8 * share * (1 - share)
    assert made["held_out"]["drone"]["ece"] < 0.15


def test_absent_places_lower_the_probability(blurred, encoder):
    views = {"views": ["map"], "hide_cases": ((),)}
    never = calibrate_encoder(encoder, blurred, name="x", absent_share=0.0, **views)["answers"][0]
    often = calibrate_encoder(encoder, blurred, name="x", absent_share=0.5, **views)["answers"][0]
    assert often["positive_share"] < 0.7 * never["positive_share"]


def test_same_seed_same_calibration(blurred, encoder):
    views = {"views": ["map"], "hide_cases": ((),)}
    first = calibrate_encoder(encoder, blurred, name="x", seed=3, **views)
    assert calibrate_encoder(encoder, blurred, name="x", seed=3, **views) == first
    assert calibrate_encoder(encoder, blurred, name="x", seed=4, **views) != first


def test_missing_gallery_view_or_position_is_refused(blurred, encoder):
    with pytest.raises(GleamError, match="needs satellite images"):
        calibrate_encoder(encoder, blurred.select(view="drone"), name="x")
    with pytest.raises(GleamError, match="no ground query"):
        calibrate_encoder(encoder, blurred, name="x", views=["ground"])
