"""Copies of the photos with the position found in their EXIF; the originals are only read.

JPEGs keep their pixels bit for bit; PNG, WebP and TIFF are written anew without loss, transparency and
depth included; BMP (which has no EXIF) becomes PNG. Of the old metadata only a few fields of the camera are
carried over: nothing that told a position, a person or a serial number, and no XMP or maker note.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from pathlib import Path

from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from gleam.errors import ImageError
from gleam.files import atomic_folder
from gleam.geo import LatLon
from gleam.imagery.decode import load_image, loaded_upright, opened_image, orientation
from gleam.imagery.exif_write import gps_fields
from gleam.imagery.strip import strip_jpeg
from gleam.locating.answer import Answer, Status
from gleam.locating.exporters.claims import fix_of, place_of, sigma_m
from gleam.progress import track
from gleam.views import View

PROCESSING_METHOD = b"ASCII\0\0\0GLEAM"
"""The GPSProcessingMethod of the copies: by it a position found is told from a position measured."""
_BASE = (ExifTags.Base.Make, ExifTags.Base.Model)
_PHOTO = (
    ExifTags.Base.DateTimeOriginal,
    ExifTags.Base.OffsetTimeOriginal,
    ExifTags.Base.ExposureTime,
    ExifTags.Base.FNumber,
    ExifTags.Base.ISOSpeedRatings,
    ExifTags.Base.FocalLength,
    ExifTags.Base.FocalLengthIn35mmFilm,
)
"""What photogrammetry needs of the camera, and nothing else."""
_LONGEST_TEXT = 64
_SEGMENT_LIMIT = 65_533


def write_tagged_copies(
    folder: str | os.PathLike[str],
    answers: Sequence[Answer],
    photos: Sequence[str | os.PathLike[str]],
) -> None:
    """Write a copy of each photo into a new folder, in one step.

    Located answers that tell where the camera was give a position, its error (one sigma, as
    GPSHPositioningError) and the heading; for a drone, the ground in the middle of the picture is the
    destination. A map, which has no camera, is given its centre. All copies have a user comment that says
    what the answer was; a copy without a claimed position has no GPS block.

    Raises:
        GleamError: The folder has content.
        ImageError: A photo cannot be read any more.
    """
    names: set[str] = set()
    with atomic_folder(folder) as temporary:
        pairs = list(zip(answers, map(Path, photos), strict=True))
        for answer, photo in track(pairs, "Tagging copies"):
            _write_copy(photo, temporary, names, answer)


def _write_copy(photo: Path, folder: Path, names: set[str], answer: Answer) -> None:
    with opened_image(photo) as image:
        image_format, turn = image.format, orientation(image)
        kept = _kept(image)
    out = folder / _free_name(photo.stem + (".png" if image_format == "BMP" else photo.suffix), names)
    exif = _exif(answer, kept)
    if image_format in ("JPEG", "MPO"):
        if turn != 1:
            exif[ExifTags.Base.Orientation] = turn
        body = exif.tobytes()  # begins with Exif\0\0
        if len(body) > _SEGMENT_LIMIT:
            raise ImageError(f"{photo}: its EXIF does not fit into one segment.")
        segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
        plain = strip_jpeg(photo.read_bytes(), 1, os.fspath(photo))
        out.write_bytes(plain[:2] + segment + plain[2:])
        return
    # Read back from its bytes, because Pillow writes new directories into a TIFF only then.
    written = Image.Exif()
    written.load(exif.tobytes())
    # Without exact, WebP forgets the colour of what is transparent.
    options = {"lossless": True, "exact": True} if image_format == "WEBP" else {}
    kind = "PNG" if image_format == "BMP" else image_format
    try:
        _picture(photo).save(out, kind, exif=written, **options)
    except (OSError, ValueError, KeyError):  # kinds of pixels that Pillow reads but does not write
        Image.fromarray(load_image(photo)).save(out, kind, exif=written, **options)


def _picture(photo: Path) -> Image.Image:
    """Return the upright picture with the pixels that it has, transparency too, and no metadata.

    Raises:
        ImageError: It cannot be read.
    """
    with opened_image(photo) as image:
        try:
            picture = loaded_upright(image).copy()
        except Exception as error:  # a decoder may raise anything on hostile bytes
            raise ImageError(f"{photo}: the image is damaged or cut short; copy it again.") from error
    # A palette and some PNGs tell beside the pixels which of them are transparent.
    picture.info = {k: v for k, v in picture.info.items() if k == "transparency"}
    return picture


def _kept(image: Image.Image) -> tuple[dict[int, object], dict[int, object]]:
    """Return the camera's fields of the base and the photo directory that go over into the copy."""
    try:
        exif = image.getexif()
        base, photo = dict(exif), dict(exif.get_ifd(ExifTags.IFD.Exif))
    except Exception:  # the EXIF parser may raise anything on hostile bytes; then nothing is kept
        return {}, {}
    return (
        {int(tag): base[tag] for tag in _BASE if _plain(base.get(tag))},
        {int(tag): photo[tag] for tag in _PHOTO if _plain(photo.get(tag))},
    )


