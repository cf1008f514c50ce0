"""The review of a benchmark: takes decisions, keeps their history, says how every item stands."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from gleam.errors import GleamError
from gleam.explaining.benchmark.folder import REVIEW, Bench
from gleam.explaining.benchmark.text import PEOPLE
from gleam.explaining.reviewing import history
from gleam.explaining.reviewing.board import Board, Outcome
from gleam.explaining.reviewing.conflicts import ConflictError
from gleam.explaining.reviewing.decisions import Decision, Recorded, parse_reviewer, record
from gleam.explaining.reviewing.history import Event
from gleam.explaining.reviewing.items import Item, items_of
from gleam.explaining.reviewing.schema import connection, prepare, writing
from gleam.explaining.reviewing.settings import ReviewSettings
from gleam.explaining.verdict import Language


class ReviewStore:
    """The review of one benchmark folder. Several processes and threads may use it at once.

    bench: the benchmark. path: the database in it. items: what there is to review, in its order.
    """

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.path: Path = bench.root / REVIEW
        prepare(self.path)
        self._board = Board()
        self._lock = threading.RLock()
        self._everything: dict[str, Item] | None = None
        self.items: dict[str, Item] = items_of(bench, self.settings)

    @property
    def settings(self) -> ReviewSettings:
        """How the review is done; the defaults while nothing was ever set."""
        return self.board().settings or ReviewSettings()

    def configure(self, settings: ReviewSettings, reviewer: str = "operator") -> None:
        """Change how the review is done, from now on; recorded like a decision, unless nothing changes."""
        if settings != self.board().settings:
            with writing(self.path) as db:
                history.append(db, "settings", "", parse_reviewer(reviewer), settings.model_dump(mode="json"))
            self.items = items_of(self.bench, self.settings)

    def board(self, db: sqlite3.Connection | None = None) -> Board:
        """Return how everything stands, with what other processes decided meanwhile."""
        with self._lock:
            if db is not None:
                self._board.feed(list(history.events_after(db, self._board.seq)))
            else:
                with connection(self.path) as own:
                    self._board.feed(list(history.events_after(own, self._board.seq)))
            return self._board

    def item(self, pair_id: str) -> Item:
        """Return an item; raise a ``GleamError`` when there is none of that name."""
        if pair_id not in self.items:
            raise GleamError(f"There is no pair {pair_id!r} in this review.")
        return self.items[pair_id]

    def _any_item(self, pair_id: str) -> Item:
        """Return an item of any split with the texts of all languages."""
        if self._everything is None:
            self._everything = items_of(self.bench, ReviewSettings(split="all"))
        if pair_id not in self._everything:
            raise GleamError(f"The benchmark has no pair {pair_id!r} with a text.")
        return self._everything[pair_id]

    def outcome(self, pair_id: str) -> Outcome:
        """Return where an item stands."""
        return self.board().outcome(pair_id, self.settings.needed(pair_id))

    def review(
        self, pair_id: str, reviewer: str, decision: Decision, *, base: int, extra: bool = False
    ) -> Event:
        """Record a review.

        Args:
            pair_id: The item.
            reviewer: Who decided.
            decision: What.
            base: Number of the reviewer's own last event on the item when it was opened, 0 when none.
            extra: Record it although enough others reviewed the item and their decisions were seen; such a
                review counts for the outcome, but not for agreement.

        Raises:
            ConflictError: Somebody was faster; what they decided comes with it.
            GleamError: The decision is incomplete.
        """
        item, name = self.item(pair_id), parse_reviewer(reviewer)
        recorded = record(decision, item.originals, item.teacher_match, extra=extra)
        with self._lock, writing(self.path) as db:
            events = self.board(db).of(pair_id)
            own, others = events.head(name), events.reviews()
            mine, ruling = others.pop(name, None), events.ruling()
            if ruling is not None:
                raise ConflictError("settled", (ruling,), own)
            if base != own:
                raise ConflictError("stale", (mine,) if mine else (), own)
            if mine is None and not extra and len(others) >= self.settings_of(db).needed(pair_id):
                raise ConflictError("taken", tuple(others.values()), own)
            return self._append(db, "review", pair_id, name, recorded.model_dump(mode="json"))

    def adjudicate(self, pair_id: str, reviewer: str, decision: Decision, *, base: int) -> Event:
        """Settle an item on which reviewers differ.

        Args:
            pair_id: The item.
            reviewer: Who settles it.
            decision: What holds from now on.
            base: Number of the item's last event when it was opened.

        Raises:
            ConflictError: Something was decided on the item meanwhile.
            GleamError: There is nothing to settle, or not by this person; or the decision is incomplete.
        """
        item, name = self.item(pair_id), parse_reviewer(reviewer)
        recorded = record(decision, item.originals, item.teacher_match)
        with self._lock, writing(self.path) as db:
            settings = self.settings_of(db)
            board = self.board(db)
            events = board.of(pair_id)
            outcome = board.outcome(pair_id, settings.needed(pair_id))
            if base != events.head():
                ruling = events.ruling()
                blocking = (ruling,) if ruling else tuple(events.reviews().values())
                raise ConflictError("stale", blocking, events.head())
            if outcome.standing not in ("disputed", "settled"):
                raise GleamError("There is nothing to settle on this pair: its reviewers do not differ.")
            if not settings.may_adjudicate(name, frozenset(events.reviews())):
                raise GleamError(
                    "Somebody else must settle this pair: "
                    + (
                        f"one of {', '.join(settings.adjudicators)}."
                        if settings.adjudicators
                        else "a third person."
                    )
                )
            return self._append(db, "adjudicate", pair_id, name, recorded.model_dump(mode="json"))

    def bring_in(self, pair_id: str, reviewer: str, decision: Decision, *, base: int) -> Event:
        """Record a decision that was made outside, in an export; it settles the pair, of whatever split.

        It may be about some languages only; what was decided on the others holds on.

        Raises:
            ConflictError: Something was decided on the item since the event ``base``, when it was exported.
            GleamError: The decision is incomplete.
        """
        item, name = self._any_item(pair_id), parse_reviewer(reviewer)
        asked = decision.texts.keys()
        originals = {told: texts for told, texts in item.originals.items() if told in asked}
        with self._lock, writing(self.path) as db:
            board, needed = self.board(db), self.settings_of(db).needed(pair_id)
            events, before = board.of(pair_id), board.outcome(pair_id, needed).decision
            recorded = record(_by_teachers(decision, originals, before), originals, item.teacher_match)
            if before is not None:
                recorded = recorded.model_copy(update={"texts": {**before.texts, **recorded.texts}})
            if events.head() > base:
                recent = tuple(e for e in events.events if e.seq > base and e.kind != "undo")
                raise ConflictError("stale", recent, events.head())
            return self._append(db, "import", pair_id, name, recorded.model_dump(mode="json"))

    def undo(self, reviewer: str) -> Event:
        """Take back what a reviewer did last and return that event; what stood before it stands again.

        Raises:
            GleamError: There is nothing to take back, or others have built on it.
        """
        name = parse_reviewer(reviewer)
        with self._lock, writing(self.path) as db:
            board = self.board(db)
            last = board.last_act(name)
            if last is None:
                raise GleamError("There is nothing to undo.")
            ruling = board.of(last.pair_id).ruling()
            if ruling is not None and ruling.seq > last.seq:
                raise GleamError(
                    f"This decision was settled by {ruling.reviewer} afterwards; only they can take it back."
                )
            history.append(db, "undo", last.pair_id, name, {"undoes": last.seq})
            return last

    def verify(self) -> int:
        """Check the whole history and return its number of events; see :func:`history.verify`."""
        with connection(self.path) as db:
            return history.verify(db)

    def visible_history(self, pair_id: str, reviewer: str) -> list[Event]:
        """Return the events of an item that a reviewer may see: the others' only once it is decided."""
        outcome = self.outcome(pair_id)
        events = self.board().of(pair_id).events
        settles = outcome.standing == "disputed" and self.settings.may_adjudicate(
            reviewer, frozenset(outcome.reviewers)
        )
        if outcome.decision is not None or settles:
            return list(events)
        return [event for event in events if event.reviewer == reviewer]

    def settings_of(self, db: sqlite3.Connection) -> ReviewSettings:
        """Return the settings as a running transaction sees them."""
        return self.board(db).settings or ReviewSettings()

    def _append(
        self,
        db: sqlite3.Connection,
        kind: history.Kind,
        pair_id: str,
        reviewer: str,
        payload: dict[str, object],
    ) -> Event:
        event = history.append(db, kind, pair_id, reviewer, payload)
        db.execute("DELETE FROM drafts WHERE reviewer = ? AND pair_id = ?", (reviewer, pair_id))
        db.execute("DELETE FROM claims WHERE reviewer = ? AND pair_id = ?", (reviewer, pair_id))
        return event


def _by_teachers(
    decision: Decision, originals: dict[Language, dict[str, str]], before: Recorded | None
) -> Decision:
    """Return a decision in which what people wrote goes back to the teacher whose text it began with."""
    texts = {}
    for language, choice in decision.texts.items():
        teacher = choice.teacher
        if teacher == PEOPLE and language in originals:
            known = before.texts.get(language) if before is not None else None
            teacher = known.teacher if known is not None else next(iter(originals[language]))
        texts[language] = choice.model_copy(update={"teacher": teacher})
    return decision.model_copy(update={"texts": texts})
