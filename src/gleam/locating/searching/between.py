"""Vectors of squares between the tiles of an atlas.

A photo rarely lies in the middle of a tile. Overlapping neighbours hold the ground between their centres,
so squares off the grid can be cut from their stored pictures, without the imagery. They lie on a finer grid,
a quarter of the atlas's stride apart: their vectors do not depend on the photo, so those of a neighbourhood
are remembered for the next photo of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from gleam.atlas import Atlas, Region, Tile
from gleam.atlas.embedding import (
    THUMBNAIL_PIXELS,
    SquareEncoder,
    embed_tiles,
    is_plain_mean,
    prepare_tile,
)
from gleam.atlas.hits import Hits
from gleam.atlas.tiles import Hit
from gleam.geo import Circle, Frame
from gleam.imagery.decode import load_image
from gleam.imagery.preparation.square import OVERSAMPLING
from gleam.locating.searching.mosaic import Around, Piece, pieces_of, put_together
from gleam.locating.searching.places import LEAST_M_PER_DEGREE

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
_PREPARED = 4096
"""Pictures that are remembered as the encoder takes them: 113 MB with the shipped one."""
_DECODED = 256
"""Pictures that are remembered as they are, where the encoder takes others: 28 MB."""
_WARMED_AT_ONCE = 16
_STORED = 4096
"""Pictures that are remembered as they are stored: 40 MB."""
_NEIGHBOURHOODS = 20_000


Pictures = LRUCache[str, NDArray[np.uint8]]


class _Kept:
    """What is remembered of one version of an atlas."""

    def __init__(self, version: int, dim: int) -> None:
        self.version = version
        self.vectors: LRUCache[tuple[str, Step], Vector | None] = LRUCache(_VECTOR_BYTES // (4 * dim))
        self.stored: LRUCache[str, bytes] = LRUCache(_STORED)
        self.decoded: Pictures = LRUCache(_DECODED)
        self.prepared: Pictures = LRUCache(_PREPARED)
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
        for key, (tile, around, step) in zip(keys, wanted, strict=True):
            if key in found:
                continue
            pieces = self._pieces(tile, around, step)
            found[key] = None
            if pieces is not None:
                cut[key] = pieces
        if cut:
            # All around at once: a fetch takes as long as a square, however many it brings.
            near = {t.id for key, (_, a, _) in zip(keys, wanted, strict=True) if key in cut for t, _ in a}
            self._fetch(kept, near)
            squares = self._squares(kept, list(cut.values()), wanted[0][0].width_m)
            # An answer must not depend on what was asked before, not even in its last bits.
            together = len(squares) if getattr(self._encoder, "same_in_any_batch", False) else 1
            for at in range(0, len(squares), together):
                made = embed_tiles(self._encoder, squares[at : at + together])
                found.update(zip(list(cut)[at : at + together], made, strict=True))
        with self._lock:
            kept.vectors.update(found)
        return [found[key] for key in keys]

    def squares(
        self, wanted: Sequence[tuple[Tile, Around, Step]], *, whole: bool = False
    ) -> list[NDArray[np.uint8] | None]:
        """Return squares, each a step from a tile; None where ground is missing.

        They are as the encoder takes them, or as they are stored when wanted ``whole``.
        """
        kept = self._kept
        out: list[NDArray[np.uint8] | None] = [None] * len(wanted)
        cut: dict[int, list[Piece]] = {}
        for number, (tile, around, step) in enumerate(wanted):
            pieces = self._pieces(tile, around, step)
            if pieces is not None:
                cut[number] = pieces
        if cut:
            self._fetch(kept, {piece.tile.id for pieces in cut.values() for piece in pieces})
            made = self._squares(kept, list(cut.values()), None if whole else wanted[0][0].width_m)
            for number, square in zip(cut, made, strict=True):
                out[number] = square
        return out

    def warm(self, stopped: Callable[[], bool]) -> None:
        """Make the pictures of all tiles ready, where so many are remembered, until told to stop.

        So the first photos of a place need not wait for them.
        """
        kept, sizes = self._kept, self._atlas.tile_sizes_m
        if len(self._atlas) > _PREPARED or not all(self._halves(width) for width in sizes):
            return
        tiles = list(self._atlas.store.tiles())
        for at in range(0, len(tiles), _WARMED_AT_ONCE):
            if stopped() or kept is not self._kept:
                return
            some = tiles[at : at + _WARMED_AT_ONCE]
            self._fetch(kept, {tile.id for tile in some})
            for width in sizes:
                self._pictures(kept, {tile.id for tile in some if tile.width_m == width}, width)

    def _pieces(self, tile: Tile, around: Around, step: Step) -> list[Piece] | None:
        metres = self._atlas.stride_of(tile.width_m) / STEPS_PER_STRIDE
        return pieces_of(tile.width_m, around, step[0] * metres, step[1] * metres)

    def _halves(self, width_m: float) -> bool:
        preparation = self._atlas.preparation(self._encoder, width_m)
        return is_plain_mean(THUMBNAIL_PIXELS, width_m, preparation)

    def _squares(
        self, kept: _Kept, cut: Sequence[list[Piece]], width_m: float | None
    ) -> list[NDArray[np.uint8]]:
        """Return squares put together from their pieces, as the encoder takes those of a width, or whole."""
        names = {piece.tile.id for pieces in cut for piece in pieces}
        if width_m is None:
            pictures = self._pictures(kept, names, None)
            return [put_together(pieces, pictures) for pieces in cut]
        if self._halves(width_m) and all(piece.fits(OVERSAMPLING) for pieces in cut for piece in pieces):
            # Means of blocks, put together, are the blocks' means of what is put together.
            pictures = self._pictures(kept, names, width_m)
            return [put_together(pieces, pictures, OVERSAMPLING) for pieces in cut]
        preparation = self._atlas.preparation(self._encoder, width_m)
        pictures = self._pictures(kept, names, None)
        return [prepare_tile(put_together(pieces, pictures), width_m, preparation) for pieces in cut]

    def _fetch(self, kept: _Kept, names: set[str]) -> None:
        with self._lock:
            missing = sorted(name for name in names if name not in kept.stored)
        if missing:
            stored = self._atlas.store.thumbnails_of(missing)
            with self._lock:
                kept.stored.update(zip(missing, stored, strict=True))

    def _pictures(self, kept: _Kept, names: set[str], width_m: float | None) -> dict[str, NDArray[np.uint8]]:
        """Return the pictures of tiles of a width, prepared; as they are where no width is given."""
        shelf = kept.decoded if width_m is None else kept.prepared
        with self._lock:
            known = {name: shelf.get(name) for name in names}
            stored = {name: kept.stored.get(name) for name in names if known[name] is None}
        pictures = {name: picture for name, picture in known.items() if picture is not None}
        for name, file in stored.items():
            picture = load_image(file if file is not None else self._atlas.store.thumbnails_of([name])[0])
            if width_m is not None:
                picture = prepare_tile(picture, width_m, self._atlas.preparation(self._encoder, width_m))
            pictures[name] = picture
        with self._lock:
            shelf.update(pictures)
        return pictures


def neighbours(
    anchor: Tile, hits: Sequence[Hit], frame: Frame, reach_m: float
) -> list[tuple[Hit, tuple[float, float]]]:
    """Return the tiles of the anchor's source within reach along both axes, with their local metres."""
    columns = Hits.of(hits)
    # Projecting costs; what lies farther north or south than twice this is out of reach in any projection.
    band = 2 * reach_m / LEAST_M_PER_DEGREE
    columns = columns.taken(np.abs(columns.lats - anchor.lat) <= band)
    x, y = frame.to_local(columns.lats, columns.lons)
    near = (np.abs(x) <= reach_m) & (np.abs(y) <= reach_m)
    found = zip(columns.taken(near), x[near].tolist(), y[near].tolist(), strict=True)
    return [
        (hit, (east, north))
        for hit, east, north in found
        if hit.tile.source == anchor.source and hit.tile.width_m == anchor.width_m
    ]
