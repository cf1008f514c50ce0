"""Whatever is written is read back: every value, both languages, all views, true and wrong texts."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam.errors import GleamError
from gleam.explaining.scene import (
    ATTRIBUTE,
    ATTRIBUTES,
    ERRORS,
    possible_errors,
    read_statements,
    write_explanation,
    write_wrong_explanation,
)
from gleam.explaining.scene.lexicon import words_of
from gleam.explaining.scene.plan import make_plan
from gleam.explaining.scene.wording import put_into_words
from gleam.views import QUERY_VIEWS

PLACES = st.fixed_dictionaries({a.name: st.sampled_from((None, *a.values)) for a in ATTRIBUTES})
FULL_PLACES = st.fixed_dictionaries({a.name: st.sampled_from(a.values) for a in ATTRIBUTES})
LANGUAGES = st.sampled_from(("en", "zh"))
VIEWS = st.sampled_from(QUERY_VIEWS)
SEEDS = st.integers(0, 2**32)


def said_of(plan):
    """What a text of a plan says of query and tile; independent of how it says it."""
    both = {name: plan.query[name] for name in plan.agree}
    if plan.style == "apart":
        return plan.query, plan.tile
    if plan.style == "contrast":
        names = (*plan.differ, *plan.agree)
        return {n: plan.query[n] for n in names}, {n: plan.tile[n] for n in names}
    # What is besides what both show is left out where it is only about what is not there.
    return tuple(
        values if any(v != "none" for n, v in values.items() if n not in both) else both
        for values in (plan.query, plan.tile)
    )


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("attribute", [a.name for a in ATTRIBUTES])
def test_every_phrase_of_every_value_is_read_back_alone(attribute, language):
    words = words_of(language)
    for value, phrases in words.PHRASES[attribute].items():
        for phrase in phrases:
            for names, kind in ((words.TILE, "tile"), *((q, "query") for q in words.QUERY.values())):
                for name in names:
                    text = f"In {name} there is {phrase}." if language == "en" else f"{name}中有{phrase}。"
                    if language == "zh" and value == "none":
                        text = f"{name}中{phrase}。"
                    reading = read_statements(text, language)
                    assert reading.of(kind) == {attribute: value}, text
                    assert reading.of("tile" if kind == "query" else "query") == {}, text


def test_every_value_has_phrases_and_names_in_both_languages():
    for language in ("en", "zh"):
        words = words_of(language)
        assert {n: set(v) for n, v in words.PHRASES.items()} == {a.name: set(a.values) for a in ATTRIBUTES}
        assert set(words.NAMES) == {a.name for a in ATTRIBUTES}
        assert all(len(p) >= 2 for values in words.PHRASES.values() for p in values.values())


@settings(max_examples=200, deadline=None)
@given(PLACES, PLACES, st.booleans(), LANGUAGES, VIEWS, SEEDS)
def test_a_true_text_is_read_back_whole(query, other, match, language, view, seed):
    rng = random.Random(seed)
    tile = query if match else other
    plan = make_plan(query, tile, match, view, rng)
    text = put_into_words(plan, language, view, rng)
    reading = read_statements(text, language)
    assert reading.verdict is match, text
    assert (reading.query, reading.tile) == said_of(plan), text
    assert reading.differences == set(plan.differ), text
    assert reading.agreements <= set(plan.agree), text
    assert not any(s.denied for s in reading.statements), text


@settings(max_examples=200, deadline=None)
@given(PLACES, FULL_PLACES, st.booleans(), LANGUAGES, VIEWS, SEEDS)
def test_a_true_text_says_only_what_is_so_and_can_be_seen(query, other, match, language, view, seed):
    tile = query if match else other
    text = write_explanation(query, tile, match, language, view=view, rng=random.Random(seed))
    reading = read_statements(text, language)
    assert all(query[name] == value for name, value in reading.query.items())
    assert all(tile[name] == value for name, value in reading.tile.items())
    assert all(view in ATTRIBUTE[name].views for name in reading.query)
    words = len(text.split()) if language == "en" else len(text) / 2
    assert words <= 110
    if language == "en":
        assert words >= 40 or not any(query.values())


def test_texts_vary_and_follow_their_seed():
    values = {a.name: a.values[0] for a in ATTRIBUTES}
    texts = {
        write_explanation(values, values, True, "en", view=QUERY_VIEWS[0], rng=random.Random(seed))
        for seed in range(40)
    }
    assert len(texts) == 40
    again = write_explanation(values, values, True, "en", view=QUERY_VIEWS[0], rng=random.Random(3))
    assert again in texts


@settings(max_examples=80, deadline=None)
@given(FULL_PLACES, FULL_PLACES, st.booleans(), LANGUAGES, VIEWS, SEEDS)
def test_every_kind_of_error_is_seen_by_reading(query, other, match, language, view, seed):
    tile = query if match else other
    for error in possible_errors(query, tile, match, view):
        text, wrong = write_wrong_explanation(
            query, tile, match, language, view=view, rng=random.Random(seed), error=error
        )
        reading = read_statements(text, language)
        false = {(p, n) for p, true in (("query", query), ("tile", tile))
                 for n, v in reading.of(p).items() if true[n] != v}  # fmt: skip
        assert wrong
        if error == "negated_verdict":
            assert reading.verdict is not match and not false, text
        elif error == "wrong_difference":
            assert reading.differences and all(query[n] == tile[n] for n in reading.differences), text
        else:
            assert false and reading.verdict is match, text
            assert all(f"{p} {n} said" in wrong for p, n in false), (wrong, false)


def test_an_impossible_error_and_an_unknown_one_are_refused():
    values = {a.name: None for a in ATTRIBUTES}
    rng = random.Random(0)
    with pytest.raises(GleamError, match="cannot be made for this pair"):
        write_wrong_explanation(values, values, True, "en", view=QUERY_VIEWS[0], rng=rng, error="swapped")
    with pytest.raises(GleamError, match="negated_verdict"):
        write_wrong_explanation(values, values, True, "en", view=QUERY_VIEWS[0], rng=rng, error="lies")
    assert set(possible_errors(values, values, True, QUERY_VIEWS[0])) == {"negated_verdict"}
    assert len(ERRORS) == 7
