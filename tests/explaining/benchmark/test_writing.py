"""Teachers on a real server that misbehaves: all is recorded, nothing is paid twice, no budget is overrun."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from gleam.cli.main import build_app
from gleam.errors import BenchError, GleamError
from gleam.explaining.benchmark import Bench
from gleam.explaining.benchmark.agreement import cohens_kappa, compare_teachers
from gleam.explaining.benchmark.budget import Budget, BudgetSpent, Limits
from gleam.explaining.benchmark.ledger import Ledger
from gleam.explaining.benchmark.tasks import Plan
from gleam.explaining.benchmark.teachers import teacher_of
from gleam.explaining.benchmark.writing import estimate, write_texts

from .conftest import make_bench

PRICE = (1000.0, 1000.0)
"""Dollars per million tokens: a tenth of a cent per token, so that a few calls cost dollars."""


def write(bench, server, names=("model",), plan=None, limits=None, price=None, **options):
    teachers = [teacher_of(f"api:{name}@{server.url}", bench) for name in names]
    for teacher in teachers:
        if price:
            teacher.set_price(*price)
    return write_texts(bench, teachers, plan or Plan(), limits, first_wait_s=0.01, **options)


def test_both_languages_with_their_own_prompts(bench, server):
    written = write(bench, server)
    assert written.stopped is None
    assert len(server.requests) == 24
    systems = Counter(asked.body["messages"][0]["content"][:3] for asked in server.requests)
    assert systems == {"You": 12, "你要比": 12}
    firsts = {asked.body["messages"][1]["content"][0]["text"].split(".")[0] for asked in server.requests}
    assert len({f for f in firsts if f.startswith("Picture 1")}) == 4
    opened = Bench.open(bench.root)
    texts = opened.texts()
    assert Counter(t.language for t in texts) == {"en": 12, "zh": 12}
    assert all(t.usage.input_tokens == 1800 and t.prompt_version == "v1" for t in texts)
    assert opened.info.teachers == (f"api:model@{server.url}",)
    assert all(len(asked.pictures) == 2 for asked in server.requests)


def test_one_call_for_both_languages(bench, server):
    write(bench, server, plan=Plan(calls="one"), price=PRICE)
    assert len(server.requests) == 12
    texts = Bench.open(bench.root).texts()
    assert Counter(t.language for t in texts) == {"en": 12, "zh": 12}
    one = next(a for a in server.requests)
    assert "explanation_zh" in one.body["response_format"]["json_schema"]["schema"]["required"]
    total = sum(t.cost_usd for t in texts)
    with Ledger(bench.root / "ledger.sqlite") as ledger:
        assert total == pytest.approx(ledger.spent()[0])


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        ("refusal", "refused"),
        ("length", "invalid"),
        ("half", "invalid"),
        ("prose", "invalid"),
        ("wrong_language", "invalid"),
        ("non_utf8", "invalid"),
        ("html", "invalid"),
        ("huge", "invalid"),
        ("one_image", "invalid"),
        ("null_match", "invalid"),
        ("deep", "invalid"),
        ("lying_usage", "ok"),
        ("no_usage", "ok"),
        ("no_schema", "ok"),
        ("fence", "ok"),
    ],
)
def test_misdeeds_are_quarantined_and_counted(bench, server, behaviour, status):
    server.plan = lambda number, body: behaviour if number == 3 else "ok"
    written = write(bench, server, plan=Plan(languages=("en",)), at_once=1)
    counts = written.texts[f"api:model@{server.url}"]
    assert counts == ({"ok": 12} if status == "ok" else {"ok": 11, status: 1})
    records = Bench.open(bench.root).records()
    assert len(records) == 12
    wrong = [r for r in records if r.status != "ok"]
    assert all(r.problem and r.explanation == "" for r in wrong)
    # What was refused or malformed was paid for and is not asked again, unless that is wanted.
    before = len(server.requests)
    write(bench, server, plan=Plan(languages=("en",)), at_once=1)
    assert len(server.requests) == before
    write(bench, server, plan=Plan(languages=("en",)), at_once=1, again=True)
    assert len(server.requests) == before + len(wrong)
    assert {r.status for r in Bench.open(bench.root).records()} == {"ok"}


@pytest.mark.parametrize("behaviour", ["busy", "e500", "cut"])
def test_what_passes_is_tried_again(bench, server, behaviour):
    server.plan = lambda number, body: behaviour if number % 3 == 1 else "ok"
    written = write(bench, server, plan=Plan(languages=("en",)))
    assert written.texts[f"api:model@{server.url}"] == {"ok": 12}
    assert len(server.requests) == written.calls > 12
    answered = Counter(a.digest for a in server.requests if a.answered)
    assert set(answered.values()) == {1}


@pytest.mark.parametrize(
    ("behaviour", "said", "requests"),
    [
        ("quota", "no money left", 1),
        ("busy_long", "asks to wait 3600 s", 1),
        ("echo_key", "does not accept the key", 1),
        ("e500", "failed (500)", 40),
        ("length", "8 requests in a row came to nothing, the last one so: The reply was cut off", 8),
    ],
)
def test_what_does_not_pass_ends_the_run(bench, server, behaviour, said, requests):
    server.plan = lambda number, body: behaviour
    written = write(bench, server, at_once=1)
    assert said in written.stopped
    assert len(server.requests) == requests
    server.plan = lambda number, body: "ok"
    assert write(bench, server, again=True).texts[f"api:model@{server.url}"] == {"ok": 24}


def test_a_model_that_thinks_has_room_for_it(bench, server):
    server.models = ["gpt-6-luna"]
    write(bench, server, ("gpt-6-luna",), Plan(languages=("en",)), Limits(max_calls=1))
    # 1200 for the text and 4000 to think, or every reply would be cut off and paid for.
    assert server.requests[0].body["max_tokens"] == 5200


def test_the_budget_is_never_overrun(bench, server):
    server.usage, server.latency = (1800, 100), 0.02
    each = 1.9
    written = write(bench, server, limits=Limits(max_usd=30.0), price=PRICE, at_once=6)
    assert "--max-usd allows $30" in written.stopped
    assert written.usd == pytest.approx(each * len(server.requests))
    assert written.usd <= 30
    # It spends what it can: what is left would not pay for the most that another could cost.
    teacher = teacher_of(f"api:model@{server.url}", bench)
    teacher.set_price(*PRICE)
    most = max(teacher.most_usd(teacher.request(t)) for t in Plan().tasks(bench.pairs(), 0, 1))
    assert written.usd > 30 - most - each
    more = write(bench, server, limits=Limits(max_usd=30.0), price=PRICE)
    # Which request met the limit first is chance; a smaller one may still fit, and never more than the limit.
    assert written.usd <= more.usd <= 30
    rest = write(bench, server, limits=Limits(max_usd=300.0), price=PRICE)
    assert rest.usd == pytest.approx(24 * each)
    assert len(server.requests) == 24


def test_calls_and_days_are_limited(bench, server):
    server.usage = (1800, 100)
    written = write(bench, server, limits=Limits(max_calls=5))
    assert "--max-calls allows 5" in written.stopped
    assert len(server.requests) == written.calls == 5
    limit = Limits(max_usd_per_day=9.0)
    assert "--max-usd-per-day allows $9" in write(bench, server, limits=limit, price=PRICE).stopped
    # Yesterday's money does not count for today.
    with sqlite3.connect(bench.root / "ledger.sqlite") as db:
        db.execute("UPDATE attempts SET at = at - 86400 * 2")
    before = len(server.requests)
    write(bench, server, limits=limit, price=PRICE)
    assert len(server.requests) > before
    for wrong in ({"max_usd": -1}, {"max_calls": -2}, {"max_usd": float("nan")}):
        with pytest.raises(GleamError, match="is no limit"):
            Limits(**wrong)


@given(st.lists(st.tuples(st.floats(0, 2), st.floats(0, 1)), max_size=40), st.floats(0, 5))
def test_any_order_of_requests_stays_within_the_budget(tmp_path_factory, requests, limit):
    with Ledger(tmp_path_factory.mktemp("budget") / "ledger.sqlite") as ledger:
        budget = Budget(Limits(max_usd=limit), ledger)
    under_way = []
    for most, share in requests:
        try:
            budget.reserve(most)
            under_way.append((most, most * share))
        except BudgetSpent:
            assert not under_way
        if len(under_way) > 2 or (under_way and budget._why_not(2.0)):
            for reserved, cost in under_way:
                budget.settle(reserved, cost)
            under_way.clear()
        assert budget.spent_usd <= limit * (1 + 1e-6)


def test_reservations_make_others_wait(tmp_path):
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        budget = Budget(Limits(max_usd=1.0), ledger)
    budget.reserve(0.6)
    import threading

    let_in = []
    waiting = threading.Thread(target=lambda: let_in.append(budget.reserve(0.6)))
    waiting.start()
    time.sleep(0.1)
    assert not let_in
    budget.settle(0.6, 0.1)
    waiting.join(5)
    assert let_in == [None]
    budget.settle(0.6, 0.6)
    with pytest.raises(BudgetSpent, match=r"\$0\.7000 is spent"):
        budget.reserve(0.4)


RUN = """
from gleam.explaining.benchmark import Bench
from gleam.explaining.benchmark.tasks import Plan
from gleam.explaining.benchmark.teachers import teacher_of
from gleam.explaining.benchmark.writing import write_texts

