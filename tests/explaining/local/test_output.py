"""The form of an answer: what fits it, what is refused, and that no model can leave it."""

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.errors import GleamError
from gleam.explaining.local.chat import explanation_chat
from gleam.explaining.local.generation import AnswerWriter
from gleam.explaining.local.output import LIMITS, Answer, Limits, answer_schema, read_answer, speaks, writable
from gleam.views import View

SHORT = Limits(2, (4, 12), (12, 40))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", ["internvl", "llava", "qwen2_5_vl", "qwen3_vl"])
def test_even_a_random_model_answers_by_a_whole_document(loaded, query, tile, name, language):
    chat = explanation_chat(query, tile, View.DRONE, language)
    answer = AnswerWriter(loaded[name]).write(chat, language, SHORT)
    jsonschema.validate(json.loads(answer.to_json()), answer_schema(language, SHORT))


@pytest.mark.parametrize("match", [True, False])
def test_a_settled_verdict_is_kept(loaded, query, tile, match):
    chat = explanation_chat(query, tile, View.DRONE, "en", match)
    assert AnswerWriter(loaded["llava"]).write(chat, "en", SHORT, match).match is match


@given(st.text(max_size=300), st.sampled_from(["en", "zh"]))
def test_writable_text_fits_the_schema_whatever_it_was(text, language):
    made = writable(text, language)
    least, most = LIMITS[language].observation
    item = answer_schema(language, LIMITS[language])["properties"]["evidence"]["items"]
    if least <= len(made) <= most:
        jsonschema.validate(made, item)
    assert writable(made, language) == made
    assert '"' not in made
    assert json.dumps(made, ensure_ascii=False) == f'"{made}"'


def test_what_a_teacher_writes_stays_readable():
    assert writable('A "T" junction,\n north\\south.', "en") == "A “T” junction, north/south."
    assert writable("道路呈“T”形， 北侧有河。", "zh") == "道路呈“T”形， 北侧有河。"


def test_the_text_of_tuning_is_one_the_grammar_allows(loaded):
    from llguidance import LLMatcher

    writer = AnswerWriter(loaded["qwen3_vl"])
    tokenizer = loaded["qwen3_vl"].processor.tokenizer
    texts = {
        "en": Answer(
            ("Both show a river in the west.",), "The river and the T-junction (about 40 m north) fit.", True
        ),
        "zh": Answer(("两张图西侧都有河流。",), "河流与丁字路口的位置一致，因此是同一地点。", False),
    }
    for language, answer in texts.items():
        schema = json.dumps(answer_schema(language, LIMITS[language]))
        grammar = LLMatcher.grammar_from_json_schema(schema, defaults={"whitespace_flexible": False})
        matcher = LLMatcher(writer._tokenizer, grammar)
        tokens = tokenizer(answer.to_json(), add_special_tokens=False)["input_ids"]
        assert matcher.consume_tokens(tokens)
        assert matcher.is_accepting()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty answer"),
        ("  \n", "empty answer"),
        ('{"evidence":["a road"],"expl', "no whole JSON document"),
        ("I cannot help with that.", "no whole JSON document"),
        ('{"match":true,"evidence":["a road"],"explanation":"So."}', "in this order"),
        ('{"evidence":[],"explanation":"","match":true}', "empty or wrong"),
        ('{"evidence":["a road"],"explanation":"Fits well.","match":"yes"}', "empty or wrong"),
        ('{"evidence":"a road","explanation":"Fits well.","match":true}', "empty or wrong"),
        ('{"evidence":["路"],"explanation":"两张图是同一地点。","match":true}', "not in the language 'en'"),
    ],
)
def test_broken_answers_are_refused_in_words(text, said):
    with pytest.raises(GleamError, match=said):
        read_answer(text, "en")


@given(
    st.lists(st.from_regex(r"[a-z][a-z ]{6,40}[a-z]", fullmatch=True), min_size=1, max_size=4),
    st.from_regex(r"[A-Z][a-z ,]{30,90}\.", fullmatch=True),
    st.booleans(),
)
def test_an_answer_survives_a_round_trip(evidence, explanation, match):
    answer = Answer(tuple(evidence), explanation, match)
    assert read_answer(answer.to_json(), "en") == answer


def test_languages_are_told_by_their_letters():
    assert speaks("The road bends.", "en")
    assert speaks("道路向北弯曲，呈 T 形。", "zh")
    assert not speaks("The road bends.", "zh")
    assert not speaks("12 + 3", "en")
