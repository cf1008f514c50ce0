"""Verdicts: right on clear pairs, bound to measurements, in both languages."""

import re

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from gleam.errors import GleamError, ImageError
from gleam.explaining import Explainer, Verdict
from gleam.explaining.evidence import THRESHOLD
from gleam.explaining.overlay import AGAINST_COLOUR, FOR_COLOUR, draw_overlay, write_overlay
from gleam.views import Pose

WHOLE = Pose(heading_deg=0.0, ground_width_m=128.0)


@pytest.fixture
def explainer(encoder):
    return Explainer.from_name("evidence", encoder)


def pair_calibration(**changes):
    data = {
        "name": "pairs of a test",
        "views": ["map"],
        "within_m": None,
        "features": ["similarity"],
        "intercept": -5.0,
        "coefficients": [10.0],
        "n": 99,
        "positive_share": 0.5,
    }
    return {"pairs": [{**data, **changes}]}


def test_a_match_and_a_non_match(explainer, place, elsewhere):
    match = explainer.explain(place, place, "map", WHOLE)
    assert match.match
    assert match.similarity == pytest.approx(1, abs=1e-4)
    assert match.evidence_for
    other = explainer.explain(elsewhere, place, "map", WHOLE)
    assert not other.match
    assert other.similarity < THRESHOLD
    assert other.evidence_against


def test_swapping_the_tile_changes_the_verdict(explainer, place, elsewhere):
    right = explainer.explain(place, place, "map", WHOLE)
    swapped = explainer.explain(place, elsewhere, "map", WHOLE)
    assert right.match != swapped.match
    assert right.text != swapped.text


def test_the_same_picture_turned_is_no_match(explainer, place):
    """All the content, another layout: only what lies where is evidence."""
    turned = explainer.explain(np.rot90(place, 2).copy(), place, "map", WHOLE)
    assert not turned.match
    assert turned.control >= turned.similarity


