"""A time-ordered flight: sightings tied together by how far the camera can have moved between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from gleam.errors import GleamError
from gleam.geo import bearing_deg, distance_m, offset
from gleam.locating.camera import camera_position
from gleam.locating.locator import Locator
from gleam.locating.searching.places import SAME_PLACE_SHARE
from gleam.locating.several.chain import Chain, Floats
from gleam.locating.several.motion import Displacement, Motion, Spots, move_density
from gleam.locating.several.sightings import Sighting, name_of, sight
from gleam.views import Pose, View

TIED = 12
"""A photo is tied to the one that last showed something over so many that showed nothing."""
SPOTS_TIED = 300
"""Best tiles of each photo that take part; the others count as an outlier does."""

SEEN_FROM = 0.5
"""A photo that shows its best place with less probability than this is an outlier."""


@dataclass(frozen=True)
class Seen:
    """Where a photo was taken, by itself and its neighbours: its best tile and how much lies around it.

    best: number among the photo's tiles. near: the numbers of those that overlap it. share: probability of
    the model that the photo shows the place there, not calibrated.
    """

    best: int
    near: np.ndarray[Any, np.dtype[np.intp]]
    share: float


class Flight:
    """Photos in the order they were taken, each of which may be an outlier.

    Args:
        locator: Of the atlas.
        max_speed_mps: The camera never moves faster.
        options: Options of :meth:`Locator.locate` for every photo.

    Raises:
        GleamError: The speed is impossible.
    """

    def __init__(self, locator: Locator, max_speed_mps: float, **options: Any) -> None:
        self.locator = locator
        self.motion = Motion(max_speed_mps)
        self.names: list[str] = []
        self.views: list[str] = []
        self.sightings: list[Sighting | None] = []
        self.failures: list[str | None] = []
        self.spots: list[Spots] = []
        self._options = options
        self._chain = Chain(self._moves, reach=TIED)

    def __len__(self) -> int:
        """Return the number of photos so far."""
        return len(self.sightings)

    def take(
        self,
        photo: Any,
        view: Any,
        time_s: float,
        *,
        pose: Pose | None = None,
        heading: float | None = None,
        moved: Displacement | None = None,
        number: int | None = None,
    ) -> None:
        """Take the next photo; one that cannot be read becomes a failure and the flight goes on.

        Args:
            photo: See :meth:`Locator.locate`, as for view, pose and heading.
            view: How it sees the world.
            time_s: Seconds since any moment, not before the last photo's.
            pose: What is known of its camera.
            heading: Of the photo.
            moved: (east, north) metres since the photo before, if known.
            number: In the user's list, from 1; the number in the flight when not given.

        Raises:
            GleamError: The time lies before that of the last photo, or is no number.
        """
        number = number or len(self) + 1
        self.motion.add(time_s, moved)
        sighting, failure = None, None
        try:
            sighting = sight(self.locator, photo, view, number, pose=pose, heading=heading, **self._options)
        except GleamError as error:
            failure = str(error)
        self._tie(name_of(photo, number), str(view or "unknown"), sighting, failure)

    def add(self, sighting: Sighting, time_s: float) -> None:
        """Take the next photo, which was looked at already.

        Raises:
            GleamError: As :meth:`take`.
        """
        self.motion.add(time_s, None)
        self._tie(sighting.name, sighting.answer.view, sighting, None)

    def _tie(self, name: str, view: str, sighting: Sighting | None, failure: str | None) -> None:
        self.names.append(name)
        self.views.append(sighting.answer.view if sighting else view)
        self.sightings.append(sighting)
        self.failures.append(failure)
        spots, weights, prior = self._spots_of(sighting)
        self.spots.append(spots)
        self._chain.add(weights, prior)

    def filtered(self, photo: int) -> Floats:
        """Return the probability of each of a photo's tiles from the photos up to it."""
        return self._chain.filtered(photo)

    def smoothed(self) -> list[Floats]:
        """Return the probability of each of each photo's tiles from the whole flight."""
        return self._chain.smoothed()

    def seen(self, photo: int, probability: Floats) -> Seen | None:
        """Return the likeliest place of a photo, overlapping tiles taken together; None without any."""
        sighting = self.sightings[photo]
        if sighting is None or not len(probability) or probability.max() <= 0:
            return None

        tiles = sighting.tiles[: len(probability)]
        lats, lons = np.array([t.lat for t in tiles]), np.array([t.lon for t in tiles])
        reach = SAME_PLACE_SHARE * self.locator.atlas.tile_m
        best: Seen | None = None
        free = probability > 1e-3 * probability.max()
        while free.any():
            at = int(np.argmax(np.where(free, probability, -1.0)))
            away = np.asarray(distance_m(lats[at], lons[at], lats, lons))
            near = np.flatnonzero(away <= reach)
            share = float(probability[near].sum())
            if best is None or share > best.share:
                best = Seen(at, near, min(share, 1.0))
            free[near] = False
        return best

    def everywhere_m(self) -> float:
        """Return a reach from which on a photo may be anywhere in what was searched."""
        searched = max((s.searched for s in self.sightings if s is not None), default=0)
        return math.sqrt(2 * max(searched, 1)) * self.locator.atlas.stride_m

    def _moves(self, first: int, second: int) -> Floats:
        cell = self.locator.atlas.stride_m**2
        sighting = self.sightings[second]
        searched = sighting.searched if sighting is not None else 1
        density = move_density(
            self.spots[first],
            self.spots[second],
            self.motion.reach_m(first, second),
            self.motion.moved(first, second),
            max(searched, 1) * cell,
        )
        return density * cell

    def _spots_of(self, sighting: Sighting | None) -> tuple[Spots, Floats, Floats]:
        atlas = self.locator.atlas
        if sighting is None or not sighting.tiles:
            nothing = np.zeros(0)
            return Spots(nothing, nothing, atlas.stride_m / 2), nothing, nothing
        tiles = sighting.tiles[:SPOTS_TIED]
        spots = cameras(
            np.array([t.lat for t in tiles]),
            np.array([t.lon for t in tiles]),
            sighting,
            atlas.stride_m,
            atlas.tile_m,
        )
        prior = np.full(len(tiles), 1.0 / max(sighting.searched, len(tiles)))
        return spots, np.exp(sighting.log_weights[: len(tiles)]), prior


