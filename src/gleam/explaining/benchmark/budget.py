"""Money and calls: what is reserved before a request leaves and settled when its reply is there."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from gleam.errors import GleamError
from gleam.explaining.benchmark.ledger import DAY_S, Ledger


class BudgetSpent(GleamError):
    """The next request would go beyond what may be spent; everything so far is kept."""


@dataclass(frozen=True)
class Limits:
    """Dollars and calls over all runs on a benchmark, dollars in a day (UTC); None is no limit."""

    max_usd: float | None = None
    max_calls: int | None = None
    max_usd_per_day: float | None = None

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        for name in ("max_usd", "max_calls", "max_usd_per_day"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise GleamError(f"--{name.replace('_', '-')} {value} is no limit; give 0 or more.")


class Budget:
    """Lets a request leave only when all that is under way could still be paid with it.

    Every request reserves the most it can cost. Near the end the reservations of those under way may not
    leave room although their real costs will; then the next one waits until some have settled. It is
    refused only when nothing is under way that could make room.
    """

    def __init__(self, limits: Limits, ledger: Ledger) -> None:
        self._limits = limits
        self._changed = threading.Condition()
        self._usd, self._calls = ledger.spent()
        self._today_usd, _ = ledger.spent(_midnight())
        self._day = _midnight()
        self._reserved = 0.0
        self._under_way = 0
        self.stopped = False

    @property
    def spent_usd(self) -> float:
        """What is settled so far, earlier runs included."""
        return self._usd

    def reserve(self, most_usd: float) -> None:
        """Wait until so much may be spent.

        Raises:
            BudgetSpent: It may not, and will not.
        """
        with self._changed:
            while True:
                why = self._why_not(most_usd)
                if why is None and not self.stopped:
                    break
                if self._under_way == 0 or self.stopped:
                    raise BudgetSpent(why or "The run was stopped.")
                self._changed.wait()
            self._reserved += most_usd
            self._calls += 1
            self._under_way += 1

    def settle(self, most_usd: float, cost_usd: float) -> None:
        """Replace a reservation by what it came to."""
        with self._changed:
            if _midnight() != self._day:
                self._day, self._today_usd = _midnight(), 0.0
            self._reserved -= most_usd
            self._usd += cost_usd
            self._today_usd += cost_usd
            self._under_way -= 1
            self._changed.notify_all()

    def stop(self) -> None:
        """Let nothing more leave."""
        with self._changed:
            self.stopped = True
            self._changed.notify_all()

    def _why_not(self, most_usd: float) -> str | None:
        limits = self._limits
        if limits.max_calls is not None and self._calls + 1 > limits.max_calls:
            return f"{self._calls} calls were made; --max-calls allows {limits.max_calls}."
        for name, limit, spent in (
            ("--max-usd", limits.max_usd, self._usd),
            ("--max-usd-per-day", limits.max_usd_per_day, self._today_usd),
        ):
            # A hair of rounding must not refuse what fits exactly.
            if limit is not None and spent + self._reserved + most_usd > limit * (1 + 1e-9):
                return (
                    f"${spent:.4f} is spent; the next request may cost ${most_usd:.4f}, and {name} allows "
                    f"${limit:g}."
                )
        return None


def _midnight() -> float:
    """Return when today began in UTC, as Unix time."""
    now = time.time()
    return now - now % DAY_S
