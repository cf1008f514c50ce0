"""What a photo says about itself: where it was taken, when, and how its camera stood.

Read from EXIF (GPS block, date, 35 mm focal length) and XMP (DJI's ``drone-dji``, Google's ``GPano``,
GLEAM's own exact values). Every value that is used is listed with the field it came from; nothing that
is missing is made up, and no metadata, however damaged, raises an error.
"""

from __future__ import annotations

import datetime as dt
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

from gleam.errors import ImageError
from gleam.imagery.decode import opened_image, upright_size
from gleam.imagery.strip import strip_metadata
from gleam.imagery.xmp import XmpError, read_xmp
from gleam.views import UNKNOWN_POSE, Pose

__all__ = ["PhotoMetadata", "horizontal_fov_deg", "read_metadata", "strip_metadata"]

FILM_DIAGONAL_MM = math.hypot(36.0, 24.0)

_Gps = ExifTags.GPS


@dataclass(frozen=True, slots=True)
class PhotoMetadata:
    """What the metadata of a photo tells.

    pose: of the camera; None where the metadata does not tell.
    position: (lat, lon) of the CAMERA, or None.
    altitude: metres above sea level, or None.
    taken: local time of the camera, with its offset from UTC when it is given.
    fields: the metadata fields that were used, with their values as text.
    warnings: what was doubtful or damaged.
    """

    pose: Pose = UNKNOWN_POSE
    position: tuple[float, float] | None = None
    altitude: float | None = None
    taken: dt.datetime | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def read_metadata(source: str | os.PathLike[str] | bytes) -> PhotoMetadata:
    """Read pose, position and date from the metadata of an image file or its bytes.

    Raises ImageError only when the file is missing; damaged content gives warnings instead.
    """
    try:
        with opened_image(source) as image:
            return _Reader(image).read()
    except ImageError as error:
        if isinstance(source, str | os.PathLike) and not _is_file(source):
            raise
        return PhotoMetadata(warnings=(str(error),))


def horizontal_fov_deg(focal_35mm: float, height: int, width: int) -> float:
    """Return the horizontal field of view of a photo from its 35 mm equivalent focal length.

    The equivalence is by the diagonal (CIPA DCG-001): the full sensor's diagonal sees what 43.27 mm of
    film see. Photos wider than 3:2 or squarer than 5:4 are taken to be crops, at full width or full
    height, of a 4:3 sensor, as phones and drones make them; others show their whole sensor.
    """
    long, short = max(height, width), min(height, width)
    aspect = long / short
    if aspect > 1.55:
        long_mm = FILM_DIAGONAL_MM * 4 / 5
        short_mm = long_mm / aspect
    elif aspect < 1.2:
        short_mm = FILM_DIAGONAL_MM * 3 / 5
        long_mm = short_mm * aspect
    else:
        short_mm = FILM_DIAGONAL_MM / math.hypot(1, aspect)
        long_mm = short_mm * aspect
    return 2 * math.degrees(math.atan((long_mm if width >= height else short_mm) / 2 / focal_35mm))


