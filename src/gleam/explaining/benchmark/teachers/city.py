"""The offline teacher: the city itself, which knows what stands at both places."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Mapping
from typing import Any

from gleam.errors import GleamError
from gleam.explaining.benchmark.folder import Bench
from gleam.explaining.benchmark.ledger_form import Entry
from gleam.explaining.benchmark.tasks import Task
from gleam.explaining.chat.problems import ReplyError
from gleam.explaining.chat.saying import Said, read_said
from gleam.explaining.scene import attributes_of, possible_errors, write_explanation, write_wrong_explanation
from gleam.explaining.verdict import Language
from gleam.views import parse_view

NAME = "city"
WORDING = "city-1"
"""Raised when the wording changes so much that old and new texts should not be mixed."""


class CityTeacher:
    """Writes true explanations from the facts, and on demand hard wrong ones; costs nothing."""

    name = NAME
    model = NAME

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._attributes: dict[str, dict[str, str | None] | None] = {}

    def knows(self, task: Task) -> bool:
        """Whether the facts of both places are there."""
        places = task.pair.query_place, task.pair.tile_place
        return all(self._of(place) is not None for place in places)

    def entry(self, task: Task) -> Entry:
        """Return the request: all that the text follows from."""
        pair = task.pair
        content = {
            "pair": pair.pair_id,
            "language": task.languages[0],
            "purpose": task.purpose,
            "view": pair.view.value,
            "match": pair.match,
            "query": self._of(pair.query_place),
            "tile": self._of(pair.tile_place),
            "wording": WORDING,
            "seed": self._bench.info.seed,
        }
        key = hashlib.sha256(json.dumps([NAME, content], sort_keys=True).encode()).hexdigest()
        return Entry(key, pair.pair_id, task.languages, task.purpose, NAME, NAME, WORDING, content)

    def answer(self, entry: Entry) -> bytes:
        """Write the text that an entry asks for; the same entry gives the same bytes."""
        asked: Mapping[str, Any] = entry.content
        rng = random.Random(entry.key)
        view, language = parse_view(asked["view"]), str(asked["language"])
        places = asked["query"], asked["tile"], bool(asked["match"])
        said: dict[str, Any] = {"match": places[2], "confidence": 1.0, "language": language}
        if asked["purpose"] == "control":
            errors = possible_errors(*places, view)
            if not errors:
                return _bytes({"refusal": "too little is decided about these places to get it wrong"})
            said["error"] = rng.choice(errors)
            text, said["wrong"] = write_wrong_explanation(
                *places, language, view=view, rng=rng, error=said["error"]
            )
        else:
            text = write_explanation(*places, language, view=view, rng=rng)
        said["explanation"] = text
        said["evidence"] = _sentences(text, language)[:-1]
        return _bytes(said)

    def read(self, reply: bytes, languages: tuple[Language, ...]) -> Said:
        """Return what a reply says."""
        return read(reply, languages)

    def _of(self, place: str) -> dict[str, str | None] | None:
        if place not in self._attributes:
            facts = self._bench.facts(place)
            self._attributes[place] = None if facts is None else dict(attributes_of(facts))
        return self._attributes[place]


def read(reply: bytes, languages: tuple[Language, ...]) -> Said:
    """Read a reply of the city; raise a ``ReplyError`` when it has none."""
    data = fields_of(reply)
    if "refusal" in data:
        raise ReplyError(str(data["refusal"]), refused=True)
    return read_said(data, languages)


def fields_of(reply: bytes) -> dict[str, Any]:
    """Return the fields of a reply; raise a ``ReplyError`` when it is damaged."""
    try:
        return dict(json.loads(reply))
    except (ValueError, TypeError):
        raise ReplyError("The recorded reply of the city is damaged.") from None


def require_facts(bench: Bench) -> None:
    """Raise a ``GleamError`` when a benchmark was made of something else than a city."""
    if not any(bench.facts(pair.query_place) for pair in bench.pairs()[:50]):
        raise GleamError(
            f"{bench.root} has no facts.parquet: the teacher 'city' writes only about places of a city made "
            "by GLEAM; use --teacher api:MODEL@URL or none."
        )


def _sentences(text: str, language: str) -> list[str]:
    pattern = r"(?<=。)" if language == "zh" else r"(?<=[.!?])\s+"
    return [sentence.strip() for sentence in re.split(pattern, text) if sentence.strip()]


def _bytes(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, sort_keys=True).encode()
