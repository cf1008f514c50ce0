"""What photos say about themselves, including what they say wrongly."""

import contextlib
import csv
import datetime as dt
import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import IFDRational

from gleam.errors import ImageError
from gleam.geo import distance_m
from gleam.imagery.decode import find_images, load_image
from gleam.imagery.exif import horizontal_fov_deg, read_metadata, strip_metadata
from gleam.imagery.strip import strip_jpeg
from gleam.imagery.xmp import XmpError, read_xmp
from gleam.views import UNKNOWN_POSE

PICTURE = np.random.default_rng(1).integers(0, 256, (30, 40, 3), dtype=np.uint8)
DJI = "http://www.dji.com/drone-dji/1.0/"
GPANO = "http://ns.google.com/photos/1.0/panorama/"
Gps, Base = ExifTags.GPS, ExifTags.Base


def packet(fields: dict[str, object], namespace: str = DJI, prefix: str = "d") -> bytes:
    attributes = " ".join(f'{prefix}:{k}="{v}"' for k, v in fields.items())
    return (
        '<?xpacket begin="\ufeff"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:{prefix}="{namespace}" {attributes}/>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def photo(*, gps=None, exif=None, base=None, xmp=None, size=(30, 40), image_format="JPEG") -> bytes:
    tags = Image.Exif()
    for tag, value in (base or {}).items():
        tags[tag] = value
    tags.get_ifd(ExifTags.IFD.Exif).update(exif or {})
    tags.get_ifd(ExifTags.IFD.GPSInfo).update(gps or {})
    stream = io.BytesIO()
    options = {"xmp": xmp} if xmp else {}
    if xmp and image_format == "PNG":
        options = {"pnginfo": PngInfo()}
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", xmp.decode())
    elif xmp and image_format == "TIFF":
        tags[ExifTags.Base.XMLPacket] = xmp
    Image.fromarray(np.zeros((*size, 3), np.uint8)).save(stream, image_format, exif=tags.tobytes(), **options)
    return stream.getvalue()


FIX = {
    Gps.GPSLatitudeRef: "S",
    Gps.GPSLatitude: (IFDRational(33), IFDRational(51), IFDRational(36, 1)),
    Gps.GPSLongitudeRef: "W",
    Gps.GPSLongitude: (IFDRational(70), IFDRational(30), IFDRational(1, 2)),
}


def test_position_altitude_time_and_compass():
    told = read_metadata(
        photo(
            gps={
                **FIX,
                Gps.GPSAltitudeRef: b"\x01",
                Gps.GPSAltitude: IFDRational(125, 10),
                Gps.GPSImgDirectionRef: "T",
                Gps.GPSImgDirection: IFDRational(3599, 10),
            },
            exif={Base.DateTimeOriginal: "2024:02:29 23:59:58", Base.OffsetTimeOriginal: "+08:00"},
        )
    )
    assert told.position == pytest.approx((-33.86, -70.5 - 0.5 / 3600))
    assert told.altitude == -12.5
    assert told.pose.heading_deg == pytest.approx(359.9)
    assert told.taken == dt.datetime(2024, 2, 29, 23, 59, 58, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    assert told.warnings == ()
    assert {"EXIF GPSLatitude", "EXIF GPSImgDirection", "EXIF DateTimeOriginal"} <= set(told.fields)


def test_nothing_is_made_up():
    told = read_metadata(photo())
    assert (told.pose, told.position, told.altitude, told.taken) == (UNKNOWN_POSE, None, None, None)
    assert told.fields == {} and told.warnings == ()


def test_magnetic_headings_and_unset_positions_are_warned_of():
    gps = {Gps.GPSImgDirectionRef: "M", Gps.GPSImgDirection: IFDRational(90)}
    told = read_metadata(photo(gps=gps))
    assert told.pose.heading_deg == 90
    assert "magnetic" in told.warnings[0]
    zero = (IFDRational(0), IFDRational(0), IFDRational(0))
    told = read_metadata(photo(gps={**FIX, Gps.GPSLatitude: zero, Gps.GPSLongitude: zero}))
    assert told.position is None and "no fix" in told.warnings[0]


@pytest.mark.parametrize(
    "broken",
    [
        {Gps.GPSLatitudeRef: ""},
        {Gps.GPSLatitudeRef: "X"},
        {Gps.GPSLatitude: (IFDRational(95), IFDRational(0), IFDRational(0))},
        {Gps.GPSLatitude: (IFDRational(45), IFDRational(75), IFDRational(0))},
        {Gps.GPSLongitude: (IFDRational(10), IFDRational(5, 0), IFDRational(0))},
    ],
)
def test_impossible_positions_are_not_used(broken):
    told = read_metadata(photo(gps={**FIX, **broken}))
    assert told.position is None
    assert any("position" in w for w in told.warnings)


def test_gimbal_angles_give_the_pose_of_the_camera():
    xmp = packet(
        {
            "GimbalYawDegree": "-45.5",
            "GimbalPitchDegree": "-90.10",
            "GimbalRollDegree": "+0.00",
            "FlightYawDegree": "+100",
            "RelativeAltitude": "+87.30",
        }
    )
    told = read_metadata(photo(xmp=xmp))
    assert told.pose.heading_deg == 314.5
    assert told.pose.pitch_deg == -90
    assert told.pose.roll_deg == 0
    assert told.pose.height_m == 87.3
    assert told.warnings == ()
    assert told.fields["XMP drone-dji:RelativeAltitude"] == "+87.30"


def test_zero_gimbal_angles_mean_unknown_and_the_pitch_is_not_assumed():
    xmp = packet(
        {
            "GimbalYawDegree": "+0.00",
            "GimbalPitchDegree": "0",
            "GimbalRollDegree": "-0.0",
            "FlightYawDegree": 152,
        }
    )
    told = read_metadata(photo(xmp=xmp))
    assert told.pose.heading_deg == 152
    assert told.pose.pitch_deg is None and told.pose.roll_deg is None
    assert any("zero" in w for w in told.warnings) and any("aircraft" in w for w in told.warnings)
    assert not any("Gimbal" in name for name in told.fields)


def test_fields_as_elements_and_impossible_numbers():
    xmp = (
        f'<r xmlns:d="{DJI}"><d:GimbalYawDegree> 12.5 </d:GimbalYawDegree>'
        "<d:GimbalPitchDegree>-500</d:GimbalPitchDegree>"
        "<d:RelativeAltitude>-4</d:RelativeAltitude><d:GimbalRollDegree>NaN</d:GimbalRollDegree></r>"
    ).encode()
    told = read_metadata(photo(xmp=xmp))
    assert told.pose.heading_deg == 12.5
    assert told.pose.pitch_deg is None and told.pose.roll_deg is None and told.pose.height_m is None
    assert len(told.warnings) == 3


def test_panoramas():
    xmp = packet(
        {"ProjectionType": "equirectangular", "PoseHeadingDegrees": 350, "PosePitchDegrees": 2}, GPANO
    )
    pose = read_metadata(photo(xmp=xmp, exif={Base.FocalLengthIn35mmFilm: 24})).pose
    assert (pose.heading_deg, pose.pitch_deg, pose.fov_deg) == (350, 2, None)
    # The right half of the sphere: its centre looks 90 degrees right of the panorama's.
    part = {"FullPanoWidthPixels": 4000, "CroppedAreaImageWidthPixels": 2000, "CroppedAreaLeftPixels": 2000}
    xmp = packet({"ProjectionType": "equirectangular", "PoseHeadingDegrees": 350, **part}, GPANO)
    pose = read_metadata(photo(xmp=xmp)).pose
    assert (pose.heading_deg, pose.fov_deg) == (80, 180)


@pytest.mark.parametrize("namespace", ["urn:gleam:photo:1", "https://gleam-geo.org/ns/1.0/"])
def test_exact_values_win(namespace):
    names = {
        "urn:gleam:photo:1": ("HorizontalFovDegrees", "HeightMetres"),
        "https://gleam-geo.org/ns/1.0/": ("HFieldOfViewDegree", "CameraHeight"),
    }
    fov, height = names[namespace]
    xmp = packet({fov: 61.25, height: 1.75, "PitchDegrees": -100}, namespace)
    told = read_metadata(photo(xmp=xmp, exif={Base.FocalLengthIn35mmFilm: 24}))
    assert told.pose.fov_deg == 61.25
    assert told.pose.height_m == 1.75
    assert told.pose.pitch_deg is None
    assert len(told.warnings) == 1


def test_field_of_view_from_the_35mm_focal_length():
    # A 4:3 sensor of 24 mm equivalent: the diagonal of 43.27 mm, four fifths of it wide.
    assert horizontal_fov_deg(24, 3000, 4000) == pytest.approx(
        2 * math.degrees(math.atan(34.61 / 48)), abs=0.01
    )
    assert horizontal_fov_deg(24, 2000, 3000) == pytest.approx(2 * math.degrees(math.atan(18 / 24)), abs=0.01)
    assert horizontal_fov_deg(24, 2250, 4000) == pytest.approx(horizontal_fov_deg(24, 3000, 4000))
    assert horizontal_fov_deg(24, 4000, 3000) == pytest.approx(
        2 * math.degrees(math.atan(25.96 / 48)), abs=0.01
    )
    assert horizontal_fov_deg(24, 3000, 3000) == pytest.approx(horizontal_fov_deg(24, 4000, 3000))
    told = read_metadata(photo(exif={Base.FocalLengthIn35mmFilm: 24}))
    assert told.pose.fov_deg == pytest.approx(71.59, abs=0.01)


def test_a_resized_photo_keeps_its_field_of_view_a_cropped_one_does_not():
    lens = {Base.FocalLengthIn35mmFilm: 24}
    resized = photo(exif={**lens, Base.ExifImageWidth: 4000, Base.ExifImageHeight: 3000})
    assert read_metadata(resized).pose.fov_deg == pytest.approx(71.59, abs=0.01)
    told = read_metadata(photo(exif={**lens, Base.ExifImageWidth: 4000, Base.ExifImageHeight: 2250}))
    assert told.pose.fov_deg is None and "cropped" in told.warnings[0]
    upright = photo(
        exif={**lens, Base.ExifImageWidth: 4000, Base.ExifImageHeight: 3000}, base={Base.Orientation: 6}
    )
    assert read_metadata(upright).pose.fov_deg == pytest.approx(
        2 * math.degrees(math.atan(25.96 / 48)), abs=0.01
    )


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_format_tells(image_format):
    xmp = packet({"GimbalYawDegree": 20, "GimbalPitchDegree": -60})
    told = read_metadata(photo(gps=FIX, xmp=xmp, image_format=image_format))
    assert told.position == pytest.approx((-33.86, -70.5 - 0.5 / 3600))
    assert told.pose.heading_deg == 20


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    f'<r xmlns:d="{DJI}" d:FlightYawDegree="5">&b;</r>'
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        BOMB.replace("DOCTYPE", "doctype"),
        '<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>',
        "<!<!--DOCTYPE x><r/>",
        "<r",
        "",
        "<r>&undefined;</r>",
        "x" * 2_000_000,
    ],
)
def test_unsafe_and_broken_xml_is_refused(text):
    with pytest.raises(XmpError):
        read_xmp(text)
    with pytest.raises(XmpError):
        read_xmp(text.encode("utf-16"))


