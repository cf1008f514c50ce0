"""What can be seen of an answer of a flight without knowing the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gleam.locating.answer import Answer
from gleam.locating.judging.signs import log_odds
from gleam.locating.searching.places import SAME_PLACE_SHARE
from gleam.locating.several.flight import SEEN_FROM, Flight, Seen
from gleam.locating.several.joint_signs import lead_alone, points_at
from gleam.locating.several.sightings import Sighting

BESIDE = 4
"""So many photos before and after one count as beside it."""


def sequence_signs(
    flight: Flight, photo: int, found: Sequence[Seen | None], answer: Answer
) -> dict[str, float]:
    """Return the number of each of ``SEQUENCE_SIGNS`` of a photo whose answer has a position."""
    same_m = SAME_PLACE_SHARE * flight.locator.atlas.tile_m
    seen = found[photo]
    own = seen is not None and seen.share >= SEEN_FROM
    around, leads = 0, 0.0
    for other in range(max(0, photo - BESIDE), min(len(found), photo + BESIDE + 1)):
        place = found[other]
        if other == photo or place is None or place.share < SEEN_FROM:
            continue
        around += 1
        leads += _lead_there(flight.sightings[other], place, same_m)
    sighting = flight.sightings[photo]
    weight = 0.0
    if own and seen is not None and sighting is not None:
        weight = float(sighting.log_weights[seen.best])
    return {
        "share": log_odds(seen.share if seen is not None else 0.0),
        "weight": weight,
        "lead": _lead_there(sighting, seen, same_m) if own and seen is not None else 0.0,
        "around": float(around),
        "around_lead": leads,
        "room": 0.0 if own else math.log1p(answer.radius95_m or 0.0),
    }


def _lead_there(sighting: Sighting | None, seen: Seen, same_m: float) -> float:
    """Return the lead of a photo that alone points where the flight has it; else 0."""
    if sighting is None:
        return 0.0
    tile = sighting.tiles[seen.best]
    return lead_alone(sighting) if points_at(sighting, tile.lat, tile.lon, same_m) else 0.0
