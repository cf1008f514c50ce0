"""Reading a text back: what it states of each picture, where it sees differences, what it concludes.

Any text, not only our own: a closed lexicon with synonyms, denials and the words for the two pictures.
What the lexicon does not hold is not read, and so neither praised nor blamed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from gleam.explaining.scene.attributes import ATTRIBUTE
from gleam.explaining.scene.reading.mentions import Mention, mentions
from gleam.explaining.scene.reading.patterns import Patterns, patterns
from gleam.explaining.scene.reading.sentences import sentences
from gleam.explaining.scene.reading.subjects import PICTURES, Subject, subject_of, subjects
from gleam.explaining.scene.reading.verdicts import Comparison, comparisons_in, verdict_in
from gleam.explaining.sentences import parse_language

_DENIED_MEANS_NONE = frozenset({"railway", "bridge", "water"})
"""Whoever denies one of these has none; 'no roundabout' leaves other junctions open."""
_DENIED_MEANS_FEW = frozenset({"trees", "buildings"})
_KINDS_THAT_MEAN_NONE = 2
"""Denying so many kinds of facility is denying facilities."""


@dataclass(frozen=True)
class Statement:
    """One thing said of one picture. picture: ``query`` or ``tile``. denied: that it is not so."""

    picture: str
    attribute: str
    value: str
    denied: bool = False


@dataclass(frozen=True)
class Reading:
    """What a text says.

    verdict: same place or not, None when it does not say. query, tile: the values stated of each picture,
    where exactly one is stated. differences, agreements: attributes that it says differ or agree.
    statements: everything stated, also denials and several values of one attribute.
    """

    verdict: bool | None
    query: dict[str, str]
    tile: dict[str, str]
    differences: frozenset[str]
    agreements: frozenset[str]
    statements: tuple[Statement, ...] = field(default=())

    def of(self, picture: str) -> dict[str, str]:
        """Return the values stated of ``query`` or ``tile``."""
        return self.query if picture == "query" else self.tile


def read_statements(text: str, language: str) -> Reading:
    """Read the statements of a text.

    Args:
        text: An explanation of a pair, by anyone.
        language: ``en`` or ``zh``: the language to read it in.

    Raises:
        GleamError: No such language.
    """
    spoken = parse_language(language)
    known = patterns(spoken)
    found: list[Statement] = []
    differ: set[str] = set()
    agree: set[str] = set()
    verdict: bool | None = None
    carried = "both"
    for sentence in sentences(text, spoken):
        named = subjects(sentence, known)
        compared = [] if known.conditional.match(sentence) else comparisons_in(sentence, known)
        found += _statements(sentence, named, carried, compared, known)
        if named:
            carried = named[-1].kind
        said = verdict_in(sentence, known)
        verdict = verdict if said is None else said
        differ |= {c.attribute for c in compared if c.differs}
        agree |= {c.attribute for c in compared if not c.differs}
    statements = tuple(dict.fromkeys(s for p in ("query", "tile") for s in _resolved(p, found)))
    return Reading(
        verdict=verdict,
        query=_single(statements, "query"),
        tile=_single(statements, "tile"),
        differences=frozenset(differ),
        agreements=frozenset(agree - differ),
        statements=statements,
    )


def _statements(
    sentence: str, named: list[Subject], carried: str, compared: list[Comparison], known: Patterns
) -> list[Statement]:
    """Return what a sentence states; a value '' stands for a denied general word."""
    found: list[Statement] = []
    for mention in mentions(sentence, known):
        if any(c.alone and c.start <= mention.start < c.end for c in compared):
            continue
        kind = subject_of(mention, sentence, named, carried, known)
        denied = mention.denied
        absent = known.absent.match(sentence[mention.end :])
        if absent is not None and not denied:
            kept, missing = _where_absent(mention, absent.end() + mention.end, sentence, named, kind, known)
            found += _said(mention, missing, denied=True)
            if kept is None:
                continue
            kind = kept
        found += _said(mention, kind, denied=denied)
    return found


def _where_absent(
    mention: Mention, after: int, sentence: str, named: list[Subject], kind: str, known: Patterns
) -> tuple[str | None, str]:
    """Return of whom a thing is stated (or None) and of whom it is denied, when it is called absent."""
    where = next((s for s in named if s.start >= after), None)
    near = where is not None and known.trailing.search(sentence[after : where.start]) is not None
    if where is None or not near:
        return None, kind
    own = any(s.end <= mention.start or mention.end <= s.start < after for s in named)
    return (kind if own and kind != where.kind else None), where.kind


def _said(mention: Mention, kind: str, *, denied: bool) -> Iterable[Statement]:
    if mention.value is None and not denied:
        return []
    pictures = PICTURES.get(kind, ())
    return [Statement(p, mention.attribute, mention.value or "", denied) for p in pictures]


def _resolved(picture: str, found: list[Statement]) -> list[Statement]:
    """Turn the denials of a picture that leave one value open into that value."""
    own = [s for s in found if s.picture == picture]
    positive = {s.attribute for s in own if not s.denied}
    kept = [s for s in own if not s.denied]
    for attribute in dict.fromkeys(s.attribute for s in own if s.denied):
        denied = {s.value for s in own if s.denied and s.attribute == attribute}
        value = _left_open(attribute, denied)
        if value is not None and attribute not in positive:
            kept.append(Statement(picture, attribute, value))
        else:
            kept += [Statement(picture, attribute, v, denied=True) for v in sorted(denied) if v]
    return kept


def _left_open(attribute: str, denied: set[str]) -> str | None:
    """Return the one value that denying others leaves, or None."""
    if attribute in _DENIED_MEANS_NONE:
        return "none"
    if "" in denied:
        return "few" if attribute in _DENIED_MEANS_FEW else "none"
    if attribute == "facility" and len(denied) >= _KINDS_THAT_MEAN_NONE:
        return "none"
    return None


def _single(statements: tuple[Statement, ...], picture: str) -> dict[str, str]:
    stated: dict[str, set[str]] = {}
    for s in statements:
        if s.picture == picture and not s.denied:
            stated.setdefault(s.attribute, set()).add(s.value)
    return {a: next(iter(stated[a])) for a in ATTRIBUTE if len(stated.get(a, ())) == 1}