def test_regions_are_numbered_and_measured(explainer, place, elsewhere):
    verdict = explainer.explain((place // 2 + elsewhere // 2), place, "map", WHOLE)
    assert [r.number for r in verdict.regions] == list(range(1, len(verdict.regions) + 1))
    assert all(r.supports and r.share > 0 for r in verdict.evidence_for)
    assert all(not r.supports and r.share < 0 for r in verdict.evidence_against)
    shares = [abs(r.share) for r in verdict.evidence_for]
    assert shares == sorted(shares, reverse=True)
    assert sum(abs(r.share) for r in verdict.regions) + verdict.elsewhere == pytest.approx(1, abs=0.001)
    for region in verdict.regions:
        # The same region of ground in two pictures of the same geometry lies at the same place.
        assert region.query_box == region.tile_box
        assert region.query_box.right - region.query_box.left == pytest.approx(32, abs=5)


def test_every_number_in_the_text_was_measured(explainer, place, elsewhere):
    for query in (place, elsewhere):
        for language in ("en", "zh"):
            verdict = explainer.explain(query, place, "drone", Pose(heading_deg=0.0), language=language)
            allowed = {f"{v:.2f}" for v in (verdict.similarity, verdict.control, verdict.threshold)}
            for r in verdict.regions:
                allowed |= {str(r.number), str(round(r.distance_m)), f"{r.similarity:.2f}"}
                allowed |= {str(round(abs(r.share) * 100)), str(round(r.visible * 100))}
                for a, b in ((r.query_look.lines_deg, r.tile_look.lines_deg),):
                    if a is not None and b is not None:
                        apart = abs(a - b) % 180
                        allowed |= {str(round(a)), str(round(b)), str(round(min(apart, 180 - apart)))}
            said = set(re.findall(r"-?\d+(?:\.\d+)?", verdict.text))
            assert {n.lstrip("-") for n in said} <= {n.lstrip("-") for n in allowed}


def test_both_languages_say_the_same(explainer, place, elsewhere):
    en = explainer.explain(elsewhere, place, "drone", Pose(heading_deg=0.0), language="en")
    zh = explainer.explain(elsewhere, place, "drone", Pose(heading_deg=0.0), language="zh")
    assert en.regions == zh.regions
    assert (en.match, en.similarity) == (zh.match, zh.similarity)
    assert re.findall(r"\d+\.\d+", en.text) == re.findall(r"\d+\.\d+", zh.text)
    assert not re.search(r"[\u4e00-\u9fff]", en.text)
    assert not re.search(r"[A-Za-z]", zh.text)
    assert zh.language == "zh"


def test_a_calibrated_probability_decides_and_is_named(encoder, place, elsewhere):
    encoder.calibration = pair_calibration()
    explainer = Explainer.from_name("evidence", encoder)
    for query in (place, elsewhere):
        verdict = explainer.explain(query, place, "map", WHOLE)
        expected = 1 / (1 + np.exp(5 - 10 * verdict.similarity))
        assert verdict.probability == pytest.approx(expected, abs=1e-3)
        assert verdict.match == (expected >= 0.5)
        assert verdict.calibration == "pairs of a test"
        assert "pairs of a test" in verdict.text
    ground = explainer.explain(place, place, "ground", Pose(heading_deg=0.0))
    assert ground.probability is None


def test_certainty_is_never_claimed(encoder, place):
    encoder.calibration = pair_calibration(coefficients=[900.0])
    verdict = Explainer.from_name("evidence", encoder).explain(place, place, "map", WHOLE)
    assert ">99 %" in verdict.text


def test_colours_of_maps_are_not_compared(explainer, place):
    assert "mostly" in explainer.explain(place, place, "drone", Pose(heading_deg=0.0)).text
    assert "mostly" not in explainer.explain(place, place, "map", WHOLE).text


def test_an_unknown_heading_is_turned_to_the_best_match(explainer, place):
    """A photo whose top faces east shows the place turned a quarter to the left."""
    pose = Pose(pitch_deg=-90.0, height_m=64.0, fov_deg=90.0)
    verdict = explainer.explain(np.rot90(place, 1).copy(), place, "drone", pose)
    assert any("heading 90" in note for note in verdict.notes)
    assert verdict.match


def test_a_fan_cites_only_what_it_sees(explainer, place, elsewhere):
    pose = Pose(heading_deg=0.0, fov_deg=70.0, height_m=1.7, pitch_deg=0.0)
    verdict = explainer.explain(elsewhere, place, "ground", pose)
    for region in verdict.regions:
        assert region.visible >= 0.3
        assert "south" not in region.direction
        assert region.query_look.lines_deg is None


def test_a_real_network(tiny_encoder, place, elsewhere):
    verdict = Explainer.from_name("evidence", tiny_encoder).explain(
        elsewhere, place, "panorama", Pose(heading_deg=5.0)
    )
    assert -1 <= verdict.similarity <= 1
    assert verdict.seconds < 60
    assert verdict.cost_usd == 0
    assert "was not read" in verdict.text


def test_a_verdict_survives_json_and_refuses_nonsense(explainer, place, elsewhere):
    verdict = explainer.explain(elsewhere, place, "map", WHOLE)
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict
    data = verdict.model_dump()
    for change in (
        {"probability": 1.2},
        {"language": "fr"},
        {"extra": 1},
        {"version": 1},
        {"similarity": 3.0},
    ):
        with pytest.raises(ValidationError):
            Verdict.model_validate({**data, **change})


def test_bad_arguments_are_told(explainer, encoder, place, tmp_path):
    with pytest.raises(GleamError, match="Unknown explainer 'evidnce'"):
        Explainer.from_name("evidnce", encoder)
    with pytest.raises(GleamError, match=r"Unknown language 'fr'.*en, zh"):
        explainer.explain(place, place, "map", language="fr")
    with pytest.raises(GleamError, match="Unknown view"):
        explainer.explain(place, place, "air")
    with pytest.raises(GleamError, match="tile of -3 m"):
        explainer.explain(place, place, "map", tile_width_m=-3)
    with pytest.raises(ImageError, match=r"gone\.png"):
        explainer.explain(tmp_path / "gone.png", place, "map")


def test_regions_are_drawn_on_both_pictures(explainer, place, elsewhere, tmp_path):
    mixed = place.copy()
    mixed[64:] = elsewhere[64:]
    verdict = explainer.explain(mixed, place, "map", WHOLE)
    assert verdict.evidence_for
    assert verdict.evidence_against
    drawn = draw_overlay(mixed, place, verdict, height=320)
    assert drawn.shape[0] == 320
    half = drawn.shape[1] // 2
    for colour in (FOR_COLOUR, AGAINST_COLOUR):
        hits = np.all(np.abs(drawn.astype(int) - colour) < 12, -1)
        assert hits[:, : half - 10].sum() > 50
        assert hits[:, half + 10 :].sum() > 50
    write_overlay(tmp_path / "o.png", mixed, place, verdict)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "o.png")), draw_overlay(mixed, place, verdict))
