"""The atlas: a folder of tiles that can be searched by a picture's vector."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.embedding import SquareEncoder, preparation_for
from gleam.atlas.manifest import MANIFEST, Manifest
from gleam.atlas.recipe import metres
from gleam.atlas.region import Region
from gleam.atlas.sources import SourceRecord
from gleam.atlas.store import TileStore, open_store
from gleam.atlas.tiles import Hit, Tile
from gleam.errors import AtlasError
from gleam.geo import wrap_lon
from gleam.imagery.decode import load_image
from gleam.imagery.preparation import Preparation

if TYPE_CHECKING:
    from gleam.atlas.changing import Added, Removed
    from gleam.atlas.engines import EncoderSource

Bounds: TypeAlias = tuple[float, float, float, float]
Paths: TypeAlias = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


class Atlas:
    """Tiles of georeferenced satellite imagery, their vectors and what made them.

    Use :meth:`build` to make one and :meth:`open` to search one. Any number of processes may have the
    same atlas open for reading while one adds imagery to it or removes some. Close it, or use it in a
    ``with`` block.
    """

    def __init__(self, path: Path, manifest: Manifest, store: TileStore) -> None:
        """Hold an opened atlas; users call :meth:`open` or :meth:`build`."""
        self.path = path
        self.manifest = manifest
        self.store = store
        self._read_at = _stamp(path)

    @classmethod
    def build(
        cls,
        source: Paths,
        encoder: SquareEncoder,
        out: str | os.PathLike[str],
        *,
        tile_m: float | Sequence[float] | None = None,
        stride_m: float | Sequence[float] | None = None,
        store: str | None = None,
        engine: str = "local",
        workers: int | None = None,
        encoder_from: EncoderSource | None = None,
        **options: Any,
    ) -> Atlas:
        """Build an atlas from imagery, or finish one whose build was interrupted.

        Args:
            source: Imagery of any kind that :func:`gleam.atlas.sources.open_sources` knows; or with the
                option ``csv`` the folder that its images lie in.
            encoder: Turns tiles into vectors; only the same encoder can search the atlas.
            out: The folder to make.
            tile_m: Ground width of a tile in metres, or several; the encoder's own when not given.
            stride_m: Metres between tile centres, one for all sizes or one each; a quarter of each size
                when not given.
            store: Address of a store outside the folder, see :func:`gleam.atlas.store.open_store`.
            engine: Who cuts: ``local``, ``processes`` or ``ray``; see :mod:`gleam.atlas.engines`.
            workers: How many cut at once, for the engines that have workers; one for each core when not
                given.
            encoder_from: Name or folder that workers load the encoder from; a copy is saved for them when
                not given.
            options: Those of :func:`gleam.atlas.sources.open_sources`: ``csv``, ``crs``, ``tms``, ``date``,
                ``licence``, ``origin``.

        Raises:
            AtlasError, RasterError, TableError, ImageError: The imagery or the folder cannot be used.
        """
        from gleam.atlas.build import build_atlas
        from gleam.atlas.engines import GivenImagery, Work

        given = GivenImagery.of(source, **options)
        work = Work(engine, workers, given, encoder_from)
        sources = given.open()
        try:
            build_atlas(sources, encoder, out, tile_m=tile_m, stride_m=stride_m, store=store, work=work)
        finally:
            for opened in sources:
                opened.close()
        return cls.open(out)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, allow_partial: bool = False) -> Atlas:
        """Open an atlas for searching.

        Args:
            path: The atlas folder.
            allow_partial: Take one whose build has not finished; it holds the tiles built so far.

        Raises:
            AtlasError: The folder is no atlas, is damaged, or its build has not finished.
        """
        folder = Path(path)
        manifest = Manifest.read(folder)
        if manifest.state != "complete" and not allow_partial:
            raise AtlasError(
                f"The atlas {folder} is not finished: its build was interrupted or still runs; run the same "
                "`gleam atlas build` again to resume it."
            )
        return cls(folder, manifest, open_store(folder, manifest.recipe.store))

    def add(
        self,
        source: Paths,
        encoder: SquareEncoder,
        *,
        engine: str = "local",
        workers: int | None = None,
        encoder_from: EncoderSource | None = None,
        **options: Any,
    ) -> Added:
        """Add imagery, or finish an addition that was interrupted; others may search meanwhile.

        The arguments are those of :meth:`build`; tile sizes and strides stay those of the atlas. Imagery
        that is there already is left alone, and the result says so.

        Raises:
            AtlasError, RasterError, TableError, ImageError: The encoder is another one, or the imagery or
                the folder cannot be used.
        """
        from gleam.atlas.changing import add_imagery, check_encoder
        from gleam.atlas.engines import GivenImagery, Work

        check_encoder(self.path, self.manifest, encoder, "extended")
        given = GivenImagery.of(source, **options)
        sources = given.open()
        try:
            added = add_imagery(self.path, sources, encoder, Work(engine, workers, given, encoder_from))
        finally:
            for opened in sources:
                opened.close()
        self.refresh()
        return added

    def remove(self, name: str) -> Removed:
        """Take imagery (by its name or key) and its tiles out of the atlas; see :attr:`sources`.

        Raises:
            GleamError: There is no such imagery, or nothing would be left.
        """
        from gleam.atlas.changing import remove_imagery

        removed = remove_imagery(self.path, name)
        self.refresh()
        return removed

    def close(self) -> None:
        """Let go of the store; the atlas cannot be searched afterwards."""
        self.store.close()

    def __enter__(self) -> Atlas:
        """Return the atlas itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        self.close()

    def __len__(self) -> int:
        """Return the number of tiles."""
        return self.store.count()

    @property
    def tile_m(self) -> float:
        """Ground width of a tile in metres, of the main size when there are several."""
        return self.manifest.recipe.tile_m

    @property
    def tile_sizes_m(self) -> tuple[float, ...]:
        """Ground widths of its tiles in metres, the main size first."""
        return self.manifest.recipe.tile_sizes_m

    @property
    def stride_m(self) -> float:
        """Metres between the centres of neighbouring tiles of the main size."""
        return self.manifest.recipe.stride_m

    def stride_of(self, tile_m: float) -> float:
        """Return the metres between the centres of neighbouring tiles of one of ``tile_sizes_m``."""
        return dict(self.manifest.recipe.grids)[self._size(tile_m)]

    @property
    def encoder_name(self) -> str:
        """Name of the encoder it was built with, as given then."""
        return self.manifest.recipe.encoder

    @property
    def encoder_fingerprint(self) -> str:
        """Fingerprint of the encoder it was built with."""
        return self.manifest.recipe.encoder_fingerprint

    @property
    def fingerprint(self) -> str:
        """Hash of the recipe, the imagery and its tiles."""
        return self.manifest.fingerprint

    @property
    def sources(self) -> tuple[SourceRecord, ...]:
        """The imagery it was cut from, that being added or removed too."""
        return self.manifest.sources

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) in degrees of all imagery together; west > east across 180 degrees."""
        return _union([source.bounds for source in self.sources])

    def check_encoder(self, encoder: SquareEncoder) -> None:
        """Raise ``AtlasError`` naming both encoders unless this one built the atlas."""
        from gleam.atlas.changing import check_encoder

        check_encoder(self.path, self.manifest, encoder, "searched")

    def preparation(self, encoder: SquareEncoder, tile_m: float | None = None) -> Preparation:
        """Return how queries are to be prepared to match its tiles, of the main size or of another one.

        Raises:
            AtlasError: The encoder is another one, or there are no tiles of this size.
        """
        self.check_encoder(encoder)
        return preparation_for(encoder, self.tile_m if tile_m is None else self._size(tile_m))

    def search(
        self,
        vectors: NDArray[np.float32],
        k: int = 10,
        region: Region | None = None,
        *,
        tile_m: float | None = None,
    ) -> Sequence[Sequence[Hit]]:
        """Return for each of (Q, D) vectors the ``k`` most similar tiles, best first.

        Args:
            vectors: Queries, prepared as :meth:`preparation` tells for the size.
            k: How many to return at most.
            region: Look only at tiles whose centre lies in it.
            tile_m: Look only at tiles of this size; at all sizes when not given.

        Raises:
            AtlasError: There are no tiles of this size, the vectors are of another length, or the atlas
                was built anew in another way since it was opened.
        """
        width = None if tile_m is None else self._size(tile_m)
        self.refresh()
        # An atlas of one size needs no filter, and the store is faster without one.
        if width is None or len(self.tile_sizes_m) == 1:
            return self.store.search(vectors, k, region)
        return self.store.search(vectors, k, region, width_m=width)

    def tile(self, tile_id: str) -> Tile:
        """Return a tile by id; raise ``AtlasError`` when there is none."""
        self.store.refresh()
        return self.store.tiles_of([tile_id])[0]

    def thumbnail(self, tile_id: str) -> NDArray[np.uint8]:
        """Return a tile's picture, north-up, (H, W, 3) uint8; raise ``AtlasError`` when there is none."""
        self.store.refresh()
        return load_image(self.store.thumbnails_of([tile_id])[0])

    def refresh(self) -> None:
        """See what other processes have added or removed; :meth:`search` does it by itself.

        Raises:
            AtlasError: The folder holds another atlas by now.
        """
        stamp = _stamp(self.path)
        if stamp != self._read_at:
            manifest = Manifest.read(self.path)
            if replace(manifest.recipe, encoder=self.encoder_name) != self.manifest.recipe:
                raise AtlasError(
                    f"The atlas {self.path} was built anew in another way since it was opened; open it again."
                )
            self.manifest, self._read_at = manifest, stamp
        self.store.refresh()

    def verify(self) -> list[str]:
        """Return one sentence per problem found; an empty list when all is well."""
        from gleam.atlas.verify import find_problems

        return find_problems(self)

    def describe(self) -> dict[str, Any]:
        """Return plain data for people and programs: what it holds and what made it."""
        from gleam.atlas.describing import describe

        return describe(self)

    def _size(self, tile_m: float) -> float:
        for size in self.tile_sizes_m:
            if math.isclose(size, tile_m, rel_tol=1e-9):
                return size
        raise AtlasError(
            f"The atlas {self.path} has no tiles of {tile_m:g} m; its sizes are {metres(self.tile_sizes_m)}."
        )


def _stamp(folder: Path) -> tuple[int, int, int]:
    """Return what tells one written manifest from the next; it is replaced whole, so its inode changes."""
    try:
        about = (folder / MANIFEST).stat()
    except FileNotFoundError:
        return 0, 0, 0
    return about.st_ino, about.st_mtime_ns, about.st_size


def _union(bounds: Sequence[Bounds]) -> Bounds:
    # Longitudes relative to the first imagery, so that an atlas across the antimeridian stays small.
    start = bounds[0][0]
    wests = [wrap_lon(west - start) for west, _, _, _ in bounds]
    widths = [(east - west) % 360 for west, _, east, _ in bounds]
    west, east = min(wests), max(w + width for w, width in zip(wests, widths, strict=True))
    south, north = min(b[1] for b in bounds), max(b[3] for b in bounds)
    if east - west >= 360:
        return -180.0, south, 180.0, north
    if len(bounds) == 1:
        return bounds[0]
    return wrap_lon(start + west), south, wrap_lon(start + east), north
