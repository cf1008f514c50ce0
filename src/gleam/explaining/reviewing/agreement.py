"""How far reviewers agree: Cohen's kappa, with the share that they agree on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from gleam.explaining.reviewing.decisions import Recorded
from gleam.explaining.reviewing.store import ReviewStore


@dataclass(frozen=True)
class Agreement:
    """How far two people agree.

    count: items that both judged independently. observed: share on which they agree. kappa: Cohen's; None
    where it is undefined: without items, or when both only ever chose one and the same class.
    """

    count: int
    observed: float | None
    kappa: float | None


def cohens_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> Agreement:
    """Return how far two people agree beyond chance (Cohen, 1960).

    Args:
        first: The classes one person chose, one per item.
        second: The classes the other chose, in the same order.

    Raises:
        ValueError: The lengths differ.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} judgements cannot be compared with {len(second)}.")
    count = len(first)
    if not count:
        return Agreement(0, None, None)
    same = sum(a == b for a, b in zip(first, second, strict=True))
    ours, theirs = Counter(first), Counter(second)
    # In whole numbers, so that certain agreement is exactly 1 and no division by a rounding error happens.
    chance = sum(ours[name] * theirs[name] for name in ours)
    if chance == count * count:
        return Agreement(count, same / count, None)
    return Agreement(count, same / count, (same * count - chance) / (count * count - chance))


def agreement_table(store: ReviewStore) -> list[dict[str, object]]:
    """Return agreement on each question, by pair of reviewers and over all.

    The questions are the verdict (``match``) and, for each language, what to do with the text (accepted,
    edited, discarded) and whether to keep it. Only reviews made blind count. Over all pairs of people, the
    first of a pair is whoever's name comes first.

    Returns:
        Rows with question, language (None for the verdict), reviewers (None: all), count, observed, kappa.
    """
    judged: dict[tuple[str, str], list[tuple[Recorded, Recorded]]] = defaultdict(list)
    board = store.board()
    for pair_id in store.items:
        blind = {
            name: told
            for name, event in sorted(board.of(pair_id).reviews().items())
            if not (told := board.decisions[event.seq]).extra
        }
        if len(blind) >= 2:
            first, second = list(blind)[:2]
            judged[first, second].append((blind[first], blind[second]))
    everything = [couple for couples in judged.values() for couple in couples]
    groups: list[tuple[tuple[str, str] | None, list[tuple[Recorded, Recorded]]]] = [(None, everything)]
    groups += sorted(judged.items()) if len(judged) > 1 else []
    rows: list[dict[str, object]] = []
    for people, couples in groups:
        rows.append(_row("match", None, people, [(a.match, b.match) for a, b in couples]))
        for language in store.settings.languages:
            chosen = [
                (a.texts[language].status, b.texts[language].status)
                for a, b in couples
                if language in a.texts and language in b.texts
            ]
            rows.append(_row("text", language, people, chosen))
            kept = [(a != "discarded", b != "discarded") for a, b in chosen]
            rows.append(_row("keep", language, people, kept))
    return rows


def _row(
    question: str,
    language: str | None,
    people: tuple[str, str] | None,
    chosen: Sequence[tuple[Hashable, Hashable]],
) -> dict[str, object]:
    found = cohens_kappa([a for a, _ in chosen], [b for _, b in chosen])
    return {
        "question": question,
        "language": language,
        "reviewers": people,
        "count": found.count,
        "observed": found.observed,
        "kappa": found.kappa,
    }
