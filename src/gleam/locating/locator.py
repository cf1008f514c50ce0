"""Locating a photo in an atlas."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from gleam.atlas import Atlas, Region
from gleam.atlas.embedding import SquareEncoder
from gleam.errors import GleamError
from gleam.geo import Circle
from gleam.locating.answer import Answer, Candidate, Searched, Status
from gleam.locating.calibrations import Calibrations
from gleam.locating.camera import camera_position
from gleam.locating.confidence import RADIUS_FROM_GRID, Judgement, grid_radius95_m, judge
from gleam.locating.places import Place, merge_into_places
from gleam.locating.query import HEADINGS, Camera, Query, make_query, may_be_reversed, read_camera
from gleam.locating.refine import refine_places
from gleam.views import UNKNOWN_POSE, Pose, View, parse_view

EXIF_RADIUS_M = 500.0
"""Radius searched around the position in a photo's EXIF when that is asked for."""
REFINED = 10
"""Places looked at more closely and judged by, however many are returned. On a city, 10 instead of 5
found a third more drone photos where the first look was poor; each costs about 10 more squares."""
_HITS_PER_PLACE = 12
"""Overlapping tiles fetched for each place wanted: the eight neighbours at half a tile, and some."""


class Locator:
    """Finds photos in one atlas with one encoder.

    Args:
        encoder: The encoder that the atlas was built with.
        atlas: An opened atlas.
        headings: Assumed headings to try when a photo's heading is unknown.

    Raises:
        AtlasError: The atlas was built with another encoder; both are named.
    """

    def __init__(self, encoder: SquareEncoder, atlas: Atlas, *, headings: int = HEADINGS) -> None:
        self.encoder = encoder
        self.atlas = atlas
        self.headings = headings
        self._preparation = atlas.preparation(encoder)
        self._calibrations = Calibrations.of(encoder)

    def locate(
        self,
        photo: Any,
        view: View | str,
        *,
        pose: Pose | None = None,
        near: Circle | None = None,
        heading: float | None = None,
        k: int = 10,
        use_metadata: bool = True,
        use_exif: bool = False,
        exif_radius_m: float = EXIF_RADIUS_M,
        fuse: bool = True,
        refine: int = REFINED,
    ) -> Answer:
        """Say where a photo was taken.

        Args:
            photo: A path, bytes, a PIL picture or an (H, W, 3) uint8 array.
            view: How it sees the world: drone, map, panorama, ground or satellite.
            pose: What is known of the camera; wins over the metadata.
            near: Search only tiles centred in this circle.
            heading: Short for a pose that only tells the heading.
            k: Candidates to return.
            use_metadata: Read heading, pitch, height and field of view from EXIF and XMP of a file.
            use_exif: Also take the POSITION in the EXIF, as the centre of a circle to search.
            exif_radius_m: Radius of that circle.
            fuse: Weigh overlapping tiles into one position finer than a tile.
            refine: So many of the best places are looked at more closely, between the tiles; see
                :mod:`gleam.locating.refine`. 0 leaves it out.

        Returns:
            The answer; a photo that shows nothing or a circle without tiles gives ``cannot_tell``.

        Raises:
            ImageError: The photo cannot be read.
            GleamError: An argument is impossible.
        """
        view = parse_view(view)
        if k < 1:
            raise GleamError(f"k is {k}; ask for at least one candidate.")
        told = pose or UNKNOWN_POSE
        if heading is not None:
            told = told.with_heading(heading)
        clock = _Clock()
        camera = read_camera(photo, view, told, use_metadata=use_metadata)
        near, prior_from, prior_note = _choose_prior(near, camera, use_exif, exif_radius_m)
        region = Region.around(near) if near is not None else None
        clock.lap("metadata")
        query, places = self.find(
            photo,
            view,
            camera.pose,
            region,
            max(k, REFINED),
            fuse=fuse,
            refine=refine,
            or_reversed=may_be_reversed(camera, view),
        )
        searched = self._searched(region)
        clock.lap("search")
        return self._answer(
            photo, view, camera, query, places, k, searched, near, prior_from, prior_note, clock
        )

    def find(
        self,
        photo: Any,
        view: View,
        pose: Pose,
        region: Region | None,
        k: int,
        *,
        fuse: bool = True,
        refine: int = REFINED,
        or_reversed: bool = False,
    ) -> tuple[Query, list[Place]]:
        """Return the prepared photo and the ``k`` best places in a region, without judging them.

        ``or_reversed``: the heading may be off by half a turn. For the rest see :meth:`locate`.

        Raises:
            ImageError: The photo cannot be read.
        """
        query = make_query(
            self.encoder,
            self._preparation,
            photo,
            view,
            pose,
            headings=self.headings,
            or_reversed=or_reversed,
        )
        if not query.shows_something:
            return query, []
        hits = self.atlas.search(query.vectors, k * _HITS_PER_PLACE, region)
        places = merge_into_places(hits, self.atlas.tile_m, self.atlas.stride_m, k, fuse=fuse)
        return query, refine_places(
            self.atlas, self.encoder, self._preparation, query.vectors, places, refine
        )

    def _answer(
        self,
        photo: Any,
        view: View,
        camera: Camera,
        query: Query,
        places: list[Place],
        k: int,
        searched: Searched,
        prior: Circle | None,
        prior_from: str | None,
        prior_note: str | None,
        clock: _Clock,
    ) -> Answer:
        judgement = self._judge(query, places, view, searched, prior)
        notes = [*query.notes, *judgement.notes, *([prior_note] if prior_note else [])]
        found: dict[str, Any] = {}
        if places:
            best = places[0]
            heading, heading_from = _heading(camera, query, best)
            found = {
                "lat": best.lat,
                "lon": best.lon,
                **self._radius(view),
                "heading_deg": heading,
                "heading_from": heading_from,
            }
            stood = camera_position(best.lat, best.lon, camera.pose.with_heading(heading))
            if view is View.DRONE and stood is not None:
                found["camera_lat"], found["camera_lon"] = stood
        return Answer(
            photo=Path(photo).name if isinstance(photo, str | os.PathLike) else None,
            view=view.value,
            status=judgement.status,
            probability=judgement.probability,
            calibration=judgement.calibration,
            candidates=tuple(_candidate(n, p, query) for n, p in enumerate(places[:k], start=1)),
            searched=searched,
            prior=prior,
            prior_from=prior_from,
            pose=_known(camera.pose),
            pose_from=camera.pose_from,
            metadata=_fields_used(camera, prior_from),
            notes=tuple(notes),
            warnings=camera.warnings,
            timing_s=clock.seconds(),
            encoder={"name": self.encoder.name, "fingerprint": self.encoder.fingerprint},
            atlas={"name": self.atlas.path.name, "fingerprint": self.atlas.fingerprint},
            **found,
        )

    def _judge(
        self, query: Query, places: list[Place], view: View, searched: Searched, prior: Circle | None
    ) -> Judgement:
        if not query.shows_something:
            return Judgement(Status.CANNOT_TELL, notes=("the photo shows an even surface",))
        if not places:
            where = f" within {prior.radius_m:g} m of {prior.lat:.6f}, {prior.lon:.6f}" if prior else ""
            return Judgement(Status.CANNOT_TELL, notes=(f"the atlas has no tile{where}",))
        return judge(places, searched.tiles, view.value, self._calibrations)

    def _radius(self, view: View) -> dict[str, Any]:
        grid = grid_radius95_m(self.atlas.stride_m, self.atlas.tile_m)
        measured = self._calibrations.radius(view.value)
        if measured is None:
            return {"radius95_m": round(grid, 1), "radius95_from": RADIUS_FROM_GRID}
        radius, source = measured.radius95_m, f"95 % of {measured.n} located answers on {measured.name}"
        if measured.through != "atlas":
            radius, source = math.hypot(radius, grid), f"{source}, widened by the grid of this atlas"
        return {"radius95_m": round(radius, 1), "radius95_from": source}

    def _searched(self, region: Region | None) -> Searched:
        tiles = self.atlas.store.count(region)
        bounds = self.atlas.bounds
        if region is not None and region.circle is not None:
            bounds = region.circle.bounds
        imagery = tuple(
            {"name": s.name, "date": s.date, "licence": s.licence, "origin": s.origin}
            for s in self.atlas.sources
        )
        # Each tile stands for one cell of the grid, so that overlap is not counted twice.
        return Searched(bounds, tiles, tiles * self.atlas.stride_m**2 / 1e6, imagery)


