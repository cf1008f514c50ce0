"""Units of work: one cell of tiles of one source at one size, cut and encoded anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gleam.atlas.embedding import SquareEncoder, embed_tiles, preparation_for, prepare_tile, thumbnail
from gleam.atlas.emptiness import why_empty
from gleam.atlas.journal import UnitDone, UnitKey
from gleam.atlas.recipe import Recipe
from gleam.atlas.sources import Centre, TileSource
from gleam.atlas.tiles import Tile, TileBatch, tile_id

UNIT_TILES = 256
"""Tiles per unit: about a second of work."""


@dataclass(frozen=True)
class Unit:
    """A run of tiles in a source's grid of one size.

    source: its key. tile_m: ground width of the tiles. stride_m: metres between their centres. first:
    number of the first tile in that grid. planned: number of tiles.
    """

    source: str
    tile_m: float
    stride_m: float
    first: int
    planned: int

    @property
    def key(self) -> UnitKey:
        """What tells this unit from all others, also in the journal."""
        return self.source, self.tile_m, self.first, self.planned


@dataclass(frozen=True)
class CutUnit:
    """A unit that has been cut and encoded: its tiles, and its line for the journal."""

    done: UnitDone
    batch: TileBatch | None


def plan_units(source: TileSource, recipe: Recipe, unit_tiles: int) -> Iterator[Unit]:
    """Yield the units of a source, size by size; the same ones every time."""
    for tile_m, stride_m in recipe.grids:
        total = len(source.centres(tile_m, stride_m))
        for first in range(0, total, unit_tiles):
            yield Unit(source.record.key, tile_m, stride_m, first, min(unit_tiles, total - first))


class UnitCutter:
    """Cuts and encodes units of opened sources.

    Args:
        sources: The imagery.
        encoder: Turns squares into vectors.
        pixels: Side of the squares cut.
    """

    def __init__(self, sources: Sequence[TileSource], encoder: SquareEncoder, pixels: int) -> None:
        self._sources = {source.record.key: source for source in sources}
        self._encoder = encoder
        self._pixels = pixels
        self._grid: tuple[tuple[str, float, float], Sequence[Centre]] | None = None

    def cut(self, unit: Unit) -> CutUnit:
        """Return the tiles of a unit; the same ones every time.

        Raises:
            RasterError, ImageError: The imagery cannot be read.
        """
        source = self._sources[unit.source]
        preparation = preparation_for(self._encoder, unit.tile_m)
        centres = self._centres(source, unit)[unit.first : unit.first + unit.planned]
        tiles, squares, thumbnails = [], [], []
        skipped: Counter[str] = Counter()
        for index, centre in enumerate(centres, start=unit.first):
            square, valid = source.read(centre, unit.tile_m, self._pixels)
            reason = why_empty(square, valid)
            if reason is not None:
                skipped[reason] += 1
                continue
            name = tile_id(unit.source, unit.tile_m, index)
            tiles.append(Tile(name, centre.lat, centre.lon, unit.tile_m, unit.source))
            squares.append(prepare_tile(square, unit.tile_m, preparation))
            thumbnails.append(thumbnail(square))
        batch = TileBatch(tiles, embed_tiles(self._encoder, squares), thumbnails) if tiles else None
        counts = dict(sorted(skipped.items()))
        return CutUnit(UnitDone(*unit.key, stored=len(tiles), skipped=counts), batch)

    def _centres(self, source: TileSource, unit: Unit) -> Sequence[Centre]:
        # Units come source by source, so one grid is kept: laying it out may cost more than a unit.
        key = (unit.source, unit.tile_m, unit.stride_m)
        if self._grid is None or self._grid[0] != key:
            self._grid = key, source.centres(unit.tile_m, unit.stride_m)
        return self._grid[1]

    def close(self) -> None:
        """Close the sources."""
        for source in self._sources.values():
            source.close()
