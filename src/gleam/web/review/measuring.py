"""The numbered regions of a pair, measured once and kept."""

from __future__ import annotations

import logging
import threading
from typing import Any

from gleam.errors import GleamError
from gleam.explaining.reviewing import desk
from gleam.explaining.reviewing.store import ReviewStore
from gleam.imagery.decode import image_size

logger = logging.getLogger("gleam.web")


class Measuring:
    """Measures regions with an encoder, one pair at a time; without an encoder there are none."""

    def __init__(self, store: ReviewStore, encoder: str | None) -> None:
        self._store = store
        self._name = encoder
        self._lock = threading.Lock()
        self._explainer: Any = None

    @property
    def possible(self) -> bool:
        """Whether regions can be measured."""
        return self._name is not None

    def regions(self, pair_id: str) -> dict[str, Any]:
        """Return the regions of a pair.

        Returns:
            query, tile: (width, height) of the pictures; regions: number, supports, similarity, share, and
            boxes (left, top, right, bottom) in both pictures. No regions without an encoder, or when it
            cannot compare the two.

        Raises:
            GleamError: There is no such pair, or a picture cannot be read.
        """
        pair = self._store.item(pair_id).pair
        key = self._name or ""
        kept = desk.cached_regions(self._store.path, pair_id, key)
        if kept is not None:
            return kept
        query, tile = (
            self._store.bench.image_path(pair.query_image),
            self._store.bench.image_path(pair.tile_image),
        )
        sizes = {"query": image_size(query)[::-1], "tile": image_size(tile)[::-1]}
        if self._name is None:
            return {**sizes, "regions": []}
        with self._lock:
            kept = desk.cached_regions(self._store.path, pair_id, key)
            if kept is None:
                kept = {**sizes, "regions": self._measure(pair_id)}
                desk.cache_regions(self._store.path, pair_id, key, kept)
        return kept

    def _measure(self, pair_id: str) -> list[dict[str, Any]]:
        if self._explainer is None:
            from gleam.encoder import Encoder
            from gleam.explaining.evidence import EvidenceExplainer

            self._explainer = EvidenceExplainer(Encoder.from_pretrained(self._name or ""))
        pair, bench = self._store.item(pair_id).pair, self._store.bench
        try:
            verdict = self._explainer.explain(
                bench.image_path(pair.query_image),
                bench.image_path(pair.tile_image),
                pair.view,
                pair.pose,
                tile_width_m=pair.tile_width_m,
            )
        except GleamError as error:
            logger.warning("No regions for %s: %s", pair_id, error)
            return []
        return [
            {
                "number": region.number,
                "supports": region.supports,
                "similarity": region.similarity,
                "share": region.share,
                "query": [
                    [box.left, box.top, box.right, box.bottom]
                    for box in (region.query_box, region.query_box_rest)
                    if box is not None
                ],
                "tile": [
                    [region.tile_box.left, region.tile_box.top, region.tile_box.right, region.tile_box.bottom]
                ],
            }
            for region in verdict.regions
        ]
