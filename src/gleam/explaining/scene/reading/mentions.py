"""Where a sentence names a value of an attribute, and whether it denies it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gleam.explaining.scene.reading.patterns import Patterns, longest

MANY_FROM, SEVERAL_FROM = 18, 8
"""Numbers of buildings from which they are many, and several. Fewer are not read: 'two houses at the corner'
need not be all of them."""
HIGH_FROM, MIDDLE_FROM = 8, 4
"""Numbers of floors."""


@dataclass(frozen=True)
class Mention:
    """A value named at ``start:end``; None for a word like 'junction' that states something only denied."""

    start: int
    end: int
    attribute: str
    value: str | None
    denied: bool


def mentions(sentence: str, known: Patterns) -> list[Mention]:
    """Find the values that a sentence names, in order; of overlapping names of one attribute the longest."""
    spans: dict[str, list[tuple[int, int, str]]] = {}
    for attribute, value, pattern in known.mentions:
        for hit in pattern.finditer(sentence):
            if _belongs(attribute, sentence, hit.start(), hit.end(), known):
                spans.setdefault(attribute, []).append((hit.start(), hit.end(), value))
    for attribute, pattern in known.generic:
        spans.setdefault(attribute, []).extend((h.start(), h.end(), "") for h in pattern.finditer(sentence))
    for hit in known.counted.finditer(sentence):
        count = number_of(hit.group(1), known)
        if count is not None and count >= SEVERAL_FROM:
            value = "many" if count >= MANY_FROM else "several"
            spans.setdefault("buildings", []).append((hit.start(), hit.end(), value))
    for hit in known.floors.finditer(sentence):
        floors = number_of(hit.group(1), known)
        if floors is not None:
            value = "high" if floors >= HIGH_FROM else "middle" if floors >= MIDDLE_FROM else "low"
            spans.setdefault("height", []).append((hit.start(), hit.end(), value))
    scopes = denials(sentence, known)
    found = [
        Mention(start, end, attribute, value or None, any(a <= start < b for a, b in scopes))
        for attribute, items in spans.items()
        for start, end, value in longest(items)
    ]
    return sorted(found, key=lambda m: (m.start, m.end))


def denials(sentence: str, known: Patterns) -> list[tuple[int, int]]:
    """Return the stretches of a sentence that a word of denial before them covers."""
    harmless = [(h.start(), h.end()) for h in known.not_negator.finditer(sentence)]
    scopes = []
    for hit in known.negator.finditer(sentence):
        if any(a <= hit.start() < b for a, b in harmless):
            continue
        rest = sentence[hit.end() :]
        listed = known.list_scope.match(rest)
        end = known.scope_end.search(rest)
        reach = listed.end() if listed else end.start() if end else len(rest)
        scopes.append((hit.end(), hit.end() + reach))
    return scopes


def number_of(word: str, known: Patterns) -> int | None:
    """Read a number in digits or words, up to 99 in Chinese."""
    if word.isdigit():
        return int(word)
    if word.lower() in known.numbers:
        return known.numbers[word.lower()]
    tens, ten, ones = word.partition("十")
    if not ten:
        return None
    high, low = (
        known.numbers.get(tens, 1 if not tens else None),
        known.numbers.get(ones, 0 if not ones else None),
    )
    return None if high is None or low is None else 10 * high + low


def _belongs(attribute: str, sentence: str, start: int, end: int, known: Patterns) -> bool:
    """Whether a colour is that of a roof, and a direction that of a street."""
    if attribute == "roof_colour":
        return bool(known.roof.search(sentence) and known.after_colour.match(sentence[end:]))
    if attribute == "street_axis":
        return _of_a_street(sentence, start, end, known)
    return True


def _of_a_street(sentence: str, start: int, end: int, known: Patterns) -> bool:
    """Whether the noun that follows closely, or else the last one before, is a street."""
    after = re.split("[,，、；;]", sentence[end : end + 14])[0]
    for pattern, answer in ((known.street_noun, True), (known.other_noun, False)):
        hit = pattern.search(after)
        if (hit and hit.start() <= 4) or pattern.search(sentence[start:end]):
            return answer
    before = sentence[:start]
    last = [
        max((h.end() for h in p.finditer(before)), default=-1) for p in (known.street_noun, known.other_noun)
    ]
    return last[0] > last[1]
