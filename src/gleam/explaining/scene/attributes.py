"""What can be said of a place: a few attributes, each with a closed set of values, read from its facts.

An attribute is one that a person sees in a satellite tile, and that together with the others tells one
place from another. Where the facts lie between two values, or near the rim of the square that a picture
may or may not show, the value is None: not decided, so never stated and never scored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gleam.errors import GleamError
from gleam.views import View

NEAR_M = 48.0
"""What lies nearer than this to the middle is in every picture of the place, whatever its exact width."""
LEAST_AREA_M2 = {"car park": 300.0, "swimming pool": 15.0}
"""Smaller ones are hard to see from above and decide nothing."""

Facts = Mapping[str, Any]

_ABOVE = frozenset({View.SATELLITE, View.DRONE})
_PLAN = _ABOVE | {View.MAP}
_ROUND = _PLAN | {View.PANORAMA}


@dataclass(frozen=True)
class Attribute:
    """One thing to say of a place.

    name: its key. values: what it can be. views: the views in which it can be seen at all; a satellite
    picture shows all of them.
    """

    name: str
    values: tuple[str, ...]
    views: frozenset[View]


def _junction(facts: Facts) -> str | None:
    """The junction in the middle: of the kind of the nearest, or none for a good way around."""
    junctions = facts["junctions"]
    for junction in junctions:
        if junction["kind"] == "roundabout":
            reach = junction["distance_m"] - junction.get("radius_m", 0.0)
            return "roundabout" if reach <= 20.0 and junction["distance_m"] <= NEAR_M else None
    if not junctions or junctions[0]["distance_m"] >= 40.0:
        return "none"
    nearest = junctions[0]
    if nearest["distance_m"] > 25.0 or nearest["kind"] not in ("T-junction", "crossroads"):
        return None
    rivals = {j["kind"] for j in junctions if j["distance_m"] < nearest["distance_m"] + 8.0}
    return (
        {"T-junction": "t_junction", "crossroads": "crossroads"}[nearest["kind"]]
        if len(rivals) == 1
        else None
    )


def _street_axis(facts: Facts) -> str | None:
    """The way in which the street in the middle runs: the widest of those that pass there."""
    streets = [r for r in facts["roads"] if r["distance_m"] <= 12.0 and r["length_m"] >= 30.0]
    if not streets:
        return None
    widest = max(r["width_m"] for r in streets)
    axes = {_axis(r["axis_deg"]) for r in streets if r["width_m"] > widest - 2.5}
    return axes.pop() if len(axes) == 1 else None


def _axis(degrees: float) -> str | None:
    names = ("north_south", "northeast_southwest", "east_west", "northwest_southeast")
    number = round(degrees % 180.0 / 45.0)
    return names[number % 4] if abs(degrees % 180.0 - 45.0 * number) <= 17.0 else None


def _road(facts: Facts) -> str | None:
    """The widest road: of the highest class near by, when no higher one runs along the rim."""
    rank = {"path": 0, "local street": 1, "collector road": 2, "main road": 3}
    roads = [(rank[r["class"]], r) for r in facts["roads"]]
    highest = max((k for k, _ in roads), default=0)
    sure = any(k == highest and r["distance_m"] <= NEAR_M - 8.0 and r["length_m"] >= 20.0 for k, r in roads)
    return {1: "local", 2: "collector", 3: "main"}.get(highest) if sure else None


def _water(facts: Facts) -> str | None:
    water = facts["water"]
    if not water:
        return "none"
    kinds = {"pond" if w["kind"] == "pond" else "river" for w in water if w["kind"] != "fountain"}
    sure = any(w["distance_m"] <= NEAR_M and w["kind"] != "fountain" for w in water)
    return kinds.pop() if sure and len(kinds) == 1 else None


def _present(key: str, value: str) -> Callable[[Facts], str | None]:
    def read(facts: Facts) -> str | None:
        if not facts[key]:
            return "none"
        return value if facts[key][0]["distance_m"] <= NEAR_M else None

    return read


def _buildings(facts: Facts) -> str | None:
    return _band(facts["buildings"]["count"], (("few", 0, 6), ("several", 9, 15), ("many", 20, 999)))


def _height(facts: Facts) -> str | None:
    floors = facts["buildings"].get("max_floors")
    return None if floors is None else _band(floors, (("low", 0, 3), ("middle", 5, 7), ("high", 9, 999)))


def _trees(facts: Facts) -> str | None:
    return _band(facts["trees"]["canopy"], (("few", 0, 0.022), ("some", 0.035, 0.06), ("many", 0.075, 1)))


def _band(number: float, bands: tuple[tuple[str, float, float], ...]) -> str | None:
    return next((name for name, low, high in bands if low <= number <= high), None)


def _roof_colour(facts: Facts) -> str | None:
    """The colour of most roof area; greys are two: dark and light."""
    family = {"dark grey": "grey", "grey": "grey", "light grey": "light", "white": "light"}
    shares: dict[str, float] = {}
    for colour, share in facts["buildings"].get("roof_colours", {}).items():
        name = family.get(colour, colour)
        shares[name] = shares.get(name, 0.0) + share
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    if not ordered or ordered[0][1] < 0.45:
        return None
    second = ordered[1][1] if len(ordered) > 1 else 0.0
    return ordered[0][0] if ordered[0][1] - second >= 0.15 else None


def _land_use(facts: Facts) -> str | None:
    """What most of the square is used for, streets counted with their blocks."""
    family = {
        "downtown": "downtown",
        "old town": "old_town",
        "apartment slabs": "apartments",
        "detached houses": "houses",
        "industry": "industry",
        "park": "park",
        "sports ground": "park",
        "campus": "apartments",
    }
    shares: dict[str, float] = {}
    for use, share in facts["land_use"].items():
        name = family.get(use, "other")
        shares[name] = shares.get(name, 0.0) + share
    name, share = max(shares.items(), key=lambda item: item[1], default=("other", 0.0))
    return name if share >= 0.62 and name != "other" else None


def _facility(facts: Facts) -> str | None:
    """What is laid out on the ground beside the buildings, when that is of one kind or nothing."""
    family = {"car park": "car_park", "swimming pool": "pool", "playground": "playground"}
    areas = [(family.get(a["kind"], "sports"), a) for a in facts["areas"]]
    if not areas:
        return "none"
    kinds = {kind for kind, _ in areas}
    sure = any(
        a["distance_m"] <= NEAR_M and a["area_m2"] >= LEAST_AREA_M2.get(a["kind"], 0.0) for _, a in areas
    )
    return kinds.pop() if sure and len(kinds) == 1 else None


_READERS: tuple[tuple[Attribute, Callable[[Facts], str | None]], ...] = (
    (Attribute("junction", ("none", "t_junction", "crossroads", "roundabout"), _ROUND), _junction),
    (
        Attribute(
            "street_axis",
            ("north_south", "east_west", "northeast_southwest", "northwest_southeast"),
            frozenset(View),
        ),
        _street_axis,
    ),
    (Attribute("road", ("local", "collector", "main"), frozenset(View)), _road),
    (Attribute("water", ("none", "river", "pond"), _PLAN), _water),
    (Attribute("railway", ("none", "railway"), _PLAN), _present("railways", "railway")),
    (Attribute("bridge", ("none", "bridge"), _PLAN), _present("bridges", "bridge")),
    (Attribute("buildings", ("few", "several", "many"), _PLAN), _buildings),
    (Attribute("height", ("low", "middle", "high"), _ABOVE | {View.PANORAMA}), _height),
    (Attribute("roof_colour", ("red", "brown", "grey", "light", "blue", "green"), _ABOVE), _roof_colour),
    (Attribute("trees", ("few", "some", "many"), _ABOVE), _trees),
    (
        Attribute(
            "land_use",
            ("downtown", "old_town", "apartments", "houses", "industry", "park"),
            _ABOVE | {View.PANORAMA, View.GROUND},
        ),
        _land_use,
    ),
    (Attribute("facility", ("none", "car_park", "pool", "sports", "playground"), _PLAN), _facility),
)

ATTRIBUTES: tuple[Attribute, ...] = tuple(attribute for attribute, _ in _READERS)
ATTRIBUTE: Mapping[str, Attribute] = {attribute.name: attribute for attribute in ATTRIBUTES}
"""By name."""


def attributes_of(facts: Facts) -> dict[str, str | None]:
    """Read the attributes of a place from its facts.

    Args:
        facts: What :func:`gleam.city.facts.place_facts` returns, or the same read back from the JSON in
            the column ``facts`` of a city's ``facts.parquet``.

    Returns:
        For each of ``ATTRIBUTES``, in their order, one of its values, or None where the facts do not
        decide clearly.

    Raises:
        GleamError: The facts lack a part.
    """
    try:
        return {attribute.name: read(facts) for attribute, read in _READERS}
    except (KeyError, TypeError, IndexError) as error:
        raise GleamError(
            f"These facts of a place cannot be read ({type(error).__name__}: {error}); "
            "give the JSON in the column 'facts' of the facts.parquet of a city."
        ) from None


def seen_in(attributes: Mapping[str, str | None], view: View) -> dict[str, str | None]:
    """Return the same attributes with None for those that cannot be seen in a view."""
    return {name: value if view in ATTRIBUTE[name].views else None for name, value in attributes.items()}
