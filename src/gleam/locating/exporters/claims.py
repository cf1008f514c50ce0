"""What an answer claims, in the terms that files of other programs need.

A file that is read by a machine loses the status of an answer easily. So nothing here gives a position
that the answer does not claim: places on a map come from ``located`` and ``ambiguous`` answers, fixes of
a camera only from ``located`` ones, and nothing that the input photo itself said of its position leaves.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import replace

from gleam.geo import LatLon, wrap_lon
from gleam.locating.answer import Answer, Status
from gleam.views import View

DECIMALS = 7
"""Of degrees in every text format: a centimetre. The same for all, so that digits say nothing of how
sure a position is; the fields for its error do."""
SIGMA_PER_RADIUS95 = 1 / math.sqrt(-2 * math.log(0.05))
"""One sigma of each axis of a round normal error, whose 95 % circle has the radius 1."""
GPS_EPOCH = dt.datetime(1980, 1, 6, tzinfo=dt.UTC)
_STRAIGHT_DOWN_DEG = -89.0
_OF_THE_CAMERA = {View.GROUND.value, View.PANORAMA.value}
"""Views whose position is that of the camera; of the others it is the ground in the picture."""
_POSITION_TAGS = ("latitude", "longitude", "gpsaltitude", "absolutealtitude", "gpsposition")


def place_of(answer: Answer) -> LatLon | None:
    """Return the (lat, lon) that a map may show: of located and ambiguous answers, else None."""
    if not answer.claims_place or answer.lat is None or answer.lon is None:
        return None
    return answer.lat, answer.lon


def fix_of(answer: Answer) -> LatLon | None:
    """Return the (lat, lon) of the CAMERA when the answer is located and tells it, else None.

    The position of a drone's answer is the ground in the middle of its picture; the aircraft is not
    there unless it looks straight down. Several photos together tell a camera only when every one is of
    a view whose position is the camera's. A map has no camera.
    """
    if answer.status is not Status.LOCATED or answer.lat is None or answer.lon is None:
        return None
    if set(answer.view.split("+")) <= _OF_THE_CAMERA:
        return answer.lat, answer.lon
    if answer.view != View.DRONE.value or is_joint(answer):
        return None
    if answer.camera_lat is not None and answer.camera_lon is not None:
        return answer.camera_lat, answer.camera_lon
    down = answer.pose.get("pitch_deg", 0.0) <= _STRAIGHT_DOWN_DEG
    return (answer.lat, answer.lon) if down else None


def why_no_fix(answer: Answer) -> str:
    """Return in a few words why :func:`fix_of` gives none."""
    if answer.status is not Status.LOCATED:
        return answer.status.value
    if is_joint(answer):
        return "located, but photos taken together tell the ground they show, no camera: locate each alone"
    if answer.view == View.MAP.value:
        return "located, but a map has no camera"
    known = set(answer.pose) | ({"heading_deg"} if answer.heading_deg is not None else set())
    missing = [word for word in ("pitch", "height", "heading") if not known & {f"{word}_deg", f"{word}_m"}]
    if missing:
        return f"located, but not the aircraft: tell {', '.join(missing)}"
    return "located, but not the aircraft: it looks too close to the horizon"


def is_joint(answer: Answer) -> bool:
    """Tell whether several photos of one place gave this one answer."""
    return "+" in answer.view or answer.timing_s.get("photos", 1) > 1


def photo_name(answer: Answer) -> str:
    """Return the name of the photo, or ``photo`` for pixels without one."""
    return answer.photo or "photo"


def sigma_m(answer: Answer) -> float | None:
    """Return one sigma of the position along its worst axis in metres, or None when unknown."""
    if answer.covariance_m2 is not None:
        ee, en, nn = answer.covariance_m2
        return math.sqrt(max((ee + nn) / 2 + math.hypot((ee - nn) / 2, en), 0.0))
    return None if answer.radius95_m is None else answer.radius95_m * SIGMA_PER_RADIUS95


def capture_time(answer: Answer) -> tuple[dt.datetime | None, bool]:
    """Return when the photo was taken and whether that is UTC.

    Most cameras do not tell their time zone; then the time is that of their clock, without a zone.
    """
    if answer.taken is None:
        return None, False
    try:
        moment = dt.datetime.fromisoformat(answer.taken)
        return (moment, False) if moment.tzinfo is None else (moment.astimezone(dt.UTC), True)
    except (ValueError, OverflowError):
        return None, False


def capture_utc(answer: Answer) -> dt.datetime | None:
    """Return when the photo was taken in UTC, or None when that is not known.

    A clock without a time zone is taken for UTC: most cameras have none, and machines need one time to
    order by. A file that can say so says that this was assumed. A clock before GPS time was never set.
    """
    moment, _ = capture_time(answer)
    if moment is None:
        return None
    utc = moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
    return utc if utc >= GPS_EPOCH else None


def degrees(value: float) -> float:
    """Return a latitude, or a longitude in -180 <= lon < 180, rounded as all formats have it."""
    return round(value, DECIMALS)


def longitude(value: float) -> float:
    """Return a longitude rounded as all formats have it, in -180 <= lon < 180 even then."""
    return wrap_lon(round(value, DECIMALS))


def public(answer: Answer) -> Answer:
    """Return the answer without what the input photo said of its own position.

    That is the latitude, longitude and altitude tags, and the circle around them when it was searched
    (its bounds and the notes would tell the same).
    """
    tags: Mapping[str, str] = {
        name: text
        for name, text in answer.metadata.items()
        if not any(tag in name.lower() for tag in _POSITION_TAGS)
    }
    if answer.prior_from != "exif" or answer.prior is None:
        return answer if len(tags) == len(answer.metadata) else replace(answer, metadata=tags)
    spoken = answer.prior.in_words
    notes = tuple(note.replace(spoken, "around the position in its EXIF") for note in answer.notes)
    return replace(answer, metadata=tags, prior=None, searched=None, notes=notes)
