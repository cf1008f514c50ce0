import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam.explaining.reviewing.agreement import agreement_table, cohens_kappa
from gleam.explaining.reviewing.progress import progress


def slow_kappa(first, second):
    """The definition, class by class."""
    n = len(first)
    classes = set(first) | set(second)
    observed = sum(1 for i in range(n) if first[i] == second[i]) / n
    expected = 0.0
    for c in classes:
        expected += (sum(x == c for x in first) / n) * (sum(x == c for x in second) / n)
    return observed, None if math.isclose(expected, 1.0) else (observed - expected) / (1 - expected)


labels = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=30)


@given(labels)
@settings(max_examples=200, deadline=None)
def test_kappa_is_what_its_definition_says(couples):
    first, second = [a for a, _ in couples], [b for _, b in couples]
    found = cohens_kappa(first, second)
    observed, kappa = slow_kappa(first, second)
    assert found.count == len(couples)
    assert math.isclose(found.observed, observed)
    assert (found.kappa is None) == (kappa is None)
    assert kappa is None or math.isclose(found.kappa, kappa, abs_tol=1e-12)


def test_kappa_without_choice_or_items_is_undefined():
    assert cohens_kappa([], []).kappa is None
    assert cohens_kappa([True] * 4, [True] * 4).kappa is None
    assert cohens_kappa([True, False], [True, False]).kappa == 1.0
    with pytest.raises(ValueError, match="cannot be compared"):
        cohens_kappa([1], [])


def test_only_blind_reviews_count(open_store, tiny):
    store = open_store(6)
    for number, (pair_id, item) in enumerate(store.items.items()):
        store.review(pair_id, "ann", tiny.decision(item), base=0)
        if number < 4:
            wrong = item.teacher_match ^ (number == 0)
            discards = {"zh": {"reason": "language"}} if number == 1 else {}
            edits = {"en": "Other."} if number == 2 else {}
            store.review(
                pair_id, "bob", tiny.decision(item, match=wrong, edits=edits, discards=discards), base=0
            )
    first = next(iter(store.items))
    store.review(first, "cat", tiny.decision(store.items[first]), base=0, extra=True)
    rows = {(r["question"], r["language"]): r for r in agreement_table(store)}
    assert rows["match", None]["count"] == 4
    assert rows["match", None]["observed"] == 0.75
    truth = [item.teacher_match for item in list(store.items.values())[:4]]
    assert math.isclose(rows["match", None]["kappa"], slow_kappa(truth, [truth[0] ^ True, *truth[1:]])[1])
    assert rows["text", "en"]["observed"] == 0.75
    assert rows["keep", "en"]["kappa"] is None  # nobody discarded anything in English
    assert rows["keep", "zh"]["observed"] == 0.75


def test_progress_counts_what_was_done(open_store, tiny):
    store = open_store(6)
    items = list(store.items.items())
    for pair_id, item in items[:3]:
        store.review(pair_id, "ann", tiny.decision(item), base=0)
    store.review(items[0][0], "bob", tiny.decision(items[0][1]), base=0)
    flipped = tiny.decision(items[1][1], match=not items[1][1].teacher_match)
    store.review(items[1][0], "bob", flipped, base=0)
    discards = {"en": {"reason": "invented", "note": "no pond"}}
    settled = tiny.decision(items[1][1], match=not items[1][1].pair.match, discards=discards)
    store.adjudicate(items[1][0], "cat", settled, base=store.board().of(items[1][0]).head())
    told = progress(store)
    assert told["items"] == 6
    assert told["reviews"] == {"done": 5, "needed": 12}
    assert told["standings"] == {
        "open": 3,
        "half": 1,
        "disputed": 0,
        "agreed": 1,
        "single": 0,
        "settled": 1,
    }
    assert told["texts"]["en"] == {"accepted": 1, "edited": 0, "discarded": 1}
    assert told["reasons"]["en"]["invented"] == 1
    assert told["verdicts"] == {"decided": 2, "corrected": 1, "against_truth": 1}
    assert [(p["name"], p["reviews"], p["adjudications"]) for p in told["reviewers"]] == [
        ("ann", 3, 0),
        ("bob", 2, 0),
        ("cat", 0, 1),
    ]
    assert told["reviewers"][0]["seconds"] == 12.0
