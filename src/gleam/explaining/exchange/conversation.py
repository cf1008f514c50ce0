"""A record as question and answer, in the words and the form that ``gleam tune`` and ``local:MODEL`` use.

So a model that was tuned elsewhere on an export answers in the form that GLEAM reads.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from gleam.errors import GleamError
from gleam.explaining.exchange.selection import Record
from gleam.explaining.local.output import Answer
from gleam.explaining.local.prompts import (
    IMAGE,
    answers,
    explanation_question,
    system_prompt,
    verdict_question,
)
from gleam.explaining.verdict import Language

_MARKS = re.compile(r"<(image|video|audio|bbox|ref-object)>")
"""What readers of conversations replace by media, wherever it stands."""


@dataclass(frozen=True)
class Conversation:
    """Three turns; the question has the mark ``<image>`` twice."""

    system: str
    question: str
    answer: str

    @property
    def plain_question(self) -> str:
        """The question without marks, for readers that put the pictures before it."""
        return re.sub(rf"[:：]?\s*{IMAGE}", "", self.question)


def conversation(record: Record, *, label_only: bool) -> Conversation:
    """Return the conversation that teaches a record.

    Args:
        record: A text on a pair.
        label_only: Ask for the verdict alone.
    """
    language, view = record.text.language, record.pair.view
    if label_only:
        word = answers(language)[0 if record.match else 1]
        return Conversation(system_prompt(language), verdict_question(view, language), word)
    evidence = tuple(guarded(one) for one in record.text.evidence)
    answer = Answer(evidence, guarded(record.text.explanation), record.match).to_json()
    return Conversation(system_prompt(language), explanation_question(view, language), answer)


def read_answer(answer: str, language: Language) -> tuple[bool, str | None]:
    """Return the verdict and the explanation in an answer, None when it is a verdict alone.

    Raises:
        GleamError: It is neither a word of :func:`answers` nor a document with ``match`` and ``explanation``.
    """
    words = answers(language)
    if answer.strip() in words:
        return answer.strip() == words[0], None
    try:
        told = json.loads(answer)
    except ValueError:
        told = None
    if isinstance(told, dict) and isinstance(told.get("match"), bool):
        explanation = told.get("explanation")
        if isinstance(explanation, str) and explanation.strip():
            return told["match"], explanation
    raise GleamError(
        f"the answer is neither {words[0]!r} or {words[1]!r} nor a JSON document with match (true or false) "
        "and explanation"
    )


def guarded(text: str) -> str:
    """Return a text in which nothing is a mark of a picture: readers would put a picture there."""
    return _MARKS.sub(r"‹\1›", text)
