"""What an atlas asks of the store that keeps its tiles; every adapter passes the same tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.region import Region
from gleam.atlas.tiles import Hit, Tile, TileBatch


class TileStore(Protocol):
    """Tiles by id, with their vectors and thumbnails.

    Several processes may read while one writes. What ``upsert`` or ``delete`` has returned from is
    on the disk: a kill or a power cut afterwards does not take it back.
    """

    def upsert(self, batch: TileBatch) -> None:
        """Write tiles; a tile whose id is there already is replaced, so that a redo adds nothing."""

    def delete(self, ids: Sequence[str]) -> int:
        """Remove tiles by id and return how many there were."""

    def search(self, vectors: NDArray[np.float32], k: int, region: Region | None = None) -> list[list[Hit]]:
        """Return for each of (Q, D) unit vectors the ``k`` most similar tiles, best first.

        Only tiles whose centre lies in ``region`` are looked at (edges inclusive). Equal scores are
        ordered by id. Fewer than ``k`` come back when the region holds fewer.
        """

    def count(self, region: Region | None = None) -> int:
        """Return the number of tiles, of those whose centre lies in ``region`` when given."""

    def tiles(self) -> Iterator[Tile]:
        """Yield every tile, ordered by id."""

    def vectors_of(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """Return (N, D) stored vectors in the order asked for; raise ``AtlasError`` for an unknown id."""

    def thumbnails_of(self, ids: Sequence[str]) -> list[bytes]:
        """Return the stored JPEG files in the order asked for; raise ``AtlasError`` for an unknown id."""

    def tiles_of(self, ids: Sequence[str]) -> list[Tile]:
        """Return the tiles in the order asked for; raise ``AtlasError`` for an unknown id."""

    def version(self) -> int:
        """Return a number that grows with every change."""

    def refresh(self) -> None:
        """See what other processes have written since this store was opened."""

    def optimize(self, *, alone: bool = False) -> None:
        """Pack the data and bring the index up to date; searches give the same tiles before and after.

        ``alone``: no other process has the store open, so that old data may go at once.
        """
