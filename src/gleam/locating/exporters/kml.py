"""KML 2.2 (OGC 07-147r2): folders of positions, 95 % regions, alternatives, and photos without a place."""

from __future__ import annotations

import os
from collections.abc import Iterable
from xml.etree import ElementTree as Xml

from gleam.evaluation.wording import in_percent
from gleam.geo import LatLon
from gleam.locating.answer import Answer, Candidate
from gleam.locating.batch import Failure
from gleam.locating.exporters.claims import (
    DECIMALS,
    capture_time,
    longitude,
    photo_name,
    place_of,
    sigma_m,
)
from gleam.locating.exporters.rings import Ring, region_rings
from gleam.locating.exporters.xml_text import add, write_xml

_NAMESPACE = "http://www.opengis.net/kml/2.2"
_STYLES = {"located": "ff3c8c1e", "ambiguous": "ff1e96e6", "alternative": "ff969696"}
"""Colours as KML has them: alpha, blue, green, red."""


def write_kml(
    path: str | os.PathLike[str], answers: Iterable[Answer], failures: Iterable[Failure] = ()
) -> None:
    """Write the answers as KML, atomically; the numbers of each stand in its extended data."""
    answers = list(answers)
    root = Xml.Element("kml", {"xmlns": _NAMESPACE})
    document = add(root, "Document")
    add(document, "name", "GLEAM")
    for name, colour in _STYLES.items():
        _style(document, name, colour)
    positions, regions, others, without = (
        _folder(document, name) for name in ("Positions", "Regions 95 %", "Alternatives", "Without a place")
    )
    for answer in answers:
        place = place_of(answer)
        if place is None:
            why = f"{answer.status.value}: {'; '.join(answer.notes)}"
            _placemark(without, photo_name(answer), why)
            continue
        _position(positions, answer, place)
        _region(regions, answer, region_rings(answer))
        for candidate in answer.candidates[1:]:
            _alternative(others, answer, candidate)
    for failure in failures:
        _placemark(without, failure.photo, f"failed: {failure.error}")
    write_xml(path, root)


def _position(folder: Xml.Element, answer: Answer, place: LatLon) -> None:
    mark = _placemark(folder, photo_name(answer), _sentence(answer))
    moment, is_utc = capture_time(answer)
    if moment is not None:
        when = moment.replace(tzinfo=None).isoformat()
        add(add(mark, "TimeStamp"), "when", f"{when}Z" if is_utc else when)
    add(mark, "styleUrl", f"#{answer.status.value}")
    numbers = {
        "status": answer.status.value,
        "view": answer.view,
        "probability": answer.probability,
        "probability_here": answer.probability_here,
        "within_m": answer.calibration.within_m if answer.calibration else None,
        "calibration": answer.calibration.name if answer.calibration else None,
        "radius95_m": answer.radius95_m,
        "sigma_m": sigma_m(answer),
        "heading_deg": answer.heading_deg,
    }
    _extended(mark, {k: v if isinstance(v, str) else f"{v:g}" for k, v in numbers.items() if v is not None})
    _point(mark, place)


def _region(folder: Xml.Element, answer: Answer, rings: list[Ring]) -> None:
    if not rings:
        return
    mark = _placemark(folder, photo_name(answer), "holds the position in 95 of 100 such answers")
    add(mark, "styleUrl", f"#{answer.status.value}")
    parent = add(mark, "MultiGeometry") if len(rings) > 1 else mark
    for ring in rings:
        polygon = add(parent, "Polygon")
        line = add(add(polygon, "outerBoundaryIs"), "LinearRing")
        add(line, "coordinates", " ".join(_coordinates(lat, lon) for lon, lat in ring))


def _alternative(folder: Xml.Element, answer: Answer, candidate: Candidate) -> None:
    mark = _placemark(folder, f"{photo_name(answer)} #{candidate.rank}", f"score {candidate.score:.3f}")
    add(mark, "styleUrl", "#alternative")
    _extended(mark, {"rank": str(candidate.rank), "score": f"{candidate.score:g}", "tile": candidate.tile})
    _point(mark, (candidate.lat, candidate.lon))


def _sentence(answer: Answer) -> str:
    text = answer.status.value
    if answer.probability is not None and answer.calibration is not None:
        sure, name = answer.probability, answer.calibration.name
        text += f", {in_percent(sure)} % within {answer.calibration.within_m:g} m ({name})"
    return "; ".join([text, *answer.notes])


def _folder(document: Xml.Element, name: str) -> Xml.Element:
    folder = add(document, "Folder")
    add(folder, "name", name)
    return folder


def _style(document: Xml.Element, name: str, colour: str) -> None:
    style = add(document, "Style", id=name)
    add(add(style, "IconStyle"), "color", colour)
    add(add(style, "LineStyle"), "color", colour)
    add(add(style, "PolyStyle"), "color", f"40{colour[2:]}")


def _placemark(folder: Xml.Element, name: str, description: str) -> Xml.Element:
    mark = add(folder, "Placemark")
    add(mark, "name", name)
    add(mark, "description", description)
    return mark


def _extended(mark: Xml.Element, values: dict[str, str]) -> None:
    data = add(mark, "ExtendedData")
    for name, text in values.items():
        add(add(data, "Data", name=name), "value", text)


def _point(mark: Xml.Element, place: LatLon) -> None:
    add(add(mark, "Point"), "coordinates", _coordinates(place[0], longitude(place[1])))


def _coordinates(lat: float, lon: float) -> str:
    return f"{lon:.{DECIMALS}f},{lat:.{DECIMALS}f}"
