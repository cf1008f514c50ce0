"""What a flight says of each of its photos: its own place, one between its neighbours, or none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gleam.geo import bearing_deg, distance_m, offset
from gleam.locating.answer import Answer, Candidate, Status
from gleam.locating.camera import aim_point, camera_position
from gleam.locating.judging.confidence import (
    LIKE_NO_PLACE,
    MORE_THAN_ARE_LISTED,
    NO_PLACE_STANDS_OUT,
    Judgement,
    among_enough,
    judge_by_signs,
)
from gleam.locating.judging.shape import REGION_FROM_SCORES, shape_of, speaks_of_one_place
from gleam.locating.judging.signs import SEQUENCE
from gleam.locating.region import GAUSS_95, ellipse_ring
from gleam.locating.searching.places import SAME_PLACE_SHARE
from gleam.locating.several.chain import Floats
from gleam.locating.several.closer import fine_position
from gleam.locating.several.flight import SEEN_FROM, Flight, Seen
from gleam.locating.several.flight_signs import sequence_signs
from gleam.locating.several.fusion import mean_position
from gleam.locating.several.joint_signs import points_at
from gleam.locating.several.motion import between
from gleam.locating.several.sightings import Sighting, compared
from gleam.views import View

LOCATED_FROM = 0.9
"""Probability of the model from which a position is claimed; it is not calibrated."""
BRIDGED_TILES = 2.0
"""An outlier is placed by its neighbours when they leave no more room than so many tile widths around."""
_ABOUT_ALONE = (
    "status by rule",
    "not calibrated",
    REGION_FROM_SCORES,
    MORE_THAN_ARE_LISTED,
    LIKE_NO_PLACE,
    NO_PLACE_STANDS_OUT,
)
NOT_CALIBRATED = "a flight is not calibrated: no probability is given"


def flight_answer(flight: Flight, photo: int, found: Sequence[Seen | None], probability: Floats) -> Answer:
    """Return the answer of one photo of a flight.

    Args:
        flight: The photos.
        photo: Number of the photo.
        found: The place of each photo of the flight, or of those so far.
        probability: Of each of the photo's tiles.
    """
    sighting, failure = flight.sightings[photo], flight.failures[photo]
    if sighting is None:
        return Answer(
            photo=flight.names[photo],
            view=flight.views[photo],
            status=Status.CANNOT_TELL,
            warnings=(f"left out of the flight: {failure}",),
        )
    gap = _gap(flight, photo)
    if len(flight) == 1:
        return sighting.answer
    seen = found[photo]
    if seen is not None and seen.share >= SEEN_FROM:
        answer = _own(flight, photo, sighting, seen, probability)
        notes = [*_overruled(flight, photo, found, sighting, answer)]
    else:
        answer, notes = _bridged(flight, photo, found, sighting)
    judged, shape = _judged(flight, photo, found, answer)
    return replace(
        answer,
        status=judged.status,
        probability=judged.probability,
        probability_here=judged.here,
        calibration=judged.calibration,
        notes=(*_own_notes(sighting.answer), *notes, *gap, *judged.notes),
        **shape,
    )


def _judged(
    flight: Flight, photo: int, found: Sequence[Seen | None], answer: Answer
) -> tuple[Judgement, dict[str, Any]]:
    """Judge an answer by calibration, or by the model where flights are not calibrated; return its region."""
    if answer.lat is None or answer.lon is None:
        return Judgement(answer.status), {}
    seen, calibrations = found[photo], flight.locator.calibrations
    own = seen is not None and seen.share >= SEEN_FROM
    judged = judge_by_signs(sequence_signs(flight, photo, found, answer), SEQUENCE, calibrations)
    sighting = flight.sightings[photo]
    if judged is not None and sighting is not None:
        judged = among_enough(judged, *compared(flight.locator, [sighting]))
    if judged is None:
        judged = Judgement(answer.status, notes=(NOT_CALIBRATED,))
    elif not own and judged.status is Status.LOCATED:
        # What lies between two neighbours is never claimed as seen.
        judged = replace(judged, status=Status.AMBIGUOUS, open=None)
    if not own:
        # Its neighbours give the region, however many places the photo alone leaves open.
        notes = tuple(note for note in judged.notes if note != MORE_THAN_ARE_LISTED)
        claimed = judged.status is Status.AMBIGUOUS
        return replace(judged, notes=notes), {"region95": answer.region95 if claimed else ()}
    at = [(answer.lat, answer.lon), *((c.lat, c.lon) for c in answer.candidates[1:])]
    shape = {"region95": (), **shape_of(at, answer.covariance_m2, SEQUENCE, judged, calibrations)}
    if not speaks_of_one_place(judged):
        shape |= {"covariance_m2": None, "radius95_m": None, "radius95_from": None}
    return judged, shape


def _own_notes(alone: Answer) -> tuple[str, ...]:
    """Return what the photo alone says, without how its status came about: the flight has its own."""
    return tuple(note for note in alone.notes if not note.startswith(_ABOUT_ALONE))


def _own(flight: Flight, photo: int, sighting: Sighting, seen: Seen, probability: Floats) -> Answer:
    """Return the answer of a photo that shows a place which fits the flight."""
    tiles = [sighting.tiles[i] for i in seen.near]
    lat, lon = mean_position(
        np.array([t.lat for t in tiles]), np.array([t.lon for t in tiles]), probability[seen.near]
    )
    alone = sighting.answer
    same_m = SAME_PLACE_SHARE * flight.locator.atlas.tile_m
    as_alone = points_at(sighting, lat, lon, same_m)
    fine = fine_position(flight.locator, sighting, lat, lon)
    if fine is not None:
        lat, lon = fine.lat, fine.lon
    heading = alone.heading_deg
    if not np.isnan(sighting.headings[seen.best]) and not as_alone:
        heading = float(sighting.headings[seen.best])
    status = Status.LOCATED if seen.share >= LOCATED_FROM else Status.AMBIGUOUS
    covariance = fine.covariance_m2 if fine is not None else None
    placed = replace(
        _placed(alone, sighting, lat, lon, heading),
        **_radius(flight, alone),
        covariance_m2=covariance,
    )
    tile = sighting.tiles[seen.best]
    own = Candidate(
        1, lat, lon, round(float(sighting.scores[seen.best]), 6), tile.id, tile.footprint,
        alone.candidates[0].heading_deg if as_alone else heading,
    )  # fmt: skip
    others = [c for c in alone.candidates if distance_m(lat, lon, c.lat, c.lon) > flight.locator.atlas.tile_m]
    ranked = [own, *(replace(c, rank=rank) for rank, c in enumerate(others, start=2))]
    return replace(placed, status=status, candidates=tuple(ranked))


def _radius(flight: Flight, alone: Answer) -> dict[str, Any]:
    """Return the radius measured for photos of flights, else that of the photo alone."""
    measured = flight.locator.calibrations.radius(SEQUENCE)
    if measured is None:
        return {"radius95_m": alone.radius95_m, "radius95_from": alone.radius95_from}
    source = f"95 % of {measured.n} located answers on {measured.name}"
    return {"radius95_m": measured.radius95_m, "radius95_from": source}


def _placed(alone: Answer, sighting: Sighting, lat: float, lon: float, heading: float | None) -> Answer:
    stood = None
    if alone.view == View.DRONE.value:
        stood = camera_position(lat, lon, sighting.pose.with_heading(heading))
    return replace(
        alone,
        lat=lat,
        lon=lon,
        region95=(),
        region95_others=(),
        heading_deg=heading,
        camera_lat=stood[0] if stood else None,
        camera_lon=stood[1] if stood else None,
    )


def _bridged(
    flight: Flight, photo: int, found: Sequence[Seen | None], sighting: Sighting
) -> tuple[Answer, list[str]]:
    """Return the answer of an outlier: between its neighbours if they leave little room, else nowhere."""
    alone, atlas = sighting.answer, flight.locator.atlas
    nowhere = replace(
        alone,
        status=Status.NOT_HERE if alone.status is Status.NOT_HERE else Status.CANNOT_TELL,
        lat=None, lon=None, radius95_m=None, radius95_from=None, region95=(), region95_others=(),
        covariance_m2=None,
        heading_deg=None, heading_from=None, camera_lat=None, camera_lon=None, candidates=(),
    )  # fmt: skip
    before, after = _anchors(flight, photo, found)
    held = _held(flight, photo, found, before, after)
    if held is None or held[2] > BRIDGED_TILES * atlas.tile_m:
        return nowhere, ["outlier: what it shows does not fit the flight, and no photo near it tells enough"]
    lat, lon, radius = held
    heading = alone.heading_deg if alone.heading_from not in (None, "search") else None
    aim = None
    if alone.view == View.DRONE.value:
        aim = aim_point(lat, lon, sighting.pose.with_heading(heading))
    beside = " and ".join(flight.names[n] for n in (before, after) if n is not None)
    notes = [f"outlier: what it shows does not fit the flight; placed by its neighbour {beside}"]
    if alone.view == View.DRONE.value and aim is None:
        notes.append("the position is below the camera, since the way it looks is unknown")
    at = aim or (lat, lon)
    variance = (radius / GAUSS_95) ** 2
    return replace(
        nowhere,
        status=Status.AMBIGUOUS,
        lat=at[0],
        lon=at[1],
        camera_lat=lat if alone.view == View.DRONE.value else None,
        camera_lon=lon if alone.view == View.DRONE.value else None,
        radius95_m=round(radius, 1),
        radius95_from="the speed cap, or odometry, from photos beside it",
        region95=ellipse_ring(*at, (variance, 0.0, variance), GAUSS_95),
        covariance_m2=(variance, 0.0, variance),
        candidates=alone.candidates,
    ), notes


def _anchors(flight: Flight, photo: int, found: Sequence[Seen | None]) -> tuple[int | None, int | None]:
    """Return the nearest photos before and after that show a place."""

    def shows(number: int) -> bool:
        seen = found[number]
        return seen is not None and seen.share >= SEEN_FROM

    before = next((n for n in range(photo - 1, -1, -1) if shows(n)), None)
    after = next((n for n in range(photo + 1, len(found)) if shows(n)), None)
    return before, after


def _stood(flight: Flight, photo: int, found: Sequence[Seen | None]) -> tuple[float, float]:
    seen, spots = found[photo], flight.spots[photo]
    assert seen is not None
    return float(spots.lats[seen.best]), float(spots.lons[seen.best])


def _held(
    flight: Flight, photo: int, found: Sequence[Seen | None], before: int | None, after: int | None
) -> tuple[float, float, float] | None:
    """Return (lat, lon, radius) that holds every camera position the neighbours allow."""
    ends = []
    for number, sign in ((before, 1.0), (after, -1.0)):
        if number is None:
            continue
        first, second = min(number, photo), max(number, photo)
        east, north = flight.motion.moved(first, second)
        lat, lon = offset(*_stood(flight, number, found), sign * east, sign * north)
        reach = flight.motion.reach_m(first, second) + 2 * flight.spots[number].blur_m
        ends.append((lat, lon, reach))
    if not ends:
        return None
    if len(ends) == 1:
        return ends[0]
    (lat1, lon1, reach1), (lat2, lon2, reach2) = ends
    apart = distance_m(lat1, lon1, lat2, lon2)
    share, radius = between(reach1, reach2, apart)
    # Ends too far apart to meet leave no point; nothing is known better than the ends themselves are.
    radius = max(radius, *(2 * flight.spots[n].blur_m for n in (before, after) if n is not None))
    towards = math.radians(bearing_deg(lat1, lon1, lat2, lon2))
    way = share * apart
    lat, lon = offset(lat1, lon1, way * math.sin(towards), way * math.cos(towards))
    return lat, lon, radius


def _overruled(
    flight: Flight, photo: int, found: Sequence[Seen | None], sighting: Sighting, answer: Answer
) -> list[str]:
    """Say when the photo alone pointed elsewhere, and how fast the camera would have had to be."""
    alone = sighting.answer
    if None in (alone.lat, alone.lon, answer.lat, answer.lon):
        return []
    assert alone.lat is not None and alone.lon is not None
    assert answer.lat is not None and answer.lon is not None
    apart = distance_m(alone.lat, alone.lon, answer.lat, answer.lon)
    if apart <= flight.locator.atlas.tile_m:
        return []
    said = f"alone it points {apart:.0f} m from here, which does not fit the flight"
    before, after = _anchors(flight, photo, found)
    for number in (before, after):
        if number is None:
            continue
        seconds = abs(flight.motion.times_s[photo] - flight.motion.times_s[number])
        way = distance_m(alone.lat, alone.lon, *_stood(flight, number, found))
        if seconds > 0 and way / seconds > flight.motion.max_speed_mps:
            said += (
                f": from {flight.names[number]} it would take {way / seconds:.0f} m/s, more than the "
                f"{flight.motion.max_speed_mps:g} m/s told"
            )
            break
    return [said]


def _gap(flight: Flight, photo: int) -> list[str]:
    if photo == 0 or flight.motion.reach_m(photo - 1, photo) < flight.everywhere_m():
        return []
    seconds = flight.motion.seconds(photo - 1, photo)
    return [
        f"a gap of {seconds:g} s lies before it, in which the camera can have reached any part of what was "
        "searched: the photos before the gap tell little"
    ]
