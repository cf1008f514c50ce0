"""Predictions joined with what is known of their pairs: the truth, reference texts, facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from gleam.errors import BenchError
from gleam.explaining.benchmark.folder import Bench
from gleam.explaining.benchmark.pair import Pair
from gleam.explaining.scene import Reading, attributes_of, read_statements, seen_in
from gleam.explaining.scoring.prediction import Prediction
from gleam.explaining.verdict import Verdict

Values = Mapping[str, str | None]


@dataclass(frozen=True)
class Item:
    """One prediction and what it is measured against.

    references: texts of teachers or people on the pair in the same language, of the right verdict. query,
    tile: attributes of the two places, None where nothing is known of them.
    """

    prediction: Prediction
    pair: Pair
    references: tuple[str, ...] = ()
    query: Values | None = None
    tile: Values | None = None

    @property
    def verdict(self) -> Verdict | None:
        """The verdict, None when the explainer failed."""
        return self.prediction.verdict

    @property
    def text(self) -> str:
        """What it wrote; empty when it failed or writes nothing."""
        return self.verdict.text if self.verdict is not None else ""

    @property
    def is_right(self) -> bool:
        """Whether the verdict is right; one that is not there is not."""
        return self.verdict is not None and self.verdict.match == self.pair.match

    @cached_property
    def reading(self) -> Reading:
        """What the text states."""
        return read_statements(self.text, self.prediction.language)

    @property
    def visible(self) -> dict[str, Values]:
        """The attributes of query and tile that a picture of that view can show."""
        query = {} if self.query is None else seen_in(self.query, self.pair.view)
        return {"query": query, "tile": self.tile or {}}


def join(bench: Bench, predictions: Iterable[Prediction]) -> list[Item]:
    """Return an item for each prediction.

    Raises:
        BenchError: A prediction is of a pair that the benchmark does not have.
    """
    references: dict[tuple[str, str], list[str]] = {}
    for text in bench.texts():
        if text.explanation and (text.match is None or text.match == bench.pair(text.pair_id).match):
            references.setdefault((text.pair_id, text.language), []).append(text.explanation)
    attributes: dict[str, Values | None] = {}

    def known(place: str) -> Values | None:
        if place not in attributes:
            facts = bench.facts(place)
            attributes[place] = None if facts is None else attributes_of(facts)
        return attributes[place]

    ids = {pair.pair_id: pair for pair in bench.pairs()}
    items = []
    for prediction in predictions:
        pair = ids.get(prediction.pair_id)
        if pair is None:
            raise BenchError(
                f"The predictions of {prediction.explainer} speak of the pair {prediction.pair_id!r}, which "
                f"{bench.root} does not have; they belong to another benchmark."
            )
        told = tuple(references.get((pair.pair_id, prediction.language), ()))
        items.append(Item(prediction, pair, told, known(pair.query_place), known(pair.tile_place)))
    return items


def by_key(items: Sequence[Item]) -> dict[tuple[str, str], Item]:
    """Return items by pair and language."""
    return {(item.pair.pair_id, item.prediction.language): item for item in items}
