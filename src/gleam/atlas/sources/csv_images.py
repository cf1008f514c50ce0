"""Images with a CSV of footprints as a source of tiles; a large image is cut as a raster would be."""

from __future__ import annotations

import hashlib
import math
import os
from collections import OrderedDict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gleam.atlas.sources.footprint_csv import FootprintRow, read_footprints
from gleam.atlas.sources.protocol import Centre, SourceRecord
from gleam.errors import TableError
from gleam.files import sha256_of
from gleam.geo import Footprint, distance_m, wrap_lon
from gleam.imagery.decode import image_size, load_image

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
        TableError: The table is wrong or names an image that does not exist.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        images_folder: str | os.PathLike[str] | None = None,
        date: str | None = None,
        licence: str | None = None,
        origin: str | None = None,
    ) -> None:
        csv_path = Path(path)
        self._rows = read_footprints(csv_path, Path(images_folder) if images_folder is not None else None)
        digest, size = hashlib.sha256(csv_path.read_bytes()), 0
        for number, row in enumerate(self._rows, start=2):
            if not row.path.is_file():
                raise TableError(f"{csv_path}, row {number}: image {row.path} does not exist.")
            digest.update(sha256_of(row.path).encode())
            size += row.path.stat().st_size
        self._decoded: OrderedDict[tuple[int, int], Image.Image] = OrderedDict()
        self._record = SourceRecord(
            kind="csv",
            name=csv_path.name,
            sha256=digest.hexdigest(),
            size_bytes=size,
            images=len(self._rows),
            bounds=_union([row.footprint for row in self._rows]),
            pixel_m=self._pixel_m(),
            date=_same([row.date for row in self._rows]) or date,
            licence=_same([row.licence for row in self._rows]) or licence,
            origin=_same([row.origin for row in self._rows]) or origin,
        )

    @property
    def record(self) -> SourceRecord:
        """What is known of the images together."""
        return self._record

    def centres(self, tile_m: float, stride_m: float) -> list[Centre]:
        """Return the centres of the squares covering each image in turn, flush with its edges."""
        return [
            Centre(lat, lon, part)
            for part, row in enumerate(self._rows)
            for lat, lon in _grid(row.footprint, tile_m, stride_m)
        ]

    def read(self, centre: Centre, width_m: float, pixels: int) -> tuple[NDArray[np.uint8], float]:
        """Cut one north-up square; ground outside the image gets the mean colour and counts as no data."""
        row = self._rows[centre.part]
        full = self._image(centre.part, 1)
        square = Footprint.square(centre.lat, centre.lon, width_m)
        corners = _to_pixels(square, row, full.width, full.height)
        side = float(np.hypot(*(corners[1] - corners[0])))
        # Shrink first, so that two samples per output pixel never skip over source pixels.
        factor = max(1, int(side / (2 * pixels)))
        image = self._image(centre.part, factor)
        return _sample(image, corners / factor, pixels)

    def close(self) -> None:
        """Forget the decoded images."""
        self._decoded.clear()

    def _image(self, part: int, factor: int) -> Image.Image:
        key = (part, factor)
        if key not in self._decoded:
            if factor == 1:
                image = Image.fromarray(load_image(self._rows[part].path))
            else:
                image = self._image(part, 1).reduce(factor)
            self._decoded[key] = image
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


def _grid(footprint: Footprint, tile_m: float, stride_m: float) -> list[tuple[float, float]]:
    nw, ne, _, sw = footprint.corners
    across = _positions(distance_m(*nw, *ne), tile_m, stride_m)
    down = _positions(distance_m(*nw, *sw), tile_m, stride_m)
    centres = []
    for v in down:
        for u in across:
            lat, lon = _between(footprint, u, v)
            centres.append((lat, lon))
    return centres


def _positions(length_m: float, tile_m: float, stride_m: float) -> list[float]:
    """Return tile centres along a side as shares of it; one in the middle when a tile does not fit."""
    if length_m <= tile_m:
        return [0.5]
    free = length_m - tile_m
    # The slack keeps away a last tile that would repeat the one before it.
    count = math.ceil(free / stride_m - _GRID_SLACK)
    starts = [i * stride_m for i in range(count)] + [free]
    return [(start + tile_m / 2) / length_m for start in starts]


def _between(footprint: Footprint, u: float, v: float) -> tuple[float, float]:
    """Return the position at shares (u to the right, v down) of a footprint."""
    (nwa, nwo), *others = footprint.corners
    (nea, neo), (sea, seo), (swa, swo) = ((a, nwo + wrap_lon(o - nwo)) for a, o in others)
    lat = (1 - v) * ((1 - u) * nwa + u * nea) + v * ((1 - u) * swa + u * sea)
    lon = (1 - v) * ((1 - u) * nwo + u * neo) + v * ((1 - u) * swo + u * seo)
    return lat, wrap_lon(lon)


def _to_pixels(square: Footprint, row: FootprintRow, width: int, height: int) -> NDArray[np.float64]:
    """Return the (4, 2) pixel positions (x, y) of a square's corners in an image with a footprint."""
    lat0, lon0 = row.footprint.centre
    scale = math.cos(math.radians(lat0))

    def flat(footprint: Footprint) -> NDArray[np.float64]:
        return np.array([[wrap_lon(lon - lon0) * scale, lat - lat0] for lat, lon in footprint.corners])

    pixel_corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    return apply_homography(homography(flat(row.footprint), pixel_corners), flat(square))


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


def _sample(image: Image.Image, corners: NDArray[np.float64], pixels: int) -> tuple[NDArray[np.uint8], float]:
    """Sample the quadrilateral ``corners`` (x, y in pixels) as a square, antialiased."""
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    finer = 2 if float(np.hypot(*(corners[1] - corners[0]))) > pixels else 1
    n = finer * pixels
    to_source = homography(unit * n, corners)
    drawn = image.transform(
        (n, n), Image.Transform.PERSPECTIVE, tuple(to_source.ravel()[:8]), Image.Resampling.BILINEAR
    )
    square = np.array(drawn.reduce(finer))
    at = finer * (np.arange(pixels) + 0.5)
    x, y = np.moveaxis(apply_homography(to_source, np.stack(np.meshgrid(at, at), -1)), -1, 0)
    inside = (x >= 0) & (x <= image.width) & (y >= 0) & (y <= image.height)
    if not inside.all():
        square[~inside] = square[inside].mean(0) if inside.any() else 0
    return square, float(inside.mean())
