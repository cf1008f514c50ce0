"""Whether what a text states is so: every statement is looked up in the facts of its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gleam.explaining.scene.statements import Statement
from gleam.explaining.scoring.figures import Figure, mean_of, ratio_of
from gleam.explaining.scoring.items import Item


@dataclass(frozen=True)
class Grounding:
    """The statements of one text, sorted.

    true, false: what the facts confirm and contradict. undecided: where they leave it open; never scored.
    sayable: how many attributes of the two pictures are known and can be seen; said: how many of these the
    text states truly. compared_right, compared_wrong: attributes said to differ or to agree.
    """

    true: tuple[Statement, ...]
    false: tuple[Statement, ...]
    undecided: tuple[Statement, ...]
    sayable: int
    said: int
    compared_right: tuple[str, ...]
    compared_wrong: tuple[str, ...]


def ground(item: Item) -> Grounding | None:
    """Check the text of an item; None where there are no facts or no text."""
    if item.query is None or item.tile is None or not item.text.strip():
        return None
    truth = {"query": item.query, "tile": item.tile}
    sorted_: dict[str, list[Statement]] = {"true": [], "false": [], "undecided": []}
    for statement in item.reading.statements:
        actual = truth[statement.picture].get(statement.attribute)
        if actual is None:
            sorted_["undecided"].append(statement)
        else:
            holds = (statement.value == actual) != statement.denied
            sorted_["true" if holds else "false"].append(statement)
    sayable = {(p, a) for p, values in item.visible.items() for a, v in values.items() if v is not None}
    stated = {(s.picture, s.attribute) for s in sorted_["true"] if not s.denied}
    right, wrong = _comparisons(item)
    return Grounding(
        true=tuple(sorted_["true"]),
        false=tuple(sorted_["false"]),
        undecided=tuple(sorted_["undecided"]),
        sayable=len(sayable),
        said=len(sayable & stated),
        compared_right=right,
        compared_wrong=wrong,
    )


def _comparisons(item: Item) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the attributes that the text rightly and wrongly says differ or agree."""
    query, tile = item.query or {}, item.tile or {}
    right: list[str] = []
    wrong: list[str] = []
    for differ, names in ((True, item.reading.differences), (False, item.reading.agreements)):
        for name in sorted(names):
            a, b = query.get(name), tile.get(name)
            if a is not None and b is not None:
                (right if (a != b) == differ else wrong).append(name)
    return tuple(right), tuple(wrong)


def grounding_figures(items: Sequence[Item], seed: int = 0) -> dict[str, Figure | None]:
    """Return the figures of the facts in the texts of one explainer.

    fact_precision: share of the checked statements that are true. fact_recall: share of what could be said
    that is said truly. invented_per_text: false statements in a text. stated_per_text: checked ones.
    texts_with_facts: share of the texts in which anything could be checked. comparison_precision: share of
    the differences and agreements named that are real.
    """
    checked = [(item, g) for item in items if (g := ground(item)) is not None]
    groups = [item.pair.query_place for item, _ in checked]
    true = [len(g.true) for _, g in checked]
    false = [len(g.false) for _, g in checked]
    both = [a + b for a, b in zip(true, false, strict=True)]
    right = [len(g.compared_right) for _, g in checked]
    compared = [len(g.compared_right) + len(g.compared_wrong) for _, g in checked]
    return {
        "fact_precision": ratio_of(true, both, groups, seed),
        "fact_recall": ratio_of([g.said for _, g in checked], [g.sayable for _, g in checked], groups, seed),
        "invented_per_text": mean_of(false, groups, seed),
        "stated_per_text": mean_of(both, groups, seed),
        "texts_with_facts": mean_of([b > 0 for b in both], groups, seed),
        "comparison_precision": ratio_of(right, compared, groups, seed),
    }
