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

from gleam.atlas import Region
from gleam.errors import GleamError
from gleam.geo import Circle, distance_m
from gleam.locating.answer import Answer, Candidate, Status
from gleam.locating.locator import Locator
from gleam.locating.region import GAUSS_95, ellipse_ring
from gleam.locating.searching.finding import REFINED
from gleam.locating.searching.places import NEIGHBOUR_STRIDES, SAME_PLACE_SHARE, Place
from gleam.locating.several.fusion import Fused, JointPlace, fuse, joint_places, mean_position
from gleam.locating.several.sightings import Sighting, name_of, sight, with_scores
from gleam.progress import track
from gleam.views import Pose, parse_view

Floats = NDArray[np.float64]

LOCATED_FROM = 0.9
"""Share of the joint likelihood at one place from which it is claimed; no calibrated probability."""
AMBIGUOUS_FROM = 0.1
AGREES_FROM = 0.5
"""A photo that shows the joint place rather than nothing with this chance is said to agree."""
LOOKED_AT = 3
"""Joint places that every photo is compared with closely, between the tiles."""
NOT_CALIBRATED = "several photos together are not calibrated: no probability is given"


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
        not be read is in ``warnings``. There is no probability: see ``LOCATED_FROM`` for the status. One
        photo gives the answer it gives alone.

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
    answer = _answer(locator, sightings, k)
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


def fine_position(locator: Locator, sighting: Sighting, lat: float, lon: float) -> Answer | None:
    """Return the photo's own answer near a place, finer than the tiles; None where it has none.

    That is its answer alone when this lies there, else it is looked for again around the place.
    """
    own, tile_m = sighting.answer, locator.atlas.tile_m
    reach = SAME_PLACE_SHARE * tile_m
    if own.lat is not None and own.lon is not None and distance_m(lat, lon, own.lat, own.lon) <= reach:
        return own
    found = look_around(locator, sighting, lat, lon)
    if found is None or distance_m(lat, lon, found.lat, found.lon) > reach:
        return None
    return replace(own, lat=found.lat, lon=found.lon)


def look_around(locator: Locator, sighting: Sighting, lat: float, lon: float) -> Place | None:
    """Return the photo's best place around a point, looked at closely; None where there is no tile."""
    around = Region.around(Circle(lat, lon, NEIGHBOUR_STRIDES * locator.atlas.stride_m))
    view = parse_view(sighting.answer.view)
    pose = sighting.pose
    near = [
        at
        for at, tile in enumerate(sighting.tiles)
        if not np.isnan(sighting.headings[at]) and bool(around.contains(tile.lat, tile.lon))
    ]
    if near:
        # The heading that suits the ground here best is known already; the others need not be tried.
        pose = pose.with_heading(float(sighting.headings[near[0]]))
    _, places = locator.find(sighting.photo, view, pose, around, 1, refine=1)
    return places[0] if places else None


