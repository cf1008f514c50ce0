"""Decoding web-map tiles of strangers: small pictures only, and what is none counts as no data."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gleam.errors import AtlasError, ImageError
from gleam.imagery.decode import load_image, opened_image, orientation
from gleam.imagery.raster_chunks import Patch
from gleam.progress import say

MAX_TILE_PIXELS = 4096 * 4096
MAX_TILE_BYTES = 32 * 1024 * 1024
_TOLD = 5
"""So many unreadable tiles are named one by one; the rest are counted."""


class TileDecoder:
    """Turns the bytes of tiles into pixels.

    Args:
        get: Returns the bytes of a tile (z, x, y), or None.
        where: Returns how that tile is called in messages.
    """

    def __init__(
        self, get: Callable[[int, int, int], bytes | None], where: Callable[[int, int, int], str]
    ) -> None:
        self._get = get
        self._where = where
        self._bad: dict[tuple[int, int, int], str] = {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence per tile that could not be decoded, up to a handful, and the number of the rest."""
        told = list(self._bad.values())
        rest = len(told) - _TOLD
        return (*told[:_TOLD], f"{rest} more tiles could not be decoded.") if rest > 0 else tuple(told)

    def learn_side(self, tiles: Sequence[tuple[int, int, int]]) -> int:
        """Return the side of the tiles in pixels, from the first of some that can be decoded.

        Raises:
            AtlasError: None of them can, or tiles are not square.
        """
        complaint = ""
        for tile in tiles:
            try:
                height, width = decode_tile(self._get(*tile) or b"", self._where(*tile)).known.shape
            except ImageError as error:
                complaint = complaint or str(error)
                continue
            if height != width:
                size = f"{width} x {height} pixels"
                raise AtlasError(f"{self._where(*tile)}: has {size}; web-map tiles are square.")
            # Halving needs a side that stays whole.
            return 1 << max(6, min(12, round(float(np.log2(height)))))
        raise AtlasError(f"None of the tiles looked at can be decoded, as {complaint}")

    def decode(self, z: int, x: int, y: int, side: int) -> Patch | None:
        """Return a tile at (side, side) pixels; None when it is missing or cannot be decoded."""
        data = self._get(z, x, y)
        if data is None:
            return None
        try:
            patch = decode_tile(data, self._where(z, x, y))
        except ImageError as error:
            if (z, x, y) not in self._bad:
                self._bad[z, x, y] = f"{error} It counts as no data."
                if len(self._bad) <= _TOLD:
                    say(f"Warning: {self._bad[z, x, y]}")
            return None
        return patch if patch.known.shape == (side, side) else _resized(patch, side)


def decode_tile(data: bytes, name: str) -> Patch:
    """Return the pixels of a tile; transparent ones are not known.

    Raises:
        ImageError: The bytes are no picture (JPEG, PNG or WebP) of a tile's size; the message names the tile.
    """
    limits = {"max_pixels": MAX_TILE_PIXELS, "max_bytes": MAX_TILE_BYTES}
    try:
        pixels = load_image(data, **limits)
        with opened_image(data, **limits) as image:
            clear = image.has_transparency_data and orientation(image) == 1
            opacity = np.asarray(image.convert("RGBA"))[..., 3] if clear else None
    except ImageError as error:
        raise ImageError(str(error).replace("image bytes:", f"{name}:", 1)) from None
    if opacity is None:
        return Patch(pixels, np.ones(pixels.shape[:2], bool))
    return Patch(pixels, opacity >= 128)


def _resized(patch: Patch, side: int) -> Patch:
    """Return a tile of another size at the size of the others."""
    pixels: NDArray[np.uint8] = np.asarray(
        Image.fromarray(patch.pixels).resize((side, side), Image.Resampling.BILINEAR)
    )
    known = np.asarray(Image.fromarray(patch.known.astype(np.uint8) * 255).resize((side, side)))
    return Patch(pixels, known >= 128)
