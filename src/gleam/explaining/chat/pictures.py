"""Pictures as they are sent: decoded under limits, shrunk, without metadata."""

from __future__ import annotations

import base64
import io
from typing import Any

from PIL import Image

from gleam.imagery.decode import load_image

LONGEST = 768
"""Pixels of the longer side: two tiles of a picture model; more costs more and shows little more."""
QUALITY = 85


def jpeg_of(picture: Any, longest: int = LONGEST) -> bytes:
    """Return any picture as a JPEG of at most ``longest`` pixels, upright and without EXIF or XMP.

    The bytes follow from the pixels alone, so equal pictures give equal requests.

    Raises:
        ImageError: The picture cannot be read.
    """
    image = Image.fromarray(load_image(picture))
    scale = longest / max(image.size)
    if scale < 1:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def data_url(jpeg: bytes) -> str:
    """Return a JPEG as a data URL."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")
