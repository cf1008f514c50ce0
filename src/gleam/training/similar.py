"""The most similar rows of a gallery: exact in blocks, or through an index; never an N x N matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gleam.encoder.inference import inference_dtype
from gleam.errors import ConfigError

Found = NDArray[np.int64]

QUERIES_AT_ONCE = 256
ROWS_AT_ONCE = 65_536
"""A block of similarities takes 32 to 64 MB, however many rows there are."""
_GROUP = 16
"""Rows whose highest similarity stands for them in the first selection."""
_RESCORED_AT_ONCE = 64
_COARSE_FROM = 24_576
"""Gallery rows from which on a first pass in less precision pays."""

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

    Memory grows with queries + gallery + N x K, not with their product. In a large gallery, where the CPU has
    matrix units for bfloat16, a first pass in it keeps an eighth more rows than wanted and float32 chooses
    among those: a row could only be missed if rounding moved it past all the rows kept in addition.
    """
    wanted = min(count, len(gallery))
    rows = gallery.to(device)
    coarse = inference_dtype() if device.type == "cpu" and len(rows) >= _COARSE_FROM else torch.float32
    kept, rounded, shared = wanted, rows, rows[:0]
    if coarse is not torch.float32:
        kept = min(len(rows), wanted + wanted // 8 + 8)
        shared = rows.mean(0)
        rounded = _apart(rows, shared).to(coarse)
    out = np.empty((len(queries), wanted), np.int64)
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        asked = queries[start : start + QUERIES_AT_ONCE].to(device)
        if coarse is torch.float32:
            number = _most_similar(asked, rounded, kept)
        else:
            one = torch.ones(len(asked), 1, device=device)
            number = _most_similar(torch.cat([asked - shared, one], 1).to(coarse), rounded, kept)
            number = _rescored(asked, rows, number, wanted)
        out[start : start + len(asked)] = number.cpu().numpy()
    return out


def _apart(rows: Tensor, shared: Tensor) -> Tensor:
    """Return the rows without what all share, and one more column: their similarity to it.

    For a query q = s + q' the similarity to a row is s.s + s.q' + s.r' + q'.r', whose first two parts order
    nothing. What is left is small where vectors are nearly one and the same, as those of a young network
    are, and then survives rounding.
    """
    moved = rows - shared
    return torch.cat([moved, (moved @ shared)[:, None]], 1)


def _most_similar(asked: Tensor, gallery: Tensor, count: int) -> Tensor:
    """Return (Q, K) row numbers, best first, block by block of the gallery."""
    best: Tensor | None = None
    number: Tensor | None = None
    for first in range(0, len(gallery), ROWS_AT_ONCE):
        # Many rows times few queries: this way round the product takes half the time.
        value, at = _best_of_block(gallery[first : first + ROWS_AT_ONCE] @ asked.T, count)
        at = at + first
        if best is not None and number is not None:
            value, order = torch.cat([best, value], 1).topk(min(count, best.shape[1] + value.shape[1]), 1)
            at = torch.cat([number, at], 1).gather(1, order)
        best, number = value, at
    assert number is not None
    return number


def _best_of_block(similarity: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the ``count`` highest of each column of (R, Q) and their rows, both (Q, K), best first.

    Selecting would cost more than multiplying, so groups of rows come first: the highest K stand in the K
    groups with the highest maxima, since each of those maxima is at least as high.
    """
    rows, queries = similarity.shape
    groups = rows // _GROUP
    if groups <= 2 * count:
        value, at = similarity.T.topk(min(count, rows), dim=1)
        return value, at
    whole = groups * _GROUP
    # Groups of rows far apart: a maximum over neighbours takes longer.
    highest = similarity[:whole].view(_GROUP, groups, queries).amax(0)
    chosen = highest.T.contiguous().topk(count, dim=1).indices
    steps = torch.arange(0, whole, groups, device=similarity.device)
    members = (chosen[:, None, :] + steps[None, :, None]).flatten(1)
    rest = torch.arange(whole, rows, device=similarity.device).expand(queries, -1)
    members = torch.cat([members, rest], 1)
    value, order = similarity.T.gather(1, members).topk(count, dim=1)
    return value, members.gather(1, order)


def _rescored(asked: Tensor, gallery: Tensor, number: Tensor, wanted: int) -> Tensor:
    """Return the best ``wanted`` of the rows kept, by similarities in full precision."""
    parts = []
    for first in range(0, len(asked), _RESCORED_AT_ONCE):
        near = number[first : first + _RESCORED_AT_ONCE]
        similarity = torch.einsum("qd,qkd->qk", asked[first : first + _RESCORED_AT_ONCE], gallery[near])
        parts.append(near.gather(1, similarity.topk(wanted, dim=1).indices))
    return torch.cat(parts)


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
