"""Copies of photos without the metadata that tells where and by whom they were taken."""

from __future__ import annotations

import os
import struct
from pathlib import Path

from PIL import Image

from gleam.errors import ImageError
from gleam.files import atomic_write
from gleam.imagery.decode import load_image, opened_image, orientation

_KEPT_APPLICATION = {0xE0, 0xEE}  # JFIF and Adobe: how the colours are to be decoded
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_START_OF_SCAN, _END_OF_IMAGE, _COMMENT = 0xDA, 0xD9, 0xFE


def strip_metadata(path: str | os.PathLike[str], out: str | os.PathLike[str]) -> None:
    """Write a copy of an image without EXIF, XMP, comments, colour profile or trailing data.

    A JPEG keeps its pixels bit for bit; a single orientation tag stays when the photo needs one to be
    shown upright. Other formats are decoded and written anew as upright 8-bit colour, without loss
    (PNG, TIFF, BMP, WebP lossless).

    Raises ImageError when the image cannot be read.
    """
    with opened_image(path) as image:
        image_format, turn = image.format, orientation(image)
    if image_format in ("JPEG", "MPO"):
        data = strip_jpeg(Path(path).read_bytes(), turn, os.fspath(path))
        with atomic_write(out) as temporary:
            temporary.write_bytes(data)
        return
    picture = Image.fromarray(load_image(path))
    options = {"lossless": True} if image_format == "WEBP" else {}
    with atomic_write(out) as temporary:
        picture.save(temporary, image_format, **options)


def strip_jpeg(data: bytes, orientation_tag: int = 1, name: str = "JPEG") -> bytes:
    """Return JPEG bytes without any metadata segment, and without whatever follows the first image."""
    out = bytearray(b"\xff\xd8")
    at = 2
    if orientation_tag != 1:
        # One-entry EXIF: tag 0x0112, type SHORT, count 1.
        tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation_tag, 0, 0)
        body = b"Exif\0\0" + tiff
        out += b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    while True:
        while data[at : at + 2] == b"\xff\xff":  # fill bytes before a marker
            at += 1
        if at + 2 > len(data) or data[at] != 0xFF:
            raise ImageError(f"{name}: the JPEG is damaged or cut short; copy it again.")
        marker = data[at + 1]
        if marker == _END_OF_IMAGE:
            return bytes(out + b"\xff\xd9")
        if marker in _STANDALONE:
            out += data[at : at + 2]
            at += 2
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end > len(data) or end < at + 4:
            raise ImageError(f"{name}: the JPEG is damaged or cut short; copy it again.")
        if marker == _START_OF_SCAN:
            end = _end_of_scan(data, end)
        is_application = 0xE0 <= marker <= 0xEF
        if (not is_application or marker in _KEPT_APPLICATION) and marker != _COMMENT:
            out += data[at:end]
        at = end


def _end_of_scan(data: bytes, at: int) -> int:
    """Return where the entropy-coded data that starts at ``at`` ends: at the next true marker."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            return len(data)
        following = data[at + 1]
        if following != 0 and following != 0xFF and following not in _STANDALONE:
            return at
        at += 1 if following == 0xFF else 2
