"""Street names."""

from __future__ import annotations

from gleam.city.plan.dice import Dice
from gleam.city.scene import RoadClass

STEMS = (
    "Linden", "Mill", "Castle", "Garden", "Station", "Church", "Maple", "Bridge", "King", "Queen", "Market",
    "Rose", "School", "River", "Park", "Forest", "North", "South", "Harbour", "Oak", "Victoria", "Union",
    "Garnet", "Juniper", "Foundry", "Abbey", "Tower", "Meadow", "Orchard", "Chapel", "Weaver", "Cooper",
    "Baker", "Fisher", "Potter", "Saddler", "Elm", "Birch", "Hazel", "Willow", "Poplar", "Chestnut", "Walnut",
    "Cherry", "Heron", "Falcon", "Swan", "Lark", "Amber", "Copper", "Silver", "Granite", "Quarry", "Summit",
    "Valley", "Lake", "Spring", "Winter", "Liberty", "Observatory", "Museum", "Theatre", "Library", "Guild",
)  # fmt: skip
SUFFIXES = {
    RoadClass.ARTERIAL: ("Avenue", "Boulevard", "Ring"),
    RoadClass.COLLECTOR: ("Road", "Street"),
    RoadClass.LOCAL: ("Street", "Lane", "Way", "Close"),
    RoadClass.ALLEY: ("Path", "Passage"),
}


def street_names(highest_class: list[RoadClass], dice: Dice) -> list[str]:
    """Name each street after the highest class of its stretches."""
    return [f"{dice.pick(STEMS)} {dice.pick(SUFFIXES[road_class])}" for road_class in highest_class]
