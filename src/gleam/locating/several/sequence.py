"""A time-ordered flight: each photo located with the help of those before it, or before and after.

Each photo votes for tiles; a hidden chain ties the votes together (:mod:`~gleam.locating.several.chain`):
from one photo to the next the camera moves no faster than the cap, or as odometry tells, and any photo may
be an outlier. *Online* answers use the photos up to each one (a filter, for flying), others all of them (a
smoother, for afterwards). A photo whose own votes do not fit is placed by its neighbours where they leave
little room, and says so.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from gleam.errors import GleamError
from gleam.locating.answer import Answer
from gleam.locating.locator import Locator
from gleam.locating.several.flight import Flight, Seen
from gleam.locating.several.flight_answers import flight_answer
from gleam.locating.several.motion import Displacement
from gleam.locating.several.together import for_each
from gleam.progress import track
from gleam.views import Pose

UNKNOWN_INTERVAL_S = 10.0
"""Seconds from photo to photo when nothing tells them: an upper bound, since too long only helps less."""


def locate_sequence(
    locator: Locator,
    photos: Sequence[Any],
    view: Any,
    *,
    times_s: Sequence[float] | None,
    max_speed_mps: float,
    online: bool = False,
    odometry: Sequence[Displacement | None] | None = None,
    interval_s: float = UNKNOWN_INTERVAL_S,
    pose: Pose | Sequence[Pose | None] | None = None,
    heading: float | Sequence[float | None] | None = None,
    **options: Any,
) -> list[Answer]:
    """Say where each photo of a flight was taken.

    Args:
        locator: Of the atlas.
        photos: Paths, bytes, pictures or arrays.
        view: How they see the world; one for all or a list.
        times_s: Seconds since any moment, one per photo. None: the capture times in their metadata; where
            one has none, the photos count as taken in the order given, ``interval_s`` apart.
        max_speed_mps: The camera never moved faster.
        online: Let each answer rest on the photos up to it alone, not on later ones.
        odometry: (east, north) metres moved since the photo before in time, one per photo, None where
            unknown; it takes the place of the speed cap.
        interval_s: Longest time between two photos whose times are unknown.
        pose: What is known of the cameras, one for all or a list.
        heading: Of the photos, one for all or a list.
        options: The other options of :meth:`Locator.locate`.

    Returns:
        One answer per photo, in the order given. ``located`` and ``ambiguous`` photos carry the position
        that fits the flight; an outlier says so in its ``notes``, and has a position only where its
        neighbours leave little room, with a radius that holds every position they allow. A photo that
        cannot be read is ``cannot_tell`` with the reason in ``warnings``. There is a probability where the
        encoder carries a calibration for flights.

    Raises:
        GleamError: No photo, or a speed, time, or number of values is impossible.
    """
    if not len(photos):
        raise GleamError("No photo was given; give at least one.")
    count = len(photos)
    views = for_each("views", view, count)
    poses = for_each("poses", pose, count)
    headings = for_each("headings", heading, count)
    moves = for_each("displacements", list(odometry) if odometry is not None else None, count)
    times, order, remarks = order_of(photos, times_s, interval_s)
    follower = Follower(locator, None, max_speed_mps, **options)
    flight = follower.flight
    answers: dict[int, Answer] = {}
    for at in track(order, "Locating"):
        known = {"pose": poses[at], "heading": headings[at], "moved": moves[at], "number": at + 1}
        if online:
            answers[at] = follower.add(photos[at], times[at], view=views[at], **known)
        else:
            flight.take(photos[at], views[at], times[at], **known)
    if not online:
        smoothed = flight.smoothed()
        found = [flight.seen(place, smoothed[place]) for place in range(count)]
        for place, at in enumerate(order):
            answers[at] = flight_answer(flight, place, found, smoothed[place])
    return [
        replace(answers[at], notes=(*answers[at].notes, *remarks[at])) if remarks[at] else answers[at]
        for at in range(count)
    ]


class Follower:
    """Follows a flight photo by photo, as they come; each answer rests on the photos so far.

    Args:
        locator: Of the atlas.
        view: How the photos see the world.
        max_speed_mps: The camera never moves faster.
        options: The other options of :meth:`Locator.locate` for every photo.

    Raises:
        GleamError: The speed is impossible.
    """

    def __init__(self, locator: Locator, view: Any, max_speed_mps: float, **options: Any) -> None:
        self.flight = Flight(locator, max_speed_mps, **options)
        self._view = view
        self._found: list[Seen | None] = []

    def add(self, photo: Any, time_s: float, *, view: Any = None, **known: Any) -> Answer:
        """Take the next photo and say where it was taken.

        Args:
            photo: See :meth:`Locator.locate`.
            time_s: Seconds since any moment, not before the last photo's.
            view: When it is another than the flight's.
            known: ``pose``, ``heading`` and ``moved``, see :meth:`gleam.locating.several.flight.Flight.take`.

        Raises:
            GleamError: The time lies before that of the last photo, or is no number.
        """
        flight = self.flight
        flight.take(photo, self._view if view is None else view, time_s, **known)
        last = len(flight) - 1
        probability = flight.filtered(last)
        self._found.append(flight.seen(last, probability))
        return flight_answer(flight, last, self._found, probability)


def order_of(
    photos: Sequence[Any], times_s: Sequence[float] | None, interval_s: float = UNKNOWN_INTERVAL_S
) -> tuple[list[float], list[int], list[list[str]]]:
    """Return the seconds of each photo, the order in time, and what there is to say of each time.

    Raises:
        GleamError: The number of times is another, or one is not a finite number.
    """
    count = len(photos)
    remarks: list[list[str]] = [[] for _ in photos]
    if times_s is not None:
        if len(times_s) != count:
            raise GleamError(f"{len(times_s)} times were given for {count} photos; give one per photo.")
        for number, value in enumerate(times_s, start=1):
            if not math.isfinite(value):
                raise GleamError(f"The time of photo {number} is {value}; give seconds as a number.")
        times = [float(value) for value in times_s]
    else:
        taken = _capture_times(photos)
        times = taken or [interval_s * number for number in range(count)]
        if taken is None and count > 1:
            for remark in remarks:
                remark.append(f"the capture times are unknown: photos count as up to {interval_s:g} s apart")
    order = sorted(range(count), key=lambda at: times[at])
    for number in range(1, count):
        if times[number] < times[number - 1]:
            remarks[number].append(
                f"taken {times[number - 1] - times[number]:g} s before the photo listed in front of it; the "
                "flight was followed in the order of time"
            )
    for before, after in pairwise(order):
        if times[before] == times[after]:
            remarks[after].append("taken at the same time as another photo, so at the same position")
    return times, order, remarks


def _capture_times(photos: Sequence[Any]) -> list[float] | None:
    """Return the seconds of the capture times in the photos' metadata; None unless all tell them alike."""
    from gleam.imagery.exif import read_metadata

    moments: list[datetime] = []
    for photo in photos:
        if not isinstance(photo, str | os.PathLike | bytes):
            return None
        try:
            taken = getattr(read_metadata(photo), "taken", None)
        except GleamError:
            return None
        if not isinstance(taken, datetime):
            return None
        moments.append(taken)
    if len({moment.tzinfo is None for moment in moments}) > 1:
        return None
    first = min(moments)
    return [(moment - first).total_seconds() for moment in moments]
