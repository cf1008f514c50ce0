"""Do the scores notice what is wrong? Texts with known errors are scored beside right ones in other words.

A measure that puts a wrong text above a right paraphrase cannot tell explanations apart. Made from the facts
of the benchmark's own pairs, so it needs nothing but these; without facts there is nothing to prove with.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from typing import Any

from gleam.explaining.benchmark.folder import Bench
from gleam.explaining.benchmark.pair import Pair
from gleam.explaining.scene import (
    ERRORS,
    attributes_of,
    possible_errors,
    write_explanation,
    write_wrong_explanation,
)
from gleam.explaining.scoring.consistency import is_sound
from gleam.explaining.scoring.figures import mean_of
from gleam.explaining.scoring.items import Item
from gleam.explaining.scoring.overlap import bleu, chrf, rouge_l
from gleam.explaining.scoring.prediction import Prediction
from gleam.explaining.verdict import Language, Verdict

PARAPHRASE = "paraphrase"
_MOST_PAIRS = 20


def prove(bench: Bench, pairs: Sequence[Pair], languages: Sequence[Language], seed: int) -> dict[str, Any]:
    """Score right and wrong texts on some of the pairs.

    Returns:
        For each kind of error, and for ``paraphrase`` (as true as the reference, in other words), the mean of
        ``sound``, ``chrf``, ``bleu`` and ``rouge_l``; empty when no facts are known.
    """
    rows: dict[str, list[tuple[Item, str]]] = {}
    for pair in sorted(pairs, key=lambda p: hashlib.sha256(p.pair_id.encode()).digest())[:_MOST_PAIRS]:
        for language in languages:
            for kind, item, reference in _texts(bench, pair, language, seed):
                rows.setdefault(kind, []).append((item, reference))
    order = [PARAPHRASE, *ERRORS]
    return {kind: _figures(rows[kind], seed) for kind in order if kind in rows}


def _texts(bench: Bench, pair: Pair, language: Language, seed: int) -> Iterator[tuple[str, Item, str]]:
    """Yield kinds of texts on a pair, each with the text that it is an altered form of."""
    facts = bench.facts(pair.query_place), bench.facts(pair.tile_place)
    if facts[0] is None or facts[1] is None:
        return
    query, tile = attributes_of(facts[0]), attributes_of(facts[1])

    def dice(which: str) -> random.Random:
        return random.Random(f"{seed} {pair.pair_id} {language} {which}")

    def item(text: str) -> Item:
        verdict = _verdict(pair, language, text)
        told = Prediction(pair_id=pair.pair_id, language=language, explainer="city", verdict=verdict)
        return Item(told, pair, (), query, tile)

    reference = write_explanation(query, tile, pair.match, language, view=pair.view, rng=dice("reference"))
    other = write_explanation(query, tile, pair.match, language, view=pair.view, rng=dice("other"))
    yield PARAPHRASE, item(other), reference
    for error in possible_errors(query, tile, pair.match, pair.view):
        # The same dice as the reference: the wording is the same but for the error.
        text, _ = write_wrong_explanation(
            query, tile, pair.match, language, view=pair.view, rng=dice("reference"), error=error
        )
        yield error, item(text), reference


def _figures(rows: Sequence[tuple[Item, str]], seed: int) -> dict[str, Any]:
    groups = [item.pair.query_place for item, _ in rows]
    values = {
        "sound": [float(bool(is_sound(item))) for item, _ in rows],
        "chrf": [chrf(item.text, [reference]) for item, reference in rows],
        "bleu": [bleu(item.text, [reference], item.prediction.language) for item, reference in rows],
        "rouge_l": [rouge_l(item.text, [reference], item.prediction.language) for item, reference in rows],
    }
    figures = {name: mean_of(column, groups, seed) for name, column in values.items()}
    return {name: None if figure is None else figure.to_json() for name, figure in figures.items()}


def _verdict(pair: Pair, language: Language, text: str) -> Verdict:
    return Verdict(
        match=pair.match,
        probability=None,
        calibration=None,
        threshold=None,
        similarity=None,
        control=None,
        evidence_for=(),
        evidence_against=(),
        elsewhere=1.0,
        text=text,
        language=language,
        explainer="city",
        view=pair.view.value,
        seconds=0.0,
        cost_usd=0.0,
    )
