"""Web-map tiles cut from the imagery itself, where the operator says where it lies."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import mercantile
import numpy as np
from numpy.typing import NDArray

from gleam.atlas import Atlas
from gleam.atlas.sources import Centre, TileSource, open_sources
from gleam.errors import GleamError
from gleam.geo import distance_m

LOWEST_ZOOM = 11
"""On coarser tiles a square of ground is no square of the map any more, and much imagery would be read."""


class GivenImagery:
    """Imagery of an atlas, newest first; one thread reads at a time.

    Args:
        atlas: The atlas that was cut from it.
        paths: Of the imagery; see :func:`gleam.atlas.sources.open_sources`.

    Raises:
        GleamError: A path cannot be opened, or holds imagery that the atlas was not cut from.
    """

    def __init__(self, atlas: Atlas, paths: Sequence[Path]) -> None:
        opened = open_sources(list(paths))
        known = {source.key for source in atlas.sources}
        strangers = [s.record.name for s in opened if s.record.key not in known]
        if strangers:
            for source in opened:
                source.close()
            raise GleamError(
                f"The atlas {atlas.path.name} was not cut from {strangers[0]} as it is now; leave it out of "
                "--imagery, or build the atlas again."
            )
        self._sources = sorted(opened, key=lambda s: s.record.date or "", reverse=True)
        self._lock = threading.Lock()

    @property
    def pixel_m(self) -> float:
        """Ground size of the finest pixels."""
        return min(source.record.pixel_m for source in self._sources)

    def draw(self, z: int, x: int, y: int, pixels: int) -> NDArray[np.uint8] | None:
        """Return (pixels, pixels, 4) uint8 of one web tile; None when it is coarse or not covered."""
        if z < LOWEST_ZOOM:
            return None
        bounds = mercantile.bounds(x, y, z)
        # The middle of the tile on the map, which is not quite that of its latitudes.
        middle = mercantile.ul(2 * x + 1, 2 * y + 1, z + 1)
        width = distance_m(middle.lat, bounds.west, middle.lat, bounds.east)
        centre = Centre(middle.lat, middle.lng)
        best: tuple[float, NDArray[np.uint8]] | None = None
        with self._lock:
            for source in self._sources:
                picture, covered = _read(source, centre, width, pixels)
                if best is None or covered > best[0] + 0.01:
                    best = covered, picture
                if covered > 0.999:
                    break
        if best is None or best[0] < 0.999:
            return None  # the thumbnails know where the imagery ends
        opaque = np.full((pixels, pixels, 1), 255, np.uint8)
        return np.concatenate([best[1], opaque], axis=-1)

    def close(self) -> None:
        """Close the files."""
        with self._lock:
            for source in self._sources:
                source.close()


def _read(source: TileSource, centre: Centre, width: float, pixels: int) -> tuple[NDArray[np.uint8], float]:
    try:
        return source.read(centre, width, pixels)
    except GleamError:  # a damaged part of the imagery leaves a hole in the map, not a dead server
        return np.zeros((pixels, pixels, 3), np.uint8), 0.0
