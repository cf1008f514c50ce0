"""Where the names of real streets may stand."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gleam.streetmaps.features import Features
from gleam.streetmaps.lettering import Anchors, font_of, middle_of
from gleam.streetmaps.plane import Plane

_METRES_PER_DEGREE = 111_320.0
_LONGEST = 60
"""Letters of a name; how far names are looked for depends on the longest."""


@dataclass(frozen=True)
class StreetNames:
    """One place per street for its name: its middle (degrees), text angle and length in metres.

    unwritten: number of names that the font has no letters for.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    angle_deg: NDArray[np.float64]
    length_m: NDArray[np.float64]
    names: tuple[str, ...]
    name_of: NDArray[np.int64]
    unwritten: int = 0

    def near(self, plane: Plane, reach_m: float) -> Anchors:
        """Return the anchors within a square of ``2 * reach_m`` in the metres of ``plane``."""
        west, south, east, north = plane.box(reach_m)
        # Longitudes on the plane's side of the antimeridian.
        lon = plane.lon + (self.lon - plane.lon + 180.0) % 360.0 - 180.0
        inside = (lon >= west) & (lon <= east) & (self.lat >= south) & (self.lat <= north)
        some = np.flatnonzero(inside)
        x, y = plane.to_metres(self.lon[some], self.lat[some])
        return Anchors(x, y, self.angle_deg[some], self.length_m[some], self.name_of[some], self.names)


def street_names(features: Features, font: str | None = None) -> StreetNames:
    """Find the middle of every named street, the pieces that the extract cuts it into joined again.

    Names with letters that the font lacks are left out, boxes in their place would be no names, and so
    are those of more than 60 letters.
    """
    pieces: dict[str, list[tuple[int, object]]] = defaultdict(list)
    for feature in features.drawn:
        if feature.look.road and feature.name:
            pieces[feature.name].append((feature.look.order, feature.shape))
    found = []
    written = [name for name in sorted(pieces) if len(name) <= _LONGEST and has_letters(name, font)]
    for name in written:
        order = max(order for order, _ in pieces[name])
        joined = shapely.line_merge(shapely.union_all([shape for _, shape in pieces[name]]))
        for part in shapely.get_parts(joined):
            lon, lat = shapely.get_coordinates(part).T
            if len(lon) < 2:
                continue
            scale = _METRES_PER_DEGREE * np.cos(np.radians(lat.mean()))
            x, y, angle = middle_of(lon * scale, lat * _METRES_PER_DEGREE)
            length = float(np.hypot(np.diff(lon) * scale, np.diff(lat) * _METRES_PER_DEGREE).sum())
            found.append((-order, -length, name, x / scale, y / _METRES_PER_DEGREE, angle))
    found.sort()
    names = tuple(sorted({entry[2] for entry in found}))
    number = {name: n for n, name in enumerate(names)}
    table = np.array([[e[3], e[4], e[5], -e[1]] for e in found], np.float64).reshape(-1, 4)
    name_of = np.array([number[entry[2]] for entry in found], np.int64)
    return StreetNames(
        table[:, 0], table[:, 1], table[:, 2], table[:, 3], names, name_of, len(pieces) - len(written)
    )


def has_letters(name: str, font: str | None = None) -> bool:
    """Tell whether the font has every letter of ``name``; those it lacks look like each other."""
    face = font_of(16, font)
    missing = bytes(face.getmask("\U0010fffd"))
    return all(letter.isspace() or bytes(face.getmask(letter)) != missing for letter in set(name))
