"""Vectors of squares between the tiles of an atlas.

A photo rarely lies in the middle of a tile. Overlapping neighbours hold the ground between their centres,
so squares off the grid can be cut from their stored pictures, without the imagery. They lie on a finer grid,
a quarter of the atlas's stride apart: their vectors do not depend on the photo, so those of a neighbourhood
are remembered for the next photo of it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from gleam.atlas import Atlas, Region, Tile
from gleam.atlas.embedding import SquareEncoder, embed_tiles, prepare_tile
from gleam.atlas.tiles import Hit
from gleam.geo import Circle, Frame
from gleam.imagery.decode import load_image
from gleam.locating.searching.mosaic import Around, Piece, pieces_of, put_together

Step = tuple[int, int]
"""Quarters of a stride (east, north) from the centre of a tile."""
Vector = NDArray[np.float32]
STEPS_PER_STRIDE = 4
AROUND = 1.6
"""Strides within which neighbours lend pictures: those beside and those across the corner."""
_NINE = 9
"""Tiles around a place, itself counted, where none is missing."""
_MOST_TILES = 64
_VECTOR_BYTES = 64_000_000
_DECODED = 1024
"""Pictures that are remembered as pixels: 113 MB."""
_STORED = 4096
"""Pictures that are remembered as they are stored: 40 MB."""
_NEIGHBOURHOODS = 20_000


class _Kept:
    """What is remembered of one version of an atlas."""

    def __init__(self, version: int, dim: int) -> None:
        self.version = version
        self.vectors: LRUCache[tuple[str, Step], Vector | None] = LRUCache(_VECTOR_BYTES // (4 * dim))
        self.stored: LRUCache[str, bytes] = LRUCache(_STORED)
        self.decoded: LRUCache[str, NDArray[np.uint8]] = LRUCache(_DECODED)
        self.around: LRUCache[str, Around] = LRUCache(_NEIGHBOURHOODS)


class Between:
    """The squares between an atlas's tiles as its encoder sees them; several threads may ask at once."""

    def __init__(self, atlas: Atlas, encoder: SquareEncoder) -> None:
        self._atlas, self._encoder = atlas, encoder
        self._lock = threading.Lock()
        self._kept = _Kept(atlas.store.version(), encoder.dim)

    def follow(self) -> None:
        """Forget everything when tiles were added or removed since."""
        version = self._atlas.store.version()
        if version != self._kept.version:
            # Whoever is at work with the old ones goes on with them and leaves nothing in the new.
            self._kept = _Kept(version, self._encoder.dim)

    def around(self, anchor: Tile, vector: Vector, known: Around) -> Around:
        """Return the tiles around a tile, itself among them, with their metres from it.

        Args:
            anchor: The tile.
            vector: Any of the atlas's kind; a search needs one.
            known: Those of them that a search returned already.
        """
        kept = self._kept
        with self._lock:
            found = kept.around.get(anchor.id)
        if found is None:
            found = known
            if len(known) < _NINE:
                reach = AROUND * self._atlas.stride_of(anchor.width_m)
                region = Region.around(Circle(anchor.lat, anchor.lon, reach))
                (hits,) = self._atlas.store.search(vector[None], _MOST_TILES, region, width_m=anchor.width_m)
                near = neighbours(anchor, hits, Frame.at(anchor.lat, anchor.lon), reach)
                found = [(hit.tile, at) for hit, at in near] or [(anchor, (0.0, 0.0))]
            with self._lock:
                kept.around[anchor.id] = found
        return found

    def vectors(self, wanted: Sequence[tuple[Tile, Around, Step]]) -> list[Vector | None]:
        """Return the vectors of squares, each a step from a tile; None where ground is missing.

        Args:
            wanted: Tiles, what :meth:`around` tells of them, and steps. All of one width.
        """
        kept = self._kept
        keys = [(tile.id, step) for tile, _, step in wanted]
        with self._lock:
            found = {key: kept.vectors[key] for key in keys if key in kept.vectors}
        cut: dict[tuple[str, Step], list[Piece]] = {}
        for key, (tile, around, (i, j)) in zip(keys, wanted, strict=True):
            if key in found:
                continue
            metres = self._atlas.stride_of(tile.width_m) / STEPS_PER_STRIDE
            pieces = pieces_of(tile.width_m, around, i * metres, j * metres)
            found[key] = None
            if pieces is not None:
                cut[key] = pieces
        if cut:
            # All around at once: a fetch takes as long as a square, however many it brings.
            near = {t.id for key, (_, a, _) in zip(keys, wanted, strict=True) if key in cut for t, _ in a}
            self._fetch(kept, near)
            pictures = self._pictures_of(kept, {p.tile.id for pieces in cut.values() for p in pieces})
            width = wanted[0][0].width_m
            preparation = self._atlas.preparation(self._encoder, width)
            squares = [prepare_tile(put_together(p, pictures), width, preparation) for p in cut.values()]
            # An answer must not depend on what was asked before, not even in its last bits.
            together = len(squares) if getattr(self._encoder, "same_in_any_batch", False) else 1
            for at in range(0, len(squares), together):
                made = embed_tiles(self._encoder, squares[at : at + together])
                found.update(zip(list(cut)[at : at + together], made, strict=True))
        with self._lock:
            kept.vectors.update(found)
        return [found[key] for key in keys]

    def _fetch(self, kept: _Kept, names: set[str]) -> None:
        with self._lock:
            missing = sorted(name for name in names if name not in kept.stored)
        if missing:
            stored = self._atlas.store.thumbnails_of(missing)
            with self._lock:
                kept.stored.update(zip(missing, stored, strict=True))

    def _pictures_of(self, kept: _Kept, names: set[str]) -> dict[str, NDArray[np.uint8]]:
        with self._lock:
            known = {name: kept.decoded.get(name) for name in names}
            stored = {name: kept.stored.get(name) for name in names if known[name] is None}
        pictures = {name: picture for name, picture in known.items() if picture is not None}
        for name, file in stored.items():
            pictures[name] = load_image(
                file if file is not None else self._atlas.store.thumbnails_of([name])[0]
            )
        with self._lock:
            kept.decoded.update(pictures)
        return pictures


def neighbours(
    anchor: Tile, hits: Sequence[Hit], frame: Frame, reach_m: float
) -> list[tuple[Hit, tuple[float, float]]]:
    """Return the tiles of the anchor's source within reach along both axes, with their local metres."""
    same = [h for h in hits if h.tile.source == anchor.source and h.tile.width_m == anchor.width_m]
    if not same:
        return []
    x, y = frame.to_local([h.tile.lat for h in same], [h.tile.lon for h in same])
    near = np.flatnonzero((np.abs(x) <= reach_m) & (np.abs(y) <= reach_m))
    return [(same[i], (float(x[i]), float(y[i]))) for i in near]
