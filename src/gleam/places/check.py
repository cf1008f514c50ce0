"""Looking a places table through: what is missing, unreadable, duplicate, mislocated or orphaned."""

from __future__ import annotations

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import numpy as np

from gleam.errors import ImageError
from gleam.geo import distance_m
from gleam.places.schema import COLUMN_NAMES
from gleam.places.table import Places
from gleam.progress import track
from gleam.views import View

APART_M = 250.0
"""Images of one place further apart than this are reported as mislocated."""

PROBLEMS = ("missing", "unreadable", "duplicate", "mislocated", "orphaned")
WARNINGS = ("outside", "ignored column", "unknown place")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: its kind, the row (from 1, as messages count) and what to know."""

    kind: str
    row: int | None
    path: str | None
    says: str

    def to_dict(self) -> dict[str, Any]:
        """The finding under its names."""
        return {"kind": self.kind, "row": self.row, "path": self.path, "says": self.says}


@dataclass(frozen=True)
class CheckResult:
    """What :func:`check_places` found. ``problems`` make results wrong; ``warnings`` might."""

    images: int
    places: int
    views: dict[str, int]
    splits: list[str]
    images_read: bool
    findings: list[Finding] = field(default_factory=list)

    @property
    def problems(self) -> list[Finding]:
        """Findings that must be mended before results can be trusted."""
        return [f for f in self.findings if f.kind in PROBLEMS]

    @property
    def counts(self) -> dict[str, int]:
        """How many findings there are of each kind, zeros included."""
        found = Counter(f.kind for f in self.findings)
        return {kind: found[kind] for kind in (*PROBLEMS, *WARNINGS)}

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "ok": not self.problems,
            "images": self.images,
            "places": self.places,
            "views": self.views,
            "splits": self.splits,
            "images_read": self.images_read,
            "counts": self.counts,
            "findings": [f.to_dict() for f in self.findings],
        }


def check_places(places: Places, *, apart_m: float = APART_M, read_images: bool = True) -> CheckResult:
    """Look every row through.

    Args:
        places: The table.
        apart_m: Rows of a place further than this from its satellite image (or its first row with a
            position) are mislocated.
        read_images: Decode every image; without it only presence is checked, which is fast.
    """
    findings = [_ignored_column(name) for name in places.ignored_columns]
    missing = missing_rows(places)
    findings += [_finding(places, "missing", i, "no such file") for i in missing]
    if read_images:
        bad = unreadable_rows(places, set(missing))
        findings += [_finding(places, "unreadable", i, cause) for i, cause in bad.items()]
    findings += _duplicates(places, set(missing))
    findings += _mislocated(places, apart_m)
    findings += _orphaned(places)
    findings += _outside(places)
    findings += _unknown_places(places)
    return CheckResult(
        len(places), len(places.place_ids), places.view_counts(), places.splits, read_images, findings
    )


def missing_rows(places: Places) -> list[int]:
    """Row numbers (from 0) whose image file does not exist or is not a file."""
    return [i for i, path in enumerate(places.paths) if not path.is_file()]


def unreadable_rows(places: Places, skip: Collection[int] = ()) -> dict[int, str]:
    """Row numbers (from 0) whose image cannot be decoded, with the cause; rows in ``skip`` are not tried."""
    from gleam.imagery.decode import load_image

    bad: dict[int, str] = {}
    for index, path in enumerate(track(places.paths, "reading images")):
        if index in skip:
            continue
        try:
            # Even at a reduced size a JPEG is read to its end, so that truncation shows.
            load_image(path, target=64)
        except ImageError as error:
            bad[index] = str(error)
    return bad


def _finding(places: Places, kind: str, index: int, says: str) -> Finding:
    return Finding(kind, index + 1, str(places.path_of(index)), says)


def _ignored_column(name: str) -> Finding:
    close = get_close_matches(name.lower(), COLUMN_NAMES, n=1, cutoff=0.6)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return Finding("ignored column", None, None, f"column {name!r} is unknown and not used{hint}")


def _duplicates(places: Places, missing: set[int]) -> list[Finding]:
    """Rows of different places, or of one view of a place, that show the very same file content."""
    by_size: dict[int, list[int]] = defaultdict(list)
    for index, path in enumerate(places.paths):
        if index not in missing:
            by_size[path.stat().st_size].append(index)
    findings = []
    for same_size in by_size.values():
        if len(same_size) < 2:
            continue
        first_of: dict[str, int] = {}
        for index in same_size:
            digest = hashlib.sha256(places.path_of(index).read_bytes()).hexdigest()
            first = first_of.setdefault(digest, index)
            if first != index:
                says = (
                    f"same content as row {first + 1} (place {places[first].place!r}, {places[first].view})"
                )
                findings.append(_finding(places, "duplicate", index, says))
    return sorted(findings, key=lambda f: f.row or 0)


def _mislocated(places: Places, apart_m: float) -> list[Finding]:
    names, views = places.column("place"), places.column("view")
    lat, lon = places.column("lat"), places.column("lon")
    known = np.isfinite(lat)
    anchor: dict[str, int] = {}
    for index in np.flatnonzero(known):
        held = anchor.get(names[index])
        if held is None or (views[index] == View.SATELLITE and views[held] != View.SATELLITE):
            anchor[names[index]] = int(index)
    rows = np.flatnonzero(known)
    if not len(rows):
        return []
    at = np.array([anchor[names[i]] for i in rows])
    metres = np.asarray(distance_m(lat[rows], lon[rows], lat[at], lon[at]))
    return [
        _finding(
            places,
            "mislocated",
            int(rows[j]),
            f"{metres[j]:.0f} m from the {views[at[j]]} image of place {names[rows[j]]!r} (row {at[j] + 1})",
        )
        for j in np.flatnonzero(metres > apart_m)
    ]


def _orphaned(places: Places) -> list[Finding]:
    views, names = places.column("view"), places.column("place")
    with_satellite = set(names[views == View.SATELLITE])
    return [
        _finding(places, "orphaned", i, f"place {names[i]!r} has no satellite image, so it cannot be found")
        for i in range(len(places))
        if views[i] != View.SATELLITE and names[i] not in with_satellite
    ]


def _unknown_places(places: Places) -> list[Finding]:
    """Names in lists of places that no row has: natural in a part of a data set, a slip in an own table."""
    known = set(places.place_ids)
    findings = []
    for column in ("positives", "semi_positives"):
        strange = [
            (index, name)
            for index, names in enumerate(places.lists(column))
            for name in names
            if name not in known
        ]
        if strange:
            index, name = strange[0]
            says = f"{len(strange)} names in {column!r} are places of no row, the first is {name!r}"
            findings.append(_finding(places, "unknown place", index, says))
    return findings


def _outside(places: Places) -> list[Finding]:
    findings = []
    for index, path in enumerate(places.column("path")):
        if os.path.isabs(path):
            findings.append(_finding(places, "outside", index, "absolute path: the table cannot be moved"))
        elif os.path.normpath(path).startswith(".."):
            findings.append(_finding(places, "outside", index, "lies outside the folder of the table"))
    return findings
