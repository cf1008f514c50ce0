"""Writing JPEG photos that say how their camera stood, in the fields real drones and phones use.

The fields are those that :mod:`gleam.imagery.exif` reads: EXIF (GPS block, 35 mm focal length, date)
and an XMP packet (``drone-dji`` for drones, ``GPano`` for panoramas). EXIF holds the 35 mm focal
length as a whole number, which is up to 2 degrees off in the field of view, so the exact numbers
stand in the XMP packet too, under a small namespace of our own.

Sources: EXIF 2.32 (CIPA DC-008) for the GPS block, the Photo Sphere XMP metadata page for ``GPano``,
the XMP packets of DJI aircraft for ``drone-dji`` (yaw -180 to 180 from north, pitch -90 straight down).
"""

from __future__ import annotations

import datetime as dt
import io
import math
from fractions import Fraction
from os import PathLike
from typing import BinaryIO
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from gleam.errors import ImageError
from gleam.files import atomic_write
from gleam.imagery.exif import horizontal_fov_deg
from gleam.views import Pose, View

GLEAM_NAMESPACE = "urn:gleam:photo:1"
"""XML namespace of the exact values (``gleam:HorizontalFovDegrees`` and so on)."""

_NAMESPACES = {
    "drone-dji": "http://www.dji.com/drone-dji/1.0/",
    "GPano": "http://ns.google.com/photos/1.0/panorama/",
    "gleam": GLEAM_NAMESPACE,
}
_EXACT = {
    "HeadingDegrees": "heading_deg",
    "PitchDegrees": "pitch_deg",
    "RollDegrees": "roll_deg",
    "HeightMetres": "height_m",
    "HorizontalFovDegrees": "fov_deg",
    "GroundWidthMetres": "ground_width_m",
}


def jpeg_bytes(
    array: NDArray[np.uint8],
    *,
    view: View,
    pose: Pose,
    quality: int = 90,
    position: tuple[float, float] | None = None,
    altitude_m: float | None = None,
    taken: dt.date | None = None,
) -> bytes:
    """Encode a picture as JPEG with its EXIF and XMP blocks; the same input gives the same bytes.

    array: (height, width, 3) uint8. position: (lat, lon) of the CAMERA in degrees, or None to write
    no position at all. altitude_m: of the camera above sea level (``height_m`` of the pose is above
    the ground). taken: date, or date and time, of the photo.

    Raises ImageError when the array is no RGB picture.
    """
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8 or 0 in array.shape:
        raise ImageError(
            f"A picture to be written must be (height, width, 3) uint8, not {array.shape} {array.dtype}."
        )
    height, width = array.shape[:2]
    exif = _exif(view, pose, position, altitude_m, taken, (height, width))
    buffer = io.BytesIO()
    Image.fromarray(array).save(
        buffer,
        "JPEG",
        quality=quality,
        exif=exif.tobytes(),
        xmp=_xmp(view, pose, altitude_m, width, height).encode(),
    )
    return buffer.getvalue()


def jpeg_with_metadata(
    array: NDArray[np.uint8],
    path: str | PathLike[str] | BinaryIO,
    *,
    view: View,
    pose: Pose,
    quality: int = 90,
    position: tuple[float, float] | None = None,
    altitude_m: float | None = None,
    taken: dt.date | None = None,
) -> None:
    """Write :func:`jpeg_bytes` to an open binary file, or atomically to a path."""
    data = jpeg_bytes(
        array, view=view, pose=pose, quality=quality, position=position, altitude_m=altitude_m, taken=taken
    )
    if isinstance(path, str | PathLike):
        with atomic_write(path) as temporary:
            temporary.write_bytes(data)
    else:
        path.write(data)


def focal_length_35mm(fov_deg: float, height: int, width: int) -> int:
    """Return the 35 mm equivalent focal length, in whole mm, of a photo's horizontal field of view.

    The inverse of :func:`gleam.imagery.exif.horizontal_fov_deg`, up to the rounding.
    """
    of_one_mm = math.radians(horizontal_fov_deg(1.0, height, width))
    return max(1, round(math.tan(of_one_mm / 2) / math.tan(math.radians(fov_deg) / 2)))


def _exif(
    view: View,
    pose: Pose,
    position: tuple[float, float] | None,
    altitude_m: float | None,
    taken: dt.date | None,
    size: tuple[int, int],
) -> Image.Exif:
    """Build the EXIF block: software, date, focal length, and the GPS fields that are known."""
    exif = Image.Exif()
    exif[ExifTags.Base.Software] = "GLEAM"
    photo = exif.get_ifd(ExifTags.IFD.Exif)
    if taken is not None:
        moment = taken if isinstance(taken, dt.datetime) else dt.datetime.combine(taken, dt.time(12))
        photo[ExifTags.Base.DateTimeOriginal] = moment.strftime("%Y:%m:%d %H:%M:%S")
    if view in (View.DRONE, View.GROUND) and pose.fov_deg is not None and 0 < pose.fov_deg < 180:
        photo[ExifTags.Base.FocalLengthIn35mmFilm] = focal_length_35mm(pose.fov_deg, *size)
    turned = view in (View.DRONE, View.PANORAMA, View.GROUND)
    gps = gps_fields(position, altitude_m, pose.heading_deg if turned else None)
    if gps:
        exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps)
    return exif


