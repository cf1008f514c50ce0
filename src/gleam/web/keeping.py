"""What is left of a photo that is kept on purpose."""

from __future__ import annotations

import io

from PIL import Image

from gleam.imagery.decode import load_image, opened_image, orientation
from gleam.imagery.strip import strip_jpeg


def without_metadata(photo: bytes) -> tuple[bytes, str]:
    """Return the photo without EXIF, XMP, comments or trailing data, and the ending of its file name.

    A JPEG keeps its pixels bit for bit; any other format becomes PNG.

    Raises:
        ImageError: The photo cannot be read.
    """
    with opened_image(photo) as image:
        image_format, turn = image.format, orientation(image)
    if image_format in ("JPEG", "MPO"):
        return strip_jpeg(photo, turn, "The photo"), ".jpg"
    buffer = io.BytesIO()
    Image.fromarray(load_image(photo)).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue(), ".png"
