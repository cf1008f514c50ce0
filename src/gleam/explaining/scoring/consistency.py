"""Whether a text is in its form and says what its verdict says."""

from __future__ import annotations

from collections.abc import Sequence

from gleam.explaining.chat.saying import chinese_share
from gleam.explaining.scoring.figures import Figure, mean_of
from gleam.explaining.scoring.grounding import ground
from gleam.explaining.scoring.items import Item

LEAST_TRUE_FACTS = 2
"""A sound explanation rests on so many true facts at least: saying nothing is no explanation."""
_SHORTEST = {"en": 40, "zh": 15}
_LONGEST = 6000
_CHINESE = {"en": (0.0, 0.1), "zh": (0.4, 1.0)}
"""Least and greatest share of Chinese characters among the letters of a text in a language."""


def is_valid(item: Item) -> bool:
    """Whether there is a verdict with a text of a sane length that is no raw JSON."""
    text = item.text.strip()
    return _SHORTEST[item.prediction.language] <= len(text) <= _LONGEST and not text.startswith(
        ("{", "[", "```")
    )


def is_in_language(item: Item) -> bool:
    """Whether the text is in the language that was asked for."""
    low, high = _CHINESE[item.prediction.language]
    return bool(item.text.strip()) and low <= chinese_share(item.text) <= high


def says_verdict(item: Item) -> bool:
    """Whether the text concludes what the verdict says; a text that concludes nothing does not."""
    return item.verdict is not None and item.reading.verdict == item.verdict.match


def is_sound(item: Item) -> bool | None:
    """Whether everything holds: right verdict, said in the right language, only true facts, enough of them.

    None where no facts are known.
    """
    if item.query is None or item.tile is None:
        return None
    found = ground(item)
    return (
        found is not None
        and item.is_right
        and says_verdict(item)
        and is_valid(item)
        and is_in_language(item)
        and not found.false
        and not found.compared_wrong
        and len(found.true) >= LEAST_TRUE_FACTS
    )


def writes(items: Sequence[Item]) -> bool:
    """Whether an explainer writes texts at all; a label alone is not scored as an empty text."""
    return any(item.text.strip() for item in items)


def consistency_figures(items: Sequence[Item], seed: int = 0) -> dict[str, Figure | None]:
    """Return the shares of texts that are valid, in the right language, say their verdict, and are sound."""
    groups = [item.pair.query_place for item in items]
    if not writes(items):
        return dict.fromkeys(("sound", "text_says_verdict", "right_language", "valid_format"))
    judged = [(sound, item.pair.query_place) for item in items if (sound := is_sound(item)) is not None]
    return {
        "sound": mean_of([s for s, _ in judged], [g for _, g in judged], seed),
        "text_says_verdict": mean_of([says_verdict(item) for item in items], groups, seed),
        "right_language": mean_of([is_in_language(item) for item in items], groups, seed),
        "valid_format": mean_of([is_valid(item) for item in items], groups, seed),
    }
