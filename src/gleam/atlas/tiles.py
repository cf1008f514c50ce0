"""A tile: a square of georeferenced satellite imagery with a place on Earth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gleam.geo import Footprint


@dataclass(frozen=True, slots=True)
class Tile:
    """One square of an atlas, north-up.

    id: unique in the atlas and stable: source key, ground width and number in the source's grid.
    lat, lon: centre in WGS84 degrees. width_m: of its side on the ground. source: key of its source.
    """

    id: str
    lat: float
    lon: float
    width_m: float
    source: str

    @property
    def footprint(self) -> Footprint:
        """The ground it covers."""
        return Footprint.square(self.lat, self.lon, self.width_m)


@dataclass(frozen=True)
class TileBatch:
    """Tiles on their way into a store.

    vectors: (N, D) float32 unit vectors. thumbnails: N small JPEG files.
    """

    tiles: Sequence[Tile]
    vectors: NDArray[np.float32]
    thumbnails: Sequence[bytes]


class Hit(NamedTuple):
    """A tile found by a search and its cosine similarity to the query, -1..1.

    A tuple, as a photo of unknown heading makes thousands.
    """

    tile: Tile
    score: float


def tile_id(source_key: str, width_m: float, index: int) -> str:
    """Return the id of tile ``index`` of the grid of squares of ``width_m`` over a source."""
    return f"{source_key}-{width_m:g}m-{index:06d}"
