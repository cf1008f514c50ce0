"""Bringing pixels of any depth, palette or transparency to 8-bit red, green and blue."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gleam.errors import ImageError

Pixels = NDArray[np.uint8]


def picture_to_rgb8(image: Image.Image, name: str) -> Pixels:
    """Return a loaded PIL image of any mode as (H, W, 3) uint8; transparency is laid over white."""
    if image.mode == "RGB" and not image.has_transparency_data:
        return np.array(image, np.uint8)
    if image.mode.startswith("I") or image.mode == "F":
        return array_to_rgb8(np.asarray(image), name)
    if image.has_transparency_data:
        # Black where fully transparent is what editors leave behind; white is what every viewer shows.
        clear = image.convert("RGBA")
        white = Image.new("RGBA", clear.size, (255, 255, 255, 255))
        return np.array(Image.alpha_composite(white, clear).convert("RGB"), np.uint8)
    return np.array(image.convert("RGB"), np.uint8)


def array_to_rgb8(values: NDArray[Any], name: str) -> Pixels:
    """Return an array as (H, W, 3) uint8.

    Shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) with the fourth channel as opacity over white.
    Values: uint8 as they are; bool as black and white; other integers by :func:`integers_to_8bit`;
    floats within 0..1 times 255, within 0..255 as they are.

    Raises ImageError naming the shape, type or value that does not fit.
    """
    if values.ndim == 2:
        values = values[..., None]
    if values.ndim != 3 or values.shape[2] not in (1, 3, 4) or 0 in values.shape:
        raise ImageError(
            f"{name}: shape {values.shape} is no image; give (height, width) with 1, 3 or 4 channels last."
        )
    bytes_ = _to_8bit(values, name)
    if bytes_.shape[2] == 1:
        return np.repeat(bytes_, 3, axis=2)
    if bytes_.shape[2] == 4:
        return picture_to_rgb8(Image.fromarray(np.ascontiguousarray(bytes_)), name)
    return np.array(bytes_, np.uint8)


def integers_to_8bit(values: NDArray[Any], bits: int) -> Pixels:
    """Return non-negative integers of so many significant bits as uint8, dropping the lowest bits."""
    return (values >> max(0, bits - 8)).astype(np.uint8)


def significant_bits(highest: int) -> int:
    """Return the depth of a sensor whose highest value is ``highest``: 8 to 12 bits exactly, beyond that 16.

    Aerial cameras store 10, 11 or 12 bits in 16-bit files; taken at full range they would be all but black.
    """
    bits = max(8, int(highest).bit_length())
    return bits if bits <= 12 else 16


def _to_8bit(values: NDArray[Any], name: str) -> Pixels:
    """Return values of any number type as uint8 by the rules of :func:`array_to_rgb8`."""
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype.kind not in "iuf":
        raise ImageError(f"{name}: values of type {values.dtype} are not pixels; give integers or floats.")
    low, high = values.min(), values.max()
    if values.dtype.kind == "f":
        if not (np.isfinite(low) and np.isfinite(high)):
            raise ImageError(f"{name}: holds values that are not numbers (NaN or infinite); fill them first.")
        if low < 0 or high > 255:
            raise ImageError(
                f"{name}: float values from {low:g} to {high:g} are not pixels; scale them to 0..1 or 0..255."
            )
        scale = 255.0 if high <= 1 else 1.0
        return np.rint(values.astype(np.float64) * scale).astype(np.uint8)
    if low < 0 or high > 65535:
        raise ImageError(
            f"{name}: integer values from {low} to {high} are not pixels; bring them to 0..65535."
        )
    return integers_to_8bit(values, significant_bits(int(high)))
