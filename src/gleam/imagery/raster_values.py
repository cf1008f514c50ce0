"""From the bands of a raster to 8-bit red, green and blue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import ColorInterp

from gleam.errors import RasterError

THUMBNAIL = 512
"""Longest side of the overview from which the stretch of deep rasters is taken."""


@dataclass(frozen=True, slots=True)
class Bands:
    """Which bands of a raster make the picture.

    colour: one band (grey or palette) or three (red, green, blue), counted from 1.
    alpha: the band of opacity, or None.
    palette: (256, 4) uint8 red, green, blue, opacity of the values of the one band, or None.
    """

    colour: tuple[int, ...]
    alpha: int | None
    palette: NDArray[np.uint8] | None


def choose_bands(dataset: Any, name: str) -> Bands:
    """Find red, green, blue and alpha by their marks, else by their order."""
    marks = list(dataset.colorinterp)
    alpha = marks.index(ColorInterp.alpha) + 1 if ColorInterp.alpha in marks else None
    rest = [i + 1 for i in range(dataset.count) if i + 1 != alpha]
    if not rest or any(np.dtype(dataset.dtypes[i - 1]).kind not in "iuf" for i in rest[:3]):
        raise RasterError(f"{name}: holds no band of colours; give 1, 3 or 4 bands of integers or floats.")
    primary = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    if all(p in marks for p in primary):
        return Bands(tuple(marks.index(p) + 1 for p in primary), alpha, None)
    if marks[rest[0] - 1] == ColorInterp.palette:
        palette = np.zeros((256, 4), np.uint8)
        for value, colour in dataset.colormap(rest[0]).items():
            if 0 <= value < 256:
                palette[value] = colour
        return Bands((rest[0],), alpha, palette)
    return Bands(tuple(rest[:3]) if len(rest) >= 3 else (rest[0],), alpha, None)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The values that become black and white: 0 and 255 for rasters of full 8 bits, left as they are."""

    black: float = 0.0
    white: float = 255.0

    def apply(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """Return values as uint8, clipped."""
        if values.dtype == np.uint8 and (self.black, self.white) == (0.0, 255.0):
            return values
        scaled = (np.nan_to_num(values.astype(np.float64)) - self.black) * (255.0 / (self.white - self.black))
        return np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)


def find_stretch(dataset: Any, bands: Bands, *, masked: bool = True) -> Stretch:
    """Return the stretch of a raster, the same for all its bands and squares.

    8-bit rasters are not stretched; those of fewer bits (GDAL's NBITS) show all values they can hold.
    Deeper ones show the 1st to the 99th percentile of their valid values, over all colour bands together
    (so that the hue stays), in an overview of the whole raster.

    Args:
        dataset: The opened raster.
        bands: Which of its bands make the picture.
        masked: Whether its mask tells which values are valid; otherwise all numbers are.
    """
    if all(dataset.dtypes[b - 1] == "uint8" for b in bands.colour):
        return Stretch(white=float(2 ** max(_bits(dataset, b) for b in bands.colour) - 1))
    shrink = max(1.0, max(dataset.height, dataset.width) / THUMBNAIL)
    shape = (max(1, int(dataset.height / shrink)), max(1, int(dataset.width / shrink)))
    values = dataset.read(list(bands.colour), out_shape=(len(bands.colour), *shape)).astype(np.float64)
    valid = np.isfinite(values).all(0)
    if masked:
        valid &= dataset.dataset_mask(out_shape=shape) > 0
    chosen = values[:, valid]
    if not chosen.size:
        return Stretch()
    black, white = (float(v) for v in np.percentile(chosen, (1, 99)))
    return Stretch(black, white) if white > black else Stretch(black, black + 1.0)


def _bits(dataset: Any, band: int) -> int:
    """Return how many of the 8 bits of a band are used: GDAL gives the values of fewer bits as they are."""
    told = dataset.tags(band, ns="IMAGE_STRUCTURE").get("NBITS", "8")
    return min(8, int(told)) if told.isdigit() and int(told) > 0 else 8
