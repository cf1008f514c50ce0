import sqlite3
import threading

import pytest

from gleam.errors import GleamError
from gleam.explaining.benchmark import Bench
from gleam.explaining.reviewing.conflicts import ConflictError
from gleam.explaining.reviewing.decisions import Decision
from gleam.explaining.reviewing.revised import refresh, write_revised
from gleam.explaining.reviewing.settings import ReviewSettings
from gleam.explaining.reviewing.store import ReviewStore


def test_status_follows_from_the_text_and_not_from_what_the_page_says(open_store, tiny):
    store = open_store(3, double=0.0)
    first, second, third = store.items.values()
    same = first.texts["en"][0].explanation
    store.review(first.pair.pair_id, "ann", tiny.decision(first, edits={"en": f"  {same}\r\n"}), base=0)
    store.review(second.pair.pair_id, "ann", tiny.decision(second, edits={"zh": "池塘在北边。"}), base=0)
    store.review(
        third.pair.pair_id, "ann", tiny.decision(third, discards={"en": {"reason": "vague"}}), base=0
    )
    seen = [
        {name: text.status for name, text in store.outcome(item.pair.pair_id).decision.texts.items()}
        for item in (first, second, third)
    ]
    assert seen == [
        {"en": "accepted", "zh": "accepted"},
        {"en": "accepted", "zh": "edited"},
        {"en": "discarded", "zh": "accepted"},
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d["texts"].pop("zh"), "this pair has texts in en, zh"),
        (lambda d: d["texts"]["en"].update(text=" \n "), "is empty; discard it instead"),
        (lambda d: d["texts"]["en"].update(teacher="eve"), "was written by 'eve'"),
        (lambda d: d["texts"]["en"].update(discard={"reason": "other", "note": "  "}), "Say in the note why"),
    ],
)
def test_incomplete_decisions_are_refused(open_store, tiny, change, words):
    store = open_store(1)
    item = next(iter(store.items.values()))
    told = tiny.decision(item).model_dump()
    change(told)
    with pytest.raises(GleamError, match=words):
        store.review(item.pair.pair_id, "ann", Decision.model_validate(told), base=0)
    assert store.board().seq == 1  # the settings alone


@pytest.mark.parametrize("name", ["", "   ", "a" * 41, "an\nn", "a\u202eb", None])
def test_names_that_do_not_print_are_refused(open_store, tiny, name):
    store = open_store(1)
    item = next(iter(store.items.values()))
    with pytest.raises(GleamError, match="1 to 40 printable"):
        store.review(item.pair.pair_id, name, tiny.decision(item), base=0)


def test_two_windows_of_one_person(open_store, tiny):
    store = open_store(1, double=0.0)
    item = next(iter(store.items.values()))
    pair_id = item.pair.pair_id
    first = store.review(pair_id, "ann", tiny.decision(item), base=0)
    with pytest.raises(ConflictError) as stale:
        store.review(pair_id, "ann", tiny.decision(item, edits={"en": "Other."}), base=0)
    assert (stale.value.kind, stale.value.base) == ("stale", first.seq)
    assert [event.seq for event in stale.value.recorded] == [first.seq]
    store.review(pair_id, "ann", tiny.decision(item, edits={"en": "Other."}), base=stale.value.base)
    assert store.outcome(pair_id).decision.texts["en"].text == "Other."


def test_two_people_on_one_item_that_needs_one(open_store, tiny):
    store = open_store(1, double=0.0)
    item = next(iter(store.items.values()))
    pair_id = item.pair.pair_id
    store.review(pair_id, "ann", tiny.decision(item), base=0)
    with pytest.raises(ConflictError) as taken:
        store.review(pair_id, "bob", tiny.decision(item, edits={"en": "Other."}), base=0)
    assert taken.value.kind == "taken"
    assert [event.reviewer for event in taken.value.recorded] == ["ann"]
    assert store.outcome(pair_id).standing == "single"
    store.review(pair_id, "bob", tiny.decision(item, edits={"en": "Other."}), base=0, extra=True)
    assert store.outcome(pair_id).standing == "disputed"


