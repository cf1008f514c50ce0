"""What an atlas asks of a source of georeferenced imagery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypedDict

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Centre:
    """A tile to be cut: its centre (WGS84 degrees) and the part of the source it is cut from."""

    lat: float
    lon: float
    part: int = 0


class Said(TypedDict):
    """What the user says of imagery that does not say it itself; see :class:`SourceRecord`."""

    date: str | None
    licence: str | None
    origin: str | None


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """What an atlas remembers of a source.

    kind: ``geotiff``, ``world_file``, ``xyz``, ``mbtiles``, ``pmtiles`` or ``images``. name: its file
    name. sha256: of its content. size_bytes: of its files. images: number of image files or web-map
    tiles. bounds: (west, south, east, north) in degrees; west > east across the antimeridian. pixel_m:
    ground size of a pixel, of the finest tiles if there are several levels. date, licence, origin: when it
    was taken, under which terms, by whom; None = not said.
    """

    kind: str
    name: str
    sha256: str
    size_bytes: int
    images: int
    bounds: tuple[float, float, float, float]
    pixel_m: float
    date: str | None = None
    licence: str | None = None
    origin: str | None = None

    @property
    def key(self) -> str:
        """The short name of this source inside the atlas."""
        return self.sha256[:10]


class TileSource(Protocol):
    """Georeferenced imagery that squares can be cut from.

    Sources can be sent to other processes (``pickle``): there the files are opened again, without reading
    them through for the record, which travels along.
    """

    @property
    def record(self) -> SourceRecord:
        """What is known of the source."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about its reading; empty when all is well.

        They tell what was taken for granted when it was opened, and which parts could not be
        used so far, as damaged tiles.
        """

    def centres(self, tile_m: float, stride_m: float) -> Sequence[Centre]:
        """Return the centres of the squares that cover the source; the same ones every time.

        They are made when asked for: the length is known at once, and slices are lists.
        """

    def read(self, centre: Centre, width_m: float, pixels: int) -> tuple[NDArray[np.uint8], float]:
        """Cut one north-up square as (pixels, pixels, 3) uint8 and the share of it that holds data, 0..1."""

    def close(self) -> None:
        """Let go of open files."""
