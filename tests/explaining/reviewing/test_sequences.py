"""Random sequences of decisions, undos and reopenings do to the store what they do to a dict."""

import os
import random

import pytest

from gleam.errors import GleamError
from gleam.explaining.benchmark import Bench
from gleam.explaining.reviewing.store import ReviewStore


class Model:
    """The review as plain lists: per item what each reviewer last decided."""

    def __init__(self):
        self.log = []  # [who, pair, kind, decision] of what was not taken back

    def reviews(self, pair):
        found = {}
        for who, where, kind, told in self.log:
            if where == pair and kind == "review":
                found[who] = told
        return found

    def ruling(self, pair):
        found = [entry for entry in self.log if entry[1] == pair and entry[2] == "rule"]
        return found[-1] if found else None

    def undo(self, who):
        mine = [n for n, entry in enumerate(self.log) if entry[0] == who]
        if not mine:
            return "refused"
        entry = self.log[mine[-1]]
        if any(e[1] == entry[1] and e[2] == "rule" for e in self.log[mine[-1] + 1 :]):
            return "refused"
        del self.log[mine[-1]]
        return "done"


def signature(told, item):
    """What a decision comes to: verdict and text per language, None when discarded."""
    kept = {
        name: None if choice.discard else choice.text.strip() for name, choice in sorted(told.texts.items())
    }
    return told.match, tuple(kept.items())


def recorded_signature(recorded):
    kept = {n: None if t.status == "discarded" else t.text for n, t in sorted(recorded.texts.items())}
    return recorded.match, tuple(kept.items())


@pytest.mark.parametrize("run", range(2))
def test_the_store_does_what_a_dict_does(open_store, tiny, run):
    seed = int(os.environ.get("GLEAM_TEST_SEED", "20261128")) + run
    print(f"GLEAM_TEST_SEED={seed}")
    rng = random.Random(seed)
    store = open_store(5, double=0.6, seed=run)
    people, model = ["ann", "bob", "陈"], Model()
    pairs = list(store.items)
    for _ in range(120):
        who, pair = rng.choice(people), rng.choice(pairs)
        item = store.items[pair]
        act = rng.choices(["review", "rule", "undo", "reopen"], [6, 2, 3, 1])[0]
        if act == "reopen":  # what a killed process leaves is what another one finds
            store = ReviewStore(Bench.open(store.bench.root))
            continue
        edits = {n: f"{n} {rng.randrange(3)}" for n in item.texts if rng.random() < 0.3}
        discards = {n: {"reason": "vague"} for n in item.texts if rng.random() < 0.15}
        told = tiny.decision(item, match=rng.random() < 0.7, edits=edits, discards=discards)
        events = store.board().of(pair)
        if act == "undo":
            expected = model.undo(who)
            try:
                store.undo(who)
                seen = "done"
            except GleamError:
                seen = "refused"
        elif act == "review":
            stale = rng.random() < 0.15
            others = {name for name in model.reviews(pair) if name != who}
            full = who not in model.reviews(pair) and len(others) >= store.settings.needed(pair)
            expected = "refused" if stale or model.ruling(pair) or full else "done"
            try:
                store.review(pair, who, told, base=events.head(who) + stale)
                seen = "done"
            except GleamError:
                seen = "refused"
            if expected == "done":
                model.log.append([who, pair, "review", told])
        else:
            reviews = model.reviews(pair)
            differ = len({signature(t, item) for t in reviews.values()}) > 1
            enough = len(reviews) >= store.settings.needed(pair)
            allowed = (model.ruling(pair) or (differ and enough)) and who not in reviews
            expected = "done" if allowed else "refused"
            try:
                store.adjudicate(pair, who, told, base=events.head())
                seen = "done"
            except GleamError:
                seen = "refused"
            if expected == "done":
                model.log.append([who, pair, "rule", told])
        assert seen == expected, (seed, act, who, pair)
        for name in pairs:
            reviews, ruling = model.reviews(name), model.ruling(name)
            outcome = store.outcome(name)
            signatures = {signature(t, None) for t in reviews.values()}
            if ruling:
                assert recorded_signature(outcome.decision) == signature(ruling[3], None)
            elif len(reviews) < store.settings.needed(name):
                assert outcome.standing == ("half" if reviews else "open")
            elif len(signatures) > 1:
                assert outcome.standing == "disputed"
            else:
                assert recorded_signature(outcome.decision) == next(iter(signatures))
    assert store.verify() == ReviewStore(Bench.open(store.bench.root)).board().seq
