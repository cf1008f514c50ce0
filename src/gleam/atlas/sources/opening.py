"""Which kind of imagery a path holds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from gleam.atlas.sources.protocol import Said, SourceRecord, TileSource
from gleam.errors import AtlasError
from gleam.progress import say

TIFF_SUFFIXES = (".tif", ".tiff", ".gtiff")
PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png")
"""Rasters only with a world file beside them; the raster reader says so."""
ARCHIVE_SUFFIXES = (".mbtiles", ".pmtiles")
KINDS = (
    "GeoTIFF (.tif), JPEG or PNG with a world file, a folder of these, a folder of tiles "
    "(ZOOM/COLUMN/ROW.png), .mbtiles, .pmtiles or a CSV of footprints"
)


def open_sources(
    paths: Sequence[str | os.PathLike[str]],
    *,
    csv: str | os.PathLike[str] | None = None,
    crs: str | None = None,
    tms: bool | None = None,
    date: str | None = None,
    licence: str | None = None,
    origin: str | None = None,
    records: Sequence[SourceRecord] | None = None,
) -> list[TileSource]:
    """Open imagery by its paths.

    Several rasters may cover the same ground, as pictures of several dates do: each is a source of its own.
    What is noteworthy about how a source is read (its ``warnings``) is said on stderr, unless ``records``
    are given.

    Args:
        paths: GeoTIFF files, JPEG or PNG with a world file, folders of these, folders of web-map tiles
            (ZOOM/COLUMN/ROW.png), ``.mbtiles``, ``.pmtiles``, or CSV files of footprints.
        csv: A CSV of footprints for the images in the one folder (or beside the one image) in ``paths``.
        crs: Coordinate system of rasters that do not say theirs.
        tms: Whether the rows of web-map tiles count from the south; None recognises it.
        date: When the imagery was taken, recorded where it does not say.
        licence: Its terms, likewise.
        origin: Who made it, likewise.
        records: What an earlier call with the same arguments found, in its order; so that a worker does not
            read all imagery through once more.

    Raises:
        AtlasError: A path is of no known kind, missing, empty, or given twice.
        RasterError, TableError: A source is broken; the message names it.
    """
    said = Said(date=date, licence=licence, origin=origin)
    if csv is not None:
        from gleam.atlas.sources.csv_images import CsvImagesSource

        record = records[0] if records else None
        return [CsvImagesSource(csv, images_folder=_images_folder(paths, Path(csv)), record=record, **said)]
    if not paths:
        raise AtlasError(f"No imagery was given; name one of: {KINDS}.")
    sources: list[TileSource] = []
    first: dict[str, Path] = {}
    try:
        for number, path in enumerate(_expand(paths)):
            record = records[number] if records is not None and number < len(records) else None
            sources.append(_open(path, crs, tms, said, record))
            for warning in () if records is not None else sources[-1].warnings:
                say(warning)
            sha256 = sources[-1].record.sha256
            if sha256 in first:
                raise AtlasError(f"{path} has the same content as {first[sha256]}; give it once.")
            first[sha256] = path
    except BaseException:
        for source in sources:
            source.close()
        raise
    return sources


def _open(
    path: Path, crs: str | None, tms: bool | None, said: Said, record: SourceRecord | None
) -> TileSource:
    # Each kind loads its libraries only when it is met.
    suffix = path.suffix.lower()
    if suffix == ".csv":
        from gleam.atlas.sources.csv_images import CsvImagesSource

        return CsvImagesSource(path, record=record, **said)
    if path.is_dir() or suffix in ARCHIVE_SUFFIXES:
        from gleam.atlas.sources.web_tiles import WebTilesSource

        if suffix == ".mbtiles":
            from gleam.atlas.sources.mbtiles import MbTiles

            return WebTilesSource(path, MbTiles, tms=tms, record=record, **said)
        if suffix == ".pmtiles":
            from gleam.atlas.sources.pmtiles import PmTiles

            return WebTilesSource(path, PmTiles, tms=tms, record=record, **said)
        from gleam.atlas.sources.xyz import XyzFolder

        return WebTilesSource(path, XyzFolder, tms=tms, record=record, **said)
    from gleam.atlas.sources.geotiff import GeoTiffSource

    return GeoTiffSource(path, crs=crs, record=record, **said)


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
            files += _inside(given)
        elif not given.exists():
            raise AtlasError(f"{given} does not exist; give one of: {KINDS}.")
        elif given.suffix.lower() not in (*TIFF_SUFFIXES, *PICTURE_SUFFIXES, *ARCHIVE_SUFFIXES, ".csv"):
            raise AtlasError(
                f"{given} is of no known kind ({given.suffix or 'no suffix'}); give one of: {KINDS}."
            )
        else:
            files.append(given)
    return files


def _inside(folder: Path) -> list[Path]:
    """Return the imagery of a folder: itself when it holds web-map tiles, else the files in it."""
    from gleam.atlas.sources.xyz import is_tile_folder

    if is_tile_folder(folder):
        return [folder]
    from gleam.imagery.raster_sidecar import find_world_file

    found = []
    for path in sorted(folder.iterdir()):
        suffix = path.suffix.lower()
        if path.name.startswith(".") or not path.is_file():
            continue
        placed = suffix in PICTURE_SUFFIXES and find_world_file(path) is not None
        if placed or suffix in (*TIFF_SUFFIXES, *ARCHIVE_SUFFIXES):
            found.append(path)
    if not found:
        raise AtlasError(
            f"The folder {folder} holds no GeoTIFF (.tif), no picture with a world file and no web-map "
            "tiles (ZOOM/COLUMN/ROW.png); name the imagery, or pass --csv with the footprints of plain "
            "images."
        )
    return found
