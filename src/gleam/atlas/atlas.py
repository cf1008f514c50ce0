"""The atlas: a folder of tiles that can be searched by a picture's vector."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.embedding import SquareEncoder, preparation_for
from gleam.atlas.manifest import Manifest, describe_encoder
from gleam.atlas.region import Region
from gleam.atlas.sources import SourceRecord, open_sources
from gleam.atlas.store.protocol import TileStore
from gleam.atlas.tiles import Hit, Tile
from gleam.errors import AtlasError
from gleam.imagery.decode import load_image
from gleam.imagery.preparation import Preparation


class Atlas:
    """Tiles of georeferenced satellite imagery, their vectors and what made them.

    Use :meth:`build` to make one and :meth:`open` to search one. Any number of processes may have the
    same atlas open for reading.
    """

    def __init__(self, path: Path, manifest: Manifest, store: TileStore) -> None:
        """Hold an opened atlas; users call :meth:`open` or :meth:`build`."""
        self.path = path
        self.manifest = manifest
        self.store = store

    @classmethod
    def build(
        cls,
        source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        encoder: SquareEncoder,
        out: str | os.PathLike[str],
        *,
        tile_m: float | None = None,
        stride_m: float | None = None,
        csv: str | os.PathLike[str] | None = None,
        crs: str | None = None,
        date: str | None = None,
        licence: str | None = None,
        origin: str | None = None,
    ) -> Atlas:
        """Build an atlas from imagery, or finish one whose build was interrupted.

        Args:
            source: GeoTIFF files, folders of them, CSV files of footprints; or with ``csv`` the folder
                that its images lie in.
            encoder: Turns tiles into vectors; only the same encoder can search the atlas.
            out: The folder to make.
            tile_m: Ground width of a tile in metres; the encoder's own when not given.
            stride_m: Metres between tile centres; a quarter of a tile when not given.
            csv: A table of footprints for plain images.
            crs: Coordinate system of rasters that do not tell theirs.
            date: When the imagery was taken, recorded where it does not say.
            licence: Its terms, likewise.
            origin: Who made it, likewise.

        Raises:
            AtlasError, RasterError, TableError, ImageError: The imagery or the folder cannot be used.
        """
        from gleam.atlas.build import build_atlas

        paths = [source] if isinstance(source, str | os.PathLike) else list(source)
        sources = open_sources(paths, csv=csv, crs=crs, date=date, licence=licence, origin=origin)
        try:
            build_atlas(sources, encoder, out, tile_m=tile_m, stride_m=stride_m)
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
        from gleam.atlas.store.lancedb import LanceStore

        folder = Path(path)
        manifest = Manifest.read(folder)
        if manifest.state != "complete" and not allow_partial:
            raise AtlasError(
                f"The atlas {folder} is not finished: its build was interrupted or still runs; run the same "
                "`gleam atlas build` again to resume it."
            )
        return cls(folder, manifest, LanceStore(folder))

    def __len__(self) -> int:
        """Return the number of tiles."""
        return self.store.count()

    @property
    def tile_m(self) -> float:
        """Ground width of a tile in metres."""
        return self.manifest.recipe.tile_m

    @property
    def stride_m(self) -> float:
        """Metres between the centres of neighbouring tiles."""
        return self.manifest.recipe.stride_m

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
        """Hash of the recipe and the number of tiles."""
        return self.manifest.fingerprint

    @property
    def sources(self) -> tuple[SourceRecord, ...]:
        """The imagery it was cut from."""
        return self.manifest.recipe.sources

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) in degrees of all imagery together."""
        bounds = [source.bounds for source in self.sources]
        wests, souths, easts, norths = zip(*bounds, strict=True)
        return min(wests), min(souths), max(easts), max(norths)

    def check_encoder(self, encoder: SquareEncoder) -> None:
        """Raise ``AtlasError`` naming both encoders unless this one built the atlas."""
        if encoder.fingerprint != self.encoder_fingerprint:
            built = describe_encoder(self.encoder_name, self.encoder_fingerprint)
            given = describe_encoder(encoder.name, encoder.fingerprint)
            raise AtlasError(
                f"The atlas {self.path} was built with the encoder {built} and cannot be searched with "
                f"{given}; use that encoder or build the atlas again with this one."
            )

    def preparation(self, encoder: SquareEncoder) -> Preparation:
        """Return how queries are to be prepared to match these tiles; checks the encoder."""
        self.check_encoder(encoder)
        return preparation_for(encoder, self.tile_m)

    def search(
        self, vectors: NDArray[np.float32], k: int = 10, region: Region | None = None
    ) -> list[list[Hit]]:
        """Return for each of (Q, D) vectors the ``k`` most similar tiles in ``region``, best first."""
        self.store.refresh()
        return self.store.search(vectors, k, region)

    def tile(self, tile_id: str) -> Tile:
        """Return a tile by id; raise ``AtlasError`` when there is none."""
        return self.store.tiles_of([tile_id])[0]

    def thumbnail(self, tile_id: str) -> NDArray[np.uint8]:
        """Return a tile's picture, north-up, (H, W, 3) uint8."""
        return load_image(self.store.thumbnails_of([tile_id])[0])

    def verify(self) -> list[str]:
        """Return one sentence per problem found; an empty list when all is well."""
        from gleam.atlas.verify import find_problems

        return find_problems(self)

    def describe(self) -> dict[str, Any]:
        """Return plain data for people and programs: what it holds and what made it."""
        recipe = self.manifest.recipe
        size = sum(f.stat().st_size for f in self.path.rglob("*") if f.is_file())
        return {
            "path": str(self.path),
            "state": self.manifest.state,
            "tiles": len(self),
            "skipped": self.manifest.skipped,
            "tile_m": recipe.tile_m,
            "stride_m": recipe.stride_m,
            "bounds": dict(zip(("west", "south", "east", "north"), self.bounds, strict=True)),
            "encoder": {"name": recipe.encoder, "fingerprint": recipe.encoder_fingerprint, "dim": recipe.dim},
            "fingerprint": self.fingerprint,
            "size_bytes": size,
            "sources": [asdict(source) for source in recipe.sources],
        }
