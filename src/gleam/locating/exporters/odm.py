"""OpenDroneMap's image geolocation file, ``geo.txt``.

Form (docs.opendronemap.org, "Image Geolocation Files"): the coordinate system, then per image ``name x y
z yaw pitch roll horizontal-accuracy vertical-accuracy``, parted by blanks; ODM skips lines that begin
with ``#``. Its reader tells the fields by their number, so accuracies need a ``z`` before them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from gleam.files import atomic_write
from gleam.locating.answer import Answer
from gleam.locating.batch import Failure
from gleam.locating.exporters.claims import (
    DECIMALS,
    fix_of,
    is_joint,
    longitude,
    photo_name,
    sigma_m,
    why_no_fix,
)

_NO_ALTITUDE = "0"
"""GLEAM tells no altitude. When more than 5 % of the images have 0, ODM leaves all altitudes out."""


def write_odm(
    path: str | os.PathLike[str], answers: Iterable[Answer], failures: Iterable[Failure] = ()
) -> None:
    """Write the cameras of located photos, atomically; all others are listed in comments.

    Accuracies are one sigma in metres, the vertical one a copy (ODM weighs an image by the larger).
    """
    lines = ["EPSG:4326", "# By GLEAM. z is 0: no altitude is told. Accuracies: one sigma in metres."]
    for answer in answers:
        lines.append(_line(answer))
    for failure in failures:
        lines.append(f"# {_one_line(failure.photo)}: failed: {_one_line(failure.error)}")
    text = "\n".join(lines) + "\n"
    with atomic_write(path) as temporary:
        temporary.write_bytes(text.encode("utf-8", "replace"))


def _line(answer: Answer) -> str:
    name, place = photo_name(answer), fix_of(answer)
    if place is None:
        return f"# {_one_line(name)}: {why_no_fix(answer)}"
    if is_joint(answer):
        return f"# {_one_line(name)}: located together, but ODM reads a line per photo: locate each alone"
    if name.split() != [name] or name.startswith("#"):
        return f"# {_one_line(name)}: located, but ODM reads no name with blanks or a leading #; rename it"
    lat, lon = place
    words = [name, f"{longitude(lon):.{DECIMALS}f}", f"{lat:.{DECIMALS}f}"]
    sigma = sigma_m(answer)
    if sigma is None:
        return " ".join(words)
    return " ".join([*words, _NO_ALTITUDE, *_angles(answer), f"{sigma:.2f}", f"{sigma:.2f}"])


def _angles(answer: Answer) -> list[str]:
    """Return yaw, pitch and roll as ODM counts them (pitch 0 looks straight down), nan when unknown."""
    pitch = answer.pose.get("pitch_deg")
    if answer.heading_deg is None or pitch is None:
        return ["nan", "nan", "nan"]
    roll = answer.pose.get("roll_deg", 0.0)
    return [f"{answer.heading_deg:.2f}", f"{90.0 + pitch:.2f}", f"{roll:.2f}"]


def _one_line(text: str) -> str:
    return " ".join(text.split())