class _Clock:
    """Seconds per step, in the order of the steps."""

    def __init__(self) -> None:
        self._begun = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self._laps[step] = round(now - self._last, 4)
        self._last = now

    def seconds(self) -> dict[str, float]:
        return {**self._laps, "total": round(time.perf_counter() - self._begun, 4)}


def _choose_prior(
    near: Circle | None, camera: Camera, use_exif: bool, radius_m: float
) -> tuple[Circle | None, str | None, str | None]:
    """Return the circle to search, where it came from, and what there is to say about it."""
    if near is not None:
        return near, "told", None
    if not use_exif:
        return None, None, None
    if camera.position is None:
        return None, None, "the photo's EXIF tells no position, so the whole atlas was searched"
    return Circle(*camera.position, radius_m), "exif", None


def _heading(camera: Camera, query: Query, place: Place) -> tuple[float | None, str | None]:
    known = camera.pose_from.get("heading_deg")
    if query.headings is None:
        return camera.pose.heading_deg, known
    source = "search" if known is None else known if place.row == 0 else f"{known}, reversed"
    return float(query.headings[place.row]), source


def _candidate(rank: int, place: Place, query: Query) -> Candidate:
    tile = place.best.tile
    heading = float(query.headings[place.row]) if query.headings is not None else None
    return Candidate(rank, place.lat, place.lon, round(place.best.score, 6), tile.id, tile.footprint, heading)


def _known(pose: Pose) -> dict[str, float]:
    values = {name: getattr(pose, name) for name in Pose.__slots__}
    return {name: float(np.round(value, 6)) for name, value in values.items() if value is not None}


def _fields_used(camera: Camera, prior_from: str | None) -> dict[str, str]:
    """Return the metadata fields that shaped the answer; the position only when it did."""
    unused = ("GPSAltitude", "DateTime") + (() if prior_from == "exif" else ("GPSLatitude", "GPSLongitude"))
    return {name: text for name, text in camera.fields.items() if not any(u in name for u in unused)}
