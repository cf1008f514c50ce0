"""Locating a photo in an atlas."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gleam.atlas import Atlas, Region
from gleam.atlas.embedding import SquareEncoder
from gleam.errors import GleamError
from gleam.geo import Box, Circle
from gleam.locating.answer import Answer, Searched, Status
from gleam.locating.calibrations import Calibrations
from gleam.locating.camera import camera_position
from gleam.locating.detect_view import choose_view
from gleam.locating.judging.confidence import RADIUS_FROM_GRID, Judgement, grid_radius95_m, judge
from gleam.locating.judging.shape import REGION_FROM_SCORES, shape_of, speaks_of_one_place
from gleam.locating.query import HEADINGS, Camera, Query, may_be_reversed, read_camera
from gleam.locating.reporting import (
    Clock,
    candidates_of,
    choose_prior,
    fields_used,
    heading_notes,
    heading_of,
    known_fields,
)
from gleam.locating.searching.finding import REFINED, Finder, Found
from gleam.locating.searching.places import Place
from gleam.views import UNKNOWN_POSE, Pose, View

EXIF_RADIUS_M = 500.0
"""Radius searched around the position in a photo's EXIF when that is asked for."""


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
        self.finder = Finder(encoder, atlas, headings)
        self.calibrations = Calibrations.of(encoder)

    def locate(
        self,
        photo: Any,
        view: View | str | None = None,
        *,
        pose: Pose | None = None,
        near: Circle | Box | None = None,
        heading: float | None = None,
        k: int = 10,
        use_metadata: bool = True,
        use_exif: bool = False,
        exif_radius_m: float = EXIF_RADIUS_M,
        fuse: bool = True,
        refine: int = REFINED,
        watch: Callable[[Found], None] | None = None,
    ) -> Answer:
        """Say where a photo was taken.

        Args:
            photo: A path, bytes, a PIL picture or an (H, W, 3) uint8 array.
            view: How it sees the world: drone, map, panorama, ground or satellite; found out from the
                photo when not given, which the answer says, see :mod:`gleam.locating.detect_view`.
            pose: What is known of the camera; wins over the metadata.
            near: The position lies in this circle or box, see :mod:`gleam.locating.searching.prior`.
            heading: Short for a pose that only tells the heading.
            k: Candidates to return.
            use_metadata: Read heading, pitch, height and field of view from EXIF and XMP of a file.
            use_exif: Also take the POSITION in the EXIF: a circle around it, or around the ground that a
                drone whose pose is known looks at from there, is searched.
            exif_radius_m: Radius of that circle.
            fuse: Weigh overlapping tiles into one position finer than a tile.
            refine: So many of the best places are looked at more closely, between the tiles; see
                :mod:`gleam.locating.searching.refine`. 0 leaves it out.
            watch: Given what the search found, for those who draw it; it changes nothing.

        Returns:
            The answer; a photo that shows nothing or an area without tiles gives ``cannot_tell``.

        Raises:
            ImageError: The photo cannot be read.
            GleamError: An argument is impossible.
        """
        if k < 1:
            raise GleamError(f"k is {k}; ask for at least one candidate.")
        told = pose or UNKNOWN_POSE
        if heading is not None:
            told = told.with_heading(heading)
        clock = Clock()
        view, detected = choose_view(photo, view, use_metadata=use_metadata)
        camera = read_camera(photo, view, told, use_metadata=use_metadata)
        near, prior_from, prior_note = choose_prior(near, camera, use_exif, exif_radius_m)
        clock.lap("metadata")
        turned = may_be_reversed(camera, view)
        found = self.look(
            photo, view, camera.pose, near, max(k, REFINED), fuse=fuse, refine=refine, or_reversed=turned
        )
        if watch is not None:
            watch(found)
        searched = self._searched(near, found.tiles)
        clock.lap("search")
        notes = [note for note in (detected, prior_note) if note]
        return self._answer(
            photo, view, camera, found, k, searched, near, prior_from, notes, clock, detected is not None
        )

    def find(
        self,
        photo: Any,
        view: View,
        pose: Pose,
        region: Circle | Box | Region | None,
        k: int,
        *,
        fuse: bool = True,
        refine: int = REFINED,
        or_reversed: bool = False,
    ) -> tuple[Query, list[Place]]:
        """Return the prepared photo and the ``k`` best places; the first two parts of :meth:`look`."""
        found = self.look(photo, view, pose, region, k, fuse=fuse, refine=refine, or_reversed=or_reversed)
        return found.query, found.places

    def look(
        self,
        photo: Any,
        view: View,
        pose: Pose,
        region: Circle | Box | Region | None,
        k: int,
        *,
        fuse: bool = True,
        refine: int = REFINED,
        or_reversed: bool = False,
    ) -> Found:
        """Return the ``k`` best places in a region and the scores around the first, without judging them.

        ``or_reversed``: the heading may be off by half a turn. For the rest see :meth:`locate`. In a circle
        or box the positions lie inside, and where it is small the places around it are told as rivals.

        Raises:
            ImageError: The photo cannot be read.
        """
        queries = self.finder.queries(photo, view, pose, or_reversed=or_reversed)
        if region is None or isinstance(region, Region):
            return self.finder.search(queries, region, k, fuse=fuse, refine=refine)
        searched = queries[self.atlas.tile_m].headings is not None
        kind = self.calibrations.kind_of(view.value, heading_searched=searched)
        least = self.calibrations.claim(kind).least_tiles
        return self.finder.search_area(queries, region, k, least, fuse=fuse, refine=refine)

    def _answer(
        self,
        photo: Any,
        view: View,
        camera: Camera,
        found: Found,
        k: int,
        searched: Searched,
        prior: Circle | Box | None,
        prior_from: str | None,
        notes: list[str],
        clock: Clock,
        detected: bool,
    ) -> Answer:
        query, places = found.query, found.places
        judgement = self._judge(found, view, searched, prior)
        notes = [*notes, *query.notes, *judgement.notes]
        best: dict[str, Any] = {}
        if places:
            heading, heading_from = heading_of(camera, query, places[0])
            notes += heading_notes(found, heading_from)
            covariance = found.surface.covariance_m2 if found.surface is not None else None
            at = [(place.lat, place.lon) for place in places]
            kind = self.calibrations.kind_of(view.value, heading_searched=query.headings is not None)
            region = shape_of(at, covariance, kind, judgement, self.calibrations)
            if region.get("region95") and self.calibrations.region(kind) is None:
                notes.append(REGION_FROM_SCORES)
            best = {
                "lat": places[0].lat,
                "lon": places[0].lon,
                **(self._radius(kind) if speaks_of_one_place(judgement) else {}),
                **region,
                "heading_deg": heading,
                "heading_from": heading_from,
            }
            stood = camera_position(places[0].lat, places[0].lon, camera.pose.with_heading(heading))
            if view is View.DRONE and stood is not None:
                best["camera_lat"], best["camera_lon"] = stood
        return Answer(
            photo=Path(photo).name if isinstance(photo, str | os.PathLike) else None,
            view=view.value,
            status=judgement.status,
            probability=judgement.probability,
            probability_here=judgement.here,
            calibration=judgement.calibration,
            candidates=candidates_of(places[:k], query),
            searched=searched,
            prior=prior,
            prior_from=prior_from,
            pose=known_fields(camera.pose),
            pose_from=camera.pose_from,
            metadata=fields_used(camera, prior_from),
            view_detected=detected,
            taken=camera.taken,
            notes=tuple(notes),
            warnings=camera.warnings,
            timing_s=clock.seconds(),
            encoder={"name": self.encoder.name, "fingerprint": self.encoder.fingerprint},
            atlas={"name": self.atlas.path.name, "fingerprint": self.atlas.fingerprint},
            **best,
        )

    def _judge(self, found: Found, view: View, searched: Searched, prior: Circle | Box | None) -> Judgement:
        if not found.query.shows_something:
            return Judgement(Status.CANNOT_TELL, notes=("the photo shows an even surface",))
        if not found.places:
            where = "" if prior is None else f" {prior.in_words}"
            return Judgement(Status.CANNOT_TELL, notes=(f"the atlas has no tile{where}",))
        return judge(
            found.ranked,
            found.compared or found.tiles,
            view.value,
            self.calibrations,
            found.surface,
            heading_searched=found.query.headings is not None,
        )

    def _radius(self, kind: str) -> dict[str, Any]:
        grid = grid_radius95_m(self.atlas.stride_m, self.atlas.tile_m)
        measured = self.calibrations.radius(kind)
        if measured is None:
            return {"radius95_m": round(grid, 1), "radius95_from": RADIUS_FROM_GRID}
        radius, source = measured.radius95_m, f"95 % of {measured.n} located answers on {measured.name}"
        if measured.through != "atlas":
            radius, source = math.hypot(radius, grid), f"{source}, widened by the grid of this atlas"
        return {"radius95_m": round(radius, 1), "radius95_from": source}

    def _searched(self, prior: Circle | Box | None, tiles: int) -> Searched:
        bounds = self.atlas.bounds
        if prior is not None:
            bounds = prior.bounds
        imagery = tuple(
            {"name": s.name, "date": s.date, "licence": s.licence, "origin": s.origin}
            for s in self.atlas.sources
        )
        # Each tile stands for one cell of the grid, so that overlap is not counted twice.
        return Searched(bounds, tiles, tiles * self.atlas.stride_m**2 / 1e6, imagery)