def _plain(value: object) -> bool:
    """Tell whether a field is a short text or a number in the range that EXIF can hold."""
    if isinstance(value, str):
        return value.isascii() and value.isprintable() and len(value) <= _LONGEST_TEXT
    if isinstance(value, IFDRational):
        return value.denominator != 0 and 0 <= value < 2**31
    return isinstance(value, int) and 0 <= value < 2**16


def _exif(answer: Answer, kept: tuple[dict[int, object], dict[int, object]]) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Software] = "GLEAM"
    for tag, value in kept[0].items():
        exif[tag] = value
    photo = exif.get_ifd(ExifTags.IFD.Exif)
    photo.update(kept[1])
    photo[ExifTags.Base.UserComment] = b"ASCII\0\0\0" + _comment(answer).encode("ascii", "replace")
    fix = _position(answer)
    if fix is None:
        return exif
    gps = gps_fields(fix, None, None if answer.view == View.MAP.value else answer.heading_deg)
    gps[ExifTags.GPS.GPSProcessingMethod] = PROCESSING_METHOD
    sigma = sigma_m(answer)
    if sigma is not None:
        gps[ExifTags.GPS.GPSHPositioningError] = IFDRational(round(min(sigma, 4e6) * 1000), 1000)
    ground = place_of(answer)
    if answer.view == View.DRONE.value and ground is not None:
        aimed = gps_fields(ground)
        gps[ExifTags.GPS.GPSDestLatitudeRef] = aimed[ExifTags.GPS.GPSLatitudeRef]
        gps[ExifTags.GPS.GPSDestLatitude] = aimed[ExifTags.GPS.GPSLatitude]
        gps[ExifTags.GPS.GPSDestLongitudeRef] = aimed[ExifTags.GPS.GPSLongitudeRef]
        gps[ExifTags.GPS.GPSDestLongitude] = aimed[ExifTags.GPS.GPSLongitude]
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps)
    return exif


def _position(answer: Answer) -> LatLon | None:
    if answer.view == View.MAP.value and answer.status is Status.LOCATED:
        return place_of(answer)
    return fix_of(answer)


def _comment(answer: Answer) -> str:
    words = [f"GLEAM: {answer.status.value}"]
    if answer.radius95_m is not None and _position(answer) is not None:
        words.append(f"95 % within {answer.radius95_m:g} m")
    if answer.probability is not None and answer.calibration is not None:
        use = answer.calibration
        words.append(f"probability {answer.probability:.2f} within {use.within_m:g} m ({use.name})")
    return ", ".join(words)


def _free_name(name: str, names: set[str]) -> str:
    """Return and note a name that no other copy has, as photos of two folders may share theirs."""
    stem, suffix = os.path.splitext(name)
    free, number = name, 2
    while free.lower() in names:  # some systems mind no case
        free, number = f"{stem}-{number}{suffix}", number + 1
    names.add(free.lower())
    return free
