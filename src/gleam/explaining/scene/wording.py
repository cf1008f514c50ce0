"""Putting a plan into words, in English or Chinese and in varied wording: evidence first, verdict last."""

from __future__ import annotations

import random
from types import ModuleType

from gleam.explaining.scene.lexicon import words_of
from gleam.explaining.scene.plan import Plan
from gleam.explaining.sentences import parse_language
from gleam.views import View

DENIALS = frozenset({"none"})
"""Values whose phrases deny something; they are said after the others."""
FEWEST_WORDS, MOST_WORDS = 43, 108
ROOM_FOR_AGREEMENT = 75
"""Longer texts about a difference leave out what agrees."""
MOST_COMPARED = 3
"""More names in one sentence no one takes in."""


def put_into_words(plan: Plan, language: str, view: View, rng: random.Random) -> str:
    """Write a plan down, also a wrong one."""
    return _Writer(words_of(parse_language(language)), view, rng).write(plan)


class _Writer:
    """One text being written: the words of a language, the names chosen for the pictures, the dice."""

    def __init__(self, words: ModuleType, view: View, rng: random.Random) -> None:
        self._words = words
        self._rng = rng
        self._query = rng.choice(words.QUERY[view.value])
        self._tile = rng.choice(words.TILE)

    def write(self, plan: Plan) -> str:
        """Return the text of a plan."""
        parts = {"apart": self._apart, "shared": self._shared, "contrast": self._contrast}[plan.style](plan)
        if plan.differ:
            parts.append(self._comparison("differ", plan.differ))
            if plan.agree and plan.style == "apart" and self._words_in(parts) < ROOM_FOR_AGREEMENT:
                parts.append(self._comparison("partly", plan.agree))
        elif plan.agree and plan.style == "apart":
            kind = "agree" if len(plan.agree) > 1 else "agree_one"
            parts.append(self._comparison(kind if plan.match else "partly", plan.agree))
        verdict = self._choose("same" if plan.verdict else "different")
        return str(self._words.SPACE.join([*self._filled_up(parts, verdict, plan), verdict]))

    def _filled_up(self, parts: list[str], verdict: str, plan: Plan) -> list[str]:
        """Add what is said of the whole, where the text has room for it or needs it."""
        wanted = not plan.differ or self._rng.random() < 0.3
        for kinds, fewest in (
            (("fits", "misfits"), MOST_WORDS if wanted else 0),
            (("more_same", "more_different"), 0),
        ):
            more = self._choose(kinds[0] if plan.match else kinds[1])
            length = self._words_in([*parts, verdict])
            if length < max(FEWEST_WORDS, fewest) and length + self._words_in([more]) <= MOST_WORDS:
                parts = [*parts, more]
        return parts

    def _apart(self, plan: Plan) -> list[str]:
        return [
            self._shows("shows", self._query, plan.query),
            self._shows("shows", self._tile, plan.tile),
        ]

    def _shared(self, plan: Plan) -> list[str]:
        both = {name: plan.query[name] for name in plan.agree}
        parts = [self._shows("both", self._rng.choice(self._words.BOTH), both)]
        for name, values in ((self._query, plan.query), (self._tile, plan.tile)):
            more = {a: v for a, v in values.items() if a not in both}
            if any(v not in DENIALS for v in more.values()):
                parts.append(self._shows("besides", name, more))
        return parts

    def _contrast(self, plan: Plan) -> list[str]:
        parts = []
        for name in plan.differ:
            frame = self._choose("contrast")
            names = {"query_name": self._query, "tile": self._tile}
            capital = {"Query": _capital(self._query), "Tile": _capital(self._tile)}
            values = {"query": self._phrase(name, plan.query), "other": self._phrase(name, plan.tile)}
            parts.append(frame.format(**names, **capital, **values))
        if plan.agree:
            both = {name: plan.query[name] for name in plan.agree}
            parts.append(self._shows("both", self._rng.choice(self._words.BOTH), both))
        return parts

    def _shows(self, frame: str, subject: str, values: dict[str, str]) -> str:
        """Say what a picture shows, and what it does not."""
        present = [self._phrase(n, values) for n, v in values.items() if v not in DENIALS]
        absent = [self._phrase(n, values) for n, v in values.items() if v in DENIALS]
        filled = {
            "subject": subject,
            "Subject": _capital(subject),
            "both": subject,
            "Both": _capital(subject),
        }
        if not present:
            kind = "only_lacks" if absent else "shows_nothing"
            return self._choose(kind).format(**filled, none=self._list(absent) if absent else "")
        lacks = self._choose("lacks").format(none=self._list(absent)) if absent else ""
        return self._choose(frame).format(**filled, list=self._list(present), lacks=lacks)

    def _comparison(self, frame: str, names: tuple[str, ...]) -> str:
        if len(names) > MOST_COMPARED:
            chosen = self._rng.sample(names, MOST_COMPARED)
            names = tuple(name for name in names if name in chosen)
        listed = self._list([self._rng.choice(self._words.NAMES[name]) for name in names])
        return self._choose(frame).format(names=listed, names_cap=_capital(listed))

    def _phrase(self, attribute: str, values: dict[str, str]) -> str:
        return str(self._rng.choice(self._words.PHRASES[attribute][values[attribute]]))

    def _choose(self, frame: str) -> str:
        return str(self._rng.choice(self._words.FRAMES[frame]))

    def _list(self, items: list[str]) -> str:
        if len(items) == 1:
            return items[0]
        return str(self._words.COMMA.join(items[:-1]) + self._words.AND + items[-1])

    def _words_in(self, parts: list[str]) -> float:
        """Count words; two Chinese characters count as one."""
        text = " ".join(parts)
        return len(text.split()) if self._words.SPACE else len(text) / 2


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
