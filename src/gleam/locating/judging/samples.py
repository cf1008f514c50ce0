"""Photos of known position located over and over, as a calibration needs them; kept on disk as it goes.

Each photo is searched with its heading known and unknown, in the whole atlas and around a prior of random
size, and for a part of the cases with the tiles around the truth taken away, as if it came from
elsewhere. Photos of other places stand for those that do come from elsewhere.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gleam.atlas import Region
from gleam.errors import GleamError
from gleam.geo import Circle, Frame, distance_m, offset
from gleam.locating.judging.signs import signs_of
from gleam.locating.locator import Locator
from gleam.locating.region import ellipse_distance
from gleam.locating.searching.finding import REFINED, Finder, Found
from gleam.locating.searching.refine import Memory
from gleam.places import PlaceImage, Places
from gleam.progress import track
from gleam.views import View, parse_view

PRIOR_RADII_M = (150.0, 1500.0)
"""Priors are drawn between these, evenly in the logarithm."""
FORMAT = 1
"""Of the lines on disk."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One search whose truth is known.

    area: name of the places searched. view, place: of the photo. present: whether its ground was among
    the tiles searched. error_m: of the first place, None when not present. sigmas: the same in standard
    deviations of its surface, None likewise. signs: see :data:`gleam.locating.judging.signs.SIGNS`; empty when
    nothing was found. east: whether the photo is from the eastern half of its area.
    """

    area: str
    view: str
    place: str
    present: bool
    error_m: float | None
    sigmas: float | None
    signs: dict[str, float]
    east: bool


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

    Raises:
        GleamError: A view has no photo with a position.
    """
    finder = locator.finder
    log = _Log.of(cache, finder, area, within_m, absent_share, seed)
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
                    _of_photo, finder, rows.path_of(row), row, area, within_m, absent_share, seed, middle
                ),
            )
        strangers = [o.select(view=view) for o in others]
        wanted = round(len(rows) * absent_share / 2 / max(1, len(strangers))) if strangers else 0
        for n, table in enumerate(strangers):
            for row in track(_some(table, wanted), f"Locating {view.value} photos from elsewhere in {area}"):
                out += log.get(
                    f"elsewhere {n} {view.value} {table.path_of(row)}",
                    partial(_of_stranger, finder, table.path_of(row), row, area, within_m, seed),
                )
    return out


def _some(rows: Places, limit: int | None) -> Places:
    if limit is None or len(rows) <= limit:
        return rows
    return rows.take(np.linspace(0, len(rows) - 1, limit).round().astype(np.int64)) if limit else rows[:0]


def _of_photo(
    finder: Finder,
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
    poses = [row.pose] if row.view is View.MAP else [row.pose, row.pose.with_heading(None)]
    out = []
    for pose in poses:
        queries = finder.queries(path, row.view, pose)
        memory = Memory()
        radius = float(np.exp(rng.uniform(*np.log(PRIOR_RADII_M))))
        prior = Region.around(_prior(row.lat, row.lon, radius, rng))
        cases: list[tuple[Region | None, bool]] = [(None, True), (prior, True)]
        # Strangers make up the other half of the absent ones.
        if rng.random() < absent_share:
            cases.append((None if rng.random() < 0.5 else prior, False))
        for region, present in cases:
            gone = None if present else Circle(row.lat, row.lon, 1.5 * finder.atlas.tile_m)
            found = finder.search(queries, region, REFINED, without=gone, known=memory)
            out.append(_sample(found, row, area, within_m, present, row.lon > middle))
    return out


def _of_stranger(
    finder: Finder, path: Path, row: PlaceImage, area: str, within_m: float, seed: int
) -> list[Sample]:
    rng = np.random.default_rng([seed, zlib.crc32(f"{area} {row.view.value} {path.name}".encode())])
    known = row.view is View.MAP or rng.random() < 0.5
    queries = finder.queries(path, row.view, row.pose if known else row.pose.with_heading(None))
    found = finder.search(queries, None, REFINED)
    return [_sample(found, row, area, within_m, False, bool(rng.random() < 0.5))]


def _sample(found: Found, row: PlaceImage, area: str, within_m: float, present: bool, east: bool) -> Sample:
    if not found.places:
        return Sample(area, row.view.value, row.place, present, None, None, {}, east)
    best = found.places[0]
    searched = found.query.headings is not None
    signs = signs_of(found.places, found.tiles, within_m, found.surface, heading_searched=searched)
    error, sigmas = None, None
    if present and row.lat is not None and row.lon is not None:
        error = float(distance_m(row.lat, row.lon, best.lat, best.lon))
        if found.surface is not None:
            x, y = Frame.at(best.lat, best.lon).to_local(row.lat, row.lon)
            sigmas = float(ellipse_distance(x, y, found.surface.covariance_m2))
    return Sample(area, row.view.value, row.place, present, error, sigmas, signs, east)


def _prior(lat: float, lon: float, radius_m: float, rng: np.random.Generator) -> Circle:
    """Return a circle that holds the truth somewhere in its inner two thirds."""
    east, north = rng.uniform(-1, 1, 2) * radius_m * 0.45
    return Circle(*offset(lat, lon, float(east), float(north)), radius_m)


class _Log:
    """Lines of JSON, one per photo, written as soon as it is done."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._known: dict[str, list[dict[str, Any]]] = {}
        if file is None:
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        for key, samples in _lines(file):
            self._known[key] = samples

    @classmethod
    def of(
        cls,
        folder: str | os.PathLike[str] | None,
        finder: Finder,
        area: str,
        within_m: float,
        absent_share: float,
        seed: int,
    ) -> _Log:
        if folder is None:
            return cls(None)
        what = f"{FORMAT} {within_m:g} {absent_share:g} {seed} {finder.headings} {area}"
        name = (
            f"{finder.encoder.fingerprint[:8]}-{finder.atlas.fingerprint[:8]}-"
            f"{zlib.crc32(what.encode()):08x}.jsonl"
        )
        return cls(Path(folder) / name)

    def get(self, key: str, make: Callable[[], list[Sample]]) -> list[Sample]:
        """Return the samples of a photo, from the file or else made now and written."""
        if key in self._known:
            return [Sample(**item) for item in self._known[key]]
        samples = make()
        if self._file is not None:
            line = json.dumps({"photo": key, "samples": [asdict(s) for s in samples]}, ensure_ascii=False)
            with self._file.open("a", encoding="utf-8") as file:
                # A line torn by a kill must not swallow this one.
                file.write(f"{'' if file.tell() == 0 else chr(10)}{line}")
        return samples


def _lines(file: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield what was written whole; a line torn by a kill is done again."""
    if not file.exists():
        return
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
            samples = [Sample(**item) for item in entry["samples"]]
        except (ValueError, KeyError, TypeError):
            continue
        yield entry["photo"], [asdict(s) for s in samples]
