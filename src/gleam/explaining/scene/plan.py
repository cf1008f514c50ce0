"""What a text is going to say, before it is put into words: a plan that can be true or made wrong."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from gleam.explaining.scene.attributes import ATTRIBUTES
from gleam.views import View

MOST_OF_A_PICTURE = 5
"""More than that about one picture no one reads."""
Values = Mapping[str, str | None]


@dataclass(frozen=True)
class Plan:
    """What to say: of each picture, what agrees, what differs, what that speaks for (``match``), the verdict.

    ``style``: ``apart`` tells one picture after the other, ``shared`` first what both show, ``contrast``
    sets what differs side by side.
    """

    style: str
    query: dict[str, str]
    tile: dict[str, str]
    agree: tuple[str, ...]
    differ: tuple[str, ...]
    match: bool
    verdict: bool


def make_plan(query: Values, tile: Values, match: bool, view: View, rng: random.Random) -> Plan:
    """Choose what to say about a pair; all of it is true of the attributes given.

    Attributes that the view cannot show are not said of the query. Those that tell the pictures apart
    come before those that do not.
    """
    seen = {a.name: query.get(a.name) for a in ATTRIBUTES if view in a.views}
    of_query = {name: value for name, value in seen.items() if value is not None}
    of_tile = {a.name: value for a in ATTRIBUTES if (value := tile.get(a.name)) is not None}
    common = [name for name in of_query if name in of_tile]
    differ = [name for name in common if of_query[name] != of_tile[name]]
    agree = [name for name in common if name not in differ]
    rng.shuffle(differ)
    agree = _telling_first(agree, of_query, rng)
    said_differ = sorted(differ[: rng.randint(2, 3)])
    room = MOST_OF_A_PICTURE - len(said_differ)
    said_agree = agree[: room if match else rng.randint(1, 2)]
    chosen = [*said_differ, *said_agree]
    q, t = _with_more(chosen, of_query, rng), _with_more(chosen, of_tile, rng)
    styles = ["apart"]
    if said_agree and not said_differ:
        styles.append("shared")
    if said_differ:
        styles.append("contrast")
    return Plan(
        style=rng.choice(styles),
        query=q,
        tile=t,
        agree=tuple(a.name for a in ATTRIBUTES if a.name in said_agree),
        differ=tuple(a.name for a in ATTRIBUTES if a.name in said_differ),
        match=match,
        verdict=match,
    )


def _telling_first(names: list[str], values: Mapping[str, str], rng: random.Random) -> list[str]:
    """Shuffle names, those with something to show before those with nothing."""
    rng.shuffle(names)
    return sorted(names, key=lambda name: values[name] == "none")


def _with_more(chosen: list[str], values: Mapping[str, str], rng: random.Random) -> dict[str, str]:
    """Return the values of the chosen names and of a few more, in the order of ``ATTRIBUTES``."""
    others = _telling_first([name for name in values if name not in chosen], values, rng)
    room = max(0, MOST_OF_A_PICTURE - len(chosen))
    names = {*chosen, *others[: rng.randint(min(1, room), room)]}
    return {a.name: values[a.name] for a in ATTRIBUTES if a.name in names}
