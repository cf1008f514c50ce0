"""The features of an extract that a map shows, and those near a point."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gleam.streetmaps.tags import COASTLINE, Look


@dataclass(frozen=True)
class Feature:
    """One thing to draw: its outline or course (longitude, latitude), its look and its name or ''."""

    shape: Any
    look: Look
    name: str = ""


class Features:
    """Features with an index of where they are.

    coast: the coastlines among them; drawn: all others, those at the bottom first, large areas before
    small ones.
    """

    def __init__(self, features: Iterable[Feature], name: str, skipped: int = 0) -> None:
        """Sort ``features`` of the file ``name``, of which ``skipped`` could not be used."""
        listed = [f for f in features if not f.shape.is_empty]
        self.name = name
        self.skipped = skipped
        self.coast = [f for f in listed if f.look is COASTLINE]
        self.drawn = sorted(
            (f for f in listed if f.look is not COASTLINE), key=lambda f: (f.look.order, -f.shape.area)
        )

    def __len__(self) -> int:
        return len(self.drawn) + len(self.coast)

    @cached_property
    def shapes(self) -> NDArray[np.object_]:
        """Shapes of the drawn features, in their order."""
        return np.array([f.shape for f in self.drawn], object)

    @cached_property
    def coast_shapes(self) -> NDArray[np.object_]:
        """Shapes of the coastlines."""
        return np.array([f.shape for f in self.coast], object)

    @cached_property
    def _tree(self) -> Any:
        return shapely.STRtree(self.shapes)

    @cached_property
    def _coast_tree(self) -> Any:
        return shapely.STRtree(self.coast_shapes)

    def within(self, west: float, south: float, east: float, north: float) -> NDArray[np.int64]:
        """Return the numbers of the drawn features whose box meets this one, in drawing order.

        Longitudes may run on over the antimeridian.
        """
        return _meeting(self._tree, west, south, east, north)

    def coast_within(self, west: float, south: float, east: float, north: float) -> NDArray[np.int64]:
        """The same of the coastlines."""
        return _meeting(self._coast_tree, west, south, east, north)

    def nearest_coast(self, lat: float, lon: float) -> NDArray[np.int64]:
        """Return the number of the coastline nearest to a point, as an array of one."""
        found = self._coast_tree.query_nearest(shapely.Point(lon, lat), all_matches=False)
        return np.asarray(found, np.int64)


def _meeting(tree: Any, west: float, south: float, east: float, north: float) -> NDArray[np.int64]:
    boxes = [shapely.box(west + turn, south, east + turn, north) for turn in (-360.0, 0.0, 360.0)]
    return np.unique(np.asarray(tree.query(boxes)[1], np.int64))
