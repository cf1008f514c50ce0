"""Every adapter of the store behind one handle, for the tests that all of them must pass.

A handle opens stores that write and stores that read. For most they are the same; a frozen pack is made
from what was written. Limits are lowered so far that a few thousand tiles reach every engine's index.
"""

from __future__ import annotations

import importlib.util
import os
import uuid
from pathlib import Path

import numpy as np

from gleam.atlas import Tile
from gleam.atlas.store import open_store
from gleam.atlas.store.frozen import FrozenStore
from gleam.atlas.store.frozen_pack import write_pack
from gleam.atlas.store.lancedb import LanceStore
from gleam.atlas.tiles import TileBatch

DIM = 32
WIDTHS = (112.0, 224.0)
SERVER = os.environ.get("GLEAM_TEST_MILVUS_URL", "")


def missing(*modules):
    return [m for m in modules if importlib.util.find_spec(m) is None]


class Lance:
    writable, exact_rows = True, 50_000

    def __init__(self, folder: Path):
        self.folder, self.url, self._open = folder, None, []

    def writer(self):
        return self._keep(LanceStore(self.folder, dim=DIM, exact_rows=self.exact_rows))

    def reader(self):
        return self._keep(LanceStore(self.folder, exact_rows=self.exact_rows))

    def _keep(self, store):
        self._open.append(store)
        return store

    def end(self):
        for store in self._open:
            store.close()


class LanceIndexed(Lance):
    exact_rows = 300


class Frozen(Lance):
    """What was written to a table, frozen anew for every reader."""

    writable, index_rows, few = False, 300, 100

    def reader(self):
        folder = self.folder / f"pack-{uuid.uuid4().hex}"
        folder.mkdir()
        source = LanceStore(self.folder)
        write_pack(source, folder, index_rows=self.index_rows)
        source.close()
        return self._keep(FrozenStore(folder, exact_rows=self.few))


class FrozenSmall(Frozen):
    index_rows = 10**9


class MilvusLite(Lance):
    """One process may have the file open, so all stores here are of this one."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.url = "milvus:tiles.db"

    def writer(self):
        return self._keep(open_store(self.folder, self.url, dim=DIM))

    def reader(self):
        return self._keep(open_store(self.folder, self.url))


class MilvusServer(MilvusLite):
    def __init__(self, folder: Path):
        super().__init__(folder)
        self.url = f"milvus+{SERVER}/gleam_test_{uuid.uuid4().hex}"

    def end(self):
        from pymilvus import MilvusClient

        MilvusClient(SERVER).drop_collection(self.url.rsplit("/", 1)[1])
        super().end()


ADAPTERS = {
    "lance": (Lance, []),
    "lance_indexed": (LanceIndexed, []),
    "frozen": (Frozen, missing("faiss")),
    "frozen_small": (FrozenSmall, missing("faiss")),
    "milvus_lite": (MilvusLite, missing("pymilvus", "milvus_lite")),
    "milvus_server": (MilvusServer, missing("pymilvus") if SERVER else ["GLEAM_TEST_MILVUS_URL"]),
}


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def make_batch(n, seed=0, start=0, around=(48.0, 16.0), spread=0.05, source="s", width=None):
    """Tiles in clusters, as places of a city are; of both widths unless one is given."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(1234).normal(size=(40, DIM))
    vectors = unit(centres[rng.integers(0, 40, n)] + rng.normal(0, 0.7, (n, DIM)))
    lats = around[0] + rng.uniform(-spread, spread, n)
    lons = (around[1] + rng.uniform(-spread, spread, n) + 180) % 360 - 180
    tiles = [
        Tile(f"t{start + i:05d}", float(lats[i]), float(lons[i]), width or WIDTHS[i % 2], source)
        for i in range(n)
    ]
    return TileBatch(tiles, vectors, [f"jpeg {start + i}".encode() for i in range(n)])


def joined(*batches):
    return TileBatch(
        [t for b in batches for t in b.tiles],
        np.concatenate([b.vectors for b in batches]),
        [j for b in batches for j in b.thumbnails],
    )


def make_queries(batch, n, seed=9):
    """Vectors between stored ones and noise, as photos are."""
    rng = np.random.default_rng(seed)
    near = batch.vectors[rng.integers(0, len(batch.tiles), n)]
    return unit(near + unit(rng.normal(size=near.shape)) * 0.7)


def brute_force(batch, query, k, keep=None):
    """The ids of the k best, ties by id: what every store is compared with."""
    scores = batch.vectors @ query
    rows = [i for i in range(len(batch.tiles)) if keep is None or keep[i]]
    rows.sort(key=lambda i: (-scores[i], batch.tiles[i].id))
    return [batch.tiles[i].id for i in rows[:k]]


def ids_of(hits):
    return [hit.tile.id for hit in hits]
