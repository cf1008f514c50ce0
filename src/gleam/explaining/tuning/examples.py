"""From a benchmark to questions with their right answers."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gleam.errors import GleamError
from gleam.explaining.benchmark import Bench, Pair, Text
from gleam.explaining.local.chat import Chat, explanation_chat, verdict_chat
from gleam.explaining.local.output import LIMITS, Answer, speaks, writable
from gleam.explaining.local.prompts import answers
from gleam.explaining.sentences import parse_language
from gleam.explaining.tuning.config import Teach, TuneConfig
from gleam.explaining.verdict import Language

Kind = Literal["label", "explanation"]


@dataclass(frozen=True)
class Example:
    """A question about a pair, and what a tuned model should answer."""

    pair: Pair
    language: Language
    kind: Kind
    chat: Chat

    def row(self) -> dict[str, Any]:
        """Return it as a row of a data set: turns as plain text, pictures as paths."""
        return {"messages": self.chat.messages(), "images": [str(path) for path in self.chat.pictures]}


@dataclass(frozen=True)
class Examples:
    """All questions of a tuning.

    items: in their final order, repeated ones included. repeated: how many are repetitions for balance.
    left_out: texts that could not be used, by reason.
    """

    items: tuple[Example, ...]
    repeated: int
    left_out: dict[str, int]

    def counts(self) -> dict[str, int]:
        """Return how many there are of each kind, language and verdict."""
        found = Counter(f"{e.kind} {e.language} {'match' if e.pair.match else 'none'}" for e in self.items)
        return dict(sorted(found.items()))


def chosen_pairs(bench: Bench, split: str, config: TuneConfig) -> list[Pair]:
    """Return the pairs of a split that a tuning uses, the same for every ``teach``."""
    pairs = [p for p in bench.pairs(split) if not config.views or p.view.value in config.views]
    if config.most_pairs is None or len(pairs) <= config.most_pairs:
        return pairs
    # A share of both verdicts, drawn alike at every call.
    drawn = random.Random(config.seed).sample(pairs, len(pairs))
    by_match = {match: [p for p in drawn if p.match is match] for match in (True, False)}
    half = config.most_pairs // 2
    few, many = sorted(by_match.values(), key=len)
    kept = few[:half]
    kept = kept + many[: config.most_pairs - len(kept)]
    wanted = {p.pair_id for p in kept}
    return [p for p in pairs if p.pair_id in wanted]


def make_examples(bench: Bench, split: str, config: TuneConfig) -> Examples:
    """Return the questions of a split.

    A text that argues for the wrong verdict, is in another language or does not fit the form of an answer is
    left out and counted; the truth of a pair is its own, never a teacher's.

    Raises:
        GleamError: A picture has vanished, or nothing is left to be tuned on.
    """
    pairs = chosen_pairs(bench, split, config)
    paths = {p.pair_id: (bench.image_path(p.query_image), bench.image_path(p.tile_image)) for p in pairs}
    languages = [parse_language(language) for language in config.languages]
    made: list[Example] = []
    left_out: Counter[str] = Counter()
    if _teaches(config.teach, "label"):
        made += [_label(p, *paths[p.pair_id], language) for p in pairs for language in languages]
    if _teaches(config.teach, "explanation"):
        by_id = {p.pair_id: p for p in pairs}
        for language in languages:
            for text in bench.texts(language, split):
                if text.pair_id not in by_id:
                    continue
                pair = by_id[text.pair_id]
                found = _explanation(pair, *paths[pair.pair_id], text)
                if isinstance(found, str):
                    left_out[found] += 1
                else:
                    made.append(found)
    _check(made, config, split, bench, left_out)
    rng = random.Random(config.seed)
    repeats = _repeats(made, rng) if config.balance else []
    items = [*made, *repeats]
    rng.shuffle(items)
    return Examples(tuple(items), len(repeats), dict(sorted(left_out.items())))


def _teaches(teach: Teach, kind: Kind) -> bool:
    return kind in teach.split("+")


def _label(pair: Pair, query: Path, tile: Path, language: Language) -> Example:
    asked = verdict_chat(query, tile, pair.view, language)
    word = answers(language)[0 if pair.match else 1]
    return Example(pair, language, "label", Chat(asked.system, asked.question, asked.pictures, word))


def _explanation(pair: Pair, query: Path, tile: Path, text: Text) -> Example | str:
    """Return the example, or why the text cannot be used."""
    limits = LIMITS[text.language]
    if text.match is not pair.match:
        return "wrong verdict"
    explanation = writable(text.explanation, text.language)
    if not speaks(explanation, text.language):
        return "another language"
    observations = [writable(one, text.language) for one in text.evidence]
    least, most = limits.observation
    kept = tuple(one for one in observations if least <= len(one) <= most)[: limits.observations]
    if not kept:
        return "no usable evidence"
    if not limits.explanation[0] <= len(explanation) <= limits.explanation[1]:
        return "too short or too long"
    answer = Answer(kept, explanation, pair.match).to_json()
    asked = explanation_chat(query, tile, pair.view, text.language)
    chat = Chat(asked.system, asked.question, asked.pictures, answer)
    return Example(pair, text.language, "explanation", chat)


def _repeats(made: Sequence[Example], rng: random.Random) -> list[Example]:
    """Return repetitions of the rarer verdict, as many as are lacking, per language and kind."""
    groups: dict[tuple[str, str], dict[bool, list[Example]]] = {}
    for example in made:
        group = groups.setdefault((example.kind, example.language), {True: [], False: []})
        group[example.pair.match].append(example)
    repeats: list[Example] = []
    for group in groups.values():
        few, many = sorted(group.values(), key=len)
        lacking = len(many) - len(few) if few else 0
        while lacking > 0:
            drawn = rng.sample(few, min(lacking, len(few)))
            repeats += drawn
            lacking -= len(drawn)
    return repeats


def _check(
    made: Iterable[Example], config: TuneConfig, split: str, bench: Bench, left_out: Counter[str]
) -> None:
    kinds = {example.kind for example in made}
    for kind in config.teach.split("+"):
        if kind not in kinds:
            why = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
            raise GleamError(
                f"{bench.root} has nothing to teach {kind!r} from in the split {split!r} and the languages "
                f"{', '.join(config.languages)}{f' (left out: {why})' if why else ''}."
            )
