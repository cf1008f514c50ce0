"""What a text concludes, and in what it says that the pictures differ or agree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gleam.explaining.scene.reading.patterns import Patterns, longest

_CLOSE = 12
"""'The same red roofs': a word of comparison so near belongs to the thing, though it is said to be seen."""
_BREAK = re.compile(r"[,;:，；：]|\b(?:so|therefore|hence|thus|but|and)\b|因此|所以|但|而")


def verdict_in(sentence: str, known: Patterns) -> bool | None:
    """Return the last verdict of a sentence: same place or not; None when it gives none.

    A question and what follows an 'if' are no verdicts. Each denial before a verdict in its part of the
    sentence turns it round.
    """
    if known.question.search(sentence):
        return None
    spans = [(h.start(), h.end(), "same") for h in known.same.finditer(sentence)]
    spans += [(h.start(), h.end(), "different") for h in known.different.finditer(sentence)]
    verdict: bool | None = None
    for start, end, kind in longest(spans):
        before = sentence[:start]
        if known.conditional.search(before):
            continue
        part = max((h.end() for h in _BREAK.finditer(before)), default=0)
        # A denial may stand inside the words of the verdict: "the pictures do not match".
        denials = sum(1 for _ in known.verdict_negator.finditer(sentence[part:start]))
        if kind == "same":
            denials += sum(1 for _ in known.verdict_negator.finditer(sentence[start:end]))
        verdict = (kind == "same") == (denials % 2 == 0)
    return verdict


@dataclass(frozen=True)
class Comparison:
    """An attribute named at ``start:end`` of a sentence as differing or agreeing.

    alone: it is only named there, and not said to be seen.
    """

    start: int
    end: int
    attribute: str
    differs: bool
    alone: bool


def comparisons_in(sentence: str, known: Patterns) -> list[Comparison]:
    """Find the attributes that a sentence says differ or agree."""
    found = []
    for begin, segment in _segments(sentence, known):
        segment = known.about_places.sub(lambda hit: " " * len(hit.group()), segment)
        words = [(h.start(), h.end(), "differ") for h in known.differ.finditer(segment)]
        words += [(h.start(), h.end(), "agree") for h in known.agree.finditer(segment)]
        words = longest(words)
        if not words:
            continue
        for attribute, pattern in known.names:
            for hit in pattern.finditer(segment):
                start, end = hit.span()
                kind = min(words, key=lambda w: max(w[0] - end, start - w[1]))[2]
                alone = known.shows.search(known.restart.split(segment[:start])[-1]) is None
                if alone or any(end_of <= start <= end_of + _CLOSE for _, end_of, _ in words):
                    found.append(Comparison(begin + start, begin + end, attribute, kind == "differ", alone))
    return found


def _segments(sentence: str, known: Patterns) -> Iterator[tuple[int, str]]:
    """Cut a sentence where it turns; yield each part with where it begins."""
    begin = 0
    for hit in known.contrast.finditer(sentence):
        yield begin, sentence[begin : hit.start()]
        begin = hit.end()
    yield begin, sentence[begin:]
