"""English sentences, as data."""

from __future__ import annotations

TEMPLATES: dict[str, str] = {
    "match_probability": "The two pictures show the same place with a probability of {percent} %.",
    "match_threshold": "The two pictures are taken to show the same place.",
    "no_match_probability": (
        "The two pictures do not show the same place; the probability of a match is {percent} %."
    ),
    "no_match_threshold": "The two pictures are taken not to show the same place.",
    "calibrated": "The probability was calibrated on {name}.",
    "similarity_calibrated": "Their similarity is {similarity}.",
    "similarity_threshold": (
        "Their similarity is {similarity}; by rule a match needs {threshold} and more than the control, as "
        "no probability is calibrated for this view."
    ),
    "similarity_rule": (
        "Their similarity is {similarity}; by rule a match needs {threshold}, as no probability is "
        "calibrated for this view."
    ),
    "no_regions": "The encoder compares whole pictures, so no regions were measured and none are cited.",
    "control": "As a control, the photo turned and mirrored reaches at most {control}.",
    "for": "For a match:",
    "against": "Against a match:",
    "nothing_for": "No visible region speaks for a match.",
    "nothing_against": "No visible region speaks against a match.",
    "region": (
        "Region {number}, {distance} m {direction} of the tile's centre, has a similarity of {similarity} "
        "and {share} % of all that was measured"
    ),
    "same_colour": "it is mostly {colour} in both",
    "other_colour": "it is mostly {query_colour} in the photo and {tile_colour} in the tile",
    "same_lines": "its lines run {query_deg} and {tile_deg} degrees from north, {apart} degrees apart",
    "partly_visible": "the photo shows {percent} % of it",
    "unread": "Writing in the pictures was not read.",
    "join": "; ",
    "end": ".",
    "space": " ",
}

COLOURS: dict[str, str] = {
    "black": "black",
    "dark grey": "dark grey",
    "grey": "grey",
    "light grey": "light grey",
    "white": "white",
    "red": "red",
    "brown": "brown",
    "yellow": "yellow",
    "green": "green",
    "blue": "blue",
    "purple": "purple",
}

DIRECTIONS: dict[str, str] = {
    "north": "north",
    "north-east": "north-east",
    "east": "east",
    "south-east": "south-east",
    "south": "south",
    "south-west": "south-west",
    "west": "west",
    "north-west": "north-west",
}