class _Reader:
    """One pass over the metadata of one image, gathering what was used and what was doubtful."""

    def __init__(self, image: Image.Image) -> None:
        self.fields: dict[str, str] = {}
        self.warnings: list[str] = []
        self.height, self.width = upright_size(image)
        self.photo, self.gps, self.base = self._exif(image)
        self.xmp = self._xmp(image)

    def read(self) -> PhotoMetadata:
        pose = Pose(fov_deg=self._fov(), height_m=self._height(), ground_width_m=None)
        heading, pitch, roll = self._attitude()
        pose = self._exact(replace(pose, heading_deg=heading, pitch_deg=pitch, roll_deg=roll))
        position, altitude, taken = self._position(), self._altitude(), self._taken()
        return PhotoMetadata(pose, position, altitude, taken, self.fields, tuple(self.warnings))

    def _exif(self, image: Image.Image) -> tuple[dict[int, Any], dict[int, Any], dict[int, Any]]:
        """Return the Exif, GPS and base directories; what cannot be read is empty."""
        found: list[dict[int, Any]] = []
        for name, directory in (("photo", ExifTags.IFD.Exif), ("GPS", ExifTags.IFD.GPSInfo), ("base", None)):
            try:
                exif = image.getexif()
                found.append(dict(exif if directory is None else exif.get_ifd(directory)))
            except Exception as error:  # the EXIF parser may raise anything on hostile bytes
                self.warnings.append(f"EXIF: the {name} fields cannot be read ({type(error).__name__})")
                found.append({})
        return found[0], found[1], found[2]

    def _xmp(self, image: Image.Image) -> dict[str, str]:
        packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
        if not isinstance(packet, bytes | str):
            return {}
        try:
            return read_xmp(packet)
        except XmpError as error:
            self.warnings.append(f"XMP: {error}")
            return {}

    def _number(self, name: str) -> float | None:
        """Return an XMP field as a finite number, noting its use."""
        text = self.xmp.get(name)
        if text is None:
            return None
        value = _finite(text)
        if value is None:
            self.warnings.append(f"XMP {name}: {text[:40]!r} is not a number")
        else:
            self.fields[f"XMP {name}"] = text
        return value

    def _angle(self, name: str, limit: float) -> float | None:
        """Return an XMP angle whose size is at most ``limit`` degrees."""
        value = self._number(name)
        if value is not None and abs(value) > limit:
            self.warnings.append(f"XMP {name}: {value:g} degrees is impossible")
            del self.fields[f"XMP {name}"]
            return None
        return value

    def _attitude(self) -> tuple[float | None, float | None, float | None]:
        """Return heading, pitch and roll: of the gimbal, else of the panorama, the compass, the aircraft."""
        angles = self._gimbal()
        if angles is not None:
            return angles
        heading = self._angle("GPano:PoseHeadingDegrees", 360)
        if heading is not None:
            shift = self._panorama_shift()
            pitch, roll = self._angle("GPano:PosePitchDegrees", 90), self._angle("GPano:PoseRollDegrees", 180)
            return (heading + shift) % 360, pitch, roll
        heading = self._compass()
        if heading is None:
            heading = self._angle("drone-dji:FlightYawDegree", 360)
            if heading is not None:
                self.warnings.append("the heading is that of the aircraft, not of the camera")
                heading %= 360
        return heading, None, None

    def _gimbal(self) -> tuple[float | None, float | None, float | None] | None:
        names = [f"drone-dji:Gimbal{part}Degree" for part in ("Yaw", "Pitch", "Roll")]
        yaw, pitch, roll = self._angle(names[0], 360), self._angle(names[1], 180), self._angle(names[2], 360)
        if yaw is None and pitch is None:
            return None
        if not yaw and not pitch and not roll:
            # Some aircraft store zeros for a gimbal they do not measure.
            for name in names:
                self.fields.pop(f"XMP {name}", None)
            self.warnings.append(
                "the gimbal angles are all zero, which means unknown: the pitch is not known"
            )
            return None
        if pitch is not None and abs(pitch) > 90:
            if abs(pitch) > 95:
                self.warnings.append(f"the gimbal pitch of {pitch:g} degrees is impossible")
                pitch = None
            else:  # mechanical overshoot at nadir, as -90.1
                pitch = math.copysign(90.0, pitch)
        return (None if yaw is None else yaw % 360), pitch, roll

    def _compass(self) -> float | None:
        value = _finite(self.gps.get(_Gps.GPSImgDirection))
        if value is None or not 0 <= value <= 360:
            return None
        if _text(self.gps.get(_Gps.GPSImgDirectionRef)).upper() == "M":
            self.warnings.append("the heading is from magnetic north; the declination was not applied")
        self.fields["EXIF GPSImgDirection"] = f"{value:g}"
        return value % 360

    def _panorama_shift(self) -> float:
        """Return degrees from the centre of the full panorama to the centre of the part that was kept."""
        full, part = self._pixels("FullPanoWidthPixels"), self._pixels("CroppedAreaImageWidthPixels")
        left = self._pixels("CroppedAreaLeftPixels")
        if not full or not part or left is None or part >= full:
            return 0.0
        return (left + part / 2 - full / 2) / full * 360

    def _pixels(self, name: str) -> float | None:
        value = _finite(self.xmp.get(f"GPano:{name}"))
        return value if value is not None and 0 <= value < 1e7 else None

    def _fov(self) -> float | None:
        if "GPano:ProjectionType" in self.xmp:
            full, part = self._pixels("FullPanoWidthPixels"), self._pixels("CroppedAreaImageWidthPixels")
            if full and part and 0 < part < full:
                self.fields["XMP GPano:CroppedAreaImageWidthPixels"] = f"{part:g} of {full:g}"
                return 360 * part / full
            return None
        focal = _finite(self.photo.get(ExifTags.Base.FocalLengthIn35mmFilm))
        if focal is None or not 1 <= focal <= 5000:
            return None
        if self._was_cropped():
            self.warnings.append("the photo was cropped after it was taken: its field of view is not known")
            return None
        zoom = _finite(self.photo.get(ExifTags.Base.DigitalZoomRatio))
        if zoom is not None and zoom > 1.01:
            self.warnings.append(f"digital zoom of {zoom:g}: the field of view may be narrower than stated")
        self.fields["EXIF FocalLengthIn35mmFilm"] = f"{focal:g}"
        return horizontal_fov_deg(focal, self.height, self.width)

    def _was_cropped(self) -> bool:
        """Tell whether the shape of the image differs from the one the camera noted."""
        tall = _finite(self.photo.get(ExifTags.Base.ExifImageHeight))
        wide = _finite(self.photo.get(ExifTags.Base.ExifImageWidth))
        if tall is None or wide is None or min(tall, wide) <= 0:
            return False
        before = max(tall, wide) / min(tall, wide)
        now = max(self.height, self.width) / min(self.height, self.width)
        return abs(before / now - 1) > 0.01

    def _height(self) -> float | None:
        height = self._number("drone-dji:RelativeAltitude")
        if height is not None and not 0 < height < 20_000:
            self.warnings.append(f"the height of {height:g} m above take-off was not used")
            del self.fields["XMP drone-dji:RelativeAltitude"]
            return None
        return height

    def _exact(self, pose: Pose) -> Pose:
        """Put GLEAM's own exact values, where present, over what was read from the common fields."""
        names = {
            "heading_deg": (("HeadingDegrees", "HeadingDegree"), -360.0, 360.0),
            "pitch_deg": (("PitchDegrees", "PitchDegree"), -90.0, 90.0),
            "roll_deg": (("RollDegrees", "RollDegree"), -360.0, 360.0),
            "height_m": (("HeightMetres", "CameraHeight"), 0.0, 20_000.0),
            "fov_deg": (("HorizontalFovDegrees", "HFieldOfViewDegree"), 0.1, 360.0),
            "ground_width_m": (("GroundWidthMetres",), 0.01, 1e7),
        }
        for attribute, (spellings, low, high) in names.items():
            for spelling in spellings:
                value = self._number(f"gleam:{spelling}")
                if value is None:
                    continue
                if not low <= value <= high:
                    self.warnings.append(f"XMP gleam:{spelling}: {value:g} is impossible")
                    del self.fields[f"XMP gleam:{spelling}"]
                    continue
                pose = replace(pose, **{attribute: value % 360 if attribute == "heading_deg" else value})
        return pose

    def _position(self) -> tuple[float, float] | None:
        lat = _degrees(self.gps.get(_Gps.GPSLatitude), _text(self.gps.get(_Gps.GPSLatitudeRef)), "NS", 90)
        lon = _degrees(self.gps.get(_Gps.GPSLongitude), _text(self.gps.get(_Gps.GPSLongitudeRef)), "EW", 180)
        if lat is None or lon is None:
            if _Gps.GPSLatitude in self.gps or _Gps.GPSLongitude in self.gps:
                self.warnings.append("the EXIF position is incomplete or impossible")
            return None
        if lat == 0 and lon == 0:
            self.warnings.append("the EXIF position is 0, 0, which means no fix")
            return None
        self.fields["EXIF GPSLatitude"], self.fields["EXIF GPSLongitude"] = f"{lat:.8f}", f"{lon:.8f}"
        return lat, lon

    def _altitude(self) -> float | None:
        value = _finite(self.gps.get(_Gps.GPSAltitude))
        if value is not None and 0 <= value < 100_000:
            below = self.gps.get(_Gps.GPSAltitudeRef) in (b"\x01", 1, "1")
            self.fields["EXIF GPSAltitude"] = f"{-value if below else value:g}"
            return -value if below else value
        return self._number("drone-dji:AbsoluteAltitude")

    def _taken(self) -> dt.datetime | None:
        for name, source, offset in (
            (
                "DateTimeOriginal",
                self.photo.get(ExifTags.Base.DateTimeOriginal),
                ExifTags.Base.OffsetTimeOriginal,
            ),
            ("DateTime", self.base.get(ExifTags.Base.DateTime), ExifTags.Base.OffsetTime),
        ):
            text = _text(source)
            try:
                moment = dt.datetime.strptime(text, "%Y:%m:%d %H:%M:%S")
            except ValueError:
                continue
            self.fields[f"EXIF {name}"] = text
            try:
                zone = dt.datetime.strptime(_text(self.photo.get(offset)), "%z").tzinfo
            except ValueError:
                zone = None
            return moment.replace(tzinfo=zone)
        return None


def _is_file(source: str | os.PathLike[str]) -> bool:
    try:
        return Path(source).is_file()
    except (OSError, ValueError):
        return False


def _finite(value: object) -> float | None:
    """Return a number, rational or numeric text as a finite float, else None."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _text(value: object) -> str:
    """Return an EXIF text field without its padding."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return value.strip("\0 ") if isinstance(value, str) else ""


def _degrees(value: object, reference: str, signs: str, limit: float) -> float | None:
    """Return signed degrees of a (degrees, minutes, seconds) triple and its hemisphere letter."""
    reference = reference.upper()[:1]
    if (
        not isinstance(value, tuple | list)
        or not 1 <= len(value) <= 3
        or not reference
        or reference not in signs
    ):
        return None
    parts = [_finite(v) for v in value]
    total = 0.0
    for part, unit in zip(parts, (1, 60, 3600), strict=False):
        if part is None or part < 0 or (unit > 1 and part > 60):
            return None
        total += part / unit
    if total > limit:
        return None
    return -total if reference == signs[1] else total
