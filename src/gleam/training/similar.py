"""The most similar rows of a gallery: exact in blocks, or through an index; never an N x N matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gleam.errors import ConfigError

Found = NDArray[np.int64]

QUERIES_AT_ONCE = 512
ROWS_AT_ONCE = 16_384
"""A block of similarities takes 32 MB, however many rows there are."""

_PROBE = 256
_SEED = 0


@dataclass(frozen=True)
class Search:
    """How neighbours were looked for, for the log: recall is that of ``asked`` queries, 1 when exact."""

    method: str
    rows: int
    recall: float
    asked: int


def most_similar_exact(queries: Tensor, gallery: Tensor, count: int, device: torch.device) -> Found:
    """Return (N, K) numbers of the ``count`` gallery rows most similar to each query, best first.

    Memory grows with queries + gallery + N x K, not with their product.
    """
    wanted = min(count, len(gallery))
    out = np.empty((len(queries), wanted), np.int64)
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        asked = queries[start : start + QUERIES_AT_ONCE].to(device)
        best: Tensor | None = None
        number: Tensor | None = None
        for first in range(0, len(gallery), ROWS_AT_ONCE):
            similarity = asked @ gallery[first : first + ROWS_AT_ONCE].to(device).T
            value, at = similarity.topk(min(wanted, similarity.shape[1]), dim=1)
            at = at + first
            if best is not None and number is not None:
                value, order = torch.cat([best, value], 1).topk(
                    min(wanted, best.shape[1] + value.shape[1]), 1
                )
                at = torch.cat([number, at], 1).gather(1, order)
            best, number = value, at
        assert number is not None
        out[start : start + len(asked)] = number.cpu().numpy()
    return out


class IndexedSearch:
    """An inverted file (FAISS, IVF): looks into the cells nearest to a query only.

    probes: how many of the ``cells`` are looked into; :meth:`recall` tells what that costs.
    """

    def __init__(self, gallery: Tensor, probes: int) -> None:
        """Cluster the gallery into about 4 sqrt(N) cells, repeatably.

        Raises:
            ConfigError: FAISS is not installed.
        """
        try:
            import faiss
        except ImportError as error:
            raise ConfigError(
                "Looking for look-alikes through an index needs the library faiss; install "
                "gleam-geo[train], or set hard_negatives.search to 'exact'."
            ) from error
        self._gallery = np.ascontiguousarray(gallery.numpy(), np.float32)
        rows, width = self._gallery.shape
        # At least 39 rows per cell, below which the clustering warns.
        self.cells = max(1, min(int(4 * rows**0.5), rows // 39))
        self.probes = min(probes, self.cells)
        self._index: Any = faiss.IndexIVFFlat(
            faiss.IndexFlatIP(width), width, self.cells, faiss.METRIC_INNER_PRODUCT
        )
        self._index.cp.seed = _SEED
        # A sample of 64 rows per cell places the centres as well as all rows do, in a fraction of the time.
        self._index.cp.max_points_per_centroid = 64
        self._index.cp.niter = 8
        self._index.train(self._gallery)
        self._index.add(self._gallery)
        self._index.nprobe = self.probes

    def search(self, queries: Tensor, count: int) -> Found:
        """Return (N, K) row numbers, best first; -1 where the cells held fewer."""
        asked = np.ascontiguousarray(queries.numpy(), np.float32)
        _, rows = self._index.search(asked, min(count, len(self._gallery)))
        found: Found = rows.astype(np.int64)
        return found

    def recall(self, queries: Tensor, count: int) -> tuple[float, int]:
        """Return the share of the true neighbours that is found, and over how many queries (at most 256)."""
        at = np.unique(np.linspace(0, len(queries) - 1, min(_PROBE, len(queries))).round().astype(np.int64))
        asked = queries[torch.from_numpy(at)]
        exact = most_similar_exact(asked, torch.from_numpy(self._gallery), count, torch.device("cpu"))
        found = self.search(asked, count)
        hits = sum(len(np.intersect1d(a, b)) for a, b in zip(exact, found, strict=True))
        return hits / exact.size, len(at)
