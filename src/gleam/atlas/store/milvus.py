"""Milvus as the store of large or shared atlases: the tiles lie on a server, the folder holds the rest.

The same adapter speaks to a Milvus server and, for trials and tests, to Milvus Lite in a file. What it
must know of Milvus, measured: there is no type for places, so a region is a range of latitudes and
longitudes; there is no type for bytes, so thumbnails travel as base64; a deletion reports what was asked
for and not what was there; reads are asked for with strong consistency, so that what is acknowledged is
seen at once by every client.
"""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.region import Region
from gleam.atlas.sources.protocol import Said
from gleam.atlas.store.checks import check_all_found, checked_batch, checked_queries
from gleam.atlas.store.exact import TILE_COLUMNS
from gleam.atlas.store.milvus_terms import (
    TOKEN_VARIABLE,
    filter_of,
    id_in,
    parse,
    quiet_engine,
    quoted,
    to_rows,
    to_tile,
)
from gleam.atlas.store.protocol import Mode
from gleam.atlas.store.widening import complete_hits
from gleam.atlas.tiles import Hit, Tile, TileBatch
from gleam.errors import AtlasError

_ROWS_AT_ONCE = 500
_MOST_HITS = 16_384
"""The server gives no more in one answer."""
_INDEX = {"index_type": "HNSW", "metric_type": "COSINE", "params": {"M": 24, "efConstruction": 200}}
EXACT_ROWS = 1_000
"""Up to so many tiles (of the collection or of the region) all are fetched: the index misses some of few."""
_EF, _MOST_EF = 200, 32_768
"""Breadth of the search in the index that keeps recall above 0.98, and the most that the server takes."""
_TIMEOUT_S = 60.0