def test_a_bad_packet_gives_a_warning_and_leaves_the_rest():
    told = read_metadata(photo(gps=FIX, xmp=BOMB.encode()))
    assert told.position is not None
    assert told.pose == UNKNOWN_POSE
    assert "entities" in told.warnings[0]


@given(st.binary(max_size=400))
def test_garbage_never_raises(data):
    told = read_metadata(data)
    assert told.warnings and told.pose == UNKNOWN_POSE


@given(st.binary(max_size=300))
def test_garbage_metadata_in_a_good_image_never_raises(data):
    stream = io.BytesIO()
    Image.fromarray(PICTURE).save(stream, "JPEG", exif=b"Exif\0\0" + data, xmp=data)
    read_metadata(stream.getvalue())


@given(st.data())
def test_damaged_metadata_never_raises_and_never_leaves_the_earth(data):
    fields = {"GimbalYawDegree": 20, "GimbalPitchDegree": -60, "RelativeAltitude": 99}
    whole = bytearray(photo(gps=FIX, exif={Base.FocalLengthIn35mmFilm: 24}, xmp=packet(fields)))
    for _ in range(data.draw(st.integers(1, 12))):
        whole[data.draw(st.integers(2, len(whole) - 1))] = data.draw(st.integers(0, 255))
    told = read_metadata(bytes(whole))
    if told.position:
        assert abs(told.position[0]) <= 90 and abs(told.position[1]) <= 180
    for value in (told.pose.heading_deg, told.pose.pitch_deg, told.pose.height_m, told.pose.fov_deg):
        assert value is None or math.isfinite(value)


