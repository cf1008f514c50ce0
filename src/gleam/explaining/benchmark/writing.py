"""Having the texts of a benchmark written: what is still missing, by whom, and what came of it."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from gleam.errors import GleamError
from gleam.explaining.benchmark.asking import Asker
from gleam.explaining.benchmark.budget import Budget, Limits
from gleam.explaining.benchmark.deriving import derive
from gleam.explaining.benchmark.folder import LEDGER, Bench, write_info
from gleam.explaining.benchmark.ledger import Ledger
from gleam.explaining.benchmark.tasks import Plan, Task, Teacher
from gleam.explaining.benchmark.teachers import read_reply_of
from gleam.explaining.benchmark.teachers.api import ApiTeacher
from gleam.explaining.benchmark.teachers.city import CityTeacher, require_facts
from gleam.explaining.benchmark.text import TextStatus
from gleam.explaining.benchmark.workshop import alone
from gleam.explaining.chat.prices import price_list
from gleam.explaining.chat.problems import ReplyError
from gleam.progress import progress, say

_BATCH = 500
"""Texts of the city per commit: nothing is paid for them, so a kill may cost a few."""
_SETTLED: frozenset[TextStatus] = frozenset({"ok", "refused", "invalid"})
"""What became of these is known; ``failed`` ones are asked again by the next run."""


@dataclass
class Written:
    """What a run did: texts by teacher and status, money and calls over all runs, why it ended early."""

    texts: dict[str, dict[str, int]] = field(default_factory=dict)
    usd: float = 0.0
    calls: int = 0
    lost: int = 0
    stopped: str | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def is_short(self) -> bool:
        """Whether something that was asked for is not there."""
        return self.stopped is not None or any(set(counts) - {"ok"} for counts in self.texts.values())

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return dict(vars(self))


@dataclass
class Estimate:
    """What a run would ask, and what that would cost, by teacher; nothing is sent."""

    teachers: dict[str, dict[str, float | int | str]] = field(default_factory=dict)
    prices_checked: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return dict(vars(self))


def write_texts(
    bench: Bench,
    teachers: Sequence[Teacher],
    plan: Plan,
    limits: Limits | None = None,
    *,
    at_once: int = 4,
    again: bool = False,
    first_wait_s: float = 1.0,
) -> Written:
    """Have the teachers write what is still missing, and bring ``texts.jsonl`` up to date.

    What was recorded is never asked again, whether a run ended well, was killed or ran out of money.

    Args:
        bench: The benchmark.
        teachers: Who writes.
        plan: What to write.
        limits: What may be spent.
        at_once: Requests to a server at the same time.
        again: Ask again where the reply was refused or malformed.
        first_wait_s: Before a second try.

    Raises:
        BenchError: Another run is at work, or the ledger is damaged.
        GleamError: A teacher cannot work here at all: no key, no such model, no facts.
    """
    written = Written()
    pairs = bench.pairs()
    with alone(bench.root), Ledger(bench.root / LEDGER) as ledger:
        written.lost = ledger.give_up_lost()
        read_unread(ledger)
        budget = Budget(limits or Limits(), ledger)
        try:
            for number, teacher in enumerate(teachers):
                tasks = list(plan.tasks(pairs, number, len(teachers)))
                if isinstance(teacher, CityTeacher):
                    require_facts(bench)
                    _by_city(teacher, [*tasks, *plan.controls_of(pairs)], ledger)
                elif isinstance(teacher, ApiTeacher):
                    missing = missing_tasks(teacher, tasks, ledger, again)
                    if not missing:
                        continue
                    _ = teacher.price
                    written.warnings += teacher.check_model(datetime.datetime.now(datetime.UTC).date())
                    asker = Asker(teacher, ledger, budget, at_once=at_once, first_wait_s=first_wait_s)
                    why = asker.run(missing, len(missing))
                    if why is not None:
                        written.stopped = str(why)
                        break
        finally:
            bring_up_to_date(bench, ledger, written)
    return written


def estimate(bench: Bench, teachers: Sequence[Teacher], plan: Plan, *, again: bool = False) -> Estimate:
    """Return what :func:`write_texts` would ask and cost, without asking anyone or writing anything.

    Raises:
        GleamError: The price of a model is not known, or a picture has vanished.
    """
    checked, _ = price_list()
    result = Estimate(prices_checked=checked.isoformat())
    pairs = bench.pairs()
    for number, teacher in enumerate(teachers):
        if not isinstance(teacher, ApiTeacher):
            continue
        done: dict[str, TextStatus | None] = {}
        if (bench.root / LEDGER).is_file():
            with Ledger(bench.root / LEDGER) as ledger:
                done = ledger.statuses()
        calls, likely, most = 0, 0.0, 0.0
        for task in plan.tasks(pairs, number, len(teachers)):
            request = teacher.request(task)
            if not again and done.get(teacher.entry_of(task, request).key) in _SETTLED:
                continue
            calls += 1
            likely += teacher.likely_usd(request, len(task.languages))
            most += teacher.most_usd(request)
        result.teachers[teacher.name] = {
            "calls": calls,
            "likely_usd": round(likely, 4),
            "most_usd": round(most, 4),
            "price_source": teacher.price.source,
        }
    return result


def missing_tasks(
    teacher: ApiTeacher, tasks: Sequence[Task], ledger: Ledger, again: bool = False
) -> list[Task]:
    """Return what is neither settled nor waiting for a file of replies; with ``again`` all that is not ok."""
    done, waiting = ledger.statuses(), ledger.batched()
    missing = []
    for task in tasks:
        try:
            key = teacher.entry(task).key
        except GleamError as error:
            # A picture that vanished costs its pair, not the run.
            say(f"pair {task.pair.pair_id} left out: {error}")
            continue
        status = done.get(key)
        if key not in waiting and (status != "ok" if again else status not in _SETTLED):
            missing.append(task)
    return missing


def _by_city(teacher: CityTeacher, tasks: Sequence[Task], ledger: Ledger) -> None:
    done = ledger.statuses()
    known = [task for task in tasks if teacher.knows(task)]
    if len(known) < len(tasks):
        say(f"{len(tasks) - len(known)} texts left out: the facts of their places are not known.")
    with progress("Writing by the city", len(known)) as bar:
        waiting = iter(known)
        while some := list(islice(waiting, _BATCH)):
            entries = {entry.key: entry for entry in map(teacher.entry, some)}
            new = [entry for key, entry in entries.items() if done.get(key) not in _SETTLED]
            attempts = ledger.send_all((entry, 0.0) for entry in new)
            ledger.reply_all(
                (attempt, teacher.answer(entry)) for attempt, entry in zip(attempts, new, strict=True)
            )
            read_unread(ledger, {entry.key for entry in new})
            bar.advance(len(some))


def read_unread(ledger: Ledger, keys: set[str] | None = None) -> None:
    """Read replies that are recorded but were not read before."""
    outcomes: list[tuple[str, TextStatus, str | None]] = []
    for kept in ledger.unread(keys):
        try:
            read_reply_of(kept.entry.teacher, kept.reply or b"", kept.entry.languages)
            outcomes.append((kept.entry.key, "ok", None))
        except ReplyError as error:
            outcomes.append((kept.entry.key, "refused" if error.refused else "invalid", str(error)))
    ledger.settle(outcomes)


def bring_up_to_date(bench: Bench, ledger: Ledger, written: Written) -> None:
    """Write ``texts.jsonl``, ``controls.jsonl`` and who wrote into ``bench.json``; count."""
    texts = derive(bench.root, ledger, bench.pairs())
    written.usd, written.calls = ledger.spent()
    counts: Counter[tuple[str, str]] = Counter((text.teacher, text.status) for text in texts)
    for (teacher, status), count in sorted(counts.items()):
        written.texts.setdefault(teacher, {})[status] = count
    names = sorted({*bench.info.teachers, *(text.teacher for text in texts)})
    prompts = ", ".join(sorted({text.prompt_version for text in texts}))
    bench.info = bench.info.model_copy(update={"teachers": tuple(names), "prompts": prompts})
    write_info(bench.root, bench.info)