class MilvusStore:
    """The :class:`~gleam.atlas.store.protocol.TileStore` in a Milvus collection.

    Args:
        url: ``milvus+http://HOST:PORT/COLLECTION``, ``milvus+https://...`` or ``milvus:FILE.db``.
        folder: What a relative ``FILE.db`` is relative to.
        dim: Length of the vectors; with it, a missing collection is made.

    Raises:
        AtlasError: The address is wrong, the server does not answer or refuses, the collection is missing
            and ``dim`` is not given, or it holds something else.
    """

    def __init__(self, url: str, *, folder: Path, dim: int | None = None) -> None:
        self.url = url
        uri, self._name = parse(url, folder)
        quiet_engine()
        try:
            from pymilvus import MilvusClient
        except ImportError:
            raise AtlasError(
                f"{url} needs the library pymilvus; install it with: pip install 'gleam-geo[cluster]'."
            ) from None
        self._version = 0
        with self._errors("reached"):
            self._client: Any = MilvusClient(
                uri=uri, token=os.environ.get(TOKEN_VARIABLE, ""), timeout=_TIMEOUT_S
            )
            if not self._client.has_collection(self._name):
                if dim is None:
                    raise AtlasError(f"{url} holds no tiles; build the atlas again.")
                self._create(dim)
            self._client.load_collection(self._name)
        self.dim = self._stored_dim()
        if dim is not None and dim != self.dim:
            raise AtlasError(f"{url} holds vectors of {self.dim} numbers, not of {dim}.")

    def upsert(self, batch: TileBatch) -> None:
        """Write tiles, replacing those whose id is there; acknowledged by the server on return."""
        if not batch.tiles:
            return
        vectors = checked_batch(batch, self.dim)
        rows = to_rows(batch, vectors)
        for at in range(0, len(rows), _ROWS_AT_ONCE):
            with self._errors("written"):
                self._client.upsert(self._name, rows[at : at + _ROWS_AT_ONCE])
        self._version += 1

    def describe(self, said: Mapping[str, Said]) -> None:
        """Nothing to do: the manifest in the atlas folder tells it, also for tiles on a server."""

    def described(self) -> dict[str, list[Said]]:
        """Return nothing: the manifest tells it."""
        return {}

    def delete(self, ids: Sequence[str]) -> int:
        """Remove tiles by id and return how many there were."""
        gone = 0
        for at in range(0, len(ids), _ROWS_AT_ONCE):
            part = list(dict.fromkeys(ids[at : at + _ROWS_AT_ONCE]))
            gone += self._count(id_in(part))
            with self._errors("written"):
                self._client.delete(self._name, ids=part)
        self._version += 1
        return gone

    def search(
        self,
        vectors: NDArray[np.float32],
        k: int,
        region: Region | None = None,
        *,
        width_m: float | None = None,
        mode: Mode = "auto",
    ) -> Sequence[Sequence[Hit]]:
        """Return the ``k`` most similar tiles for each query; ``exact`` fetches every vector."""
        queries = checked_queries(vectors, self.dim, k, mode)
        where = filter_of(region, width_m)
        total = self._count(where)
        if mode == "exact" or total <= EXACT_ROWS:
            return self._exactly(queries, k, region, where)
        # The index is walked without regard to the filter: the fewer tiles pass it, the wider the walk.
        share = total / max(1, self._count("")) if where else 1.0
        breadth = int(min(_MOST_EF, _EF / max(share, 1e-9)))
        found = []
        for query in queries:
            fetch = partial(self._fetch_hits, query, where, breadth)
            hits = complete_hits(fetch, k, region, total, _MOST_HITS)
            found.append(self._exactly(query[None], k, region, where)[0] if hits is None else hits)
        return found

    def count(self, region: Region | None = None, *, width_m: float | None = None) -> int:
        """Return the number of tiles, in a region and of a ground width when given."""
        where = filter_of(region, width_m)
        if region is None or region.circle is None:
            return self._count(where)
        rows = self._rows(where, ["lat", "lon"])
        return sum(int(region.contains([r["lat"] for r in p], [r["lon"] for r in p]).sum()) for p in rows)

    def tiles(self, source: str | None = None) -> Iterator[Tile]:
        """Yield every tile, ordered by id; of one source when given."""
        where = "" if source is None else f"source == {quoted(source)}"
        found = [to_tile(row) for part in self._rows(where, list(TILE_COLUMNS)) for row in part]
        yield from sorted(found, key=lambda tile: tile.id)

    def vectors_of(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """Return (N, D) stored vectors in the order asked for."""
        found = self._by_id(ids, ["vector"])
        return np.array([found[i]["vector"] for i in ids], np.float32).reshape(len(ids), self.dim)

    def thumbnails_of(self, ids: Sequence[str]) -> list[bytes]:
        """Return the stored JPEG files in the order asked for."""
        found = self._by_id(ids, ["thumbnail"])
        return [base64.b64decode(found[i]["thumbnail"]) for i in ids]

    def tiles_of(self, ids: Sequence[str]) -> list[Tile]:
        """Return the tiles in the order asked for."""
        found = self._by_id(ids, list(TILE_COLUMNS))
        return [to_tile(found[i]) for i in ids]

    def batches(self, rows: int = 1024) -> Iterator[TileBatch]:
        """Yield all that is stored, in batches of at most ``rows`` tiles, in no order."""
        for part in self._rows("", [*TILE_COLUMNS, "vector", "thumbnail"], rows):
            vectors = np.array([row["vector"] for row in part], np.float32)
            yield TileBatch(
                [to_tile(row) for row in part], vectors, [base64.b64decode(row["thumbnail"]) for row in part]
            )

    def version(self) -> int:
        """Return a number that grows with each change made here and each look at those of others."""
        return self._version

    def refresh(self) -> None:
        """Nothing is kept here that could grow old; only :meth:`version` moves on."""
        self._version += 1

    def optimize(self, *, alone: bool = False, index: bool = True) -> None:
        """Ask the server to write out and index what it holds in memory."""
        with self._errors("written"):
            self._client.flush(self._name)

    def close(self) -> None:
        """End the connection."""
        with contextlib.suppress(Exception):
            self._client.close()

    def _create(self, dim: int) -> None:
        from pymilvus import DataType

        schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.VARCHAR, max_length=200, is_primary=True)
        for name in ("lat", "lon", "width_m"):
            schema.add_field(name, DataType.DOUBLE)
        schema.add_field("source", DataType.VARCHAR, max_length=200)
        schema.add_field("thumbnail", DataType.VARCHAR, max_length=65_535)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
        index = self._client.prepare_index_params()
        index.add_index("vector", **_INDEX)
        self._client.create_collection(
            self._name, schema=schema, index_params=index, consistency_level="Strong"
        )

    def _stored_dim(self) -> int:
        with self._errors("read"):
            fields = {f["name"]: f for f in self._client.describe_collection(self._name)["fields"]}
        missing = [name for name in (*TILE_COLUMNS, "vector", "thumbnail") if name not in fields]
        if missing:
            raise AtlasError(
                f"{self.url} holds something else than tiles ({missing[0]} is missing); "
                "name another collection."
            )
        return int(fields["vector"]["params"]["dim"])

    def _fetch_hits(self, vector: NDArray[np.float32], where: str, breadth: int, wanted: int) -> list[Hit]:
        with self._errors("searched"):
            (found,) = self._client.search(
                self._name,
                [vector],
                filter=where,
                limit=wanted,
                output_fields=list(TILE_COLUMNS),
                search_params={"metric_type": "COSINE", "params": {"ef": max(breadth, 2 * wanted)}},
            )
        return [Hit(to_tile(row["entity"]), float(row["distance"])) for row in found]

    def _exactly(
        self, queries: NDArray[np.float32], k: int, region: Region | None, where: str
    ) -> Sequence[Sequence[Hit]]:
        best: list[list[Hit]] = [[] for _ in queries]
        for part in self._rows(where, [*TILE_COLUMNS, "vector"]):
            tiles = [to_tile(row) for row in part]
            vectors = np.array([row["vector"] for row in part], np.float32)
            if region is not None:
                inside = region.contains([t.lat for t in tiles], [t.lon for t in tiles])
                tiles = [t for t, keep in zip(tiles, inside, strict=True) if keep]
                vectors = vectors[inside]
            for number, scores in enumerate(queries @ vectors.T):
                hits = best[number] + [Hit(t, float(s)) for t, s in zip(tiles, scores, strict=True)]
                best[number] = sorted(hits, key=lambda h: (-h.score, h.tile.id))[:k]
        return best

    def _count(self, where: str) -> int:
        with self._errors("read"):
            rows = self._client.query(self._name, filter=where, output_fields=["count(*)"])
        return int(rows[0]["count(*)"])

    def _rows(
        self, where: str, columns: list[str], at_once: int = _ROWS_AT_ONCE
    ) -> Iterator[list[dict[str, Any]]]:
        with self._errors("read"):
            pages = self._client.query_iterator(
                self._name, batch_size=at_once, filter=where, output_fields=columns
            )
            try:
                while part := pages.next():
                    yield list(part)
            finally:
                pages.close()

    def _by_id(self, ids: Sequence[str], columns: list[str]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for at in range(0, len(ids), _ROWS_AT_ONCE):
            with self._errors("read"):
                rows = self._client.query(
                    self._name, filter=id_in(ids[at : at + _ROWS_AT_ONCE]), output_fields=["id", *columns]
                )
            found.update({row["id"]: row for row in rows})
        check_all_found(ids, found, self.url)
        return found

    @contextlib.contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        """Say in a sentence that the server could not be read or written."""
        from pymilvus.exceptions import MilvusException

        try:
            yield
        except (MilvusException, OSError, ValueError) as error:
            reason = (str(getattr(error, "message", "") or error).splitlines() or ["no reason"])[0][:200]
            raise AtlasError(
                f"{self.url} could not be {what} ({reason}); check that Milvus runs there and that "
                f"{TOKEN_VARIABLE} holds its token if it wants one."
            ) from error
