"""The ground that imagery covers, as a box to read an extract in."""

from __future__ import annotations

from collections.abc import Sequence

from gleam.streetmaps.pairs import Imagery

_MARGIN_DEG = 0.005
"""Beyond the imagery: names and the nearest coast may come from there."""


def bounds_of(imagery: Sequence[Imagery]) -> tuple[float, float, float, float]:
    """Return west, south, east, north in degrees around all imagery, with a margin of half a kilometre.

    Imagery across the antimeridian gives the whole circle of longitudes.
    """
    boxes = [source.record.bounds for source in imagery]
    west, south = min(b[0] for b in boxes), min(b[1] for b in boxes)
    east, north = max(b[2] for b in boxes), max(b[3] for b in boxes)
    if any(b[0] > b[2] for b in boxes):
        west, east = -180.0, 180.0
    return west - _MARGIN_DEG, south - _MARGIN_DEG, east + _MARGIN_DEG, north + _MARGIN_DEG
