"""What an answer says beside its position: prior, heading, pose, fields used, seconds."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from gleam.geo import Box, Circle, Footprint
from gleam.locating.answer import Candidate
from gleam.locating.camera import aim_point, metres_ahead
from gleam.locating.query import Camera, Query
from gleam.locating.searching.finding import Found
from gleam.locating.searching.places import Place
from gleam.views import Pose

UNSURE_HEADING_LEAD = 0.03
"""Cosine similarity: a heading that leads all those turned away from it by less is told to be unsure."""


class Clock:
    """Seconds per step, in the order of the steps."""

    def __init__(self) -> None:
        self._begun = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, step: str) -> None:
        """Give the seconds since the last step a name."""
        now = time.perf_counter()
        self._laps[step] = round(now - self._last, 4)
        self._last = now

    def seconds(self) -> dict[str, float]:
        """Return the seconds of each step and in total."""
        return {**self._laps, "total": round(time.perf_counter() - self._begun, 4)}


def choose_prior(
    near: Circle | Box | None, camera: Camera, use_exif: bool, radius_m: float
) -> tuple[Circle | Box | None, str | None, str | None]:
    """Return the circle or box to search, where it came from, and what there is to say about it.

    EXIF tells where the camera was. A tilted drone looks at ground ahead of it: the circle lies around that
    where height, pitch and heading are known, and reaches as far where the heading is not.
    """
    if near is not None:
        return near, "told", None
    if not use_exif:
        return None, None, None
    if camera.position is None:
        return None, None, "the photo's EXIF tells no position, so the whole atlas was searched"
    ahead_m = metres_ahead(camera.pose)
    if not ahead_m:
        return Circle(*camera.position, radius_m), "exif", None
    aimed_at = aim_point(*camera.position, camera.pose)
    if aimed_at is not None:
        note = f"the camera looks at ground {ahead_m:.0f} m ahead, the circle lies around that"
        return Circle(*aimed_at, radius_m), "exif", note
    note = f"the camera looks at ground {ahead_m:.0f} m off, the circle is larger by that"
    return Circle(*camera.position, radius_m + ahead_m), "exif", note


def heading_of(camera: Camera, query: Query, place: Place) -> tuple[float | None, str | None]:
    """Return the heading of the photo if it was taken at a place, and where that comes from."""
    known = camera.pose_from.get("heading_deg")
    if query.headings is None:
        return camera.pose.heading_deg, known
    source = "search" if known is None else known if place.row == 0 else f"{known}, reversed"
    return float(query.headings[place.row]), source


def heading_notes(found: Found, heading_from: str | None) -> list[str]:
    """Say when another heading fits almost as well at the same place."""
    surface, headings = found.surface, found.query.headings
    if heading_from != "search" or surface is None or headings is None or surface.rival_heading is None:
        return []
    if surface.heading_lead >= UNSURE_HEADING_LEAD:
        return []
    return [f"the heading is not sure: {headings[surface.rival_heading]:.0f} degrees fits almost as well"]


def candidates_of(places: Sequence[Place], query: Query) -> tuple[Candidate, ...]:
    """Return places, best first, as the answer tells them."""
    tiles = [place.best.tile for place in places]
    squares = Footprint.squares(*np.array([(t.lat, t.lon, t.width_m) for t in tiles]).reshape(-1, 3).T)
    headings = query.headings
    return tuple(
        Candidate(
            rank,
            place.lat,
            place.lon,
            round(place.score, 6),
            tile.id,
            square,
            float(headings[place.row]) if headings is not None else None,
        )
        for rank, (place, tile, square) in enumerate(zip(places, tiles, squares, strict=True), start=1)
    )


def known_fields(pose: Pose) -> dict[str, float]:
    """Return what is known of a pose, rounded to what is meant."""
    values = {name: getattr(pose, name) for name in Pose.__slots__}
    return {name: float(np.round(value, 6)) for name, value in values.items() if value is not None}


def fields_used(camera: Camera, prior_from: str | None) -> dict[str, str]:
    """Return the metadata fields that shaped the answer; the position only when it did."""
    unused = ("GPSAltitude", "DateTime") + (() if prior_from == "exif" else ("GPSLatitude", "GPSLongitude"))
    return {name: text for name, text in camera.fields.items() if not any(u in name for u in unused)}
