"""Which picture a sentence speaks of."""

from __future__ import annotations

from dataclasses import dataclass

from gleam.explaining.scene.reading.mentions import Mention
from gleam.explaining.scene.reading.patterns import Patterns, longest

PICTURES = {"query": ("query",), "tile": ("tile",), "both": ("query", "tile")}
"""What is spoken of, as pictures."""


@dataclass(frozen=True)
class Subject:
    """A picture named at ``start:end``: ``query``, ``tile``, ``both`` or ``unknown``."""

    start: int
    end: int
    kind: str


def subjects(sentence: str, known: Patterns) -> list[Subject]:
    """Find the pictures that a sentence names, in order; query and tile named together are both."""
    spans = [(h.start(), h.end(), kind) for kind, p in known.subjects for h in p.finditer(sentence)]
    found: list[Subject] = []
    for start, end, kind in longest(spans):
        last = found[-1] if found else None
        joined = last is not None and known.joined.search(sentence[last.end : start]) is not None
        if last is not None and joined and {last.kind, kind} == {"query", "tile"}:
            found[-1] = Subject(last.start, end, "both")
        else:
            found.append(Subject(start, end, kind))
    return found


def subject_of(mention: Mention, sentence: str, named: list[Subject], carried: str, known: Patterns) -> str:
    """Return the kind of subject that a mention belongs to.

    The picture it is said to be in ("a river in the tile"), else the last one named before it, else the
    one that a list is said to be in at its end, else what the sentences before spoke of.
    """
    after = next((s for s in named if s.start >= mention.end), None)
    if after is not None and known.trailing.search(sentence[mention.end : after.start]):
        return after.kind
    before = [s for s in named if s.end <= mention.start]
    if before:
        return before[-1].kind
    if after is not None and known.leading.search(sentence[: after.start]):
        return after.kind
    return carried
