"""Groups and flights made of photos of known position, for the calibration of several photos together.

A places table has photos of one place in several views, and places near each other. Two to four photos of
a place, their headings told or not, make a group; in every fourth group one of them is replaced by a photo
of another place, and photos from elsewhere make groups of their own. A way from place to place, always to
one of the nearest that is left, makes a flight, at a speed drawn below the cap; one photo in eight is of
another place, and every fourth flight is from elsewhere.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gleam.geo import Frame, distance_m
from gleam.locating.answer import Answer, Status
from gleam.locating.calibrations import Calibrations
from gleam.locating.judging.sample import Sample, SampleLog
from gleam.locating.judging.samples import Look, Looks, rank_of, strangers_wanted
from gleam.locating.judging.signs import SEQUENCE, TOGETHER
from gleam.locating.locator import Locator
from gleam.locating.region import ellipse_distance
from gleam.locating.reporting import candidates_of
from gleam.locating.several.flight import Flight
from gleam.locating.several.flight_answers import flight_answer
from gleam.locating.several.flight_signs import sequence_signs
from gleam.locating.several.sightings import Sighting, sighting_of
from gleam.locating.several.together import joint_answer
from gleam.places import PlaceImage, Places
from gleam.progress import track
from gleam.views import View

BAD_GROUPS, STRANGERS = 0.25, 0.25
"""Share of groups with one photo of another place; and how many groups and flights are from elsewhere for
each one from here."""
BAD_PHOTOS = 0.125
"""Share of a flight's photos that show another place."""
FLIGHT_PHOTOS = 8
FEWEST_IN_FLIGHT = 3
CAP_MPS = 20.0
_NEAREST = 3


