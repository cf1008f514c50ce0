"""Opening georeferenced rasters from strangers: local files and few formats only, checked before GDAL."""

from __future__ import annotations

import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.errors import CRSError, NotGeoreferencedWarning, RasterioError

from gleam.errors import RasterError
from gleam.imagery.decode import MAX_PIXELS, WARNINGS_LOCK
from gleam.imagery.raster_sidecar import (
    check_companions,
    find_world_file,
    read_world_file,
    sidecar_crs,
    sidecar_transform,
)

_MAGIC = (
    (b"II*\0", "GTiff"),
    (b"MM\0*", "GTiff"),
    (b"II+\0", "GTiff"),
    (b"MM\0+", "GTiff"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
)


def open_dataset(path: str | os.PathLike[str]) -> Any:
    """Open a local GeoTIFF, COG, PNG or JPEG with the one driver its first bytes call for.

    GDAL reads hundreds of formats, some of which fetch other files or addresses named inside them; none
    of those is ever tried. Raises RasterError, naming the file and the cause.
    """
    name = os.fspath(path)
    # Two letters at least before the colon: a single one is a Windows drive.
    if re.match(r"^[A-Za-z][A-Za-z0-9+._-]+:", name) or name.startswith("/vsi"):
        raise RasterError(f"{name}: only local files are read; download the raster and give its path.")
    file = Path(name)
    if file.is_dir():
        raise RasterError(f"{name}: is a folder, not a raster; give a file inside it.")
    try:
        if not file.exists():
            raise RasterError(f"{name}: there is no such file; check the path.")
        if not file.is_file():
            raise RasterError(f"{name}: is not a regular file; give a raster file.")
        with file.open("rb") as stream:
            head = stream.read(16)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RasterError(f"{name}: the file cannot be opened ({reason}); check its permissions.") from None
    if not head:
        raise RasterError(f"{name}: the file is empty (0 bytes); export or copy it again.")
    driver = next((d for magic, d in _MAGIC if head.startswith(magic)), None)
    if driver is None:
        raise RasterError(
            f"{name}: is not a raster in a known format; give GeoTIFF, COG, or PNG/JPEG with a world file."
        )
    check_companions(file)
    try:
        # Without PAM: an .aux.xml may name overviews that GDAL would open with any driver.
        # As an absolute Path, so that neither rasterio nor GDAL reads a scheme or an archive into the name.
        with WARNINGS_LOCK, warnings.catch_warnings(), rasterio.Env(GDAL_PAM_ENABLED="NO"):
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            dataset = rasterio.open(file.resolve(), driver=driver)
    except RasterioError as error:
        cause = " ".join(str(error).split())[:160]
        raise RasterError(f"{name}: the raster is damaged or cut short ({cause}); copy it again.") from None
    if driver != "GTiff" and dataset.width * dataset.height > MAX_PIXELS:
        dataset.close()
        raise RasterError(
            f"{name}: {dataset.width:,} x {dataset.height:,} pixels are too many for {driver}; "
            "convert it to GeoTIFF."
        )
    return dataset


@dataclass(frozen=True, slots=True)
class Georeference:
    """Where a raster lies. told_by: the file that says so. world: whether that is a world file."""

    crs: CRS
    transform: Affine
    told_by: str
    world: bool


def georeference(dataset: Any, name: str, crs: str | None) -> Georeference:
    """Return where an opened raster lies, by itself or by the files beside it.

    crs: the coordinate system where none of them tells it. Raises RasterError when the raster lies nowhere.
    """
    file = Path(name)
    transform, told_by = dataset.transform, name
    # GDAL reads the world files of TIFF and most others too, but says nothing about bad ones.
    world = find_world_file(file) if not _has_own_transform(dataset) else None
    if world is not None:
        transform, told_by = read_world_file(world), str(world)
    elif transform.is_identity:
        transform = sidecar_transform(file) or transform
    if transform.is_identity or transform.determinant == 0:
        if dataset.gcps[0] or dataset.rpcs:
            how = "is tied to the ground by control points or RPCs only; rectify it first (gdalwarp)."
        elif dataset.driver == "GTiff":
            how = "has no georeference; give a GeoTIFF that has one (gdal_translate -a_srs -a_ullr)."
        else:
            how = "has no world file beside it (.pgw, .jgw or .wld); add one, or give a GeoTIFF."
        raise RasterError(f"{name}: {how}")
    found = dataset.crs or sidecar_crs(file) or (_given(name, crs) if crs is not None else None)
    if not found:
        raise RasterError(
            f"{name}: has no coordinate system; give it as --crs EPSG:32633 (crs='EPSG:32633' in Python)."
        )
    if not (found.is_geographic or found.is_projected):
        raise RasterError(
            f"{name}: its coordinate system is not tied to the Earth's surface; write the true one into the "
            "file (gdal_translate -a_srs EPSG:32633) or its .prj."
        )
    return Georeference(found, transform, told_by, world is not None)


def _given(name: str, crs: str) -> CRS:
    try:
        with rasterio.Env():  # GDAL's own complaint goes to the log instead of the terminal
            return CRS.from_user_input(crs)
    except CRSError:
        raise RasterError(f"{name}: {crs!r} is not a coordinate system; give one as EPSG:32633.") from None


def _has_own_transform(dataset: Any) -> bool:
    """Tell whether a raster holds its georeference itself: of our formats only GeoTIFF can."""
    if dataset.driver != "GTiff" or dataset.transform.is_identity:
        return False
    # A TIFF with a world file alone has a transform, but none of the tags of GeoTIFF and so no CRS.
    return bool(dataset.crs) or "AREA_OR_POINT" in dataset.tags()
