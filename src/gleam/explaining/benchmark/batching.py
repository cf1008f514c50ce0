"""Asking by files: OpenAI's batch interface answers within a day at half the price.

Requests are written as JSON lines for ``/v1/batches`` (at most 50,000 and 200 MB in a file), each named by
its key in the ledger, where it waits. The files of replies are read back whenever they come, in any order
and any number of times. See https://platform.openai.com/docs/guides/batch.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gleam.errors import BenchError, GleamError
from gleam.explaining.benchmark.budget import Limits
from gleam.explaining.benchmark.folder import LEDGER, Bench
from gleam.explaining.benchmark.ledger import Ledger
from gleam.explaining.benchmark.ledger_form import Entry
from gleam.explaining.benchmark.tasks import Plan
from gleam.explaining.benchmark.teachers.api import ApiTeacher
from gleam.explaining.benchmark.workshop import alone
from gleam.explaining.benchmark.writing import (
    Written,
    bring_up_to_date,
    missing_tasks,
    read_unread,
)
from gleam.explaining.chat.capabilities import Capabilities
from gleam.files import atomic_folder
from gleam.progress import track

MOST_REQUESTS, MOST_BYTES = 50_000, 190 * 1000 * 1000
PRICE_SHARE = 0.5


@dataclass
class BatchWritten:
    """files: of requests, in order. most_usd: that they can cost. left_out: what the budget did not allow."""

    files: list[str] = field(default_factory=list)
    requests: int = 0
    most_usd: float = 0.0
    left_out: int = 0


@dataclass
class BatchRead:
    """What files of replies held.

    replies: taken. failed: requests that the server did not answer; the next run asks them. unknown: lines
    about requests that do not wait here (or no longer). damaged: lines that are none.
    """

    replies: int = 0
    failed: int = 0
    unknown: int = 0
    damaged: int = 0
    waiting: int = 0
    written: Written = field(default_factory=Written)


def write_batch(
    bench: Bench, teacher: ApiTeacher, plan: Plan, out: str | os.PathLike[str], limits: Limits | None = None
) -> BatchWritten:
    """Write what is missing as files of requests to the new folder ``out``, and note that it waits.

    Args:
        bench: The benchmark.
        teacher: Who is asked.
        plan: What is asked.
        out: Folder to make.
        limits: ``max_usd`` and ``max_calls`` bound what is written.

    Raises:
        BenchError: Nothing is missing, or another run is at work.
        GleamError: The price is not known, or the folder has content.
    """
    bounds, result = limits or Limits(), BatchWritten()
    with alone(bench.root), Ledger(bench.root / LEDGER) as ledger:
        missing = missing_tasks(teacher, list(plan.tasks(bench.pairs(), 0, 1)), ledger)
        if not missing:
            raise BenchError(f"Nothing is missing in {bench.root} that does not already wait for a batch.")
        usd, calls = ledger.spent()
        can = Capabilities.first_guess(teacher.target)
        entries: list[tuple[Entry, float]] = []
        with atomic_folder(out) as folder:
            writer = _Files(folder)
            for task in track(missing, "Writing requests"):
                request = teacher.request(task)
                most = PRICE_SHARE * teacher.most_usd(request)
                if not _fits(bounds, usd + result.most_usd + most, calls + result.requests + 1):
                    result.left_out += 1
                    continue
                entry = teacher.entry_of(task, request)
                line = {
                    "custom_id": entry.key,
                    "method": "POST",
                    "url": "/v1/chat/completions",
                    "body": can.body(request, teacher.model),
                }
                writer.add(json.dumps(line, ensure_ascii=False))
                entries.append((entry, most))
                result.requests += 1
                result.most_usd += most
            writer.close()
            if not entries:
                raise BenchError("The budget does not allow a single request.")
        ledger.send_all(entries, batched=True)
        result.files = [str(Path(out) / name) for name in writer.names]
    return result


def read_batch(bench: Bench, files: Sequence[str | os.PathLike[str]]) -> BatchRead:
    """Take in files of replies.

    Args:
        bench: The benchmark that the requests were written for.
        files: Output and error files as the server gave them.

    Raises:
        BenchError: Another run is at work.
        GleamError: A file cannot be read.
    """
    result = BatchRead()
    with alone(bench.root), Ledger(bench.root / LEDGER) as ledger:
        waiting = ledger.batched()
        teachers: dict[str, ApiTeacher] = {}
        owners = {kept.entry.key: kept.entry.teacher for kept in ledger.kept() if kept.entry.key in waiting}
        for line in _lines(files, result):
            key = line["custom_id"]
            if key not in waiting:
                result.unknown += 1
                continue
            attempt, most = waiting.pop(key)
            response = line.get("response") or {}
            if line.get("error") or response.get("status_code") != 200:
                ledger.fail(attempt, f"the batch failed here: {_short(line.get('error') or response)}", 0.0)
                result.failed += 1
                continue
            raw = json.dumps(response.get("body"), ensure_ascii=False).encode()
            name = owners[key].removeprefix("api:")
            teacher = teachers.setdefault(name, ApiTeacher(name, bench))
            # Where the price was told on the command line, the reservation stands for the cost.
            whole, tokens = most / PRICE_SHARE, (0, 0)
            if _is_priced(teacher):
                whole, tokens = teacher.cost_usd(raw, whole)
            ledger.reply(attempt, raw, PRICE_SHARE * whole, tokens)
            result.replies += 1
        result.waiting = len(waiting)
        read_unread(ledger)
        bring_up_to_date(bench, ledger, result.written)
    return result


class _Files:
    """Files of lines, a new one when one is full."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines: list[str] = []
        self._bytes = 0
        self.names: list[str] = []

    def add(self, line: str) -> None:
        """Add a line."""
        size = len(line.encode()) + 1
        if self._lines and (len(self._lines) >= MOST_REQUESTS or self._bytes + size > MOST_BYTES):
            self.close()
        self._lines.append(line)
        self._bytes += size

    def close(self) -> None:
        """Write what was added since the last file."""
        if not self._lines:
            return
        name = f"requests_{len(self.names) + 1:03}.jsonl"
        (self._folder / name).write_text("\n".join(self._lines) + "\n", encoding="utf-8")
        self.names.append(name)
        self._lines, self._bytes = [], 0


def _fits(limits: Limits, usd: float, calls: int) -> bool:
    return (limits.max_usd is None or usd <= limits.max_usd * (1 + 1e-9)) and (
        limits.max_calls is None or calls <= limits.max_calls
    )


def _is_priced(teacher: ApiTeacher) -> bool:
    try:
        return teacher.price is not None
    except GleamError:
        return False


def _lines(files: Sequence[str | os.PathLike[str]], result: BatchRead) -> Iterator[dict[str, Any]]:
    for name in files:
        try:
            with open(name, "rb") as file:
                for raw in file:
                    if not raw.strip():
                        continue
                    try:
                        line = json.loads(raw)
                        str(line["custom_id"])
                    except (ValueError, TypeError, KeyError, RecursionError):
                        result.damaged += 1
                        continue
                    yield line
        except OSError as error:
            raise GleamError(f"{name} cannot be read: {error.strerror}.") from None


def _short(what: object) -> str:
    return " ".join(str(what).split())[:200]
