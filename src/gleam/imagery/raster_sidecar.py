"""Files beside a raster that say where it lies: world files, .prj and .aux.xml; read here, not by GDAL."""

from __future__ import annotations

import html
import math
import re
from pathlib import Path

from affine import Affine
from rasterio.crs import CRS
from rasterio.errors import CRSError

from gleam.errors import RasterError

_WORLD_SUFFIXES = {
    ".jpg": (".jgw", ".jpgw", ".jpegw"),
    ".jpeg": (".jgw", ".jpegw", ".jpgw"),
    ".png": (".pgw", ".pngw"),
    ".tif": (".tfw", ".tifw"),
    ".tiff": (".tfw", ".tiffw"),
    ".gtiff": (".tfw",),
}
_MAX_BYTES = 1_000_000
"""More than any of these files ever holds."""
_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def find_world_file(path: Path) -> Path | None:
    """Return the world file beside a raster (.jgw, .pgw, .tfw, .jpgw, .wld, ...), or None."""
    wanted = [path.stem + s for s in (*_WORLD_SUFFIXES.get(path.suffix.lower(), ()), ".wld")]
    wanted += [path.name + "w", path.name + ".wld"]
    return _beside(path, wanted)


def read_world_file(path: Path) -> Affine:
    """Return the transform from pixel corners to the plane that a world file tells.

    Raises RasterError, naming the file and the line, unless it holds six numbers that make sense.
    """
    lines = _text(path).replace(",", ".").split()
    if len(lines) < 6:
        raise RasterError(
            f"{path}: a world file holds six numbers, one per line, and this one {len(lines)}; "
            "export it again."
        )
    numbers = []
    for number, line in enumerate(lines[:6], start=1):
        try:
            value = float(line)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise RasterError(f"{path}, line {number}: {line[:40]!r} is not a number; export it again.")
        numbers.append(value)
    a, d, b, e, c, f = numbers
    if a * e - b * d == 0:
        raise RasterError(
            f"{path}: its pixels have no size (lines 1 to 4: {a:g}, {d:g}, {b:g}, {e:g}); "
            "lines 1 and 4 hold the width and the negative height of a pixel."
        )
    # The file tells the centre of the first pixel, everything else its corner.
    return Affine(a, b, c - (a + b) / 2, d, e, f - (d + e) / 2)


def sidecar_crs(path: Path) -> CRS | None:
    """Return the coordinate system that a .prj or .aux.xml beside a raster tells, or None."""
    prj = _beside(path, [path.stem + ".prj", path.name + ".prj"])
    if prj is not None:
        return _crs(prj, _text(prj).strip())
    xml = _beside(path, [path.name + ".aux.xml"])
    match = re.search(r"<SRS[^>]*>(.*?)</SRS>", _text(xml), re.DOTALL) if xml is not None else None
    return _crs(xml, html.unescape(match.group(1)).strip()) if xml is not None and match else None


def sidecar_transform(path: Path) -> Affine | None:
    """Return the transform that an .aux.xml beside a raster tells, or None."""
    xml = _beside(path, [path.name + ".aux.xml"])
    match = re.search(r"<GeoTransform>(.*?)</GeoTransform>", _text(xml), re.DOTALL) if xml else None
    try:
        values = [float(v) for v in match.group(1).split(",")] if match else []
    except ValueError:
        values = []
    if len(values) != 6 or not all(math.isfinite(v) for v in values):
        return None
    return Affine.from_gdal(*values)


def check_companions(path: Path) -> None:
    """Refuse overviews and masks beside a raster (.ovr, .msk) that are no TIFF.

    GDAL opens them with whatever driver fits, and some drivers fetch other files and addresses.
    """
    for suffix in (".ovr", ".msk"):
        companion = _beside(path, [path.name + suffix, path.stem + suffix])
        if companion is None:
            continue
        try:
            with companion.open("rb") as stream:
                head = stream.read(4)
        except OSError as error:
            raise RasterError(f"{companion}: cannot be read ({error.strerror}).") from None
        if head not in _TIFF_MAGIC:
            raise RasterError(
                f"{companion}: is no TIFF, as overviews and masks are; remove it or make it again (gdaladdo)."
            )


def _crs(path: Path, text: str) -> CRS:
    try:
        # Esri's dialect has names of its own, which pyproj knows how to read.
        from pyproj import CRS as ProjCRS
        from pyproj.exceptions import CRSError as ProjCRSError

        try:
            proj = ProjCRS.from_user_input(text)
        except ProjCRSError:
            raise CRSError("not understood") from None
        code = proj.to_epsg(min_confidence=70)
        return CRS.from_epsg(code) if code else CRS.from_wkt(proj.to_wkt())
    except CRSError:
        raise RasterError(
            f"{path}: {text[:60]!r} is not a coordinate system; replace it by one in WKT, or remove it and "
            "name the coordinate system yourself (as EPSG:32633)."
        ) from None


def _beside(path: Path, names: list[str]) -> Path | None:
    """Return the first of some files that lies beside another, whatever the case of its letters."""
    for name in names:
        if (path.parent / name).is_file() and path.parent / name != path:
            return path.parent / name
    wanted = {name.lower(): i for i, name in reversed(list(enumerate(names)))}
    try:
        near = [p for p in path.parent.glob(_literal(path.stem) + "*") if p.name.lower() in wanted]
    except OSError:
        return None
    near = sorted((p for p in near if p.is_file() and p != path), key=lambda p: (wanted[p.name.lower()], p))
    return near[0] if near else None


def _literal(text: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", text)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise RasterError(f"{path}: is far too long for what it should be; export it again.")
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise RasterError(f"{path}: cannot be read ({error.strerror}).") from None
