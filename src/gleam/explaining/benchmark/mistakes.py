"""What the encoder confuses: how alike it finds every query and every tile of a split."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleam.evaluation.features import VectorMaker, encode_gallery, encode_queries
from gleam.explaining.benchmark.gathering import Shot, Site
from gleam.explaining.benchmark.pair import SPLITS, Split
from gleam.files import atomic_write
from gleam.places.table import Places
from gleam.views import View


@dataclass(frozen=True)
class Confusion:
    """What the encoder makes of the queries of one view and the tiles of one split.

    rows: number of each place. queries, tiles: (n, D) unit vectors; zeros where there is no query.
    """

    rows: Mapping[str, int]
    queries: NDArray[np.float32]
    tiles: NDArray[np.float32]

    def of(self, key: str) -> NDArray[np.float32]:
        """Return (n,) how alike the query of a place and every tile are."""
        line: NDArray[np.float32] = self.tiles @ self.queries[self.rows[key]]
        return line


def find_confusions(
    encoder: VectorMaker,
    tables: Sequence[Places],
    sites: Sequence[Site],
    shots: Mapping[tuple[str, View], Shot],
    parts: Path,
) -> dict[tuple[Split, View], Confusion]:
    """Return how alike queries and tiles are, by split and view.

    Args:
        encoder: Whose mistakes are sought.
        tables: Where the pictures are listed.
        sites: Places with their splits.
        shots: The picture of each place and view.
        parts: Folder in which vectors are kept, so that a stopped run goes on.

    Raises:
        ImageError: A picture cannot be read.
    """
    found: dict[tuple[Split, View], Confusion] = {}
    for split in SPLITS:
        members = [site for site in sites if site.split == split]
        if not members:
            continue
        rows = {site.key: number for number, site in enumerate(members)}
        tiles = _vectors(encoder, tables, members, shots, View.SATELLITE, parts)
        for view in View:
            asked = [site for site in members if (site.key, view) in shots]
            if view is View.SATELLITE or not asked:
                continue
            queries = np.zeros_like(tiles)
            queries[[rows[site.key] for site in asked]] = _vectors(encoder, tables, asked, shots, view, parts)
            found[split, view] = Confusion(rows, queries, tiles)
    return found


def _vectors(
    encoder: VectorMaker,
    tables: Sequence[Places],
    sites: Sequence[Site],
    shots: Mapping[tuple[str, View], Shot],
    view: View,
    parts: Path,
) -> NDArray[np.float32]:
    """Return one vector per place, (n, D); made once and kept."""
    chosen = [(site.table, shots[site.key, view].number) for site in sites]
    digest = hashlib.sha256(f"{encoder.fingerprint} {view} {chosen}".encode()).hexdigest()[:16]
    file = parts / f"vectors_{digest}.npy"
    if file.is_file():
        kept: NDArray[np.float32] = np.load(file, allow_pickle=False)
        return kept
    vectors: list[NDArray[np.float32]] = [np.empty(0, np.float32)] * len(chosen)
    for number, table in enumerate(tables):
        own = [i for i, (t, _) in enumerate(chosen) if t == number]
        if not own:
            continue
        rows = table.take([chosen[i][1] for i in own])
        for i, vector in zip(own, _of_rows(encoder, rows, view), strict=True):
            vectors[i] = vector
    made = np.stack(vectors).astype(np.float32)
    with atomic_write(file) as temporary:
        np.save(temporary, made)
    return made


def _of_rows(encoder: VectorMaker, rows: Places, view: View) -> NDArray[np.float32]:
    if view is View.SATELLITE:
        return encode_gallery(encoder, rows)
    queries = encode_queries(encoder, rows, view)
    if not queries.turned:
        return queries.vectors
    # Without a heading the picture stands for all of them: the mean of its vectors.
    starts = np.concatenate([[0], np.cumsum(queries.per_query)])
    means = [queries.vectors[a:b].mean(0) for a, b in itertools.pairwise(starts)]
    return np.stack(means)
