"""Rendering the pictures of all places, by several workers, in pieces that survive a kill.

A piece is a few dozen places. Its pictures are written one by one; then its table rows and facts are
written as one file, which says that the piece is done. A picture is a function of (city seed, place
number, view) alone, so a piece made again after a kill holds the same bytes.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from gleam.city.facts import facts_row, index_of, place_facts
from gleam.city.places import CityPlaces
from gleam.city.scene import Scene
from gleam.city.shots import Shot, take
from gleam.files import read_json, write_json
from gleam.geo import Footprint
from gleam.imagery.exif_write import jpeg_bytes
from gleam.places.table import PlaceImage
from gleam.progress import progress
from gleam.views import Pose, View

PIECE = 32
"""Places in one piece; what a kill can cost."""

FACTS_HALF_M = 64.0
"""Facts are told of a square of this half width, which is what a satellite picture shows."""

SOURCE = "GLEAM procedural city"
LICENCE = "CC0-1.0"
_VIEW_NUMBER = {view: number for number, view in enumerate(View)}


@dataclass(frozen=True)
class PictureJob:
    """What the pictures of a city are made from, and where they go."""

    scene: Scene
    places: CityPlaces
    folder: Path
    parts: Path
    views: tuple[View, ...]
    pixels: int
    quality: int
    labels: bool


def place_id(number: int) -> str:
    """Return the name of a place: ``p00042``."""
    return f"p{number:05d}"


def shot_rng(seed: int, place: int, view: View) -> np.random.Generator:
    """Return the random stream of one picture; no other picture shares it."""
    return np.random.default_rng([seed, place, _VIEW_NUMBER[view]])


def make_pictures(job: PictureJob, workers: int) -> tuple[list[PlaceImage], list[dict[str, Any]]]:
    """Write every picture; return the rows of the places table and of the facts table, in order."""
    # Built once here; workers that came first at the same time would each build it.
    index_of(job.scene)
    for view in job.views:
        (job.folder / "images" / view.value).mkdir(parents=True, exist_ok=True)
    pieces = range(0, len(job.places), PIECE)
    rows: list[PlaceImage] = []
    facts: list[dict[str, Any]] = []
    with progress("Taking pictures of places", len(job.places)) as bar:
        for done in _in_order(job, pieces, workers):
            rows += [PlaceImage(**{**row, "view": View(row["view"])}) for row in done["rows"]]
            facts += done["facts"]
            bar.advance(len(done["facts"]))
    return rows, facts


def _in_order(job: PictureJob, pieces: range, workers: int) -> Iterator[dict[str, Any]]:
    """Yield finished pieces in order, keeping every worker busy with single places."""
    with ThreadPoolExecutor(workers) as pool:
        begun: deque[tuple[int, list[Future[dict[str, Any]]] | None]] = deque()
        waiting = iter(pieces)
        try:
            for first in waiting:
                begun.append((first, None if _is_done(job, first) else _begin(job, first, pool)))
                if len(begun) > 2:
                    yield _collect(job, *begun.popleft())
            while begun:
                yield _collect(job, *begun.popleft())
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _part_file(job: PictureJob, first: int) -> Path:
    return job.parts / f"places_{first:06d}.json"


def _is_done(job: PictureJob, first: int) -> bool:
    """Tell whether an earlier run finished a piece, and its pictures survived (a power cut may eat some)."""
    file = _part_file(job, first)
    return file.is_file() and all(_is_whole(job.folder / row["path"]) for row in read_json(file)["rows"])


def _is_whole(picture: Path) -> bool:
    """Tell whether a JPEG is there to its end marker."""
    if not picture.is_file() or picture.stat().st_size < 4:
        return False
    with picture.open("rb") as file:
        file.seek(-2, os.SEEK_END)
        return file.read() == b"\xff\xd9"


def _begin(job: PictureJob, first: int, pool: ThreadPoolExecutor) -> list[Future[dict[str, Any]]]:
    last = min(first + PIECE, len(job.places))
    return [pool.submit(_one_place, job, number) for number in range(first, last)]


def _collect(job: PictureJob, first: int, futures: list[Future[dict[str, Any]]] | None) -> dict[str, Any]:
    """Wait for a piece and say on disk that it is done, or read what an earlier run said."""
    if futures is None:
        done: dict[str, Any] = read_json(_part_file(job, first))
        return done
    results = [future.result() for future in futures]
    done = {
        "rows": [row for result in results for row in result["rows"]],
        "facts": [result["facts"] for result in results],
    }
    # Through JSON and back, so that a resumed city has the same tables to the bit.
    write_json(_part_file(job, first), done, indent=None)
    plain: dict[str, Any] = json.loads(json.dumps(done))
    return plain


def _one_place(job: PictureJob, number: int) -> dict[str, Any]:
    """Take all pictures of one place and state its facts."""
    x, y = float(job.places.x[number]), float(job.places.y[number])
    rows = []
    for view in job.views:
        rng = shot_rng(job.scene.seed, number, view)
        shot = take(job.scene, view, x, y, rng, job.pixels, labels=job.labels)
        rows.append(_write_picture(job, number, view, shot))
    lat, lon = job.scene.frame.to_wgs84(x, y)
    facts = {"place": place_id(number), "lat": lat, "lon": lon, "split": job.places.split[number]}
    return {"rows": rows, "facts": facts | facts_row(place_facts(job.scene, x, y, FACTS_HALF_M))}


def _write_picture(job: PictureJob, number: int, view: View, shot: Shot) -> dict[str, Any]:
    """Write one JPEG and return its row of the places table."""
    path = f"images/{view.value}/{place_id(number)}.jpg"
    lat, lon = job.scene.frame.to_wgs84(shot.x, shot.y)
    camera = job.scene.frame.to_wgs84(shot.camera_x, shot.camera_y)
    date = shot.weather.get("date")
    taken = dt.date.fromisoformat(str(date)) if date else None
    flies = view is View.DRONE
    data = jpeg_bytes(
        shot.image,
        view=view,
        pose=shot.pose,
        quality=job.quality,
        # Only the drone tells where it was: what the other queries hide is what GLEAM is to find.
        position=camera if flies else None,
        altitude_m=shot.pose.height_m if flies else None,
        taken=taken,
    )
    _replace(job.folder / path, data)
    width = shot.pose.ground_width_m
    row = PlaceImage(
        place=place_id(number),
        view=view,
        path=path,
        lat=lat,
        lon=lon,
        camera_lat=camera[0],
        camera_lon=camera[1],
        footprint=Footprint.square(lat, lon, width).to_wkt() if width else None,
        split=job.places.split[number],
        source=SOURCE,
        licence=LICENCE,
        taken=taken.isoformat() if taken else None,
        **_fields(shot.pose),
    )
    return {**_fields(row), "view": view.value}


def _fields(record: Pose | PlaceImage) -> dict[str, Any]:
    """Return the fields of a flat record (``dataclasses.asdict`` copies deeply, which takes long)."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _replace(path: Path, data: bytes) -> None:
    """Write a file under another name and rename it; the flush to the disk comes once, at the end."""
    temporary = path.with_name(f".{path.name}.partial")
    temporary.write_bytes(data)
    os.replace(temporary, path)