bench = Bench.open({folder!r})
write_texts(bench, [teacher_of("api:model@{url}", bench)], Plan(), at_once={at_once})
"""


@pytest.mark.slow
def test_killed_at_random_moments_and_resumed(bench, server, monkeypatch):
    """kill -9 again and again: every recorded reply is used, and only what was under way is asked twice."""
    server.latency = 0.15
    at_once, kills = 3, 0
    script = RUN.format(folder=str(bench.root), url=server.url, at_once=at_once)
    dice = random.Random(5)
    while True:
        before = len(server.requests)
        process = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "GLEAM_QUIET": "1"})
        while process.poll() is None and len(server.requests) <= before + dice.randrange(4, 12):
            time.sleep(0.01)
        if process.poll() is not None:
            assert process.returncode == 0
            break
        time.sleep(dice.random() * 0.2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
        assert kills < 15
    assert kills >= 2
    texts = Bench.open(bench.root).texts()
    assert Counter((t.pair_id, t.language) for t in texts) == {
        (p.pair_id, language): 1 for p in bench.pairs() for language in ("en", "zh")
    }
    with sqlite3.connect(bench.root / "ledger.sqlite") as db:
        lost = db.execute("SELECT count(*) FROM attempts WHERE state = 'lost'").fetchone()[0]
        replied = db.execute("SELECT key FROM attempts WHERE state = 'replied'").fetchall()
    assert len(replied) == len(set(replied)) == 24
    asked = len(server.requests)
    assert 24 <= asked <= 24 + lost
    assert lost <= kills * at_once
    # The server saw the same key when it was asked again, so one that looks at it need not work twice.
    assert len({a.idempotency for a in server.requests}) == 24
    monkeypatch.setenv("GLEAM_API_KEY", "unused")
    write(bench, server)
    assert len(server.requests) == asked


def test_a_reply_that_was_recorded_but_not_read_is_not_asked_again(bench, server):
    write(bench, server)
    with sqlite3.connect(bench.root / "ledger.sqlite") as db:
        db.execute("UPDATE requests SET status = NULL, problem = NULL")
    (bench.root / "texts.jsonl").unlink()
    write(bench, server)
    assert len(server.requests) == 24
    assert len(Bench.open(bench.root).texts()) == 24


def test_no_key_is_ever_written(bench, server, teacher, capfd):
    behaviours = ["ok", "refusal", "e500", "html", "one_image", "busy"]
    server.plan = lambda number, body: behaviours[number % 6] if number < 20 else "echo_key"
    written = write(bench, server)
    assert "does not accept the key" in written.stopped
    files = [f for f in bench.root.rglob("*") if f.is_file()]
    assert len(files) > 20
    for file in files:
        assert teacher.KEY.encode() not in file.read_bytes(), file
    said = capfd.readouterr()
    assert teacher.KEY not in said.out + said.err + json.dumps(written.to_json())
    # And the check can fail: the server did see it.
    assert server.requests


def test_two_teachers_are_mixed_and_compared(bench, server):
    write(bench, server, ("model", "other"), Plan(languages=("en",), overlap=0.4))
    texts = Bench.open(bench.root).texts()
    shared = [n for n in Counter(t.pair_id for t in texts).values() if n == 2]
    assert 0 < len(shared) < 12
    assert {t.pair_id for t in texts} == {p.pair_id for p in bench.pairs()}
    compared = compare_teachers(texts, bench.pairs())
    assert len(compared["teachers"]) == 2
    (agreement,) = compared["agreements"]
    assert agreement["n"] == len(shared)
    verdicts = {}
    for text in texts:
        verdicts.setdefault(text.pair_id, []).append(text.match)
    equal = [a == b for a, b in (v for v in verdicts.values() if len(v) == 2)]
    assert agreement["share"] == pytest.approx(sum(equal) / len(equal))


def test_kappa_of_known_tables():
    # Cohen's own kind of table: 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no gives 0.4.
    verdicts = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15
    assert cohens_kappa(verdicts) == pytest.approx(0.4)
    assert cohens_kappa([(True, True)] * 3) is None


def test_the_list_of_models_is_asked_first(bench, server):
    server.models = ["modelle", "another"]
    with pytest.raises(GleamError, match="does not have the model 'model'; it has 2, such as modelle"):
        write(bench, server)
    server.models = [{"id": "model", "shutdown_date": "2020-01-31"}]
    assert write(bench, server).warnings == ["model ended on 2020-01-31."]
    server.clear()
    server.models = None
    other = make_bench(bench.root.parent / "other", 2)
    assert "no list of models" in write(other, server).warnings[0]


def test_nobody_there_or_no_key(bench, monkeypatch):
    with pytest.raises(GleamError, match="cannot be reached"):
        write_texts(bench, [teacher_of("api:m@http://127.0.0.1:9/v1", bench)], Plan())
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(GleamError, match="put it in the environment variable OPENAI_API_KEY"):
        write_texts(bench, [teacher_of("api:gpt-4o@openai", bench)], Plan())
    monkeypatch.setenv("GLEAM_API_KEY", "k")
    with pytest.raises(GleamError, match="add --price IN,OUT"):
        write_texts(bench, [teacher_of("api:new@https://api.example.org/v1", bench)], Plan())


def test_a_dry_run_asks_nobody(bench, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    found = estimate(bench, [teacher_of("api:gpt-4o-2024-11-20@openai", bench)], Plan(calls="one"))
    (row,) = found.teachers.values()
    assert row["calls"] == 12
    # Two pictures of 765 tokens and 450 tokens of reply at 2.5 and 10 dollars per million, and the prompt.
    assert 12 * (2 * 765 * 2.5 + 450 * 10) / 1e6 < row["likely_usd"] < row["most_usd"]
    assert not (bench.root / "ledger.sqlite").exists()


def test_a_vanished_picture_costs_its_pair_only(bench, server, capfd, monkeypatch):
    monkeypatch.setenv("GLEAM_QUIET", "0")
    bench.image_path(bench.pairs()[0].query_image).unlink()
    written = write(bench, server)
    assert written.texts[f"api:model@{server.url}"] == {"ok": 22}
    assert "has vanished" in capfd.readouterr().err


def test_ledgers_that_are_none(bench, server):
    (bench.root / "ledger.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(BenchError, match="cannot be read as a ledger"):
        write(bench, server)
    (bench.root / "ledger.sqlite").unlink()
    with sqlite3.connect(bench.root / "ledger.sqlite") as db:
        db.execute("PRAGMA user_version = 9")
    with pytest.raises(BenchError, match="ledger of version 9"):
        write(bench, server)
    assert not server.requests


def test_a_disk_that_cannot_be_written_is_one_sentence(bench, server):
    write(bench, server, limits=Limits(max_calls=3))
    with Ledger(bench.root / "ledger.sqlite") as ledger:
        (first, *_) = ledger.kept()
        ledger._db.execute("PRAGMA query_only = ON")
        with pytest.raises(BenchError, match="cannot be written: attempt to write a readonly database"):
            ledger.send(first.entry, 0.0)
        ledger._db.execute("PRAGMA query_only = OFF")
        ledger.send(first.entry, 0.0)
    assert len(Bench.open(bench.root).texts()) == 3


def test_one_run_at_a_time(bench, server):
    from gleam.explaining.benchmark.workshop import alone

    with alone(bench.root), pytest.raises(BenchError, match="Another run is at work"):
        write(bench, server)
    assert not server.requests


def test_the_truth_is_told_only_when_asked_for(bench, server):
    write(bench, server)
    told = [teacher_of(f"api:model@{server.url}", bench, tell_truth=True)]
    prompts = {asked.body["messages"][1]["content"][0]["text"] for asked in server.requests}
    assert not any("It is known" in p or "已知" in p for p in prompts)
    server.requests.clear()
    write_texts(bench, told, Plan())
    firsts = [a.body["messages"][1]["content"][0]["text"].splitlines()[0] for a in server.requests]
    assert Counter("both" in f or "同一" in f for f in firsts) == {True: 12, False: 12}


def test_the_city_writes_offline(tmp_path):
    bench = make_bench(tmp_path / "b", 12, facts=True)
    write_texts(bench, [teacher_of("city", bench)], Plan(controls=1.0))
    first = (bench.root / "texts.jsonl").read_bytes()
    texts = Bench.open(bench.root).texts()
    assert Counter(t.language for t in texts) == {"en": 12, "zh": 12}
    truth = {p.pair_id: p.match for p in bench.pairs()}
    assert all(t.match == truth[t.pair_id] for t in texts)
    assert len({t.explanation for t in texts}) > 20
    controls = Bench.open(bench.root).controls()
    assert controls
    assert not {c.explanation for c in controls} & {t.explanation for t in texts}
    assert all(c.wrong for c in controls)
    write_texts(bench, [teacher_of("city", bench)], Plan(controls=1.0))
    assert (bench.root / "texts.jsonl").read_bytes() == first


def test_the_command(bench, server, tmp_path, table):
    def run(*words):
        return CliRunner().invoke(build_app([str(w) for w in words]), [str(w) for w in words])

    words = ["bench", "make", table.root, "--out", tmp_path / "out", "--encoder", "none", "--pairs", "20"]
    words += ["--teacher", f"api:model@{server.url}", "--price", "1000,1000"]
    dry = run(*words, "--dry-run")
    assert dry.exit_code == 0, dry.stderr
    assert "calls, likely $" in dry.stdout
    assert not server.requests
    short = run(*words, "--max-usd", "10")
    assert short.exit_code == 3
    assert "stopped: $" in short.stdout
    whole = run(*words, "--json")
    assert whole.exit_code == 0, whole.stderr
    summary = json.loads(whole.stdout)
    count = sum(summary["bench"]["splits"].values())
    assert summary["texts"]["texts"] == {f"api:model@{server.url}": {"ok": 2 * count}}
    assert len(server.requests) == 2 * count
    assert "verdicts right" in run("bench", "teachers", tmp_path / "out").stdout
