"""One photo looked at again around a place that other photos point at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gleam.atlas import Region
from gleam.geo import Circle, distance_m
from gleam.locating.locator import Locator
from gleam.locating.region import Covariance
from gleam.locating.searching.finding import REFINED, Found
from gleam.locating.searching.places import NEIGHBOUR_STRIDES, SAME_PLACE_SHARE
from gleam.locating.several.fusion import JointPlace
from gleam.locating.several.joint_signs import points_at
from gleam.locating.several.sightings import Sighting, with_scores

LOOKED_AT = 3
"""Joint places that every photo is compared with closely, between the tiles."""


@dataclass(frozen=True, slots=True)
class Fine:
    """Where one photo sees a place, finer than the tiles, with the covariance of its scores there."""

    lat: float
    lon: float
    covariance_m2: Covariance | None


def fine_position(locator: Locator, sighting: Sighting, lat: float, lon: float) -> Fine | None:
    """Return the photo's own answer near a place, finer than the tiles; None where it has none.

    That is its answer alone when this lies there, else it is looked for again around the place.
    """
    reach = SAME_PLACE_SHARE * locator.atlas.tile_m
    found = (
        sighting.found if points_at(sighting, lat, lon, reach) else look_around(locator, sighting, lat, lon)
    )
    if found is None or not found.places:
        return None
    first = found.places[0]
    if distance_m(lat, lon, first.lat, first.lon) > reach:
        return None
    return Fine(first.lat, first.lon, found.surface.covariance_m2 if found.surface is not None else None)


def look_around(locator: Locator, sighting: Sighting, lat: float, lon: float) -> Found | None:
    """Return the photo's best place around a point, looked at closely; None where there is no tile."""
    seen = sighting.found
    if seen is None:
        return None
    around = Region.around(Circle(lat, lon, NEIGHBOUR_STRIDES * locator.atlas.stride_m))
    weights = seen.weights or None
    found = locator.finder.search(
        dict(seen.queries), around, 1, refine=1, weights=weights, spread=seen.spread
    )
    return found if found.places else None


def looked_closer(locator: Locator, sighting: Sighting, places: Sequence[JointPlace]) -> Sighting:
    """Return a sighting after a closer look at places that the photo alone did not look at."""
    reach = SAME_PLACE_SHARE * locator.atlas.tile_m
    closer: dict[str, tuple[float, float | None]] = {}
    known = sighting.answer.candidates[:REFINED]
    for place in places if sighting.tiles else ():
        if any(distance_m(place.lat, place.lon, c.lat, c.lon) <= reach for c in known):
            continue
        found = look_around(locator, sighting, place.lat, place.lon)
        if found is not None:
            closer[found.places[0].best.tile.id] = (found.places[0].score, None)
    return with_scores(sighting, closer, reach) if closer else sighting