def test_disputes_are_settled_by_a_third_person(open_store, tiny):
    store = open_store(1)
    item = next(iter(store.items.values()))
    pair_id = item.pair.pair_id
    store.review(pair_id, "ann", tiny.decision(item), base=0)
    assert store.outcome(pair_id).standing == "half"
    with pytest.raises(GleamError, match="nothing to settle"):
        store.adjudicate(pair_id, "cat", tiny.decision(item), base=store.board().of(pair_id).head())
    last = store.review(pair_id, "bob", tiny.decision(item, match=not item.teacher_match), base=0)
    assert store.outcome(pair_id).standing == "disputed"
    with pytest.raises(GleamError, match="a third person"):
        store.adjudicate(pair_id, "ann", tiny.decision(item), base=last.seq)
    with pytest.raises(ConflictError):
        store.adjudicate(pair_id, "cat", tiny.decision(item), base=last.seq - 1)
    ruling = store.adjudicate(pair_id, "cat", tiny.decision(item, edits={"en": "Settled."}), base=last.seq)
    outcome = store.outcome(pair_id)
    assert (outcome.standing, outcome.reviewers) == ("settled", ("ann", "bob", "cat"))
    assert outcome.decision.texts["en"].text == "Settled."
    with pytest.raises(GleamError, match="settled by cat"):
        store.undo("bob")
    with pytest.raises(ConflictError) as settled:
        store.review(pair_id, "bob", tiny.decision(item), base=last.seq)
    assert settled.value.kind == "settled"
    assert store.undo("cat").seq == ruling.seq
    assert store.outcome(pair_id).standing == "disputed"


def test_named_adjudicators_may_be_reviewers(open_store, tiny):
    store = open_store(1, adjudicators=("ann",))
    item = next(iter(store.items.values()))
    pair_id = item.pair.pair_id
    store.review(pair_id, "ann", tiny.decision(item), base=0)
    head = store.review(pair_id, "bob", tiny.decision(item, edits={"en": "B."}), base=0).seq
    with pytest.raises(GleamError, match="one of ann"):
        store.adjudicate(pair_id, "cat", tiny.decision(item), base=head)
    store.adjudicate(pair_id, "ann", tiny.decision(item), base=head)
    assert store.outcome(pair_id).standing == "settled"


def test_reviews_are_blind_until_the_item_is_decided(open_store, tiny):
    store = open_store(1)
    item = next(iter(store.items.values()))
    pair_id = item.pair.pair_id
    store.review(pair_id, "ann", tiny.decision(item), base=0)
    assert store.visible_history(pair_id, "bob") == []
    store.review(pair_id, "bob", tiny.decision(item, edits={"en": "B."}), base=0)
    assert [e.reviewer for e in store.visible_history(pair_id, "bob")] == ["bob"]
    assert [e.reviewer for e in store.visible_history(pair_id, "cat")] == ["ann", "bob"]
    store.adjudicate(pair_id, "cat", tiny.decision(item), base=store.board().of(pair_id).head())
    assert [e.reviewer for e in store.visible_history(pair_id, "bob")] == ["ann", "bob", "cat"]


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE history SET reviewer = 'eve'",
        "DELETE FROM history WHERE seq = 2",
        "INSERT OR REPLACE INTO history SELECT seq, at, kind, pair_id, 'eve', payload, prev_hash, hash "
        "FROM history WHERE seq = 2",
        "INSERT INTO history SELECT seq + 9, at, kind, pair_id, 'eve', payload, prev_hash, 'x' "
        "FROM history WHERE seq = 2",
    ],
)
def test_the_history_only_grows(open_store, tiny, attack):
    store = open_store(2, double=0.0)
    for item in store.items.values():
        store.review(item.pair.pair_id, "ann", tiny.decision(item), base=0)
    with sqlite3.connect(store.path) as db, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.execute(attack)
    assert store.verify() == 3


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE history SET reviewer = 'eve' WHERE seq = 2",
        "UPDATE history SET payload = replace(payload, 'false', 'true') WHERE seq = 2",
        "DELETE FROM history WHERE seq = 2",
    ],
)
def test_who_removes_the_guards_is_found_out(open_store, tiny, attack):
    store = open_store(3, double=0.0)
    for item in store.items.values():
        store.review(item.pair.pair_id, "ann", tiny.decision(item), base=0)
    with sqlite3.connect(store.path) as db:
        db.execute("DROP TRIGGER history_no_update")
        db.execute("DROP TRIGGER history_no_delete")
        db.execute(attack)
    with pytest.raises(GleamError, match="tampered with at event 2"):
        store.verify()


def test_a_failed_write_leaves_no_lock(open_store, tiny):
    store = open_store(1, double=0.0)
    item = next(iter(store.items.values()))
    for _ in range(3):
        with pytest.raises(ConflictError):
            store.review(item.pair.pair_id, "ann", tiny.decision(item), base=99)
    store.review(item.pair.pair_id, "ann", tiny.decision(item), base=0)


