"""Facts of texts, checked against the city's; against a slow reference and known errors."""

import random

import pytest

from gleam.explaining.scene import ERRORS, possible_errors, write_wrong_explanation
from gleam.explaining.scoring.consistency import consistency_figures, is_sound
from gleam.explaining.scoring.grounding import ground, grounding_figures
from gleam.explaining.scoring.items import Item, join
from gleam.views import View

KNOWN = {
    "junction": "t_junction", "street_axis": "north_south", "road": "local", "water": "none",
    "railway": "none", "bridge": "none", "buildings": "few", "height": "low", "roof_colour": "red",
    "trees": None, "land_use": "houses", "facility": "car_park",
}  # fmt: skip


def item(helpers, bench, text, language="en", query=KNOWN, tile=KNOWN, **how):
    pair = next(p for p in bench.pairs("test") if p.view is View.DRONE and p.match)
    return Item(helpers.predict(pair, language, text, **how), pair, (), query, tile)


@pytest.mark.parametrize(
    ("text", "true", "false", "undecided"),
    [
        ("The drone photo shows a T-junction and red roofs.", 2, 0, 0),
        ("The drone photo shows a T-junction, grey roofs and a river.", 1, 2, 0),
        ("The drone photo shows many trees.", 0, 0, 1),
        ("Both pictures show red roofs; they show the same place.", 2, 0, 0),
        ("The drone photo shows no river and no roundabout.", 2, 0, 0),
        ("The drone photo shows no car park.", 0, 1, 0),
        ("The drone photo shows a car park and a swimming pool.", 1, 1, 0),
        ("The drone photo shows red roofs. The drone photo shows grey roofs.", 1, 1, 0),
        ("It is a fine day.", 0, 0, 0),
    ],
)
def test_statements_are_sorted(helpers, bench, text, true, false, undecided):
    found = ground(item(helpers, bench, text))
    assert (len(found.true), len(found.false), len(found.undecided)) == (true, false, undecided)


def test_without_facts_or_text_nothing_is_checked(helpers, bench):
    assert ground(item(helpers, bench, "", query=KNOWN)) is None
    assert ground(item(helpers, bench, "Red roofs.", query=None)) is None
    assert is_sound(item(helpers, bench, "Red roofs.", query=None)) is None


def test_comparisons_are_checked(helpers, bench):
    other = {**KNOWN, "road": "main"}
    text = "They differ in the road width and the roof colour. The junction type agrees."
    found = ground(item(helpers, bench, text, tile=other))
    assert set(found.compared_right) == {"road", "junction"} and found.compared_wrong == ("roof_colour",)


def test_a_true_author_is_sound_and_wrong_ones_are_not(bench, attributes, helpers):
    pairs = bench.pairs("test")
    true = [
        helpers.predict(p, language, helpers.true_text(p, attributes, language, "own"))
        for p in pairs
        for language in ("en", "zh")
    ]
    items = join(bench, true)
    facts, form = grounding_figures(items), consistency_figures(items)
    assert facts["fact_precision"].value == 1.0 and facts["invented_per_text"].value == 0.0
    assert facts["comparison_precision"].value == 1.0
    assert 0.2 < facts["fact_recall"].value < 0.9
    assert form["sound"].value == form["text_says_verdict"].value == form["right_language"].value == 1.0
    # The pooled precision, the slow way.
    grounds = [ground(i) for i in items]
    stated = sum(len(g.true) + len(g.false) for g in grounds)
    assert facts["fact_precision"].n == stated
    made = 0
    for pair in pairs:
        query, tile = attributes[pair.query_place], attributes[pair.tile_place]
        for error in possible_errors(query, tile, pair.match, pair.view):
            for language in ("en", "zh"):
                text, _ = write_wrong_explanation(
                    query, tile, pair.match, language, view=pair.view, rng=random.Random(7), error=error
                )
                (wrong,) = join(bench, [helpers.predict(pair, language, text)])
                assert is_sound(wrong) is False, (error, text)
                made += 1
    assert made > 4 * len(ERRORS)


def test_precision_is_pooled_over_statements(helpers, bench):
    items = [
        item(helpers, bench, "The drone photo shows red roofs, a T-junction and a narrow street."),
        item(helpers, bench, "The drone photo shows grey roofs."),
    ]
    figures = grounding_figures(items)
    assert figures["fact_precision"].value == pytest.approx(3 / 4)
    assert figures["invented_per_text"].value == pytest.approx(1 / 2)
    # 11 attributes of either picture are known and can be seen by a drone or from above.
    assert figures["fact_recall"].value == pytest.approx(3 / 44)


@pytest.mark.parametrize(
    ("text", "language", "how", "name"),
    [
        ("Both show red roofs and a T-junction. They are different places.", "en", {}, "text_says_verdict"),
        ("两张图片都有红色屋顶和丁字路口，为同一地点。", "en", {}, "right_language"),
        ("Both show red roofs and a T-junction; it is the same place.", "zh", {}, "right_language"),
        ('{"match": true, "text": "Both show red roofs and a T-junction."}', "en", {}, "valid_format"),
        ("Red roofs.", "en", {}, "valid_format"),
    ],
)  # fmt: skip
def test_forms_that_are_not_sound(helpers, bench, text, language, how, name):
    one = item(helpers, bench, text, language, **how)
    assert consistency_figures([one])[name].value == 0.0
    assert is_sound(one) is False


def test_an_explainer_without_texts_is_not_scored_on_them(helpers, bench):
    items = [item(helpers, bench, "")]
    assert set(consistency_figures(items).values()) == {None}
    assert grounding_figures(items)["fact_precision"] is None
