"""Which part of a tile is sea: OpenStreetMap draws no sea but its coast, with the water on the right."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from shapely.ops import polygonize

from gleam.streetmaps.features import Features
from gleam.streetmaps.plane import Plane


def sea_of(features: Features, plane: Plane, half_m: float) -> list[Any]:
    """Return polygons in the metres of ``plane`` that cover the sea of a square of ``2 * half_m``.

    A tile without a coast is sea or land by the nearest piece of coast in the extract; without any coast
    it is land.
    """
    if not features.coast:
        return []
    near = features.coast_within(*plane.box(half_m))
    if not len(near):
        near = features.nearest_coast(plane.lat, plane.lon)
    lines = plane.shapes(features.coast_shapes[near])
    square = shapely.box(-half_m, -half_m, half_m, half_m)
    edges = shapely.unary_union([*shapely.intersection(lines, square), square.boundary])
    faces = [face for face in polygonize(edges) if square.contains(face.representative_point())]
    return [face for face in faces if _right_of(face.representative_point(), lines)]


def _right_of(point: Any, lines: Any) -> bool:
    """Tell whether a point lies on the right of the nearest piece of the lines."""
    best, right = np.inf, False
    for line in lines:
        for part in shapely.get_parts(line):
            c = shapely.get_coordinates(part)
            if len(c) < 2:
                continue
            start, step = c[:-1], np.diff(c, axis=0)
            length = np.maximum(np.square(step).sum(axis=1), 1e-12)
            to = np.array([point.x, point.y]) - start
            along = np.clip((to * step).sum(axis=1) / length, 0.0, 1.0)
            away = np.hypot(*(to - along[:, None] * step).T)
            side = step[:, 0] * to[:, 1] - step[:, 1] * to[:, 0]
            # At a corner both pieces are equally near; the one the point lies more clearly beside decides.
            near = np.flatnonzero(away <= away.min() + 1e-6)
            n = near[np.argmax(np.abs(side[near]) / np.sqrt(length[near]))]
            if away[n] < best:
                best, right = float(away[n]), bool(side[n] < 0)
    return right
