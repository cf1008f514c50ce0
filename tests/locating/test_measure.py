"""The figures of located photos against counting by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from gleam.cli.eval_table import print_located
from gleam.errors import GleamError
from gleam.geo import distance_m
from gleam.locating import Locator
from gleam.locating.judging.measure import measure_answers
from gleam.locating.region import ring_contains
from gleam.places import PlaceImage, Places
from gleam.views import View


@pytest.fixture(scope="module")
def places(landscape, tmp_path_factory):
    folder = tmp_path_factory.mktemp("measure")
    rng = np.random.default_rng(4)
    rows = []
    for n in range(10):
        x, y = (round(v) for v in rng.uniform(160, 480, 2))
        cut = landscape.cut(x, y)
        if n % 3 == 0:
            cut = rng.integers(0, 255, (8, 8, 3), dtype=np.uint8).repeat(16, 0).repeat(16, 1)
        Image.fromarray(cut).save(folder / f"{n}.png")
        lat, lon = landscape.position(x, y)
        rows.append(PlaceImage(f"p{n}", View.MAP, f"{n}.png", lat, lon, 0.0, ground_width_m=128.0))
    return Places(rows, folder)


def test_figures_are_those_of_the_answers(encoder, atlas, places, capsys):
    locator = Locator(encoder, atlas)
    report = measure_answers(locator, places, [places[:4]], non_places=1, resamples=50)
    figures = report["views"]["map"]
    rows = list(places)
    answers = [locator.locate(places.path_of(r), "map", pose=r.pose, use_metadata=False) for r in rows]
    errors = [
        distance_m(r.lat, r.lon, a.lat, a.lon) if a.lat is not None else math.inf
        for r, a in zip(rows, answers, strict=True)
    ]
    for metres in (10, 25, 50, 100):
        told = [a.located and e <= metres for a, e in zip(answers, errors, strict=True)]
        assert figures[f"within_{metres}m"]["value"] == pytest.approx(np.mean(told))
        assert figures[f"first_within_{metres}m"]["value"] == pytest.approx(
            np.mean(np.array(errors) <= metres)
        )
    located = [e for a, e in zip(answers, errors, strict=True) if a.located]
    assert located
    assert figures["median_m"]["value"] == np.quantile(located, 0.5, method="inverted_cdf")
    held = [ring_contains(a.region95, r.lat, r.lon) for r, a in zip(rows, answers, strict=True) if a.located]
    assert figures["region95_holds"]["value"] == pytest.approx(np.mean(held))
    assert sum(figures["statuses"]["here"].values()) == 10
    assert sum(figures["statuses"]["elsewhere"].values()) == 4
    assert all(sum(figures["statuses"][kind].values()) == 1 for kind in ("noise", "gradient", "page", "room"))
    assert set(figures["confidence"]) == {"top-1 score", "margin", "spatial spread"}
    assert figures["ece"] is None
    print_located(report)
    shown = capsys.readouterr().out
    assert "spatial spread" in shown and "map, noise: 1 " in shown


def test_a_calibrated_probability_enters_the_table(encoder, atlas, places):
    encoder.calibration = {
        "answers": [
            {
                "name": "x",
                "views": ["map"],
                "within_m": 25.0,
                "features": ["margin"],
                "intercept": -2.0,
                "coefficients": [30.0],
                "n": 9,
                "positive_share": 0.5,
            }
        ]
    }
    figures = measure_answers(Locator(encoder, atlas), places, non_places=0, resamples=20)["views"]["map"]
    assert figures["right_within_m"] == 25.0
    assert 0 <= figures["ece"]["low"] <= figures["ece"]["high"] <= 1
    assert figures["confidence"]["probability"]["aurc"] == figures["confidence"]["margin"]["aurc"]


def test_all_views_together_are_told_under_one_threshold(encoder, atlas, places, capsys):
    presence = {"name": "x", "views": ["map", "drone"], "within_m": None, "features": ["similarity"]}
    presence |= {"intercept": -2.0, "coefficients": [30.0], "n": 9, "positive_share": 0.5}
    encoder.calibration = {"answers": [{**presence, "within_m": 50.0}], "presence": [presence]}
    down = {"pitch_deg": -90.0, "height_m": 64.0, "fov_deg": 90.0, "ground_width_m": None}
    drones = [replace(row, view=View.DRONE, **down) for row in places]
    both = Places([*places, *drones], places.root)
    locator = Locator(encoder, atlas)
    report = measure_answers(locator, both, [both], non_places=0, resamples=20)
    # The strangers are the photos themselves here, so at 80 % coverage at least 80 % of them are claimed.
    assert {"probability", "probability here", "top-1 score"} <= set(report["all_views"])
    for figures in report["all_views"].values():
        assert figures["false_locate_elsewhere"] >= 0.8
    print_located(report)
    assert "all views" in capsys.readouterr().out
    assert measure_answers(locator, places, [places], non_places=0, resamples=20)["all_views"] == {}
    answer = locator.locate(places.path_of(places[0]), "map", pose=places[0].pose, use_metadata=False)
    score = answer.candidates[0].score
    assert answer.probability_here == pytest.approx(1 / (1 + math.exp(2 - 30 * score)))
    # It is never less probable that a photo is from here than that it is from there.
    encoder.calibration["presence"] = [{**presence, "coefficients": [0.0]}]
    locator = Locator(encoder, atlas)
    answer = locator.locate(places.path_of(places[0]), "map", pose=places[0].pose, use_metadata=False)
    assert answer.probability_here == answer.probability > 0.5


def test_a_view_that_is_not_there_is_told(encoder, atlas, places):
    with pytest.raises(GleamError, match="no drone photo"):
        measure_answers(Locator(encoder, atlas), places, views=["drone"])