def test_many_writers_at_once_lose_nothing(open_store, tiny):
    store = open_store(12, double=0.0)
    stores = [store, ReviewStore(Bench.open(store.bench.root))]
    failures = []

    def work(own, name, items):
        for item in items:
            try:
                own.review(item.pair.pair_id, name, tiny.decision(item), base=0)
            except Exception as error:
                failures.append(error)

    items = list(store.items.values())
    threads = [threading.Thread(target=work, args=(stores[n % 2], f"r{n}", items[n::4])) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert store.verify() == 13
    assert {store.outcome(pair_id).standing for pair_id in store.items} == {"single"}


def test_one_of_two_racing_decisions_wins(open_store, tiny):
    store = open_store(1, double=0.0)
    item = next(iter(store.items.values()))
    barrier, kinds = threading.Barrier(4), []

    def work(name):
        own = ReviewStore(Bench.open(store.bench.root))
        barrier.wait()
        try:
            own.review(item.pair.pair_id, name, tiny.decision(item), base=0)
            kinds.append("won")
        except ConflictError as conflict:
            kinds.append(conflict.kind)

    threads = [threading.Thread(target=work, args=(f"r{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(kinds) == ["taken", "taken", "taken", "won"]


def test_revised_texts_reach_the_readers_of_the_benchmark(open_store, tiny):
    store = open_store(3, double=0.0)
    first, second, third = store.items.values()
    store.review(first.pair.pair_id, "ann", tiny.decision(first), base=0)
    edited = tiny.decision(second, match=not second.teacher_match, edits={"en": "Better."})
    event = store.review(second.pair.pair_id, "ann", edited, base=0)
    store.review(
        third.pair.pair_id, "ann", tiny.decision(third, discards={"zh": {"reason": "language"}}), base=0
    )
    assert write_revised(store) == 6
    bench = Bench.open(store.bench.root)
    texts = {(text.pair_id, text.language): text for text in bench.texts()}
    changed = texts[second.pair.pair_id, "en"]
    assert (changed.explanation, changed.match) == ("Better.", not second.teacher_match)
    assert texts[first.pair.pair_id, "en"].explanation == first.texts["en"][0].explanation
    assert (third.pair.pair_id, "zh") not in texts
    assert (third.pair.pair_id, "en") in texts
    told = {(r.pair_id, r.language): r for r in bench.revisions()}[second.pair.pair_id, "en"]
    assert (told.status, told.reviewers, told.hash) == ("edited", ("ann",), event.hash)


def test_what_a_killed_server_did_not_write_is_written_later(open_store, tiny):
    store = open_store(1, double=0.0)
    item = next(iter(store.items.values()))
    store.review(item.pair.pair_id, "ann", tiny.decision(item), base=0)
    bench = Bench.open(store.bench.root)
    assert bench.revisions() == []
    refresh(bench)
    assert len(bench.revisions()) == 2


def test_only_changed_settings_are_recorded(open_store):
    store = open_store(1, double=0.5)
    store.configure(ReviewSettings(double=0.5))
    assert store.board().seq == 1
    store.configure(ReviewSettings(double=0.25, languages=("zh",)))
    assert (store.board().seq, list(next(iter(store.items.values())).texts)) == (2, ["zh"])


def test_the_share_of_double_reviews(open_store):
    settings = ReviewSettings(double=0.3, seed=5)
    drawn = sum(settings.needed(f"pair{n}") == 2 for n in range(4000)) / 4000
    assert abs(drawn - 0.3) < 0.03  # four standard errors
    assert {ReviewSettings(double=1.0).needed(f"{n}") for n in range(50)} == {2}
    assert {ReviewSettings(double=0.0).needed(f"{n}") for n in range(50)} == {1}


def test_foreign_files_are_refused(tiny, tmp_path):
    root = tiny.make_bench(tmp_path / "bench", 1)
    (root / "review.sqlite").write_bytes(b"not a database, but long enough to look like one" * 40)
    with pytest.raises(GleamError, match="no review database"):
        ReviewStore(Bench.open(root))
    (root / "review.sqlite").unlink()
    with sqlite3.connect(root / "review.sqlite") as db:
        db.execute("CREATE TABLE mine(a)")
    with pytest.raises(GleamError, match="no review database"):
        ReviewStore(Bench.open(root))


def test_pairs_without_a_usable_text_are_left_out(open_store):
    store = open_store(
        4,
        change=lambda number, texts: [
            t.model_copy(update={"status": "refused", "explanation": ""}) if number == 1 else t
            for t in texts
            if not (number == 2 and t.language == "zh")
        ],
    )
    assert sorted(tuple(item.texts) for item in store.items.values()) == [("en",), ("en", "zh"), ("en", "zh")]