def gps_fields(
    position: tuple[float, float] | None,
    altitude_m: float | None = None,
    heading_deg: float | None = None,
) -> dict[int, object]:
    """Return the fields of an EXIF GPS block for what is known; nothing when nothing is.

    position: (lat, lon) of the camera in WGS84. altitude_m: above sea level. heading_deg: of the optical
    axis, clockwise from true north.
    """
    gps: dict[int, object] = {}
    if position is not None:
        lat, lon = position
        gps[ExifTags.GPS.GPSLatitudeRef] = "N" if lat >= 0 else "S"
        gps[ExifTags.GPS.GPSLatitude] = _sexagesimal(lat)
        gps[ExifTags.GPS.GPSLongitudeRef] = "E" if lon >= 0 else "W"
        gps[ExifTags.GPS.GPSLongitude] = _sexagesimal(lon)
        gps[ExifTags.GPS.GPSMapDatum] = "WGS-84"
    if altitude_m is not None:
        gps[ExifTags.GPS.GPSAltitudeRef] = b"\x00" if altitude_m >= 0 else b"\x01"
        gps[ExifTags.GPS.GPSAltitude] = _rational(abs(altitude_m), 1000)
    if heading_deg is not None:
        gps[ExifTags.GPS.GPSImgDirectionRef] = "T"
        gps[ExifTags.GPS.GPSImgDirection] = _rational(heading_deg % 360.0, 10_000)
    if gps:
        gps[ExifTags.GPS.GPSVersionID] = b"\x02\x03\x00\x00"
    return gps


def _xmp(view: View, pose: Pose, altitude_m: float | None, width: int, height: int) -> str:
    """Build the XMP packet; every value is an attribute of one rdf:Description, as DJI writes it."""
    values: dict[str, str] = {}
    if view is View.DRONE:
        if pose.heading_deg is not None:
            yaw = (pose.heading_deg + 180.0) % 360.0 - 180.0
            values["drone-dji:GimbalYawDegree"] = values["drone-dji:FlightYawDegree"] = f"{yaw:+.4f}"
        if pose.pitch_deg is not None:
            values["drone-dji:GimbalPitchDegree"] = f"{pose.pitch_deg:+.4f}"
            values["drone-dji:GimbalRollDegree"] = f"{pose.roll_deg or 0.0:+.4f}"
        if pose.height_m is not None:
            values["drone-dji:RelativeAltitude"] = f"{pose.height_m:+.3f}"
        if altitude_m is not None:
            values["drone-dji:AbsoluteAltitude"] = f"{altitude_m:+.3f}"
    if view is View.PANORAMA:
        full = {"FullPanoWidthPixels": width, "FullPanoHeightPixels": height}
        cropped = {"CroppedAreaImageWidthPixels": width, "CroppedAreaImageHeightPixels": height}
        corner = {"CroppedAreaLeftPixels": 0, "CroppedAreaTopPixels": 0}
        values["GPano:ProjectionType"] = "equirectangular"
        values["GPano:UsePanoramaViewer"] = "True"
        values |= {f"GPano:{name}": str(number) for name, number in (full | cropped | corner).items()}
        if pose.heading_deg is not None:
            values["GPano:PoseHeadingDegrees"] = f"{pose.heading_deg % 360.0:.4f}"
            values["GPano:PosePitchDegrees"] = f"{pose.pitch_deg or 0.0:.4f}"
            values["GPano:PoseRollDegrees"] = f"{pose.roll_deg or 0.0:.4f}"
    for name, field in _EXACT.items():
        number = getattr(pose, field)
        if number is not None:
            values[f"gleam:{name}"] = f"{number:.6f}"
    used = {name.split(":")[0] for name in values}
    spaces = "".join(f' xmlns:{p}="{uri}"' for p, uri in _NAMESPACES.items() if p in used)
    attributes = "".join(f"\n   {name}={quoteattr(text)}" for name, text in values.items())
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        ' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
        f'  <rdf:Description rdf:about=""{spaces}{attributes}/>\n'
        " </rdf:RDF>\n</x:xmpmeta>\n"
        '<?xpacket end="w"?>'
    )


def _rational(value: float, denominator: int) -> IFDRational:
    """Return a number as a rational of the given denominator (EXIF rationals are 32 bits each)."""
    return IFDRational(Fraction(round(value * denominator), denominator))


def _sexagesimal(degrees: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    """Return degrees, minutes and seconds; seconds to a millionth, which is 0.03 mm on the ground."""
    micro = round(abs(degrees) * 3_600_000_000)
    whole, rest = divmod(micro, 3_600_000_000)
    minutes, seconds = divmod(rest, 60_000_000)
    return (
        IFDRational(whole, 1),
        IFDRational(minutes, 1),
        IFDRational(Fraction(seconds, 1_000_000)),
    )
