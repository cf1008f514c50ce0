"""What an atlas asks of the store that keeps its tiles; every adapter passes the same tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.region import Region
from gleam.atlas.sources.protocol import Said
from gleam.atlas.tiles import Hit, Tile, TileBatch

Mode: TypeAlias = Literal["auto", "exact", "indexed"]
"""How to search: every tile compared, through the index, or whichever suits the number of tiles."""
MODES: tuple[Mode, ...] = ("auto", "exact", "indexed")
WIDTH_TOLERANCE_M = 1e-6
"""Ground widths closer than this are the same size of tile."""


class TileStore(Protocol):
    """Tiles by id, with their vectors and thumbnails.

    Several processes may read while one writes. What ``upsert`` or ``delete`` has returned from is
    on the disk (of the server, when there is one): a kill or a power cut afterwards does not take it back.
    """

    dim: int
    """Length of the vectors."""

    def upsert(self, batch: TileBatch) -> None:
        """Write tiles; a tile whose id is there already is replaced, so that a redo adds nothing."""

    def describe(self, said: Mapping[str, Said]) -> None:
        """Keep licence, date and origin of all imagery, by the keys of its sources, beside the tiles.

        It holds for the tiles that are there and for those written by this store from now on. A store that
        cannot keep it does nothing: the manifest of the atlas is what counts.
        """

    def described(self) -> dict[str, list[Said]]:
        """Return what is kept of each source: one entry, unless its tiles contradict each other.

        Empty for a store that does not keep it.
        """

    def delete(self, ids: Sequence[str]) -> int:
        """Remove tiles by id and return how many there were."""

    def search(
        self,
        vectors: NDArray[np.float32],
        k: int,
        region: Region | None = None,
        *,
        width_m: float | None = None,
        mode: Mode = "auto",
    ) -> Sequence[Sequence[Hit]]:
        """Return for each of (Q, D) unit vectors the ``k`` most similar tiles, best first.

        Args:
            vectors: (Q, D) float32 queries.
            k: How many tiles to return; fewer come back when fewer are there.
            region: Only tiles whose centre lies in it are looked at (edges inclusive).
            width_m: Only tiles of this ground width are looked at.
            mode: ``exact`` compares every tile; ``indexed`` uses the engine's index where there is one and
                finds at least 98 of 100 of the true best; ``auto`` chooses by the number of tiles.

        Returns:
            Hits per query with the exact similarity, best first; equal scores are ordered by id.

        Raises:
            AtlasError: A query has another length or holds NaN, ``k`` is below 1, or the store is ill.
        """

    def count(self, region: Region | None = None, *, width_m: float | None = None) -> int:
        """Return the number of tiles; of those in ``region`` and of that ground width when given."""

    def tiles(self, source: str | None = None) -> Iterator[Tile]:
        """Yield every tile, ordered by id; only those of a source (by its key) when given."""

    def vectors_of(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """Return (N, D) stored vectors in the order asked for; raise ``AtlasError`` for an unknown id."""

    def thumbnails_of(self, ids: Sequence[str]) -> list[bytes]:
        """Return the stored JPEG files in the order asked for; raise ``AtlasError`` for an unknown id."""

    def tiles_of(self, ids: Sequence[str]) -> list[Tile]:
        """Return the tiles in the order asked for; raise ``AtlasError`` for an unknown id."""

    def batches(self, rows: int = 1024) -> Iterator[TileBatch]:
        """Yield all that is stored in batches of at most ``rows`` tiles, in no order, in little memory."""

    def version(self) -> int:
        """Return a number that grows with every change this store knows of."""

    def refresh(self) -> None:
        """See what other processes have written since this store was opened."""

    def optimize(self, *, alone: bool = False, index: bool = True) -> None:
        """Pack the data and bring the index up to date.

        ``alone``: no other process has the store open, so that old data may go at once. ``index``: a first
        index may be made; in the middle of a build it would take memory and time for a part of the tiles.
        """

    def close(self) -> None:
        """Let go of files and connections; the store cannot be used afterwards."""
