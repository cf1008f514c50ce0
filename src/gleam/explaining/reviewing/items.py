"""The items of a review: pairs with the usable texts that teachers wrote on them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from gleam.explaining.benchmark.folder import Bench
from gleam.explaining.benchmark.pair import Pair
from gleam.explaining.benchmark.text import Text
from gleam.explaining.reviewing.settings import ReviewSettings
from gleam.explaining.verdict import Language


@dataclass(frozen=True)
class Item:
    """A pair and its texts: language -> texts by different teachers, in the order of the benchmark."""

    pair: Pair
    texts: dict[Language, tuple[Text, ...]]

    @property
    def originals(self) -> dict[Language, dict[str, str]]:
        """Language -> teacher -> text."""
        return {
            name: {text.teacher: text.explanation for text in texts} for name, texts in self.texts.items()
        }

    @property
    def teacher_match(self) -> bool | None:
        """The verdict of the first text that has one."""
        told = (text.match for texts in self.texts.values() for text in texts)
        return next((match for match in told if match is not None), None)


def items_of(bench: Bench, settings: ReviewSettings) -> dict[str, Item]:
    """Return the items of a review by pair, in the order in which they are reviewed.

    Pairs on which no teacher wrote anything usable are left out.

    Raises:
        BenchError: The benchmark is damaged.
    """
    split = None if settings.split == "all" else settings.split
    found: dict[str, dict[Language, list[Text]]] = defaultdict(lambda: defaultdict(list))
    for text in bench.texts(split=split, revised=False):
        if text.language in settings.languages and text.explanation.strip():
            known = found[text.pair_id][text.language]
            if all(text.teacher != other.teacher for other in known):
                known.append(text)
    items = [
        Item(pair, {name: tuple(texts[name]) for name in settings.languages if name in texts})
        for pair in bench.pairs(split)
        if (texts := found.get(pair.pair_id))
    ]
    items.sort(key=lambda item: settings.lot(item.pair.pair_id))
    return {item.pair.pair_id: item for item in items}
