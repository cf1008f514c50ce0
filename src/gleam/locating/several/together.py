"""Several photos of one place: what none of them tells alone, they tell together.

The photos are weighed against each other tile by tile: the logarithms of their likelihoods add up, each
bounded from below by the chance that the photo is an outlier, so that one bad photo cannot veto the place
that the others agree on. Headings, views and weather may differ from photo to photo.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.errors import GleamError
from gleam.geo import distance_m
from gleam.locating.answer import Answer, Candidate, Status
from gleam.locating.judging.confidence import Judgement, among_enough, judge_by_signs
from gleam.locating.judging.shape import shape_of, speaks_of_one_place
from gleam.locating.judging.signs import TOGETHER
from gleam.locating.locator import Locator
from gleam.locating.region import Covariance
from gleam.locating.searching.places import SAME_PLACE_SHARE
from gleam.locating.searching.prior import nearest_inside
from gleam.locating.several.closer import LOOKED_AT, fine_position, looked_closer
from gleam.locating.several.fusion import Fused, JointPlace, fuse, joint_places, mean_position
from gleam.locating.several.joint_signs import agreement_of, together_signs
from gleam.locating.several.sightings import Sighting, compared, name_of, sight
from gleam.progress import track
from gleam.views import Pose

Floats = NDArray[np.float64]

LOCATED_FROM = 0.9
"""Share of the joint likelihood at one place from which it is claimed; no calibrated probability."""
AMBIGUOUS_FROM = 0.1
AGREES_FROM = 0.5
"""A photo that shows the joint place rather than nothing with this chance is said to agree."""
NOT_CALIBRATED = "several photos together are not calibrated: no probability is given"
AT_ODDS = (
    "no more than half of the photos show the first candidate: no place is claimed, no probability given"
)


def locate_together(
    locator: Locator,
    photos: Sequence[Any],
    view: Any,
    *,
    k: int = 10,
    pose: Pose | Sequence[Pose | None] | None = None,
    heading: float | Sequence[float | None] | None = None,
    **options: Any,
) -> Answer:
    """Say where several photos of ONE place were taken.

    Args:
        locator: Of the atlas.
        photos: Paths, bytes, pictures or arrays; all of the same spot, in any directions.
        view: How they see the world; one for all, or a list with one for each.
        k: Candidates to return.
        pose: What is known of the cameras, one for all or a list.
        heading: Of the photos, one for all or a list; a list is what a compass gives.
        options: The other options of :meth:`Locator.locate`, for all photos.

    Returns:
        One answer. Its candidates are ranked by the joint likelihood, and the score of each is the mean
        similarity of the photos to its tile. ``notes`` tell how far each photo agrees; a photo that could
        not be read is in ``warnings``. Without a calibration for several photos there is no probability:
        see ``LOCATED_FROM`` for the status. One photo gives the answer it gives alone.

    Raises:
        GleamError: There is no photo, none can be read, or an option is impossible.
        ImageError: The only photo cannot be read.
    """
    if not len(photos):
        raise GleamError("No photo was given; give at least one.")
    begun = time.perf_counter()
    views = for_each("views", view, len(photos))
    poses = for_each("poses", pose, len(photos))
    headings = for_each("headings", heading, len(photos))
    sightings: list[Sighting] = []
    failures: list[str] = []
    for number, photo in enumerate(track(photos, "Locating"), start=1):
        at = number - 1
        try:
            sightings.append(
                sight(locator, photo, views[at], number, pose=poses[at], heading=headings[at], k=k, **options)
            )
        except GleamError as error:
            if len(photos) == 1:
                raise
            failures.append(f"{name_of(photo, number)} was left out: {error}")
    if not sightings:
        raise GleamError(f"None of the {len(photos)} photos can be used. {failures[0]}")
    answer, _ = joint_answer(locator, sightings, k)
    return replace(
        answer,
        warnings=(*answer.warnings, *failures),
        timing_s={"photos": len(sightings), "total": round(time.perf_counter() - begun, 4)},
    )


def for_each(what: str, value: Any, photos: int) -> list[Any]:
    """Return a value for each photo: a list or tuple as it is, anything else for all.

    Raises:
        GleamError: The list has another length.
    """
    if not isinstance(value, list | tuple):
        return [value] * photos
    if len(value) != photos:
        raise GleamError(f"{len(value)} {what} were given for {photos} photos; give one for all or for each.")
    return list(value)


def joint_answer(locator: Locator, sightings: list[Sighting], k: int = 10) -> tuple[Answer, dict[str, float]]:
    """Return the one answer of photos that were looked at already, and its signs, empty without a place."""
    first = sightings[0].answer
    if len(sightings) == 1:
        alone = "only one photo could be used, which was located alone"
        return replace(first, notes=(*first.notes, alone)), {}
    fused, places, sightings = _joint(locator, sightings, k)
    base = _base(sightings)
    if not places:
        return replace(base, notes=("none of the photos shows enough to be compared",)), {}
    best = places[0]
    agreement = agreement_of(fused, best)
    signs = together_signs(fused, places, sightings, SAME_PLACE_SHARE * locator.atlas.tile_m)
    at_odds = 2 * int((agreement >= AGREES_FROM).sum()) <= len(sightings)
    judgement = _judge(locator, signs, best.share, sightings, at_odds)
    lat, lon, covariance, notes = _finer(locator, sightings, best, agreement)
    if base.prior is not None:
        lat, lon = nearest_inside(lat, lon, base.prior)
    at = [(lat, lon), *((place.lat, place.lon) for place in places[1:])]
    shares = f"{len(sightings)} photos together: {best.share:.0%} of their joint likelihood lies at the first"
    answer = replace(
        base,
        status=judgement.status,
        probability=judgement.probability,
        probability_here=judgement.here,
        calibration=judgement.calibration,
        lat=lat,
        lon=lon,
        candidates=tuple(
            _candidate(rank, place, fused, sightings, (lat, lon) if rank == 1 else None)
            for rank, place in enumerate(places[:k], start=1)
        ),
        notes=(f"{shares} candidate", *notes, *judgement.notes),
        **(_radius(locator, sightings, agreement) if speaks_of_one_place(judgement) else {}),
        **shape_of(at, covariance, TOGETHER, judgement, locator.calibrations),
    )
    return answer, signs


def _joint(
    locator: Locator, sightings: list[Sighting], k: int
) -> tuple[Fused, list[JointPlace], list[Sighting]]:
    """Weigh the photos, look closely at the best places with all of them, and weigh them again."""
    atlas = locator.atlas
    fused = fuse(sightings)
    places = joint_places(fused, atlas.tile_m, atlas.stride_m, max(k, LOOKED_AT)) if fused.tiles else []
    if places:
        sightings = [looked_closer(locator, s, places[:LOOKED_AT]) for s in sightings]
        fused = fuse(sightings)
        places = joint_places(fused, atlas.tile_m, atlas.stride_m, max(k, 2))
    return fused, places, sightings


def _base(sightings: list[Sighting]) -> Answer:
    """Return what an answer says whatever was found."""
    first = sightings[0].answer
    return Answer(
        photo=", ".join(s.name for s in sightings),
        view="+".join(dict.fromkeys(s.answer.view for s in sightings)),
        status=Status.CANNOT_TELL,
        searched=first.searched,
        prior=first.prior if all(s.answer.prior == first.prior for s in sightings) else None,
        prior_from=first.prior_from,
        view_detected=any(s.answer.view_detected for s in sightings),
        encoder=first.encoder,
        atlas=first.atlas,
        warnings=tuple(f"{s.name}: {w}" for s in sightings for w in s.answer.warnings),
    )


def _judge(
    locator: Locator, signs: dict[str, float], share: float, sightings: list[Sighting], at_odds: bool
) -> Judgement:
    """Judge by calibration, or by the share of the likelihood where several photos are not calibrated.

    ``at_odds``: no more than half of the photos agree.
    """
    judged = judge_by_signs(signs, TOGETHER, locator.calibrations)
    if judged is not None:
        # The calibration saw single bad photos among good ones, not photos of as many places.
        if at_odds and judged.status in (Status.LOCATED, Status.AMBIGUOUS):
            return Judgement(Status.AMBIGUOUS, notes=(AT_ODDS,), open=0)
        return among_enough(judged, *compared(locator, sightings))
    if share >= LOCATED_FROM and not at_odds:
        status = Status.LOCATED
    elif all(s.answer.status is Status.NOT_HERE for s in sightings if s.tiles):
        status = Status.NOT_HERE
    else:
        status = Status.AMBIGUOUS if share >= AMBIGUOUS_FROM else Status.CANNOT_TELL
    rule = f"status by rule: {LOCATED_FROM:.0%} of the joint likelihood at one place decides"
    return Judgement(status, notes=(NOT_CALIBRATED, rule))


def _finer(
    locator: Locator, sightings: list[Sighting], place: JointPlace, agreement: Floats
) -> tuple[float, float, Covariance | None, list[str]]:
    """Return the mean of where the agreeing photos see the place, its covariance, a note on each photo."""
    lats, lons, weights, notes = [place.lat], [place.lon], [1e-6], []
    covariances: list[Covariance] = []
    for sighting, chance in zip(sightings, agreement, strict=True):
        if not sighting.tiles:
            notes.append(f"{sighting.name} shows nothing that could be compared")
            continue
        said = f"{sighting.name} {'agrees' if chance >= AGREES_FROM else 'does not fit'} ({chance:.2f})"
        own = sighting.answer
        if own.lat is not None and own.lon is not None:
            apart = distance_m(place.lat, place.lon, own.lat, own.lon)
            said += f"; alone it points {apart:.0f} m from there" if apart > locator.atlas.tile_m else ""
        notes.append(said)
        found = fine_position(locator, sighting, place.lat, place.lon) if chance >= AGREES_FROM else None
        if found is not None:
            lats.append(found.lat)
            lons.append(found.lon)
            weights.append(float(chance))
            if found.covariance_m2 is not None:
                covariances.append(found.covariance_m2)
    lat, lon = mean_position(np.array(lats), np.array(lons), np.array(weights))
    if not covariances:
        return lat, lon, None, notes
    east, both, north = (float(v) for v in np.mean(covariances, axis=0))
    return lat, lon, (east, both, north), notes


def _radius(locator: Locator, sightings: list[Sighting], agreement: Floats) -> dict[str, Any]:
    """Return the radius measured for several photos, else that of a single one that agrees."""
    measured = locator.calibrations.radius(TOGETHER)
    if measured is not None:
        source = f"95 % of {measured.n} located answers on {measured.name}"
        return {"radius95_m": measured.radius95_m, "radius95_from": source}
    agreeing = [s.answer for s, chance in zip(sightings, agreement, strict=True) if chance >= AGREES_FROM]
    known = [a for a in agreeing or [s.answer for s in sightings] if a.radius95_m is not None]
    if not known:
        return {}
    widest = max(known, key=lambda a: a.radius95_m or 0.0)
    return {"radius95_m": widest.radius95_m, "radius95_from": f"a single photo: {widest.radius95_from}"}


def _candidate(
    rank: int,
    place: JointPlace,
    fused: Fused,
    sightings: list[Sighting],
    finer: tuple[float, float] | None,
) -> Candidate:
    tile = fused.tiles[place.best]
    similarities = [
        float(s.scores[at]) for s in sightings for at, other in enumerate(s.tiles) if other.id == tile.id
    ]
    lat, lon = finer or (place.lat, place.lon)
    return Candidate(rank, lat, lon, round(float(np.mean(similarities)), 6), tile.id, tile.footprint)