@given(st.text(max_size=200))
def test_text_is_a_packet_or_refused(text):
    with contextlib.suppress(XmpError):
        assert read_xmp(text) == {}


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(ImageError, match="no such file"):
        read_metadata(tmp_path / "gone.jpg")
    with pytest.raises(ImageError, match="folder"):
        read_metadata(tmp_path)
    (tmp_path / "cut.jpg").write_bytes(photo(gps=FIX)[:30])
    assert read_metadata(tmp_path / "cut.jpg").warnings


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_stripped_copies_tell_nothing_and_show_the_same(tmp_path, image_format, orientation):
    options = {"lossless": True} if image_format == "WEBP" else {}
    tags = Image.Exif()
    tags[Base.Orientation] = orientation
    tags[Base.Make] = "secret maker"
    tags.get_ifd(ExifTags.IFD.GPSInfo).update(FIX)
    path, out = tmp_path / "in.img", tmp_path / "out.img"
    xmp = packet({"FlightYawDegree": 5})
    Image.fromarray(PICTURE).save(
        path, image_format, exif=tags.tobytes(), xmp=xmp, icc_profile=b"secret", **options
    )
    if image_format == "JPEG":
        path.write_bytes(path.read_bytes() + b"secret trailing data" + path.read_bytes())
    assert read_metadata(path).position is not None
    strip_metadata(path, out)
    told = read_metadata(out)
    assert told.position is None and told.fields == {} and told.warnings == ()
    assert b"secret" not in out.read_bytes() and b"FlightYaw" not in out.read_bytes()
    assert np.array_equal(load_image(path), load_image(out))


