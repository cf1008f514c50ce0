"""Asking a teacher on a server about many pairs: several at once, within the budget, patient, recorded."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from gleam.errors import GleamError
from gleam.explaining.benchmark.budget import Budget, BudgetSpent
from gleam.explaining.benchmark.ledger import Ledger
from gleam.explaining.benchmark.ledger_form import Entry
from gleam.explaining.benchmark.tasks import Task
from gleam.explaining.benchmark.teachers.api import ApiTeacher
from gleam.explaining.benchmark.text import TextStatus
from gleam.explaining.chat.problems import PASSING, STOPPING, ChatError, ReplyError
from gleam.explaining.chat.request import ChatRequest
from gleam.progress import progress, say

TRIES = 5
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 120.0
"""A server that asks to wait longer ends the run; a later run goes on."""
MOST_IN_A_ROW = 8
"""After so many failures or useless replies without a good one between them the run ends: a model that never
writes what is asked for must not use up the budget."""


class Asker:
    """Works through tasks of one teacher.

    Args:
        teacher: Whom to ask.
        ledger: Where everything is written down.
        budget: What may be spent.
        at_once: Requests under way at the same time.
        first_wait_s: Before the second try; it doubles from then on.
    """

    def __init__(
        self,
        teacher: ApiTeacher,
        ledger: Ledger,
        budget: Budget,
        *,
        at_once: int = 4,
        first_wait_s: float = FIRST_WAIT_S,
    ) -> None:
        if not 1 <= at_once <= 64:
            raise GleamError(f"--concurrency {at_once} is out of range: give 1 to 64.")
        self._teacher = teacher
        self._ledger = ledger
        self._budget = budget
        self._at_once = at_once
        self._first_wait_s = first_wait_s
        self._state = threading.Lock()
        self._wake = threading.Event()
        self._not_before = 0.0
        self._failures = 0
        self._why: GleamError | None = None

    def run(self, tasks: Iterable[Task], total: int) -> GleamError | None:
        """Ask about every task; return why the run ended early, or None when it did not.

        Ctrl-C lets those under way finish, so that nothing paid for is lost.
        """
        waiting = iter(tasks)
        with progress(f"Asking {self._teacher.model}", total) as bar:
            # The first one alone: when it shows that none will work, no others were paid for.
            for task in waiting:
                self._one(task)
                bar.advance()
                break
            with ThreadPoolExecutor(self._at_once) as pool:
                running: set[Future[None]] = set()
                try:
                    while True:
                        while len(running) < self._at_once and self._why is None:
                            following = next(waiting, None)
                            if following is None:
                                break
                            running.add(pool.submit(self._one, following))
                        if not running:
                            break
                        done, running = wait(running, return_when=FIRST_COMPLETED)
                        for future in done:
                            future.result()
                            bar.advance()
                except BaseException:
                    self._stop(GleamError("The run was stopped."))
                    say(f"Waiting for {len(running)} requests under way, which are kept.")
                    raise
        return self._why

    def _one(self, task: Task) -> None:
        try:
            request = self._teacher.request(task)
        except GleamError as error:
            # A picture that vanished costs this pair, not the run.
            say(f"pair {task.pair.pair_id} left out: {error}")
            return
        entry = self._teacher.entry_of(task, request)
        problem = ""
        for attempt in range(TRIES):
            if not self._may_go_on():
                return
            most = self._teacher.most_usd(request)
            try:
                self._budget.reserve(most)
            except BudgetSpent as spent:
                self._stop(spent)
                return
            failed = self._attempt(entry, request, most)
            if failed is None:
                return
            problem = str(failed)
            if failed.kind not in PASSING:
                self._refused(entry, failed)
                return
            if not self._pause(failed, attempt):
                return
        self._finish(entry, "failed", problem)
        self._count_failure(problem)

    def _attempt(self, entry: Entry, request: ChatRequest, most: float) -> ChatError | None:
        """Send once, with everything written down before and after; return what went wrong."""
        cost = most
        try:
            number = self._ledger.send(entry, most)
            try:
                raw = self._teacher.send(request, entry.key)
            except ChatError as error:
                cost = most if error.may_be_billed else 0.0
                self._ledger.fail(number, str(error), cost, error.body)
                return error
            cost, tokens = self._teacher.cost_usd(raw.body, most)
            self._ledger.reply(number, raw.body, cost, tokens, raw.seconds)
        finally:
            self._budget.settle(most, cost)
        status, problem = outcome(self._teacher, entry, raw.body)
        self._finish(entry, status, problem)
        if problem is not None:
            self._count_failure(problem)
        else:
            with self._state:
                self._failures = 0
        return None

    def _refused(self, entry: Entry, error: ChatError) -> None:
        """Deal with a request that would end the same way again."""
        if error.kind in STOPPING:
            self._stop(error)
            return
        self._finish(entry, "invalid", str(error))
        self._count_failure(str(error))

    def _finish(self, entry: Entry, status: TextStatus, problem: str | None) -> None:
        self._ledger.settle([(entry.key, status, problem)])

    def _count_failure(self, problem: str) -> None:
        with self._state:
            self._failures += 1
            many = self._failures >= MOST_IN_A_ROW
        if many:
            self._stop(
                GleamError(f"{self._failures} requests in a row came to nothing, the last one so: {problem}")
            )

    def _pause(self, error: ChatError, attempt: int) -> bool:
        """Wait before the next try, everyone when the server asks for it; False when it asks for too much."""
        seconds = self._first_wait_s * 2**attempt
        if error.retry_after_s is not None:
            if error.retry_after_s > LONGEST_WAIT_S:
                self._stop(
                    GleamError(
                        f"{error} It asks to wait {error.retry_after_s:g} s; run the same command later."
                    )
                )
                return False
            seconds = error.retry_after_s
            with self._state:
                self._not_before = max(self._not_before, time.monotonic() + seconds)
        return not self._wake.wait(min(seconds, LONGEST_WAIT_S))

    def _may_go_on(self) -> bool:
        while self._why is None:
            left = self._not_before - time.monotonic()
            if left <= 0:
                return True
            self._wake.wait(left)
        return False

    def _stop(self, why: GleamError) -> None:
        with self._state:
            self._why = self._why or why
        self._wake.set()
        self._budget.stop()


def outcome(teacher: ApiTeacher, entry: Entry, reply: bytes) -> tuple[TextStatus, str | None]:
    """Return what becomes of a reply: its status, and what is wrong with it."""
    try:
        teacher.read(reply, entry.languages)
    except ReplyError as error:
        return ("refused" if error.refused else "invalid"), str(error)
    return "ok", None
