"""Sources of georeferenced imagery, one file per kind, and how a path is told apart."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from gleam.atlas.sources.protocol import Centre, SourceRecord, TileSource
from gleam.errors import AtlasError

__all__ = ["Centre", "SourceRecord", "TileSource", "open_sources"]

RASTER_SUFFIXES = (".tif", ".tiff", ".gtiff", ".jpg", ".jpeg", ".png")
"""JPEG and PNG count as rasters only with a world file beside them; the raster reader says so."""


def open_sources(
    paths: Sequence[str | os.PathLike[str]],
    *,
    csv: str | os.PathLike[str] | None = None,
    crs: str | None = None,
    date: str | None = None,
    licence: str | None = None,
    origin: str | None = None,
) -> list[TileSource]:
    """Open imagery by its paths.

    Args:
        paths: GeoTIFF files, folders of them, or CSV files of footprints.
        csv: A CSV of footprints for the images in the one folder (or beside the one image) in ``paths``.
        crs: Coordinate system of rasters that do not say theirs.
        date: When the imagery was taken, recorded where it does not say.
        licence: Its terms, likewise.
        origin: Who made it, likewise.

    Raises:
        AtlasError: A path is of no known kind, missing, empty, or given twice.
        RasterError, TableError: A source is broken; the message names it.
    """
    from gleam.atlas.sources.csv_images import CsvImagesSource

    said = {"date": date, "licence": licence, "origin": origin}
    if csv is not None:
        return [CsvImagesSource(csv, images_folder=_images_folder(paths, Path(csv)), **said)]
    if not paths:
        raise AtlasError("No imagery was given; name a GeoTIFF, a folder of them, or a CSV of footprints.")
    sources: list[TileSource] = []
    first: dict[str, Path] = {}
    for path in _expand(paths):
        source: TileSource
        if path.suffix.lower() == ".csv":
            source = CsvImagesSource(path, **said)
        else:
            # rasterio takes a while to load and is not needed for tables.
            from gleam.atlas.sources.geotiff import GeoTiffSource

            source = GeoTiffSource(path, crs=crs, **said)
        if source.record.sha256 in first:
            raise AtlasError(f"{path} has the same content as {first[source.record.sha256]}; give it once.")
        first[source.record.sha256] = path
        sources.append(source)
    return sources


def _images_folder(paths: Sequence[str | os.PathLike[str]], csv: Path) -> Path:
    if len(paths) > 1:
        raise AtlasError(
            f"With --csv {csv} give the one folder that its images lie in, not {len(paths)} paths."
        )
    if not paths:
        return csv.parent
    path = Path(paths[0])
    if not path.exists():
        raise AtlasError(f"{path} does not exist; give the folder that the images of {csv} lie in.")
    return path if path.is_dir() else path.parent


def _expand(paths: Sequence[str | os.PathLike[str]]) -> list[Path]:
    files: list[Path] = []
    for given in map(Path, paths):
        if given.is_dir():
            inside = sorted(p for p in given.iterdir() if p.suffix.lower() in (".tif", ".tiff", ".gtiff"))
            if not inside:
                raise AtlasError(
                    f"The folder {given} holds no GeoTIFF (.tif); name the imagery, or pass --csv with a "
                    "table of footprints for plain images."
                )
            files += inside
        elif not given.exists():
            raise AtlasError(
                f"{given} does not exist; give a GeoTIFF, a folder of them or a CSV of footprints."
            )
        elif given.suffix.lower() not in (*RASTER_SUFFIXES, ".csv"):
            raise AtlasError(
                f"{given} is of no known kind ({given.suffix or 'no suffix'}); give a GeoTIFF (.tif), a "
                "folder of them or a CSV of footprints."
            )
        else:
            files.append(given)
    return files
