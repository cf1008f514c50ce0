import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.explaining.scene import ATTRIBUTES
from gleam.explaining.scene.mistakes import MISTAKES
from gleam.explaining.scene.plan import make_plan
from gleam.explaining.scene.statements import read_statements
from gleam.explaining.scene.wording import put_into_words
from gleam.explaining.student.gate import faults
from gleam.explaining.student.saying import Saying
from gleam.explaining.student.storage import load_student
from gleam.explaining.student.student import plan_for
from gleam.views import QUERY_VIEWS, View


def random_place(rng, unknown=0.3):
    return {a.name: None if rng.random() < unknown else rng.choice(a.values) for a in ATTRIBUTES}


def known(place):
    return {name: value for name, value in place.items() if value is not None}


@given(seed=st.integers(0, 10**6), language=st.sampled_from(["en", "zh"]), match=st.booleans())
def test_ready_made_sentences_pass(seed, language, match):
    rng = random.Random(seed)
    view = rng.choice(QUERY_VIEWS)
    query = random_place(rng)
    plan = make_plan(query, query if match else random_place(rng), match, view, rng)
    text = put_into_words(plan, language, view, rng)
    wrong = [f for f in faults(text, Saying.of_plan(plan), language) if f != "it leaves most unsaid"]
    assert wrong == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("mistake", sorted(MISTAKES))
def test_lies_do_not_pass(mistake, language):
    tried = 0
    for seed in range(60):
        rng = random.Random(seed)
        query = random_place(rng, 0.2)
        match = rng.random() < 0.5
        tile = query if match else random_place(rng, 0.2)
        plan = make_plan(query, tile, match, View.DRONE, rng)
        made = MISTAKES[mistake](plan, rng)
        if made is None:
            continue
        tried += 1
        lie = put_into_words(made[0], language, View.DRONE, rng)
        assert faults(lie, Saying.of_plan(plan), language), lie
    assert tried >= 10


def test_a_text_in_another_language_or_broken_off_does_not_pass():
    rng = random.Random(3)
    place = random_place(rng, 0.0)
    plan = make_plan(place, place, True, View.DRONE, rng)
    english = put_into_words(plan, "en", View.DRONE, rng)
    assert "it is in another language" in faults(english, Saying.of_plan(plan), "zh")
    assert "it is broken off" in faults(english[:40], Saying.of_plan(plan), "en")
    assert faults("", Saying.of_plan(plan), "en")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_decoder_that_lies_is_overruled(taught, language, monkeypatch):
    student = load_student(taught / "student")
    place = {"water": "river", "trees": "many", "height": "low", "roof_colour": "red"}
    plan = plan_for(place, place, True, View.DRONE)
    lies = {
        "en": "The first picture shows a railway line. The tile shows no river. They are different places.",
        "zh": "照片显示了一条铁路。卫星影像中没有河流。因此，两张图片显示的不是同一地点。",
    }
    monkeypatch.setattr(student.vocabulary, "decode", lambda numbers: lies[language])
    told = student.tell(plan, View.DRONE, language)
    assert told.draft == lies[language]
    assert told.faults
    read = read_statements(told.text, language)
    assert read.verdict is True
    assert read.query.items() <= place.items()
    assert read.tile.items() <= place.items()
    assert len(read.query) >= 2


def test_an_untaught_decoder_is_overruled(taught):
    """Twelve steps teach no language: whatever it writes, the reader gets true sentences."""
    student = load_student(taught / "student")
    plan = plan_for({"water": "river"}, {"water": "none"}, False, View.DRONE)
    for language in ("en", "zh"):
        told = student.tell(plan, View.DRONE, language)
        assert told.faults
        assert faults(told.text, Saying.of_plan(plan), language) in ([], ["it leaves most unsaid"])


def test_what_two_pictures_of_one_place_disagree_on_is_not_said():
    plan = plan_for({"water": "river", "trees": "many"}, {"water": "none", "trees": "many"}, True, View.DRONE)
    assert "water" not in plan.query
    assert "water" not in plan.tile
    assert plan.query == {"trees": "many"}
    same = plan_for(
        {"water": "river", "trees": "many"}, {"water": "none", "trees": "many"}, False, View.DRONE
    )
    assert same.differ == ("water",)
