"""GPX 1.1: a waypoint per claimed place, and tracks of the cameras in the order of their times."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable
from operator import itemgetter
from xml.etree import ElementTree as Xml

from gleam.geo import LatLon
from gleam.locating.answer import Answer
from gleam.locating.batch import Failure
from gleam.locating.exporters.claims import (
    DECIMALS,
    capture_time,
    capture_utc,
    fix_of,
    longitude,
    photo_name,
    place_of,
    sigma_m,
)
from gleam.locating.exporters.xml_text import add, write_xml

_NAMESPACE = "http://www.topografix.com/GPX/1/1"
_ASSUMED = ", whose time zone is unknown: UTC is assumed"


def write_gpx(
    path: str | os.PathLike[str], answers: Iterable[Answer], failures: Iterable[Failure] = ()
) -> None:
    """Write the answers as GPX, atomically.

    GPX knows no error in metres (its ``hdop`` is none), so one sigma stands in the comment. Photos that
    claim no place have no waypoint; the description of the file lists them. Times in GPX are UTC: a
    clock without a time zone is taken for UTC, as for MAVLink, which the comment of the waypoint and the
    description of the track say. Such photos have a track of their own, since their times may be hours
    from those of the others.
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
    for is_utc in (True, False):
        _track(root, answers, is_utc)
    write_xml(path, root)


def _waypoint(root: Xml.Element, answer: Answer, place: LatLon) -> None:
    point = _point(root, "wpt", place)
    moment, is_utc = capture_time(answer)
    utc = capture_utc(answer)
    if utc is not None:
        add(point, "time", _utc(utc))
    add(point, "name", photo_name(answer))
    facts = [answer.status.value]
    sigma = sigma_m(answer)
    if sigma is not None:
        facts.append(f"one sigma {sigma:.1f} m")
    if moment is not None and not is_utc:
        facts.append(f"taken {answer.taken} by the camera's clock{'' if utc is None else _ASSUMED}")
    add(point, "cmt", "; ".join([*facts, *answer.notes]))
    add(point, "type", answer.status.value)


def _track(root: Xml.Element, answers: list[Answer], is_utc: bool) -> None:
    stops = []
    for answer in answers:
        place, utc = fix_of(answer), capture_utc(answer)
        if place is not None and utc is not None and capture_time(answer)[1] is is_utc:
            stops.append((utc, place))
    if len(stops) < 2:
        return
    track = add(root, "trk")
    add(track, "name", "cameras" if is_utc else "cameras by their clocks")
    if not is_utc:
        add(track, "desc", f"Times by the camera's clock{_ASSUMED}.")
    segment = add(track, "trkseg")
    for utc, place in sorted(stops, key=itemgetter(0)):  # those of one second stay in their order
        add(_point(segment, "trkpt", place), "time", _utc(utc))


def _utc(moment: dt.datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _point(parent: Xml.Element, tag: str, place: LatLon) -> Xml.Element:
    lat, lon = place[0], longitude(place[1])
    return add(parent, tag, lat=f"{lat:.{DECIMALS}f}", lon=f"{lon:.{DECIMALS}f}")
