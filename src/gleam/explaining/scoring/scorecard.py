"""All figures of one explainer, in groups, as plain data for the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gleam.explaining.benchmark.pair import TIERS
from gleam.explaining.scoring.consistency import consistency_figures
from gleam.explaining.scoring.deciding import verdict_figures
from gleam.explaining.scoring.figures import Figure, mean_of
from gleam.explaining.scoring.grounding import grounding_figures
from gleam.explaining.scoring.items import Item
from gleam.explaining.scoring.judge import Judgement, judge_figures
from gleam.explaining.scoring.meaning import SentenceEncoder, meaning_figures
from gleam.explaining.scoring.overlap import overlap_figures
from gleam.explaining.scoring.tampering import control_figures
from gleam.explaining.verdict import LANGUAGES
from gleam.views import QUERY_VIEWS

Figures = dict[str, Any]


def scorecard(
    items: Sequence[Item],
    *,
    sentences: SentenceEncoder | None = None,
    judgements: Sequence[Judgement] = (),
    seed: int = 0,
) -> Figures:
    """Return the figures of one explainer.

    Args:
        items: All its predictions, the controls too.
        sentences: Measures nearness in meaning to the references.
        judgements: Of a language model on its texts.
        seed: Of the intervals.

    Returns:
        ``headline`` (what cannot be gamed), ``verdicts``, ``facts``, ``texts``, ``controls``, ``overlap`` and
        ``judge``; each figure is {value, low, high, n} or None. ``groups`` holds the first three again by
        view, language and tier of negatives, ``counts`` numbers, ``cost`` seconds and dollars.
    """
    real = [item for item in items if item.prediction.control == "none"]
    tampered = [item for item in items if item.prediction.control != "none"]
    verdicts, facts, texts = _core(real, seed)
    controls = control_figures(real, tampered, seed)
    return {
        "headline": {
            "balanced_accuracy": _plain(verdicts["balanced_accuracy"]),
            "fact_precision": _plain(facts["fact_precision"]),
            "fact_recall": _plain(facts["fact_recall"]),
            "sound": _plain(texts["sound"]),
            "text_says_verdict": _plain(texts["text_says_verdict"]),
            "swapped_verdict_changes": _plain(controls["swapped_verdict_changes"]),
        },
        "verdicts": _all_plain(verdicts),
        "facts": _all_plain(facts),
        "texts": _all_plain(texts),
        "controls": _all_plain(controls),
        "overlap": {
            **{language: _all_plain(f) for language, f in overlap_figures(real, seed).items()},
            "all": _all_plain(meaning_figures(real, sentences, seed)),
        },
        "judge": _all_plain(judge_figures(judgements, seed)),
        "groups": _groups(real, seed),
        "counts": {
            "predictions": len(real),
            "failed": sum(item.verdict is None for item in real),
            "with_text": sum(bool(item.text.strip()) for item in real),
            "with_references": sum(bool(item.references) for item in real),
            "with_facts": sum(item.query is not None and item.tile is not None for item in real),
            "controls": len(tampered),
        },
        "cost": _cost(real, seed),
        "problems": _problems(items),
    }


def _core(items: Sequence[Item], seed: int) -> tuple[dict[str, Figure | None], ...]:
    return verdict_figures(items, seed), grounding_figures(items, seed), consistency_figures(items, seed)


def _groups(items: Sequence[Item], seed: int) -> Figures:
    """Return verdicts, facts and texts of the parts of the items."""
    parts: list[tuple[str, str, Callable[[Item], bool]]] = [
        *(("view", v.value, lambda i, v=v: i.pair.view is v) for v in QUERY_VIEWS),
        *(("language", s, lambda i, s=s: i.prediction.language == s) for s in LANGUAGES),
        *(("tier", t, lambda i, t=t: i.pair.tier == t) for t in TIERS),
    ]
    groups: Figures = {}
    for kind, name, belongs in parts:
        own = [item for item in items if belongs(item)]
        if own:
            verdicts, facts, texts = _core(own, seed)
            groups.setdefault(kind, {})[name] = {
                "verdicts": _all_plain(verdicts),
                "facts": _all_plain(facts),
                "texts": _all_plain(texts),
            }
    return groups


def _cost(items: Sequence[Item], seed: int) -> Figures:
    answered = [item for item in items if item.verdict is not None]
    groups = [item.pair.query_place for item in answered]
    seconds = [item.verdict.seconds for item in answered if item.verdict is not None]
    return {
        "seconds": _plain(mean_of(seconds, groups, seed)),
        "usd": sum(item.verdict.cost_usd for item in answered if item.verdict is not None),
    }


def _problems(items: Sequence[Item]) -> dict[str, int]:
    """Count what went wrong, the commonest first."""
    counts: dict[str, int] = {}
    for item in items:
        if item.prediction.problem:
            counts[item.prediction.problem] = counts.get(item.prediction.problem, 0) + 1
    return dict(sorted(counts.items(), key=lambda entry: -entry[1])[:10])


def _all_plain(figures: dict[str, Figure | None]) -> Figures:
    return {name: _plain(figure) for name, figure in figures.items()}


def _plain(figure: Figure | None) -> dict[str, float | int] | None:
    return None if figure is None else figure.to_json()
