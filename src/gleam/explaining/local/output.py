"""The form of a model's answer: a JSON document that the model cannot leave, and what it must mean."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from gleam.errors import GleamError
from gleam.explaining.verdict import Language


@dataclass(frozen=True)
class Limits:
    """Least and most characters of the parts of an answer, and most observations."""

    observations: int = 6
    observation: tuple[int, int] = (8, 240)
    explanation: tuple[int, int] = (40, 1200)

    def characters(self) -> int:
        """Return the most characters a whole answer can have."""
        return self.observations * (self.observation[1] + 3) + self.explanation[1] + 60


LIMITS: dict[str, Limits] = {
    "en": Limits(),
    "zh": Limits(observation=(4, 120), explanation=(12, 500)),
}

_CHARACTERS = {
    # Neither quotes nor backslashes: nothing in a text needs to be escaped. No line breaks: a weak model
    # would write them until it is cut off.
    # And none of < > | { }, which the marks of pictures and turns are made of.
    "en": r"[ !#-;=?-\[\]-z~°²×–—‘’“”é]",
    "zh": r"[ !#-;=?@^_~°²×–—‘’“”·…、。《》一-鿿（），：；？！％A-Z]",
}
_TYPOGRAPHIC = str.maketrans({"\\": "/", "\u00a0": " ", "\u3000": " ", "​": ""})


@dataclass(frozen=True)
class Answer:
    """What a model answered. evidence: short observations. explanation: its text. match: its verdict."""

    evidence: tuple[str, ...]
    explanation: str
    match: bool

    def to_json(self) -> str:
        """Return the document, evidence before the verdict and without free spaces."""
        content = {"evidence": list(self.evidence), "explanation": self.explanation, "match": self.match}
        return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def answer_schema(language: Language, limits: Limits, match: bool | None = None) -> dict[str, Any]:
    """Return the JSON schema of an answer in a language.

    Args:
        language: Decides which characters a text may hold.
        limits: Of the texts.
        match: The only verdict allowed, when it is settled.
    """

    def text(least: int, most: int) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{_CHARACTERS[language]}{{{least},{most}}}$"}

    return {
        "type": "object",
        "properties": {
            "evidence": {
                "type": "array",
                "items": text(*limits.observation),
                "minItems": 1,
                "maxItems": limits.observations,
            },
            "explanation": text(*limits.explanation),
            "match": {"type": "boolean"} if match is None else {"const": match},
        },
        "required": ["evidence", "explanation", "match"],
        "additionalProperties": False,
    }


def writable(text: str, language: Language) -> str:
    """Return a text with the characters that an answer may hold, for tuning; spaces are made single.

    Straight quotes become typographic ones; what cannot be written is left out.
    """
    opened = re.sub(r'"([^"]*)"', "“\\1”", text.translate(_TYPOGRAPHIC)).replace('"', "”")
    spaced = re.sub(r"\s", " ", opened)
    kept = "".join(c for c in spaced if re.fullmatch(_CHARACTERS[language], c))
    return re.sub(" +", " ", kept).strip()


def read_answer(text: str, language: Language) -> Answer:
    """Return the answer in a model's text.

    Raises:
        GleamError: It is empty, no JSON, of another form, or in another language. The message says which, and
            shows how it began.
    """
    shown = repr(text[:60]) + ("..." if len(text) > 60 else "")
    if not text.strip():
        raise GleamError("The model gave an empty answer; it cannot be used as an explanation.")
    try:
        data = json.loads(text)
    except ValueError as error:
        raise GleamError(f"The model's answer is no whole JSON document ({error}): {shown}.") from None
    keys = ("evidence", "explanation", "match")
    if not isinstance(data, dict) or tuple(data) != keys:
        raise GleamError(f"The model's answer has not the keys {', '.join(keys)} in this order: {shown}.")
    evidence, explanation, match = (data[key] for key in keys)
    texts = [*evidence, explanation] if isinstance(evidence, list) else [None]
    if not isinstance(match, bool) or not all(isinstance(t, str) and t.strip() for t in texts):
        raise GleamError(f"The model's answer holds an empty or wrong value: {shown}.")
    if not speaks(explanation, language):
        raise GleamError(f"The model's answer is not in the language {language!r}: {shown}.")
    return Answer(tuple(t.strip() for t in evidence), explanation.strip(), match)


def speaks(text: str, language: Language) -> bool:
    """Tell whether a text is in a language by its letters: half of a Chinese text is Chinese characters."""
    chinese = sum("一" <= character <= "鿿" for character in text)
    letters = sum(character.isalpha() for character in text)
    return 2 * chinese >= letters > 0 if language == "zh" else 10 * chinese <= letters > 0
