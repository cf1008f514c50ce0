"""Reading blocks of a raster as 8-bit colour with a mask, at full or at halved resolution."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import MaskFlags, Resampling
from rasterio.errors import RasterioError
from rasterio.windows import Window

from gleam.errors import RasterError
from gleam.imagery.raster_alpha import is_opacity
from gleam.imagery.raster_chunks import Key, Patch
from gleam.imagery.raster_values import Stretch, choose_bands, find_stretch

CHUNK = 512
"""Side of the pieces in which rasters are read: the usual block of a COG."""
_GDAL_CACHE_MB = 128
"""GDAL would take a twentieth of the machine's memory; decoded pieces are kept elsewhere anyway."""


class PixelReader:
    """The pixels of an opened raster in pieces of ``CHUNK`` pixels a side; one object serves one thread.

    Args:
        dataset: An opened rasterio dataset.
        name: Its file, for messages.

    Raises:
        RasterError: It holds no colours.
    """

    def __init__(self, dataset: Any, name: str) -> None:
        self._dataset = dataset
        self._name = name
        self._bands = choose_bands(dataset, name)
        self.last_level = max(0, (min(dataset.width, dataset.height) // 4).bit_length() - 1)

    @cached_property
    def false_alpha(self) -> int | None:
        """The band that the file calls opacity and that cannot be it, so that all its ground counts; or None.

        Raises:
            RasterError: The file is damaged.
        """
        alpha = self._bands.alpha
        if alpha is None:
            return None
        try:
            with rasterio.Env(GDAL_CACHEMAX=_GDAL_CACHE_MB):
                return None if is_opacity(self._dataset, alpha) else alpha
        except (RasterioError, ValueError) as error:
            raise self._damaged(error) from None

    @cached_property
    def _masked(self) -> bool:
        """Whether some pixels may be no data."""
        if self._bands.alpha is not None and self.false_alpha is None:
            return True
        flags = [set(self._dataset.mask_flag_enums[b - 1]) for b in self._bands.colour]
        plain = {MaskFlags.all_valid}, {MaskFlags.per_dataset, MaskFlags.alpha}
        return not all(f in plain for f in flags)

    @cached_property
    def stretch(self) -> Stretch:
        """Which values become black and white, the same for the whole raster."""
        with rasterio.Env(GDAL_CACHEMAX=_GDAL_CACHE_MB):
            return find_stretch(self._dataset, self._bands, masked=self._masked)

    def load(self, key: Key) -> Patch | None:
        """Return one piece; None outside the raster. Averages use the overviews of the file.

        Raises:
            RasterError: The file is damaged.
        """
        level, column, row = key
        factor = 2**level
        x, y = column * CHUNK * factor, row * CHUNK * factor
        if x < 0 or y < 0:
            return None
        # What is left beyond whole pixels of this level is less than one of them.
        width = min(CHUNK, (self._dataset.width - x) // factor)
        height = min(CHUNK, (self._dataset.height - y) // factor)
        if width <= 0 or height <= 0:
            return None
        window = Window(x, y, width * factor, height * factor)
        try:
            with rasterio.Env(GDAL_CACHEMAX=_GDAL_CACHE_MB):
                return self._read(window, height, width, factor)
        except (RasterioError, ValueError) as error:
            raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> RasterError:
        cause = " ".join(str(error).split())[:160]
        return RasterError(f"{self._name}: the raster is damaged or cut short ({cause}); copy it again.")

    def _read(self, window: Window, height: int, width: int, factor: int) -> Patch:
        bands, palette = list(self._bands.colour), self._bands.palette
        average = factor > 1 and palette is None
        how: dict[str, Any] = {"window": window}
        values = self._dataset.read(
            bands,
            out_shape=(len(bands), height, width),
            resampling=Resampling.average if average else Resampling.nearest,
            **how,
        )
        known = np.isfinite(values).all(0)
        if self._masked:
            known &= self._dataset.dataset_mask(out_shape=(height, width), **how) >= 128
        if palette is not None:
            colours = palette[np.clip(values[0], 0, 255).astype(np.intp)]
            return Patch(np.ascontiguousarray(colours[..., :3]), known & (colours[..., 3] >= 128))
        planes: NDArray[np.uint8] = self.stretch.apply(values)
        pixels = np.moveaxis(np.broadcast_to(planes, (3, height, width)), 0, -1)
        return Patch(np.ascontiguousarray(pixels), known)
