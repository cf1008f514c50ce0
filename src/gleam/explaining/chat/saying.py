"""The form of a reply about a pair: its JSON schema, and checks that a schema cannot make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gleam.explaining.chat.problems import ReplyError
from gleam.explaining.verdict import Language

MOST_EVIDENCE, LONGEST_EVIDENCE, LONGEST_EXPLANATION = 8, 500, 4000
SHORTEST_EXPLANATION = {"en": 40, "zh": 15}
_FOREIGN: dict[Language, tuple[float, float]] = {"en": (0.0, 0.1), "zh": (0.4, 1.0)}
"""Least and greatest share of Chinese characters among all letters of a text in a language."""


@dataclass(frozen=True)
class Said:
    """What a reply says of a pair: the verdict, how sure it is, and the texts by language."""

    match: bool
    confidence: float
    evidence: Mapping[Language, tuple[str, ...]]
    explanation: Mapping[Language, str]

    @property
    def stated_probability(self) -> float:
        """The probability of a match that the reply states."""
        return self.confidence if self.match else 1.0 - self.confidence


def verdict_schema(languages: tuple[Language, ...]) -> dict[str, Any]:
    """Return the schema of a reply: evidence before the explanation, both before the verdict.

    Args:
        languages: One, or both for a reply that holds both.
    """
    fields: dict[str, Any] = {}
    for language in languages:
        fields[_field("evidence", language, languages)] = {"type": "array", "items": {"type": "string"}}
    for language in languages:
        fields[_field("explanation", language, languages)] = {"type": "string"}
    fields |= {"match": {"type": "boolean"}, "confidence": {"type": "number"}}
    if len(languages) == 1:
        fields["language"] = {"type": "string", "enum": list(languages)}
    return _strict(fields)


def choice_schema() -> dict[str, Any]:
    """Return the schema of a comparison of two tiles."""
    return _strict(
        {
            "evidence": {"type": "array", "items": {"type": "string"}},
            "choice": {"type": "string", "enum": ["A", "B"]},
        }
    )


def read_said(data: Mapping[str, Any], languages: tuple[Language, ...]) -> Said:
    """Check a reply and return what it says.

    Raises:
        ReplyError: A field is missing or of a wrong type, too long, or in another language.
    """
    match, confidence = data.get("match"), data.get("confidence")
    if not isinstance(match, bool):
        raise ReplyError(f'The reply\'s "match" is {match!r}, neither true nor false.')
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0 <= confidence <= 1:
        raise ReplyError(f'The reply\'s "confidence" is {confidence!r}, no number from 0 to 1.')
    evidence: dict[Language, tuple[str, ...]] = {}
    explanation: dict[Language, str] = {}
    for language in languages:
        evidence[language] = _evidence(data, _field("evidence", language, languages))
        explanation[language] = _explanation(data, _field("explanation", language, languages), language)
    return Said(match, float(confidence), evidence, explanation)


def chinese_share(text: str) -> float:
    """Return the share of Chinese characters among the letters of a text; 0 without letters."""
    letters = [c for c in text if c.isalpha()]
    chinese = sum("\u4e00" <= c <= "\u9fff" for c in letters)
    return chinese / len(letters) if letters else 0.0


def _strict(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def _field(name: str, language: Language, languages: tuple[Language, ...]) -> str:
    return name if len(languages) == 1 else f"{name}_{language}"


def _evidence(data: Mapping[str, Any], name: str) -> tuple[str, ...]:
    listed = data.get(name)
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        raise ReplyError(f"The reply's {name!r} is no list of statements.")
    if len(listed) > MOST_EVIDENCE or any(len(item) > LONGEST_EVIDENCE for item in listed):
        raise ReplyError(f"The reply's {name!r} is longer than anyone asked for.")
    return tuple(clean for item in listed if (clean := _printable(item)))


def _explanation(data: Mapping[str, Any], name: str, language: Language) -> str:
    text = data.get(name)
    text = _printable(text) if isinstance(text, str) else text
    if not isinstance(text, str) or len(text) < SHORTEST_EXPLANATION[language]:
        raise ReplyError(f"The reply's {name!r} is missing or too short to explain anything.")
    if len(text) > LONGEST_EXPLANATION:
        raise ReplyError(f"The reply's {name!r} has {len(text)} characters, more than anyone asked for.")
    least, most = _FOREIGN[language]
    if not least <= chinese_share(text) <= most:
        wanted = {"en": "English", "zh": "Chinese"}[language]
        raise ReplyError(f"The reply's {name!r} is not in {wanted}.")
    return text


def _printable(text: str) -> str:
    """Return a text without what would steer a terminal or turn the direction of writing."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text).strip()
