from gleam.explaining.reviewing import desk
from gleam.explaining.reviewing.queue import disputed, next_adjudication, next_review


def review(store, tiny, pair_id, name, **changes):
    base = store.board().of(pair_id).head(name)
    store.review(pair_id, name, tiny.decision(store.items[pair_id], **changes), base=base)


def test_everybody_gets_everything_once(open_store, tiny):
    store = open_store(5)
    for name in ("ann", "bob"):
        seen = []
        while (pair_id := next_review(store, name)) is not None:
            seen.append(pair_id)
            review(store, tiny, pair_id, name)
        assert sorted(seen) == sorted(store.items)
    assert next_review(store, "cat") is None


def test_an_open_item_comes_back_and_goes_to_nobody_else(open_store):
    store = open_store(3, double=0.0)
    first = next_review(store, "ann")
    assert next_review(store, "ann") == first
    assert next_review(store, "bob") != first


def test_a_second_person_shares_an_item_that_needs_two_and_a_third_does_not(open_store):
    store = open_store(1)
    assert next_review(store, "ann") == next_review(store, "bob") is not None
    assert next_review(store, "cat") is None


def test_half_done_items_come_before_new_ones(open_store, tiny):
    store = open_store(5)
    last = list(store.items)[-1]
    review(store, tiny, last, "ann")
    assert next_review(store, "bob") == last


def test_what_is_put_off_comes_last_and_is_free_for_others(open_store):
    store = open_store(3, double=0.0)
    first = next_review(store, "ann")
    desk.skip(store.path, "ann", first)
    second = next_review(store, "ann")
    assert second != first
    assert next_review(store, "bob") == first
    desk.skip(store.path, "bob", first)
    desk.skip(store.path, "ann", second)
    third = next_review(store, "ann")
    desk.skip(store.path, "ann", third)
    assert next_review(store, "ann") == first


def test_old_claims_lapse(open_store, monkeypatch):
    store = open_store(1, double=0.0)
    assert next_review(store, "ann")
    assert next_review(store, "bob") is None
    monkeypatch.setattr(desk, "CLAIM_S", -1.0)
    next_review(store, "ann")
    assert next_review(store, "bob")


def test_disputes_go_to_those_who_may_settle_them(open_store, tiny):
    store = open_store(2)
    one, two = store.items
    for pair_id in (one, two):
        review(store, tiny, pair_id, "ann")
        review(store, tiny, pair_id, "bob", edits={"en": "Other."})
    assert disputed(store, "ann") == []
    assert disputed(store, "cat") == [one, two]
    desk.skip(store.path, "cat", one)
    assert next_adjudication(store, "cat") == two


def test_drafts_stay_until_the_decision(open_store, tiny):
    store = open_store(1)
    pair_id = next(iter(store.items))
    desk.save_draft(store.path, "ann", pair_id, {"texts": {"en": "half a sen"}})
    desk.save_draft(store.path, "ann", pair_id, {"texts": {"en": "half a sentence"}})
    assert desk.load_draft(store.path, "ann", pair_id)["texts"] == {"en": "half a sentence"}
    assert desk.load_draft(store.path, "bob", pair_id) is None
    review(store, tiny, pair_id, "ann")
    assert desk.load_draft(store.path, "ann", pair_id) is None
