"""The reading half of a lexicon, compiled once per language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from gleam.explaining.scene.lexicon import expressions_of
from gleam.explaining.verdict import Language

Pattern = re.Pattern[str]


@dataclass(frozen=True)
class Patterns:
    """Compiled expressions; see the English module of the lexicon for what each one finds."""

    mentions: tuple[tuple[str, str, Pattern], ...]
    generic: tuple[tuple[str, Pattern], ...]
    names: tuple[tuple[str, Pattern], ...]
    subjects: tuple[tuple[str, Pattern], ...]
    roof: Pattern
    after_colour: Pattern
    street_noun: Pattern
    other_noun: Pattern
    counted: Pattern
    floors: Pattern
    numbers: dict[str, int]
    named_street: Pattern
    negator: Pattern
    not_negator: Pattern
    scope_end: Pattern
    list_scope: Pattern
    absent: Pattern
    joined: Pattern
    leading: Pattern
    trailing: Pattern
    differ: Pattern
    agree: Pattern
    about_places: Pattern
    same: Pattern
    different: Pattern
    verdict_negator: Pattern
    conditional: Pattern
    sentence_end: Pattern
    question: Pattern
    contrast: Pattern
    shows: Pattern
    restart: Pattern


@lru_cache(maxsize=4)
def patterns(language: Language) -> Patterns:
    """Return the compiled reading half of a language's lexicon."""
    words = expressions_of(language)
    return Patterns(
        mentions=tuple(
            (attribute, value, _any(found))
            for attribute, values in words.MENTIONS.items()
            for value, found in values.items()
            if found
        ),
        generic=tuple((attribute, _any(found)) for attribute, found in words.GENERIC.items()),
        names=tuple((attribute, _any(found)) for attribute, found in words.ATTRIBUTE_NAMES.items()),
        subjects=tuple((kind, _any(found)) for kind, found in words.SUBJECTS.items()),
        roof=_any(words.COLOUR_OF_ROOF[:1]),
        after_colour=_any(words.COLOUR_OF_ROOF[1:]),
        street_noun=_any(words.LINE_NOUNS[:1]),
        other_noun=_any(words.LINE_NOUNS[1:]),
        counted=_any([words.COUNTED]),
        floors=_any([words.FLOORS]),
        numbers=dict(words.NUMBERS),
        named_street=re.compile(words.NAMED_STREET),
        negator=_any(words.NEGATORS),
        not_negator=_any([words.NOT_NEGATORS]),
        scope_end=_any([words.SCOPE_END]),
        list_scope=_any([words.LIST_SCOPE]),
        absent=_any([words.ABSENT]),
        joined=_any([words.JOINED]),
        leading=_any([words.LEADING]),
        trailing=_any([words.TRAILING]),
        differ=_any([words.DIFFER]),
        agree=_any([words.AGREE]),
        about_places=_any([words.NOT_ATTRIBUTE_CLAUSE]),
        same=_any(words.SAME),
        different=_any(words.DIFFERENT),
        verdict_negator=_any([words.VERDICT_NEGATORS]),
        conditional=_any([words.CONDITIONAL]),
        sentence_end=re.compile(words.SENTENCE_END),
        question=re.compile(words.QUESTION),
        contrast=_any([words.CONTRAST]),
        shows=_any([words.SHOWS]),
        restart=_any([words.RESTART]),
    )


def _any(expressions: Iterable[str]) -> Pattern:
    return re.compile("|".join(f"(?:{e})" for e in expressions), re.IGNORECASE | re.MULTILINE)


def longest(spans: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Keep of overlapping spans (start, end, what) the longest, in order of their start."""
    kept: list[tuple[int, int, str]] = []
    for span in sorted(spans, key=lambda s: (s[0] - s[1], s[0])):
        if all(span[1] <= k[0] or span[0] >= k[1] for k in kept):
            kept.append(span)
    return sorted(kept)