@pytest.mark.parametrize("options", [{"progressive": True}, {"restart_marker_blocks": 2}, {"subsampling": 0}])
def test_jpegs_of_every_making_are_stripped_without_loss(options):
    stream = io.BytesIO()
    Image.fromarray(PICTURE).save(stream, "JPEG", comment=b"secret", **options)
    stripped = strip_jpeg(stream.getvalue())
    assert b"secret" not in stripped
    assert np.array_equal(load_image(stripped), load_image(stream.getvalue()))


@given(st.binary(max_size=200), st.integers(0, 900))
def test_damaged_jpegs_are_refused_when_stripped(noise, keep):
    stream = io.BytesIO()
    Image.fromarray(PICTURE).save(stream, "JPEG")
    try:
        out = strip_jpeg(stream.getvalue()[:keep] + noise)
    except ImageError:
        return
    assert out.startswith(b"\xff\xd8") and out.endswith(b"\xff\xd9")


def test_real_dji_photos(realdata):
    folder = realdata / "brighton_beach_uav"
    for row in csv.DictReader((folder / "photos.csv").open()):
        told = read_metadata(folder / "photos" / row["filename"])
        assert told.position is not None
        assert distance_m(*told.position, float(row["lat"]), float(row["lon"])) < 0.05
        assert told.pose.heading_deg == pytest.approx(float(row["gimbal_yaw_deg"]) % 360)
        assert told.pose.pitch_deg == pytest.approx(max(-90, float(row["gimbal_pitch_deg"])))
        assert told.pose.height_m == pytest.approx(float(row["rel_alt_m"]))
        # Phantom 3 Advanced: 94 degrees across the diagonal of its 4:3 sensor.
        assert told.pose.fov_deg == pytest.approx(
            2 * math.degrees(math.atan(0.8 * math.tan(math.radians(47)))), abs=1
        )
    folder = realdata / "fengyuan_uav"
    for row in csv.DictReader((folder / "photos.csv").open()):
        told = read_metadata(folder / "photos" / row["filename"])
        assert told.pose.heading_deg == pytest.approx(float(row["flight_yaw_deg"]) % 360)
        assert told.pose.pitch_deg is None
        assert told.taken is not None and told.taken.year == 2024
        assert any("zero" in w for w in told.warnings)


def test_real_photos_can_be_stripped(realdata, tmp_path):
    for path in find_images(realdata / "fengyuan_uav" / "photos")[:3]:
        strip_metadata(path, tmp_path / path.name)
        assert read_metadata(tmp_path / path.name).fields == {}
        assert np.array_equal(load_image(path), load_image(tmp_path / path.name))
