"""The worst cases of an explainer, to be looked at: surest errors, most inventions, contradictions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gleam.explaining.scene.statements import Statement
from gleam.explaining.scoring.consistency import is_in_language, says_verdict, writes
from gleam.explaining.scoring.grounding import ground
from gleam.explaining.scoring.items import Item


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a prediction.

    kind: a key of :data:`gleam.explaining.scoring.report_words.FAULTS`. statement, actual: a false statement
    and what is so. attribute: of a false comparison. probability: of a wrong verdict. problem: why there is
    no answer.
    """

    kind: str
    statement: Statement | None = None
    actual: str | None = None
    attribute: str | None = None
    probability: float | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Case:
    """A prediction to be shown, which kind of bad it is, and everything that is wrong with it."""

    item: Item
    kind: str
    faults: tuple[Fault, ...]


def worst_cases(items: Sequence[Item], most: int) -> list[Case]:
    """Return the worst predictions of one explainer on untampered pictures, each pair once.

    Args:
        items: Its predictions.
        most: How many; shared by the kinds of wrong: a wrong verdict given with a high probability, false
            facts, a text that contradicts its verdict, no answer.
    """
    real = [item for item in items if item.prediction.control == "none"]
    kinds: list[tuple[str, Callable[[Item], float]]] = [("wrong_verdict", _sureness_of_error)]
    if writes(real):
        kinds += [("false_facts", _inventions), ("contradiction", _contradiction)]
    kinds.append(("no_answer", lambda item: float(item.verdict is None)))
    ranked = [[i for i in sorted(real, key=badness, reverse=True) if badness(i) > 0] for _, badness in kinds]
    chosen: list[Case] = []
    shown: set[str] = set()
    for place in range(max((len(r) for r in ranked), default=0)):
        for (kind, _), order in zip(kinds, ranked, strict=True):
            if place < len(order) and len(chosen) < most and order[place].pair.pair_id not in shown:
                shown.add(order[place].pair.pair_id)
                chosen.append(Case(order[place], kind, faults_of(order[place])))
    return sorted(chosen, key=lambda case: [kind for kind, _ in kinds].index(case.kind))


def faults_of(item: Item) -> tuple[Fault, ...]:
    """Return everything that is wrong with a prediction."""
    if item.verdict is None:
        return (Fault("no_answer", problem=item.prediction.problem),)
    faults = []
    if not item.is_right:
        kind = "wrong_match" if item.verdict.match else "wrong_no_match"
        faults.append(Fault(kind, probability=item.verdict.probability))
    if item.text.strip():
        if item.reading.verdict is None:
            faults.append(Fault("no_conclusion"))
        elif not says_verdict(item):
            faults.append(Fault("other_conclusion"))
        if not is_in_language(item):
            faults.append(Fault("other_language"))
    found = ground(item)
    if found is not None:
        for statement in found.false:
            values = item.query if statement.picture == "query" else item.tile
            actual = (values or {}).get(statement.attribute)
            kind = "denied" if statement.denied else "false"
            faults.append(Fault(kind, statement=statement, actual=actual))
        for name in found.compared_wrong:
            kind = "no_difference" if name in item.reading.differences else "no_agreement"
            faults.append(Fault(kind, attribute=name))
    return tuple(faults)


def _sureness_of_error(item: Item) -> float:
    if item.verdict is None or item.is_right:
        return 0.0
    probability = item.verdict.probability
    return 0.5 if probability is None else max(probability, 1 - probability)


def _inventions(item: Item) -> float:
    found = ground(item)
    return 0.0 if found is None else float(len(found.false) + len(found.compared_wrong))


def _contradiction(item: Item) -> float:
    return float(bool(item.text.strip()) and item.verdict is not None and not says_verdict(item))
