"""Photos of known position located over and over, as a calibration needs them.

Each photo is searched with its heading known and unknown, in the whole atlas and around a prior of random
size, and for a part of the cases with the tiles around the truth taken away, as if it came from
elsewhere. Photos of other places stand for those that do come from elsewhere.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from gleam.atlas import Region
from gleam.errors import GleamError
from gleam.geo import Circle, Frame, LatLon, distance_m, offset
from gleam.locating.judging.sample import Sample, SampleLog
from gleam.locating.judging.signs import MOST_PLACES, signs_of
from gleam.locating.locator import Locator
from gleam.locating.region import ellipse_distance
from gleam.locating.searching.finding import REFINED, Finder, Found
from gleam.places import PlaceImage, Places
from gleam.progress import track
from gleam.views import View, parse_view

PRIOR_RADII_M = (150.0, 1500.0)
"""Priors are drawn between these, evenly in the logarithm."""
Look = Callable[[Path, PlaceImage, bool], Found]
"""Given a photo, its row and whether its heading is told: what the whole atlas has for it."""


class Looks:
    """Photos looked at in the whole atlas, each once however often it is asked for."""

    def __init__(self, locator: Locator) -> None:
        self.locator = locator
        self._found: dict[tuple[Path, str, bool], Found] = {}

    def __call__(self, path: Path, row: PlaceImage, told: bool) -> Found:
        """Return what was found for a photo; maps are north-up, so their heading is always told."""
        told = told or row.view is View.MAP
        key = (path, row.view.value, told)
        if key not in self._found:
            pose = row.pose if told else row.pose.with_heading(None)
            self._found[key] = self.locator.look(path, row.view, pose, None, REFINED)
        return self._found[key]


def sample_area(
    locator: Locator,
    places: Places,
    *,
    area: str,
    others: Sequence[Places] = (),
    views: Iterable[View | str] | None = None,
    limit: int | None = None,
    within_m: float = 50.0,
    absent_share: float = 0.2,
    seed: int = 0,
    cache: str | os.PathLike[str] | None = None,
    look: Look | None = None,
) -> list[Sample]:
    """Locate the photos of one area in its atlas.

    Args:
        locator: The encoder with an atlas of the area.
        places: Photos with positions; satellite rows are not used.
        area: Its name.
        others: Photos from elsewhere.
        views: Views to take; all query views present when not given.
        limit: Most photos per view, evenly drawn; all when not given.
        within_m: The distance that the margin speaks of.
        absent_share: Share of the samples whose truth is not among the tiles.
        seed: Of priors and draws. Each photo has its own, so that the order does not matter.
        cache: A folder that keeps what was located; a second call with the same encoder, atlas and
            settings goes on where a killed one stopped.
        look: How a photo is looked at in the whole atlas; by the locator when not given.

    Raises:
        GleamError: A view has no photo with a position.
    """
    finder = locator.finder
    log = SampleLog.of(cache, finder, area, within_m, absent_share, seed)
    look = look or Looks(locator)
    out: list[Sample] = []
    present = [v for v in places.views if v is not View.SATELLITE]
    chosen = present if views is None else [parse_view(v) for v in views]
    for view in chosen:
        rows = places.select(view=view)
        rows = rows.take(np.flatnonzero(np.isfinite(rows.column("lat")) & np.isfinite(rows.column("lon"))))
        if not len(rows):
            raise GleamError(f"No {view.value} photo of {area} has a position; calibration needs some.")
        middle = float(np.median(rows.column("lon")))
        rows = _some(rows, limit)
        for row in track(rows, f"Locating {view.value} photos of {area}"):
            out += log.get(
                f"{view.value} {row.path}",
                partial(
                    _of_photo,
                    finder,
                    look,
                    rows.path_of(row),
                    row,
                    area,
                    within_m,
                    absent_share,
                    seed,
                    middle,
                ),
            )
        strangers = [o.select(view=view) for o in others]
        wanted = strangers_wanted(len(rows), absent_share, len(strangers))
        for n, table in enumerate(strangers):
            for row in track(_some(table, wanted), f"Locating {view.value} photos from elsewhere in {area}"):
                out += log.get(
                    f"elsewhere {n} {view.value} {table.path_of(row)}",
                    partial(_of_stranger, look, table.path_of(row), row, area, within_m, seed),
                )
    return out


def _some(rows: Places, limit: int | None) -> Places:
    if limit is None or len(rows) <= limit:
        return rows
    return rows.take(np.linspace(0, len(rows) - 1, limit).round().astype(np.int64)) if limit else rows[:0]


def _of_photo(
    finder: Finder,
    look: Look,
    path: Path,
    row: PlaceImage,
    area: str,
    within_m: float,
    absent_share: float,
    seed: int,
    middle: float,
) -> list[Sample]:
    assert row.lat is not None and row.lon is not None
    rng = np.random.default_rng([seed, zlib.crc32(f"{row.view.value} {row.path}".encode())])
    # Maps are made north-up, so their heading is never unknown.
    out = []
    for told in (True,) if row.view is View.MAP else (True, False):
        whole = look(path, row, told)
        radius = float(np.exp(rng.uniform(*np.log(PRIOR_RADII_M))))
        prior = Region.around(_prior(row.lat, row.lon, radius, rng))
        cases: list[tuple[Region | None, bool]] = [(None, True), (prior, True)]
        # Strangers make up the other half of the absent ones.
        if rng.random() < absent_share:
            cases.append((None if rng.random() < 0.5 else prior, False))
        for region, present in cases:
            found = whole
            if region is not None or not present:
                gone = None if present else Circle(row.lat, row.lon, 1.5 * finder.atlas.tile_m)
                found = finder.search(dict(whole.queries), region, REFINED, without=gone)
            out.append(_sample(found, row, area, within_m, present, row.lon > middle))
    return out


def _of_stranger(
    look: Look, path: Path, row: PlaceImage, area: str, within_m: float, seed: int
) -> list[Sample]:
    rng = np.random.default_rng([seed, zlib.crc32(f"{area} {row.view.value} {path.name}".encode())])
    found = look(path, row, bool(rng.random() < 0.5))
    return [_sample(found, row, area, within_m, False, bool(rng.random() < 0.5))]


def strangers_wanted(rows: int, absent_share: float, tables: int) -> int:
    """Return how many photos of each other table, per view, stand for those from elsewhere."""
    return max(1, round(rows * absent_share / tables)) if tables and absent_share > 0 else 0


def _sample(found: Found, row: PlaceImage, area: str, within_m: float, present: bool, east: bool) -> Sample:
    if not found.places:
        return Sample(area, row.view.value, row.place, present, None, None, {}, east)
    best = found.places[0]
    searched = found.query.headings is not None
    signs = signs_of(found.places, found.tiles, within_m, found.surface, heading_searched=searched)
    error, sigmas, rank = None, None, None
    if present and row.lat is not None and row.lon is not None:
        rank = rank_of([(p.lat, p.lon) for p in found.places[:MOST_PLACES]], row.lat, row.lon, within_m)
        error = float(distance_m(row.lat, row.lon, best.lat, best.lon))
        if found.surface is not None:
            x, y = Frame.at(best.lat, best.lon).to_local(row.lat, row.lon)
            sigmas = float(ellipse_distance(x, y, found.surface.covariance_m2))
    return Sample(area, row.view.value, row.place, present, error, sigmas, signs, east, rank)


def rank_of(places: Sequence[LatLon], lat: float, lon: float, within_m: float) -> int | None:
    """Return the number of the first place within a distance of the truth, from 1; None without any."""
    right = (n for n, at in enumerate(places, start=1) if distance_m(lat, lon, *at) <= within_m)
    return next(right, None)


def _prior(lat: float, lon: float, radius_m: float, rng: np.random.Generator) -> Circle:
    """Return a circle that holds the truth somewhere in its inner two thirds."""
    east, north = rng.uniform(-1, 1, 2) * radius_m * 0.45
    return Circle(*offset(lat, lon, float(east), float(north)), radius_m)
