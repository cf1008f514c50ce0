"""GPX 1.1: a waypoint per claimed place, and a track of the cameras whose UTC time is known."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable
from xml.etree import ElementTree as Xml

from gleam.geo import LatLon
from gleam.locating.answer import Answer
from gleam.locating.batch import Failure
from gleam.locating.exporters.claims import (
    DECIMALS,
    capture_time,
    fix_of,
    longitude,
    photo_name,
    place_of,
    sigma_m,
)
from gleam.locating.exporters.xml_text import add, write_xml

_NAMESPACE = "http://www.topografix.com/GPX/1/1"


def write_gpx(
    path: str | os.PathLike[str], answers: Iterable[Answer], failures: Iterable[Failure] = ()
) -> None:
    """Write the answers as GPX, atomically.

    GPX knows no error in metres (its ``hdop`` is none), so one sigma stands in the comment. Photos that
    claim no place have no waypoint; the description of the file lists them. Times in GPX are UTC: a
    clock without a time zone is told in the comment only, and does not make a track.
    """
    answers = list(answers)
    root = Xml.Element("gpx", {"version": "1.1", "creator": "GLEAM", "xmlns": _NAMESPACE})
    missing = [f"{photo_name(a)}: {a.status.value}" for a in answers if place_of(a) is None]
    missing += [f"{failure.photo}: failed: {failure.error}" for failure in failures]
    if missing:
        add(add(root, "metadata"), "desc", "\n".join(["Without a place:", *missing]))
    for answer in answers:
        place = place_of(answer)
        if place is not None:
            _waypoint(root, answer, place)
    _track(root, answers)
    write_xml(path, root)


def _waypoint(root: Xml.Element, answer: Answer, place: LatLon) -> None:
    point = _point(root, "wpt", place)
    moment, is_utc = capture_time(answer)
    if moment is not None and is_utc:
        add(point, "time", _utc(moment))
    add(point, "name", photo_name(answer))
    facts = [answer.status.value]
    sigma = sigma_m(answer)
    if sigma is not None:
        facts.append(f"one sigma {sigma:.1f} m")
    if moment is not None and not is_utc:
        facts.append(f"taken {answer.taken} by the camera's clock")
    add(point, "cmt", "; ".join([*facts, *answer.notes]))
    add(point, "type", answer.status.value)


def _track(root: Xml.Element, answers: list[Answer]) -> None:
    stops = []
    for answer in answers:
        place, (moment, is_utc) = fix_of(answer), capture_time(answer)
        if place is not None and moment is not None and is_utc:
            stops.append((moment, place))
    if len(stops) < 2:
        return
    track = add(root, "trk")
    add(track, "name", "cameras")
    segment = add(track, "trkseg")
    for moment, place in sorted(stops):
        add(_point(segment, "trkpt", place), "time", _utc(moment))


def _utc(moment: dt.datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _point(parent: Xml.Element, tag: str, place: LatLon) -> Xml.Element:
    lat, lon = place[0], longitude(place[1])
    return add(parent, tag, lat=f"{lat:.{DECIMALS}f}", lon=f"{lon:.{DECIMALS}f}")
