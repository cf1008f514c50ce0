"""The one function that turns anything image-like into pixels, for everyone.

Files come from strangers: formats are on an allow-list, sizes are checked from the header before a
pixel is decoded, and whatever a decoder trips over becomes an :class:`ImageError` with the file's name.
"""

from __future__ import annotations

import io
import os
import stat
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gleam.errors import ImageError
from gleam.imagery.pixel_values import array_to_rgb8, picture_to_rgb8

Pixels: TypeAlias = NDArray[np.uint8]
ImageSource: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | Image.Image | NDArray[np.generic]"
)

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP")
"""The formats that are read; nothing else is ever handed to a decoder."""

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")
"""The file name endings under which those formats are looked for in folders."""

MAX_PIXELS = 120_000_000
MAX_BYTES = 256 * 1024 * 1024

_MAGIC = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"), (b"BM", "BMP"))
_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_OTHERS = (
    (b"GIF8", "a GIF"),
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 image"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 image"),
    (b"8BPS", "a Photoshop file"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
)
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION_TAG = 0x0112

WARNINGS_LOCK = threading.Lock()
"""Held while warnings are silenced: Python's filters are global, and threads could leave them changed."""


def load_image(
    source: ImageSource,
    *,
    max_pixels: int = MAX_PIXELS,
    max_bytes: int = MAX_BYTES,
    target: int | None = None,
) -> Pixels:
    """Return any image as an (H, W, 3) uint8 array, upright.

    source: a file (JPEG, PNG, WebP, TIFF, BMP), its bytes, a PIL image, or an array as
        :func:`gleam.imagery.pixel_values.array_to_rgb8` takes it. Of several frames the first is read.
    max_pixels, max_bytes: larger images are refused before they are decoded. Pillow's own limit
        (about 179 million pixels) holds in any case.
    target: the length of the shorter side that is enough. Large JPEGs are then decoded at a half, a
        quarter or an eighth of their size, never below ``target``.

    EXIF orientation is applied; transparency is laid over white; deeper pixels are brought to 8 bits.
    Raises ImageError, naming the file and the cause, for whatever cannot be read.
    """
    if isinstance(source, np.ndarray):
        if source.ndim >= 2:
            _check_pixels("image array", source.shape[0], source.shape[1], max_pixels)
        return array_to_rgb8(source, "image array")
    if isinstance(source, Image.Image):
        name = str(getattr(source, "filename", "") or "image")
        _check_pixels(name, source.height, source.width, max_pixels)
        return _decode(source, name, target)
    with _opened(source, max_bytes, max_pixels) as (image, name):
        return _decode(image, name, target)


