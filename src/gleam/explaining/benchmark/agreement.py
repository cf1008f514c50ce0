"""How the teachers of a benchmark compare: with the truth, with each other, in length and in cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from statistics import fmean
from typing import Any

from gleam.explaining.benchmark.pair import Pair
from gleam.explaining.benchmark.text import Text


@dataclass(frozen=True)
class TeacherFigures:
    """texts: by status. accuracy: share of verdicts that are the truth; says_match: of all verdicts.

    length: mean characters of the explanations. usd: of all calls. tokens: mean of a reply.
    """

    teacher: str
    language: str
    texts: dict[str, int]
    accuracy: float | None
    says_match: float | None
    length: float | None
    usd: float
    output_tokens: float | None


@dataclass(frozen=True)
class Agreement:
    """Two teachers on the n pairs that both wrote on: share of equal verdicts, and Cohen's kappa.

    kappa is None where chance alone would make them agree always.
    """

    one: str
    other: str
    language: str
    n: int
    share: float
    kappa: float | None


def compare_teachers(texts: Sequence[Text], pairs: Iterable[Pair]) -> dict[str, Any]:
    """Return figures of each teacher and agreements of each two, by language, as plain data."""
    truth = {pair.pair_id: pair.match for pair in pairs}
    groups: dict[tuple[str, str], list[Text]] = defaultdict(list)
    for text in texts:
        groups[text.teacher, text.language].append(text)
    figures = [_figures(name, language, own, truth) for (name, language), own in sorted(groups.items())]
    agreements = []
    for language in sorted({language for _, language in groups}):
        names = sorted(name for name, spoken in groups if spoken == language)
        for one, other in combinations(names, 2):
            found = _agreement(one, other, language, groups[one, language], groups[other, language])
            if found is not None:
                agreements.append(found)
    return {"teachers": [asdict(f) for f in figures], "agreements": [asdict(a) for a in agreements]}


def cohens_kappa(verdicts: Sequence[tuple[bool, bool]]) -> float | None:
    """Return the agreement of two judges beyond chance (Cohen, 1960); None when it is not defined."""
    n = len(verdicts)
    observed = sum(a == b for a, b in verdicts) / n
    first, second = (sum(pair[k] for pair in verdicts) / n for k in (0, 1))
    chance = first * second + (1 - first) * (1 - second)
    return None if chance == 1 else (observed - chance) / (1 - chance)


def _figures(name: str, language: str, texts: Sequence[Text], truth: dict[str, bool]) -> TeacherFigures:
    counts: dict[str, int] = defaultdict(int)
    for text in texts:
        counts[text.status] += 1
    good = [text for text in texts if text.status == "ok" and text.match is not None]
    return TeacherFigures(
        teacher=name,
        language=language,
        texts=dict(sorted(counts.items())),
        accuracy=fmean(text.match == truth[text.pair_id] for text in good) if good else None,
        says_match=fmean(bool(text.match) for text in good) if good else None,
        length=fmean(len(text.explanation) for text in good) if good else None,
        usd=sum(text.cost_usd for text in texts),
        output_tokens=fmean(text.usage.output_tokens for text in good) if good else None,
    )


def _agreement(
    one: str, other: str, language: str, ours: Sequence[Text], theirs: Sequence[Text]
) -> Agreement | None:
    first = {text.pair_id: bool(text.match) for text in ours if text.status == "ok"}
    second = {text.pair_id: bool(text.match) for text in theirs if text.status == "ok"}
    both = [(first[pair], second[pair]) for pair in sorted(first.keys() & second.keys())]
    if not both:
        return None
    share = sum(a == b for a, b in both) / len(both)
    return Agreement(one, other, language, len(both), share, cohens_kappa(both))
