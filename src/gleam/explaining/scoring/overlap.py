"""Overlap of words with reference texts: chrF, BLEU and ROUGE-L, made for English and Chinese.

These do not lead: they rank a text with a negated verdict above a right paraphrase (a test shows it). They
tell how near two wordings are, not which is true. The libraries' own defaults give 0 for Chinese: BLEU's
13a tokeniser takes a Chinese sentence for one word, and ROUGE drops everything that is not ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from gleam.errors import GleamError
from gleam.explaining.scoring.figures import Figure, mean_of
from gleam.explaining.scoring.items import Item
from gleam.explaining.verdict import Language

_TOKENISERS: dict[Language, str] = {"en": "13a", "zh": "zh"}
_HAN_OR_WORD = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]|[a-z0-9]+")


class Characters:
    """Tokens for ROUGE: every Chinese character, and every word and number of other scripts."""

    def tokenize(self, text: str) -> list[str]:
        """Return the tokens of a text."""
        return _HAN_OR_WORD.findall(text.lower())


def chrf(text: str, references: Sequence[str]) -> float:
    """Return chrF2 of a text, 0..100 (Popović 2015): the same for every language."""
    return float(_library("sacrebleu.metrics").CHRF().sentence_score(text, list(references)).score)


def bleu(text: str, references: Sequence[str], language: Language) -> float:
    """Return BLEU of a text, 0..100, with orders that it is too short for left out."""
    scorer = _bleu(_TOKENISERS[language], True)
    return float(scorer.sentence_score(text, list(references)).score)


def corpus_bleu(texts: Sequence[str], references: Sequence[Sequence[str]], language: Language) -> float:
    """Return BLEU of all texts together, 0..100; texts may have different numbers of references."""
    most = max(len(r) for r in references)
    streams = [[r[k] if k < len(r) else None for r in references] for k in range(most)]
    return float(_bleu(_TOKENISERS[language], False).corpus_score(list(texts), streams).score)


def rouge_l(text: str, references: Sequence[str], language: Language) -> float:
    """Return the best ROUGE-L F-measure over the references, 0..1, on English stems or Chinese characters."""
    scorer = _rouge(language)
    return max(float(scorer.score(reference, text)["rougeL"].fmeasure) for reference in references)


def overlap_figures(items: Sequence[Item], seed: int = 0) -> dict[str, dict[str, Figure | None]]:
    """Return for each language the mean chrF, BLEU and ROUGE-L of the texts that have references."""
    found: dict[str, dict[str, Figure | None]] = {}
    languages: tuple[Language, ...] = ("en", "zh")
    for language in languages:
        own = [i for i in items if i.prediction.language == language and i.references and i.text.strip()]
        groups = [i.pair.query_place for i in own]
        found[language] = {
            "chrf": mean_of([chrf(i.text, i.references) for i in own], groups, seed),
            "bleu": mean_of([bleu(i.text, i.references, language) for i in own], groups, seed),
            "rouge_l": mean_of([rouge_l(i.text, i.references, language) for i in own], groups, seed),
            "bleu_corpus": _corpus(own, language),
        }
    return found


def _corpus(own: Sequence[Item], language: Language) -> Figure | None:
    if not own:
        return None
    value = corpus_bleu([i.text for i in own], [i.references for i in own], language)
    return Figure(value, value, value, len(own))


@lru_cache(maxsize=8)
def _bleu(tokenize: str, effective_order: bool) -> Any:
    return _library("sacrebleu.metrics").BLEU(tokenize=tokenize, effective_order=effective_order)


@lru_cache(maxsize=4)
def _rouge(language: Language) -> Any:
    how: dict[str, Any] = {"tokenizer": Characters()} if language == "zh" else {"use_stemmer": True}
    return _library("rouge_score.rouge_scorer").RougeScorer(["rougeL"], **how)


def _library(module: str) -> Any:
    from importlib import import_module

    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise GleamError(
            f"Overlap with references needs the package {error.name}; run: pip install 'gleam-geo[explain]'."
        ) from None
