"""Teaching the teller: texts of teachers, and what they say read back from them.

What a text says is read from the text itself, whoever wrote it: a benchmark's teachers, people who
revised them, or the city's own wording. So the teller learns to say exactly what it is told, and no
picture is needed.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from gleam.explaining.benchmark import Bench
from gleam.explaining.scene import ATTRIBUTES
from gleam.explaining.scene.plan import make_plan
from gleam.explaining.scene.statements import read_statements
from gleam.explaining.scene.wording import put_into_words
from gleam.explaining.student.config import TellerConfig
from gleam.explaining.student.saying import Saying, Sayings, as_numbers
from gleam.explaining.student.teller import Teller
from gleam.explaining.student.tokens import Vocabulary
from gleam.explaining.student.training.loop import Setting, seed_of, train_part
from gleam.explaining.verdict import LANGUAGES, Language
from gleam.views import QUERY_VIEWS, View

UNKNOWN = (0.1, 0.7)
"""From and to which share of a place's attributes is taken as not known: so it is when the seer is unsure."""
_BUCKETS = 8
"""Batches are drawn this many at a time and sorted by length, so that little of one is padding."""

Values = dict[str, str | None]


@dataclass(frozen=True)
class Lesson:
    """A text and what it says."""

    text: str
    saying: Saying
    language: Language
    view: View


def lessons(folders: Sequence[str], config: TellerConfig, seed: int) -> list[Lesson]:
    """Return the texts of the benchmarks among the folders, filled up with written ones.

    The written ones are about places that were made up, all values equally often: rare values are rare in
    cities, and a teller that has seen a word twice does not copy it reliably.

    Args:
        folders: Benchmarks and cities.
        config: Says how many texts are wanted.
        seed: Of the written ones.
    """
    held = [lesson for folder in folders for lesson in _of_bench(Path(folder))][: config.texts]
    rng = random.Random(seed_of(seed, "lessons", 0))
    while len(held) < config.texts:
        held.append(_written(rng))
    rng.shuffle(held)
    return held


def learn_vocabulary(held: Sequence[Lesson], config: TellerConfig) -> Vocabulary:
    """Learn the vocabulary of the lessons."""
    return Vocabulary.learn((lesson.text for lesson in held), config.vocabulary)


def train_teller(
    teller: Teller, vocabulary: Vocabulary, held: Sequence[Lesson], config: TellerConfig, setting: Setting
) -> list[float]:
    """Train the teller on lessons; return the losses of the steps done now."""
    numbers = as_numbers([(lesson.saying, lesson.language, lesson.view) for lesson in held])
    tokens = [vocabulary.encode(lesson.text)[: config.longest] for lesson in held]
    lengths = np.array([len(t) for t in tokens])

    def step(number: int, generator: torch.Generator) -> Tensor:
        batch = config.training.batch
        drawn = torch.randint(len(held), (_BUCKETS * batch,), generator=generator).numpy()
        drawn = drawn[np.argsort(lengths[drawn], kind="stable")]
        first = batch * int(torch.randint(_BUCKETS, (1,), generator=generator))
        index = drawn[first : first + batch]
        return _loss(teller, numbers, tokens, index, vocabulary.pad)

    return train_part("teller", teller, config.training, step, setting)


def _loss(
    teller: Teller, numbers: Sayings, tokens: list[list[int]], index: NDArray[np.int64], pad: int
) -> Tensor:
    longest = max(len(tokens[i]) for i in index)
    batch = torch.full((len(index), longest), pad)
    for row, i in enumerate(index):
        batch[row, : len(tokens[i])] = torch.tensor(tokens[i])
    logits = teller(torch.from_numpy(numbers.values[index]), torch.from_numpy(numbers.heads[index]), batch)
    return functional.cross_entropy(logits.float().flatten(0, 1), batch.flatten(), ignore_index=pad)


def _of_bench(folder: Path) -> list[Lesson]:
    if not (folder / "bench.json").is_file():
        return []
    bench = Bench.open(folder)
    found = []
    for text in bench.texts(split="train"):
        saying = Saying.of_reading(read_statements(text.explanation, text.language))
        if saying is not None:
            found.append(Lesson(text.explanation, saying, text.language, bench.pair(text.pair_id).view))
    return found


def _written(rng: random.Random) -> Lesson:
    view = rng.choice(QUERY_VIEWS)
    language = rng.choice(LANGUAGES)
    match = rng.random() < 0.5
    query = _place(rng)
    tile = dict(query) if match else _place(rng)
    least, most = UNKNOWN
    for place in (query, tile):
        share = rng.uniform(least, most)
        for name in place:
            if rng.random() < share:
                place[name] = None
    text = put_into_words(make_plan(query, tile, match, view, rng), language, view, rng)
    saying = Saying.of_reading(read_statements(text, language))
    if saying is None:
        return _written(rng)
    return Lesson(text, saying, language, view)


def _place(rng: random.Random) -> Values:
    return {a.name: rng.choice(a.values) for a in ATTRIBUTES}