def cameras(lats: Floats, lons: Floats, sighting: Sighting, stride_m: float, tile_m: float) -> Spots:
    """Return where the camera stood if the photo shows each of some tiles.

    A drone looks at ground some way ahead of it; that way is known from its angles and height. Where they
    are not, the ground stands for the camera and the position is blurred by half a tile.
    """
    blur = stride_m / 2
    if sighting.answer.view != View.DRONE.value:
        return Spots(lats, lons, blur)
    out_lats, out_lons = lats.copy(), lons.copy()
    headings = sighting.headings[: len(lats)]
    keys = np.where(np.isnan(headings), -1.0, headings)
    for heading in np.unique(keys):
        rows = np.flatnonzero(keys == heading)
        pose = sighting.pose if heading < 0 else sighting.pose.with_heading(float(heading))
        east, north, known = _way_back(float(lats[rows[0]]), float(lons[rows[0]]), pose)
        if not known:
            return Spots(lats, lons, math.hypot(blur, tile_m / 2))
        out_lats[rows], out_lons[rows] = offset(lats[rows], lons[rows], east, north)
    return Spots(out_lats, out_lons, blur)


def _way_back(lat: float, lon: float, pose: Pose) -> tuple[float, float, bool]:
    """Return (east, north) metres from the ground in a picture to its camera, and whether they are known."""
    stood = camera_position(lat, lon, pose)
    if stood is None:
        return 0.0, 0.0, False
    far = distance_m(lat, lon, *stood)
    towards = math.radians(bearing_deg(lat, lon, *stood))
    return far * math.sin(towards), far * math.cos(towards), True