def _answer(locator: Locator, sightings: list[Sighting], k: int) -> Answer:
    first = sightings[0].answer
    if len(sightings) == 1:
        return replace(first, notes=(*first.notes, "only one photo could be used, which was located alone"))
    atlas = locator.atlas
    fused = fuse(sightings)
    places = joint_places(fused, atlas.tile_m, atlas.stride_m, max(k, LOOKED_AT)) if fused.tiles else []
    if places and len(atlas.tile_sizes_m) == 1:
        sightings = [_looked_closer(locator, s, places[:LOOKED_AT]) for s in sightings]
        fused = fuse(sightings)
        places = joint_places(fused, atlas.tile_m, atlas.stride_m, k)
    views = list(dict.fromkeys(s.answer.view for s in sightings))
    base = Answer(
        photo=", ".join(s.name for s in sightings),
        view="+".join(views),
        status=Status.CANNOT_TELL,
        searched=first.searched,
        prior=first.prior if all(s.answer.prior == first.prior for s in sightings) else None,
        prior_from=first.prior_from,
        view_detected=any(s.answer.view_detected for s in sightings),
        encoder=first.encoder,
        atlas=first.atlas,
        warnings=tuple(f"{s.name}: {w}" for s in sightings for w in s.answer.warnings),
    )
    if not places:
        return replace(base, notes=("none of the photos shows enough to be compared",))
    best = places[0]
    agreement = 1.0 / (1.0 + np.exp(-fused.each[:, best.best]))
    status = _status(best.share, sightings)
    lat, lon, notes = _finer(locator, sightings, best, agreement)
    shape = _shape(sightings, agreement, lat, lon, status)
    return replace(
        base,
        status=status,
        lat=lat,
        lon=lon,
        candidates=tuple(
            _candidate(rank, place, fused, sightings, (lat, lon) if rank == 1 else None)
            for rank, place in enumerate(places, start=1)
        ),
        notes=(
            f"{len(sightings)} photos together: {best.share:.0%} of their joint likelihood lies at the first "
            f"candidate ({LOCATED_FROM:.0%} decides)",
            *notes,
            NOT_CALIBRATED,
        ),
        **shape,
    )


def _looked_closer(locator: Locator, sighting: Sighting, places: Sequence[JointPlace]) -> Sighting:
    """Return a sighting after a closer look at places that the photo alone did not look at."""
    reach = SAME_PLACE_SHARE * locator.atlas.tile_m
    closer: dict[str, tuple[float, float | None]] = {}
    known = sighting.answer.candidates[:REFINED]
    for place in places if sighting.tiles else ():
        if any(distance_m(place.lat, place.lon, c.lat, c.lon) <= reach for c in known):
            continue
        found = look_around(locator, sighting, place.lat, place.lon)
        if found is not None:
            closer[found.best.tile.id] = (found.best.score, None)
    return with_scores(sighting, closer, reach) if closer else sighting


def _status(share: float, sightings: list[Sighting]) -> Status:
    if share >= LOCATED_FROM:
        return Status.LOCATED
    if all(s.answer.status is Status.NOT_HERE for s in sightings if s.tiles):
        return Status.NOT_HERE
    return Status.AMBIGUOUS if share >= AMBIGUOUS_FROM else Status.CANNOT_TELL


def _finer(
    locator: Locator, sightings: list[Sighting], place: JointPlace, agreement: Floats
) -> tuple[float, float, list[str]]:
    """Return the mean of where the agreeing photos see the place, and a note on each photo."""
    lats, lons, weights, notes = [place.lat], [place.lon], [1e-6], []
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
        if found is not None and found.lat is not None and found.lon is not None:
            lats.append(found.lat)
            lons.append(found.lon)
            weights.append(float(chance))
    lat, lon = mean_position(np.array(lats), np.array(lons), np.array(weights))
    return lat, lon, notes


def _shape(
    sightings: list[Sighting], agreement: Floats, lat: float, lon: float, status: Status
) -> dict[str, Any]:
    """Return radius and region: those of a single photo that agrees, which the mean of several is within."""
    agreeing = [s.answer for s, chance in zip(sightings, agreement, strict=True) if chance >= AGREES_FROM]
    known = [a for a in agreeing or [s.answer for s in sightings] if a.radius95_m is not None]
    if not known:
        return {}
    widest = max(known, key=lambda a: a.radius95_m or 0.0)
    shape: dict[str, Any] = {
        "radius95_m": widest.radius95_m,
        "radius95_from": f"a single photo: {widest.radius95_from}",
    }
    covariances = [a.covariance_m2 for a in known if a.covariance_m2 is not None]
    if covariances:
        mean = tuple(float(v) for v in np.mean(covariances, axis=0))
        shape["covariance_m2"] = mean
        if status in (Status.LOCATED, Status.AMBIGUOUS):
            shape["region95"] = ellipse_ring(lat, lon, (mean[0], mean[1], mean[2]), GAUSS_95)
    return shape


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
