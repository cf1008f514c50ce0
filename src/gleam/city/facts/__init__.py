"""Facts: true statements about a place, read from the scene's vectors without looking at a picture."""

from gleam.city.facts.index import FactsIndex, index_of
from gleam.city.facts.place import place_facts
from gleam.city.facts.row import facts_row
from gleam.city.facts.words import axis_name, bearing_of, colour_name

__all__ = [
    "FactsIndex",
    "axis_name",
    "bearing_of",
    "colour_name",
    "facts_row",
    "index_of",
    "place_facts",
]
