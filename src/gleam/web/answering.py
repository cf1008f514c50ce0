"""From an uploaded photo to the body of a response: the answer of ``gleam locate --json``, and more."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np

from gleam.geo import bearing_deg, distance_m
from gleam.imagery.decode import image_size
from gleam.locating import Answer, Locator
from gleam.locating.answer import VERSION
from gleam.locating.batch import Summary
from gleam.locating.coordinates import all_notations
from gleam.locating.exporters.claims import place_of
from gleam.locating.searching.finding import Found
from gleam.web.options import LocateOptions, Point

_LONGEST_NAME = 200
"""Bytes of UTF-8; file systems take 255."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def answer_photo(
    locator: Locator, photo: bytes, name: str | None, options: LocateOptions, max_pixels: int
) -> tuple[Answer, dict[str, Any]]:
    """Locate a photo and return the answer with the body of the response, still without id and photo.

    Raises:
        ImageError: The photo cannot be read or has too many pixels; it is not decoded then.
        GleamError: An option is impossible.
    """
    image_size(photo, max_pixels=max_pixels)
    seen: list[Found] = []
    answer = locator.locate(photo, **options.for_locator(), watch=seen.append)
    answer = replace(answer, photo=name)
    return answer, {
        "version": VERSION,
        "answers": [answer.to_json()],
        "failures": [],
        "summary": dict(Summary.of([answer]).counts),
        "positions": [positions_of(answer)],
        "scores": scores(locator, seen[0], options.scores, options) if options.scores else [],
        "truth": None if options.truth is None else compare(answer, options.truth),
    }


def safe_name(name: str | None) -> str | None:
    """Return the last part of a file name, short and printable; a stranger chose it."""
    if not name:
        return None
    last = re.split(r"[/\\]", name.encode("utf-8", "replace").decode("utf-8"))[-1]
    clean = _UNPRINTABLE.sub("", last).strip()
    short = clean.encode()[-_LONGEST_NAME:].decode("utf-8", "ignore")
    return short if short not in ("", ".", "..") else None


def positions_of(answer: Answer) -> dict[str, Any]:
    """Return the claimed position and those of the candidates in every notation."""
    place = place_of(answer)
    return {
        "answer": None if place is None else all_notations(*place),
        "candidates": [all_notations(c.lat, c.lon) for c in answer.candidates],
    }


def scores(locator: Locator, found: Found, count: int, options: LocateOptions) -> list[dict[str, float]]:
    """Return the best ``count`` tiles with their scores under the heading that won, best first."""
    from gleam.atlas import Region

    if not found.places:
        return []
    row = found.places[0].row
    area = options.for_locator()["near"]
    region = None if area is None else Region.around(area)
    vectors = np.ascontiguousarray(found.query.vectors[row : row + 1])
    (hits,) = locator.atlas.search(vectors, count, region, tile_m=locator.atlas.tile_m)
    return [
        {"lat": round(h.tile.lat, 6), "lon": round(h.tile.lon, 6), "score": round(h.score, 4)} for h in hits
    ]


def compare(answer: Answer, truth: Point) -> dict[str, Any]:
    """Return how far the answer and its candidates lie from where the photo was taken.

    ``distance_m`` and ``bearing_deg`` (from the truth to the answer) are None when no position is claimed.
    """
    place = place_of(answer)
    at = (truth.lat, truth.lon)
    away = [round(distance_m(*at, c.lat, c.lon), 1) for c in answer.candidates]
    away_m = None if place is None else distance_m(*at, *place)
    within = None
    if away_m is not None and answer.radius95_m is not None:
        within = away_m <= answer.radius95_m
    return {
        "lat": truth.lat,
        "lon": truth.lon,
        "distance_m": None if away_m is None else round(away_m, 1),
        "bearing_deg": None if place is None else round(bearing_deg(*at, *place), 1),
        "within_radius95": within,
        "candidates_m": away,
    }