def image_size(
    source: str | os.PathLike[str] | bytes, *, max_pixels: int = MAX_PIXELS, max_bytes: int = MAX_BYTES
) -> tuple[int, int]:
    """Return (height, width) of an image file, turned upright, from its header alone.

    Raises ImageError as :func:`load_image` does for what the header tells.
    """
    with _opened(source, max_bytes, max_pixels) as (image, _):
        return upright_size(image)


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Return (height, width) that an opened image will have once it is turned upright."""
    width, height = image.size
    # Pillow reports the size of a TIFF as already turned.
    turned = image.format != "TIFF" and orientation(image) >= 5
    return (width, height) if turned else (height, width)


def find_images(folder: str | os.PathLike[str], *, recursive: bool = False) -> list[Path]:
    """Return the image files of a folder by their names, sorted; hidden files are left out.

    Raises ImageError when the folder is missing, unreadable, or holds no image.
    """
    root = Path(folder)
    if not root.exists():
        raise ImageError(f"{root}: there is no such folder; check the path.")
    if not root.is_dir():
        raise ImageError(f"{root}: is a file, not a folder; give the folder that holds the images.")
    try:
        with os.scandir(root):
            pass
    except OSError as error:
        raise ImageError(
            f"{root}: the folder cannot be read ({error.strerror}); check its permissions."
        ) from None
    found = sorted(
        p
        for p in (root.rglob("*") if recursive else root.iterdir())
        if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith(".") and p.is_file()
    )
    if not found:
        raise ImageError(f"{root}: holds no image; put {', '.join(IMAGE_SUFFIXES)} files there.")
    return found


@contextmanager
def opened_image(
    source: str | os.PathLike[str] | bytes, *, max_pixels: int = MAX_PIXELS, max_bytes: int = MAX_BYTES
) -> Iterator[Image.Image]:
    """Open an image lazily, under the checks of :func:`load_image`, to read its header and metadata."""
    with _opened(source, max_bytes, max_pixels) as (image, _):
        yield image


@contextmanager
def _opened(source: object, max_bytes: int, max_pixels: int) -> Iterator[tuple[Image.Image, str]]:
    """Yield the lazily opened image and its name, having checked bytes, format and pixels."""
    if isinstance(source, bytes | bytearray | memoryview):
        name, stream, size = "image bytes", cast(BinaryIO, io.BytesIO(source)), len(source)
    elif isinstance(source, str | os.PathLike):
        name = os.fspath(source)
        stream, size = _open_file(name)
    else:
        raise ImageError(
            f"A {type(source).__name__} is not an image; give a path, bytes, a PIL image or a NumPy array."
        )
    with stream:
        if size == 0:
            raise ImageError(f"{name}: the file is empty (0 bytes); export or copy it again.")
        if size > max_bytes:
            raise ImageError(
                f"{name}: {size / 2**20:,.0f} MiB exceeds the limit of {max_bytes / 2**20:,.0f} MiB; "
                "give a smaller image.",
                "too_large",
            )
        image_format = _sniff(stream, name)
        with WARNINGS_LOCK, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                image = Image.open(stream, formats=[image_format])
            except Image.DecompressionBombError:
                raise ImageError(
                    f"{name}: holds far more pixels than the limit of {max_pixels:,}; give a smaller image.",
                    "too_large",
                ) from None
            except Exception as error:  # a decoder may raise anything on hostile bytes
                raise ImageError(
                    f"{name}: the {image_format} header cannot be read ({_cause(error)})."
                ) from error
        with image:
            _check_pixels(name, image.height, image.width, max_pixels)
            yield image, name


def _open_file(name: str) -> tuple[BinaryIO, int]:
    """Open a regular file and return it with its size."""
    try:
        # Non-blocking, so that a named pipe is refused rather than waited for.
        descriptor = os.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise ImageError(f"{name}: there is no such file; check the path.") from None
    except ValueError:
        raise ImageError(f"{name!r}: is not a file name; check the path.") from None
    except OSError as error:
        raise ImageError(
            f"{name}: the file cannot be opened ({error.strerror}); check its permissions."
        ) from None
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode):
        return os.fdopen(descriptor, "rb"), status.st_size
    os.close(descriptor)
    if stat.S_ISDIR(status.st_mode):
        raise ImageError(f"{name}: is a folder, not an image; give a file inside it.")
    raise ImageError(f"{name}: is not a regular file; give an image file.")


def _sniff(stream: BinaryIO, name: str) -> str:
    """Return the format that the first bytes announce; raise ImageError for any other."""
    head = stream.read(64)
    stream.seek(0)
    for magic, image_format in _MAGIC:
        if head.startswith(magic):
            return image_format
    if head.startswith(_TIFF_MAGIC):
        return "TIFF"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    what = "not an image in a known format"
    if head[4:8] == b"ftyp":
        kind = head[8:12]
        still = kind in (b"heic", b"heix", b"mif1", b"heim", b"avif")
        what = "a HEIC or AVIF photo" if still else "a video or other media container"
    elif head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"{")):
        what = "text (HTML, XML or JSON), perhaps an error page saved under an image's name"
    else:
        what = next((words for magic, words in _OTHERS if head.startswith(magic)), what)
    raise ImageError(f"{name}: is {what}; give JPEG, PNG, WebP, TIFF or BMP.", "format")


def _check_pixels(name: str, height: int, width: int, max_pixels: int) -> None:
    if height * width > max_pixels:
        raise ImageError(
            f"{name}: {width:,} x {height:,} pixels exceed the limit of {max_pixels:,}; "
            "give a smaller image.",
            "too_large",
        )


def _decode(image: Image.Image, name: str, target: int | None) -> Pixels:
    """Decode, turn upright and bring to 8-bit colour."""
    if not image.width or not image.height:
        raise ImageError(f"{name}: holds no pixels; give an image of at least one.")
    try:
        if target and image.format in ("JPEG", "MPO"):
            scale = max(1, target) / min(image.size)
            wanted = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
            image.draft(image.mode, wanted)
        return picture_to_rgb8(loaded_upright(image), name)
    except ImageError:
        raise
    except Exception as error:  # a decoder may raise anything on hostile bytes
        raise ImageError(
            f"{name}: the image is damaged or cut short ({_cause(error)}); copy it again."
        ) from error


def loaded_upright(image: Image.Image) -> Image.Image:
    """Decode an opened image and return it turned upright; a decoder may raise anything on hostile bytes."""
    image.load()
    turn = _TRANSPOSE.get(orientation(image))
    return image.transpose(turn) if turn is not None else image


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation 1..8; damaged metadata counts as upright."""
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # metadata is as hostile as pixels, and not worth losing the image for
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _cause(error: Exception) -> str:
    """Return a decoder's complaint on one short line."""
    return " ".join(str(error).split())[:160] or type(error).__name__