def sample_several(
    locator: Locator,
    places: Places,
    *,
    area: str,
    others: Sequence[Places] = (),
    limit: int | None = None,
    within_m: float = 50.0,
    absent_share: float = 0.2,
    seed: int = 0,
    cache: str | os.PathLike[str] | None = None,
    look: Look | None = None,
) -> list[Sample]:
    """Locate groups and flights of the photos of one area in its atlas.

    Args:
        locator: The encoder with an atlas of the area.
        places: Photos with positions; satellite rows are not used.
        area: Its name.
        others: Photos from elsewhere.
        limit: Most photos per view, evenly drawn; all when not given.
        within_m: A place is right within this distance.
        absent_share: As many photos of others are looked at as :func:`sample_area` does.
        seed: Of what is drawn.
        cache: A folder that keeps what was located; a killed run goes on there.
        look: How a photo is located alone; by the locator when not given.
    """
    log = SampleLog.of(
        cache, locator.finder, f"{area} several, silent ones too, {limit}", within_m, absent_share, seed
    )
    # Covariances are wanted as they are before any calibration.
    plain = Locator(locator.encoder, locator.atlas, headings=locator.headings)
    plain.calibrations = Calibrations()
    look = look or Looks(plain)
    here = _Album(plain, places, limit, look)
    few = strangers_wanted(len(here.places), absent_share, len(others))
    away = [_Album(plain, table, few, look) for table in others]
    out: list[Sample] = []
    for kind, make in ((TOGETHER, _group), (SEQUENCE, _flight)):
        jobs: list[tuple[str, _Album, bool, int]] = []
        count = len(here.places) if kind == TOGETHER else max(1, len(here.rows) // 4)
        jobs += [(f"here {n}", here, True, n) for n in range(count)]
        strangers = round(count * STRANGERS) if away else 0
        jobs += [(f"elsewhere {n}", away[n % len(away)], False, n) for n in range(strangers)]
        for name, album, present, n in track(jobs, f"Locating several photos of {area}: {kind}"):
            rng = np.random.default_rng([seed, zlib.crc32(f"{area} {kind} {name}".encode())])
            out += log.get(f"{kind} {name}", partial(make, plain, album, area, within_m, present, n, rng))
    return out


class _Album:
    """The photos of one table by place, each looked at when it is first asked for."""

    def __init__(self, locator: Locator, table: Places, limit: int | None, look: Look) -> None:
        known = np.isfinite(table.column("lat")) & np.isfinite(table.column("lon"))
        self._table, self._locator, self._look = table, locator, look
        self._seen: dict[tuple[int, bool], Sighting] = {}
        self.rows: list[int] = []
        for view in table.views:
            if view is not View.SATELLITE:
                rows = [i for i, row in enumerate(table) if row.view is view and known[i]]
                taken = len(rows) if limit is None else min(limit, len(rows))
                self.rows += [rows[i] for i in np.linspace(0, len(rows) - 1, taken).round().astype(int)]
        by_place: dict[str, list[int]] = {}
        for row in self.rows:
            by_place.setdefault(table[row].place, []).append(row)
        self.places = [rows for rows in by_place.values() if len(rows) > 1]
        self.middle = float(np.median([table[r].lon or 0.0 for r in self.rows])) if self.rows else 0.0

    def row(self, row: int) -> PlaceImage:
        return self._table[row]

    def sighting(self, row: int, told: bool) -> Sighting:
        image = self._table[row]
        told = told or image.view is View.MAP
        if (row, told) not in self._seen:
            path = self._table.path_of(row)
            found = self._look(path, image, told)
            candidates = candidates_of(found.places, found.query)
            best = found.places[0] if found.places else None
            answer = Answer(
                path.name,
                image.view.value,
                Status.AMBIGUOUS if best is not None else Status.CANNOT_TELL,
                lat=None if best is None else best.lat,
                lon=None if best is None else best.lon,
                candidates=candidates,
            )
            pose = image.pose if told else image.pose.with_heading(None)
            self._seen[row, told] = sighting_of(self._locator, found, answer, path.name, path, pose)
        return self._seen[row, told]

    def truth(self, row: int) -> tuple[float, float]:
        image = self._table[row]
        assert image.lat is not None and image.lon is not None
        return image.lat, image.lon


def _group(
    locator: Locator,
    album: _Album,
    area: str,
    within_m: float,
    present: bool,
    number: int,
    rng: np.random.Generator,
) -> list[Sample]:
    """Locate two to four photos of a place together, a few times over."""
    if not album.places:
        return []
    rows = album.places[number % len(album.places)]
    out = []
    for _ in range(2):
        chosen = rng.permutation(rows)[: int(rng.integers(2, min(len(rows), 4) + 1))].tolist()
        truth = album.truth(chosen[0])
        if present and len(chosen) > 2 and rng.random() < BAD_GROUPS * 1.5:
            chosen[-1] = int(rng.choice(album.rows))
        told = bool(rng.random() < 0.5)
        answer, signs = joint_answer(locator, [album.sighting(r, told) for r in chosen])
        if signs:
            sample = Sample(area, TOGETHER, album.row(rows[0]).place, present, None, None, signs, False)
            out.append(_measured(sample, answer, truth, album.middle, within_m))
    return out


def _flight(
    locator: Locator,
    album: _Album,
    area: str,
    within_m: float,
    present: bool,
    number: int,
    rng: np.random.Generator,
) -> list[Sample]:
    """Locate one way through photos of one view."""
    views = list(dict.fromkeys(album.row(r).view for r in album.rows))
    # Drones fly; others drive or walk past the same places.
    view = View.DRONE if View.DRONE in views and rng.random() < 0.7 else views[int(rng.integers(len(views)))]
    rows = [r for r in album.rows if album.row(r).view is view]
    # Of other areas only a few photos are looked at: all views of theirs make one flight.
    rows = rows if len(rows) >= FEWEST_IN_FLIGHT else album.rows
    way = _way(album, rows, rng)
    if len(way) < FEWEST_IN_FLIGHT:
        return []
    flight = Flight(locator, CAP_MPS)
    told = bool(rng.random() < 0.5)
    seconds, planted = 0.0, []
    for n, row in enumerate(way):
        if n:
            apart = distance_m(*album.truth(way[n - 1]), *album.truth(row))
            seconds += max(1.0, apart / (CAP_MPS * float(rng.uniform(0.4, 0.9))))
        shown = int(rng.choice(rows)) if rng.random() < BAD_PHOTOS else row
        planted.append(album.row(shown).place != album.row(row).place)
        flight.add(album.sighting(shown, told), seconds)
    smoothed = flight.smoothed()
    found = [flight.seen(n, smoothed[n]) for n in range(len(way))]
    out = []
    for n, row in enumerate(way):
        answer = flight_answer(flight, n, found, smoothed[n])
        # A photo that is told no position is kept without signs: it counts among those not claimed.
        signs = {} if answer.lat is None else sequence_signs(flight, n, found, answer)
        sample = Sample(
            area, SEQUENCE, album.row(row).place, present, None, None, signs, False, planted=planted[n]
        )
        out.append(_measured(sample, answer, album.truth(row), album.middle, within_m))
    return out


def _way(album: _Album, rows: Sequence[int], rng: np.random.Generator) -> list[int]:
    """Return rows in an order in which each is one of the nearest to the one before."""
    left = list(rows)
    if not left:
        return []
    way = [left.pop(int(rng.integers(len(left))))]
    while left and len(way) < FLIGHT_PHOTOS:
        lat, lon = album.truth(way[-1])
        at: NDArray[np.float64] = np.array([album.truth(r) for r in left])
        order = np.argsort(np.asarray(distance_m(lat, lon, at[:, 0], at[:, 1])))
        way.append(left.pop(int(order[int(rng.integers(min(_NEAREST, len(left))))])))
    return way


def _measured(
    sample: Sample, answer: Answer, truth: tuple[float, float], middle: float, within_m: float
) -> Sample:
    """Return a sample with how far its answer is from the truth, when that is among the tiles."""
    error, sigmas, rank = None, None, None
    if sample.present and answer.lat is not None and answer.lon is not None:
        error = float(distance_m(*truth, answer.lat, answer.lon))
        rank = rank_of([(c.lat, c.lon) for c in answer.candidates], *truth, within_m)
        if answer.covariance_m2 is not None:
            x, y = Frame.at(answer.lat, answer.lon).to_local(*truth)
            sigmas = float(ellipse_distance(x, y, answer.covariance_m2))
    return replace(sample, error_m=error, sigmas=sigmas, east=truth[1] > middle, rank=rank)
