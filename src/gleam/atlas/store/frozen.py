"""A frozen pack as a store: read only, memory-mapped, for drones and small machines."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.hits import Hits
from gleam.atlas.region import Region
from gleam.atlas.sources.protocol import Said
from gleam.atlas.store.checks import check_all_found, checked_queries
from gleam.atlas.store.exact import TileColumns, best_hits, merge_best
from gleam.atlas.store.faiss_engine import load_faiss, threads
from gleam.atlas.store.frozen_pack import INDEX, THUMBNAILS, TILES, VECTORS, candidates_for, read_pack
from gleam.atlas.store.protocol import Mode
from gleam.atlas.tiles import Hit, Tile, TileBatch
from gleam.errors import AtlasError

EXACT_ROWS = 2_000
"""Up to so many tiles (of the pack or of the region) every one is compared; above, the index is used."""
_CHUNK = 8192
_WIDER = 8
"""The best of a region are less alike than the best of all, so many more lists are searched."""


class FrozenStore:
    """The :class:`~gleam.atlas.store.protocol.TileStore` on a pack that ``gleam atlas freeze`` made.

    Vectors are kept in half precision, so scores differ from the original atlas by less than 0.001.

    Args:
        folder: Where the pack lies.
        exact_rows: See ``EXACT_ROWS``.

    Raises:
        AtlasError: The pack is missing or damaged, or the library ``faiss-cpu`` is.
    """

    def __init__(self, folder: str | os.PathLike[str], *, exact_rows: int = EXACT_ROWS) -> None:
        import pyarrow as pa

        self._path = Path(folder)
        self._exact_rows = exact_rows
        about = read_pack(self._path)
        self.dim = int(about["dim"])
        self._index: Any = None
        self._probes = self._lists = 0
        try:
            table = pa.ipc.open_file(pa.memory_map(str(self._path / TILES))).read_all().combine_chunks()
            self._columns = TileColumns(table)
            self._starts = table.column("thumbnail_at").to_numpy()
            self._lengths = table.column("thumbnail_bytes").to_numpy()
            self._vectors: Any = np.load(self._path / VECTORS, mmap_mode="r", allow_pickle=False)
            size = (self._path / THUMBNAILS).stat().st_size
            self._pictures: Any = (
                np.memmap(self._path / THUMBNAILS, np.uint8, "r") if size else np.zeros(0, np.uint8)
            )
            if about["index"]:
                faiss = load_faiss()
                self._index = faiss.read_index(str(self._path / INDEX), faiss.IO_FLAG_MMAP)
                self._probes = int(about["index"]["probes"])
                self._lists = int(self._index.nlist)
        except (OSError, ValueError, KeyError, RuntimeError, AttributeError) as error:
            raise self._damaged(str(error).splitlines()[0][:200]) from error
        shapes = {len(self._columns), len(self._vectors), int(about["tiles"])}
        shapes |= {int(self._index.ntotal)} if self._index is not None else set()
        dims = {self.dim, self._vectors.shape[-1], self._index.d if self._index is not None else self.dim}
        ends = self._starts + self._lengths
        if (
            len(shapes) > 1
            or len(dims) > 1
            or self._vectors.dtype != np.float16
            or ends.max(initial=0) > size
        ):
            raise self._damaged("its files do not belong together")

    def upsert(self, batch: TileBatch) -> None:
        """Refuse: a frozen atlas does not change."""
        self._refuse()

    def describe(self, said: Mapping[str, Said]) -> None:
        """Refuse: a frozen atlas does not change."""
        self._refuse()

    def described(self) -> dict[str, list[Said]]:
        """Return nothing: the manifest beside the pack tells it."""
        return {}

    def delete(self, ids: Sequence[str]) -> int:
        """Refuse: a frozen atlas does not change."""
        self._refuse()

    def optimize(self, *, alone: bool = False, index: bool = True) -> None:
        """Refuse: a frozen atlas does not change."""
        self._refuse()

    def search(
        self,
        vectors: NDArray[np.float32],
        k: int,
        region: Region | None = None,
        *,
        width_m: float | None = None,
        mode: Mode = "auto",
    ) -> Sequence[Sequence[Hit]]:
        """Return the ``k`` most similar tiles for each query; see the protocol."""
        queries = checked_queries(vectors, self.dim, k, mode)
        rows = self._columns.rows(region, width_m)
        total = len(self._columns) if rows is None else len(rows)
        few = total <= max(self._exact_rows, k)
        if self._index is None or mode == "exact" or (mode == "auto" and few):
            return self._exactly(queries, k, rows)
        return self._indexed(queries, k, rows, total)

    def count(self, region: Region | None = None, *, width_m: float | None = None) -> int:
        """Return the number of tiles, in a region and of a ground width when given."""
        rows = self._columns.rows(region, width_m)
        return len(self._columns) if rows is None else len(rows)

    def tiles(self, source: str | None = None) -> Iterator[Tile]:
        """Yield every tile, ordered by id; of one source when given."""
        yield from self._columns.all(source)

    def vectors_of(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """Return (N, D) stored vectors in the order asked for, as float32 of their half precision."""
        return np.asarray(self._vectors[self._rows_of(ids)], np.float32).reshape(len(ids), self.dim)

    def thumbnails_of(self, ids: Sequence[str]) -> list[bytes]:
        """Return the stored JPEG files in the order asked for."""
        return [self._thumbnail(row) for row in self._rows_of(ids)]

    def tiles_of(self, ids: Sequence[str]) -> list[Tile]:
        """Return the tiles in the order asked for."""
        return [self._columns.tile(row) for row in self._rows_of(ids)]

    def batches(self, rows: int = 1024) -> Iterator[TileBatch]:
        """Yield all that is stored, in batches of at most ``rows`` tiles, ordered by id."""
        for first in range(0, len(self._columns), rows):
            part = range(first, min(first + rows, len(self._columns)))
            yield TileBatch(
                [self._columns.tile(row) for row in part],
                np.asarray(self._vectors[part.start : part.stop], np.float32),
                [self._thumbnail(row) for row in part],
            )

    def version(self) -> int:
        """Return 1: a frozen atlas does not change."""
        return 1

    def refresh(self) -> None:
        """Nothing to do: a frozen atlas does not change."""

    def close(self) -> None:
        """Let go of the mapped files."""
        self._index = self._vectors = self._pictures = None

    def _exactly(self, queries: NDArray[np.float32], k: int, rows: NDArray[np.int64] | None) -> list[Hits]:
        chosen = np.arange(len(self._columns)) if rows is None else rows
        best = [(np.zeros(0, np.int64), np.zeros(0, np.float32))] * len(queries)
        for first in range(0, len(chosen), _CHUNK):
            part = chosen[first : first + _CHUNK]
            scores = queries @ np.asarray(self._vectors[part], np.float32).T
            best = [merge_best(b, (part, s), k) for b, s in zip(best, scores, strict=True)]
        return [hits for f, s in best for hits in best_hits(self._columns, f, s[None], k)]

    def _indexed(
        self, queries: NDArray[np.float32], k: int, rows: NDArray[np.int64] | None, total: int
    ) -> list[Hits]:
        faiss = load_faiss()
        wanted = min(candidates_for(k), total)
        probes, keep, bits = self._probes, {}, None
        if rows is not None:
            mask = np.zeros(len(self._columns), bool)
            mask[rows] = True
            bits = np.packbits(mask, bitorder="little")
            keep = {"sel": faiss.IDSelectorBitmap(len(mask), faiss.swig_ptr(bits))}
            # Tiles of a region are spread over the lists; the fewer they are, the more lists have to be seen.
            probes = min(self._lists, -(-_WIDER * probes * len(self._columns) // max(1, total)))
        while True:
            with threads(len(queries)):
                parameters = faiss.SearchParametersIVF(nprobe=probes, **keep)
                _, found = self._index.search(queries, wanted, params=parameters)
            if probes >= self._lists or (found >= 0).all():
                break
            probes = min(self._lists, 2 * probes)
        hits: list[Hits] = []
        for query, row in zip(queries, found, strict=True):
            near = np.sort(row[row >= 0])
            scores = np.asarray(self._vectors[near], np.float32) @ query
            hits += best_hits(self._columns, near, scores[None], k)
        return hits

    def _rows_of(self, ids: Sequence[str]) -> list[int]:
        rows = {name: self._columns.row_of(name) for name in ids}
        check_all_found(ids, [n for n, row in rows.items() if row is not None], self._path)
        return [row for name in ids if (row := rows[name]) is not None]

    def _thumbnail(self, row: int) -> bytes:
        first = int(self._starts[row])
        return bytes(self._pictures[first : first + int(self._lengths[row])])

    def _damaged(self, reason: str) -> AtlasError:
        return AtlasError(
            f"{self._path} cannot be read as a frozen atlas ({reason}); copy it again or make it anew with "
            "`gleam atlas freeze`."
        )

    def _refuse(self) -> NoReturn:
        raise AtlasError(
            f"{self._path} is a frozen atlas and cannot be changed; change the atlas it was made from and "
            "freeze that again."
        )
