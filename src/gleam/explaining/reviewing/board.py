"""How every item stands, folded from the events of the history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from gleam.explaining.reviewing.decisions import Recorded, recorded_from
from gleam.explaining.reviewing.history import RULINGS, Event
from gleam.explaining.reviewing.settings import ReviewSettings

Standing = Literal["open", "half", "disputed", "agreed", "single", "settled"]
"""open: no review yet. half: one of two. disputed: reviewers differ. agreed: they do not. single: one review,
and one was enough. settled: by an adjudicator or an import."""


@dataclass
class ItemEvents:
    """What happened to one item. undone: numbers of events that were taken back."""

    events: list[Event] = field(default_factory=list)
    undone: set[int] = field(default_factory=set)

    def reviews(self) -> dict[str, Event]:
        """Return each reviewer's latest review that was not taken back."""
        return {e.reviewer: e for e in self.events if e.kind == "review" and e.seq not in self.undone}

    def ruling(self) -> Event | None:
        """Return the latest adjudication or import that was not taken back."""
        found = [e for e in self.events if e.kind in RULINGS and e.seq not in self.undone]
        return found[-1] if found else None

    def head(self, reviewer: str | None = None) -> int:
        """Return the number of the last event, of one reviewer or of anybody; 0 when there is none."""
        return max((e.seq for e in self.events if reviewer in (None, e.reviewer)), default=0)


@dataclass(frozen=True)
class Outcome:
    """Where an item stands and, when it is decided, the decision, its event and whose reviews it rests on."""

    standing: Standing
    decision: Recorded | None = None
    event: Event | None = None
    reviewers: tuple[str, ...] = ()


class Board:
    """All items' events; fed with new events only, since old ones never change."""

    def __init__(self) -> None:
        self.seq = 0
        self.items: dict[str, ItemEvents] = defaultdict(ItemEvents)
        self.settings: ReviewSettings | None = None
        self.decisions: dict[int, Recorded] = {}
        self._acts: dict[str, list[Event]] = defaultdict(list)

    def feed(self, events: Iterable[Event]) -> None:
        """Take in the events that came after the last ones."""
        for event in events:
            self.seq = event.seq
            if event.kind == "settings":
                self.settings = ReviewSettings.model_validate(event.payload)
                continue
            item = self.items[event.pair_id]
            item.events.append(event)
            if event.kind == "undo":
                item.undone.add(event.payload["undoes"])
            else:
                self.decisions[event.seq] = recorded_from(event.payload)
                self._acts[event.reviewer].append(event)

    def of(self, pair_id: str) -> ItemEvents:
        """Return the events of an item, none for one that nobody touched."""
        return self.items.get(pair_id) or ItemEvents()

    def last_act(self, reviewer: str) -> Event | None:
        """Return what a reviewer did last and has not taken back."""
        acts = self._acts.get(reviewer, [])
        return next((e for e in reversed(acts) if e.seq not in self.of(e.pair_id).undone), None)

    def reviewers(self) -> list[str]:
        """Return everybody who decided anything, in the order in which they began."""
        return list(self._acts)

    def outcome(self, pair_id: str, needed: int) -> Outcome:
        """Return where an item stands that needs so many reviews."""
        item = self.of(pair_id)
        reviews, ruling = item.reviews(), item.ruling()
        names = tuple(reviews)
        if ruling is not None:
            return Outcome("settled", self.decisions[ruling.seq], ruling, (*names, ruling.reviewer))
        if len(reviews) < needed:
            return Outcome("half" if reviews else "open", reviewers=names)
        decisions = [self.decisions[event.seq] for event in reviews.values()]
        if any(not decisions[0].same_as(other) for other in decisions[1:]):
            return Outcome("disputed", reviewers=names)
        last = max(reviews.values(), key=lambda event: event.seq)
        return Outcome("agreed" if len(reviews) > 1 else "single", decisions[0], last, names)
