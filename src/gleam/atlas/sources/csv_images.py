"""Images with a CSV of footprints as a source of tiles; a large image is cut as a raster would be."""

from __future__ import annotations

import hashlib
import math
import os
from collections import OrderedDict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gleam.atlas.sources.centres import Centres
from gleam.atlas.sources.footprint_check import check_footprint
from gleam.atlas.sources.footprint_csv import read_footprints
from gleam.atlas.sources.geotiff import reopen
from gleam.atlas.sources.protocol import Centre, Said, SourceRecord
from gleam.errors import TableError
from gleam.files import sha256_of
from gleam.geo import Footprint, check_lat_lon, distance_m, wrap_lon
from gleam.imagery.decode import image_size, load_image, opened_image, orientation
from gleam.imagery.raster_chunks import Patch
from gleam.imagery.raster_grid import Runs, SquareGrid
from gleam.imagery.raster_sample import cut_square

_GRID_SLACK = 0.01
"""Share of a stride that may stay uncovered at the far edge."""
_KEEP_DECODED = 2
"""Tiles come image by image, so few decoded images are worth their memory."""


class CsvImagesSource:
    """Images whose ground is told by a table; see :func:`read_footprints` for its columns.

    Args:
        path: The CSV.
        images_folder: Where the images lie; the CSV's folder when not given.
        date, licence, origin: Used where the table does not say.

    Raises:
        TableError: The table is wrong, names an image that does not exist, or gives one a ground that
            cannot be true.
        ImageError: An image cannot be read.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        images_folder: str | os.PathLike[str] | None = None,
        date: str | None = None,
        licence: str | None = None,
        origin: str | None = None,
        record: SourceRecord | None = None,
    ) -> None:
        self._path = Path(path)
        self._folder = Path(images_folder) if images_folder is not None else None
        self._said = Said(date=date, licence=licence, origin=origin)
        self._rows = read_footprints(self._path, self._folder)
        for row in self._rows:
            if not row.path.is_file():
                raise TableError(f"{self._path}, row {row.number}: image {row.path} does not exist.")
            if record is None:
                check_footprint(row, f"{self._path}, row {row.number}")
        self._decoded: OrderedDict[tuple[int, int], _Decoded] = OrderedDict()
        if record is not None:
            self.record = record

    @cached_property
    def record(self) -> SourceRecord:
        """What is known of the images together."""
        rows, said = self._rows, self._said
        digest, size = hashlib.sha256(self._path.read_bytes()), 0
        for row in rows:
            digest.update(sha256_of(row.path).encode())
            size += row.path.stat().st_size
        return SourceRecord(
            kind="images",
            name=self._path.name,
            sha256=digest.hexdigest(),
            size_bytes=size,
            images=len(rows),
            bounds=_union([row.footprint for row in rows]),
            pixel_m=self._pixel_m(),
            date=_same([row.date for row in rows]) or said["date"],
            licence=_same([row.licence for row in rows]) or said["licence"],
            origin=_same([row.origin for row in rows]) or said["origin"],
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """Nothing: a table with an unreadable image is refused."""
        return ()

    def centres(self, tile_m: float, stride_m: float) -> Centres:
        """Return the centres of the squares covering each image in turn, flush with its edges."""
        table = [
            run for part, row in enumerate(self._rows) for run in _grid(row.footprint, tile_m, stride_m, part)
        ]
        corners = np.array([row.footprint.corners for row in self._rows])
        corners[..., 1] = corners[:, :1, 1] + wrap_lon(corners[..., 1] - corners[:, :1, 1])

        def to_earth(
            u: NDArray[np.float64], v: NDArray[np.float64], part: NDArray[np.int64]
        ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            nw, ne, se, sw = np.moveaxis(corners[part], 1, 0)
            u, v = u[:, None], v[:, None]
            lat, lon = ((1 - v) * ((1 - u) * nw + u * ne) + v * ((1 - u) * sw + u * se)).T
            return lat, wrap_lon(lon)

        return Centres(SquareGrid(Runs.joined(table), to_earth))

    def read(self, centre: Centre, width_m: float, pixels: int) -> tuple[NDArray[np.uint8], float]:
        """Cut one north-up square; ground outside the image gets the mean colour and counts as no data."""
        check_lat_lon(centre.lat, centre.lon, self._path.name)
        return cut_square(_Levels(self, centre.part), centre.lat, centre.lon, width_m, pixels)

    def close(self) -> None:
        """Forget the decoded images."""
        self._decoded.clear()

    def __reduce__(self) -> tuple[Any, ...]:
        options = {"images_folder": self._folder, **self._said, "record": self.record}
        return reopen, (CsvImagesSource, self._path, options)

    def _image(self, part: int, level: int) -> _Decoded:
        key = (part, level)
        if key not in self._decoded:
            if level == 0:
                self._decoded[key] = _Decoded.read(self._rows[part].path)
            else:
                self._decoded[key] = self._image(part, 0).reduced(2**level)
            while len(self._decoded) > _KEEP_DECODED:
                self._decoded.popitem(last=False)
        self._decoded.move_to_end(key)
        return self._decoded[key]

    def _pixel_m(self) -> float:
        row = self._rows[0]
        return row.footprint.width_m / image_size(row.path)[1]


def _same(values: list[str | None]) -> str | None:
    """Join what differs, so that no licence or date is lost."""
    return "; ".join(sorted({v for v in values if v})) or None


def _union(footprints: list[Footprint]) -> tuple[float, float, float, float]:
    west0 = footprints[0].centre[1]
    bounds = [f.bounds for f in footprints]
    # Longitudes relative to the first image, so that a set across the antimeridian stays small.
    west = min(wrap_lon(b[0] - west0) for b in bounds)
    east = max(wrap_lon(b[2] - west0) for b in bounds)
    south, north = min(b[1] for b in bounds), max(b[3] for b in bounds)
    return wrap_lon(west0 + west), south, wrap_lon(west0 + east), north


def _grid(
    footprint: Footprint, tile_m: float, stride_m: float, part: int
) -> list[tuple[float, float, float, float, int, int]]:
    """Return rows of centres as shares (u to the right, v down) of a footprint."""
    nw, ne, _, sw = footprint.corners
    first, step, last, count = _positions(distance_m(*nw, *ne), tile_m, stride_m)
    top, down, bottom, rows = _positions(distance_m(*nw, *sw), tile_m, stride_m)
    return [(min(top + row * down, bottom), first, step, last, count, part) for row in range(rows)]


def _positions(length_m: float, tile_m: float, stride_m: float) -> tuple[float, float, float, int]:
    """Return (first, step, last, count) of tile centres along a side as shares of it.

    One in the middle when a tile does not fit.
    """
    if length_m <= tile_m:
        return 0.5, 0.0, 0.5, 1
    free = length_m - tile_m
    # The slack keeps away a last tile that would repeat the one before it.
    count = math.ceil(free / stride_m - _GRID_SLACK) + 1
    return tile_m / 2 / length_m, stride_m / length_m, (free + tile_m / 2) / length_m, count


class _Decoded:
    """A decoded image. known: (H, W) bool, None when it has no transparent pixel."""

    def __init__(self, pixels: NDArray[np.uint8], known: NDArray[np.bool_] | None) -> None:
        self.pixels = pixels
        self.known = known

    @classmethod
    def read(cls, path: Path) -> _Decoded:
        pixels = load_image(path)
        with opened_image(path) as image:
            # Of pictures that are turned upright (photos) transparency is of no use.
            if not image.has_transparency_data or orientation(image) != 1:
                return cls(pixels, None)
            opacity = np.asarray(image.convert("RGBA"))[..., 3]
        return cls(pixels, opacity >= 128)

    def reduced(self, factor: int) -> _Decoded:
        pixels = np.asarray(Image.fromarray(self.pixels).reduce(factor))
        if self.known is None:
            return _Decoded(pixels, None)
        known = np.asarray(Image.fromarray(self.known.astype(np.uint8) * 255).reduce(factor))
        return _Decoded(pixels, known >= 128)


class _Levels:
    """One image as the sampler sees it."""

    def __init__(self, source: CsvImagesSource, part: int) -> None:
        self._source, self._part = source, part
        full = source._image(part, 0).pixels
        self._height, self._width = full.shape[:2]
        footprint = source._rows[part].footprint
        self._middle = footprint.centre
        lats, lons = np.array(footprint.corners).T
        outer = np.array([[0, 0], [self._width, 0], [self._width, self._height], [0, self._height]], float)
        self._to_pixels = homography(self._flat(lats, lons), outer)
        self.last_level = max(0, min(full.shape[:2]).bit_length() - 3)

    def _flat(self, lats: NDArray[np.float64], lons: NDArray[np.float64]) -> NDArray[np.float64]:
        lat0, lon0 = self._middle
        return np.stack([wrap_lon(lons - lon0) * math.cos(math.radians(lat0)), lats - lat0], -1)

    def pixels_of(
        self, lats: NDArray[np.float64], lons: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        at = apply_homography(self._to_pixels, self._flat(lats, lons))
        return at[..., 0], at[..., 1]

    def extent(self, level: int) -> tuple[int, int, int, int]:
        return 0, 0, -(-self._width // 2**level), -(-self._height // 2**level)

    def window(self, level: int, left: int, top: int, right: int, bottom: int) -> Patch:
        image = self._source._image(self._part, level)
        at = np.s_[top:bottom, left:right]
        pixels = image.pixels[at]
        known = image.known[at] if image.known is not None else np.ones(pixels.shape[:2], bool)
        return Patch(np.ascontiguousarray(pixels), np.ascontiguousarray(known))


def homography(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the 3 x 3 projective map that takes four points (4, 2) to four others."""
    # Scaled to about 1, degrees beside thousands of pixels stay well conditioned.
    size = float(np.abs(source).max()) or 1.0
    rows, right = [], []
    for (x, y), (u, v) in zip(source / size, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    h = np.append(np.linalg.solve(np.array(rows), np.array(right)), 1.0).reshape(3, 3)
    return h @ np.diag([1 / size, 1 / size, 1.0])


def apply_homography(matrix: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map points (..., 2) by a projective map."""
    out = np.concatenate([points, np.ones((*points.shape[:-1], 1))], -1) @ matrix.T
    result: NDArray[np.float64] = out[..., :2] / out[..., 2:]
    return result
