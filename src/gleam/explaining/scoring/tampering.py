"""What an explainer does when the pictures are tampered with, beside what it said of the real ones."""

from __future__ import annotations

from collections.abc import Sequence

from gleam.explaining.scoring.figures import Figure, mean_of
from gleam.explaining.scoring.items import Item, by_key


def control_figures(
    items: Sequence[Item], tampered: Sequence[Item], seed: int = 0
) -> dict[str, Figure | None]:
    """Return the figures of the controls of one explainer.

    swapped_verdict_changes: of the pairs judged rightly, share whose verdict turns round when the tile is
    swapped so that the truth does. swapped_text_changes: share whose text then says other facts or another
    conclusion. blank_match: share of "match" when one picture is blank; blank_text_changes: share of texts
    that then say other things. text_only_accuracy: accuracy with both pictures blank; one half is right.
    """
    real = by_key(items)
    pairs = [
        (item, real[key])
        for item in tampered
        if (key := (item.pair.pair_id, item.prediction.language)) in real and item.verdict is not None
    ]
    swapped = [(c, r) for c, r in pairs if c.prediction.control == "swapped_tile" and r.is_right]
    blank = [(c, r) for c, r in pairs if c.prediction.control in ("blank_query", "blank_tile")]
    nothing = [c for c, _ in pairs if c.prediction.control == "text_only"]
    return {
        "swapped_verdict_changes": _share([_verdict(c) != _verdict(r) for c, r in swapped], swapped, seed),
        "swapped_text_changes": _text_share(swapped, seed),
        "blank_match": _share([bool(_verdict(c)) for c, _ in blank], blank, seed),
        "blank_text_changes": _text_share(blank, seed),
        "text_only_accuracy": mean_of(
            [c.is_right for c in nothing], [c.pair.query_place for c in nothing], seed
        ),
    }


def says_other(one: Item, other: Item) -> bool:
    """Whether two texts state other facts or another conclusion; other words alone are no other content.

    Of texts in which nothing can be read, whether the words differ.
    """
    a, b = one.reading, other.reading
    if not a.statements and not b.statements:
        return one.text.split() != other.text.split()
    return (a.verdict, set(a.statements)) != (b.verdict, set(b.statements))


def _verdict(item: Item) -> bool | None:
    return item.verdict.match if item.verdict is not None else None


def _text_share(pairs: Sequence[tuple[Item, Item]], seed: int) -> Figure | None:
    written = [(c, r) for c, r in pairs if r.text.strip()]
    return _share([says_other(c, r) for c, r in written], written, seed)


def _share(values: Sequence[bool], pairs: Sequence[tuple[Item, Item]], seed: int) -> Figure | None:
    return mean_of(values, [c.pair.query_place for c, _ in pairs], seed)
