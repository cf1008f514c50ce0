"""Tagged copies: what is written, what is left out, and that the originals stay as they are."""

import hashlib

import exifread
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from gleam.errors import GleamError
from gleam.geo import wrap_lon
from gleam.imagery.decode import load_image
from gleam.imagery.exif import read_metadata
from gleam.imagery.exif_write import jpeg_bytes
from gleam.locating import Answer, Status
from gleam.locating.exporters import write_answers
from gleam.locating.exporters.claims import sigma_m
from gleam.views import Pose, View

SECRET = (11.123456, 22.654321)
"""The position in the photo as it came; it must not be in any copy."""


def pixels():
    return np.random.default_rng(3).integers(0, 256, (48, 64, 3), dtype=np.uint8)


@pytest.fixture
def photo(tmp_path):
    """A drone's photo with position, altitude, XMP, a person's name, a serial number and a thumbnail."""
    pose = Pose(heading_deg=30.0, pitch_deg=-60.0, height_m=80.0, fov_deg=70.0)
    path = tmp_path / "in" / "p.jpg"
    path.parent.mkdir()
    path.write_bytes(jpeg_bytes(pixels(), view=View.DRONE, pose=pose, position=SECRET, altitude_m=123.0))
    image = Image.open(path)
    exif = image.getexif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Artist] = "Maker", "Jane Doe"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.BodySerialNumber] = "SN-4711"
    image.save(path, exif=exif, xmp=image.info["xmp"], quality="keep", comment=b"11.123456")
    assert read_metadata(path).position is not None
    return path


def located(**changes):
    base = {"photo": "p.jpg", "view": "drone", "status": Status.LOCATED, "lat": -33.9, "lon": -70.6}
    found = {"camera_lat": -33.91, "camera_lon": -70.61, "heading_deg": 350.0, "radius95_m": 40.0}
    return Answer(**{**base, **found, **changes})


def tags_of(path):
    with path.open("rb") as file:
        return exifread.process_file(file)


def signed(tags, name):
    degrees, minutes, seconds = (float(v) for v in tags[f"GPS GPS{name}"].values)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if tags[f"GPS GPS{name}Ref"].values in "SW" else value


def test_another_program_reads_the_tags(photo, tmp_path):
    before = hashlib.sha256(photo.read_bytes()).hexdigest()
    write_answers(tmp_path / "out", [located()], photos=[photo])
    copy = tmp_path / "out" / "p.jpg"
    tags = tags_of(copy)
    assert abs(signed(tags, "Latitude") + 33.91) < 1e-8
    assert abs(signed(tags, "Longitude") + 70.61) < 1e-8
    assert abs(signed(tags, "DestLatitude") + 33.9) < 1e-8
    assert abs(signed(tags, "DestLongitude") + 70.6) < 1e-8
    assert float(tags["GPS GPSImgDirection"].values[0]) == 350
    assert abs(float(tags["GPS Tag 0x001F"].values[0]) - sigma_m(located())) < 0.001
    assert bytes(tags["GPS GPSProcessingMethod"].values).endswith(b"GLEAM")
    assert "located, 95 % within 40 m" in str(tags["EXIF UserComment"])
    assert str(tags["Image Make"]) == "Maker"
    assert hashlib.sha256(photo.read_bytes()).hexdigest() == before
    assert np.array_equal(np.asarray(Image.open(copy)), np.asarray(Image.open(photo)))
    read = read_metadata(copy)
    assert read.position == pytest.approx((-33.91, -70.61), abs=1e-8)
    assert read.pose.heading_deg == 350
    assert read.pose.fov_deg is not None  # photogrammetry needs the focal length


@pytest.mark.parametrize(
    "answer",
    [
        located(status=Status.NOT_HERE),
        located(status=Status.AMBIGUOUS),
        located(camera_lat=None, camera_lon=None),
        located(),
    ],
)
def test_nothing_of_the_old_position_is_left(photo, tmp_path, answer):
    write_answers(tmp_path / "out", [answer], photos=[photo])
    data = (tmp_path / "out" / "p.jpg").read_bytes()
    for secret in (b"11.12", b"Jane", b"SN-4711", b"xmpmeta", b"drone-dji"):
        assert secret not in data
    metadata = read_metadata(tmp_path / "out" / "p.jpg")
    assert metadata.altitude is None
    fixed = answer.status is Status.LOCATED and answer.camera_lat is not None
    assert (metadata.position is not None) == fixed
    if not fixed:
        assert not any(name.startswith("GPS") for name in tags_of(tmp_path / "out" / "p.jpg"))
        assert answer.status.value in str(tags_of(tmp_path / "out" / "p.jpg")["EXIF UserComment"])


@pytest.mark.parametrize("suffix", ["png", "webp", "tiff", "bmp"])
def test_other_formats_keep_their_pixels(tmp_path, suffix):
    source = tmp_path / f"p.{suffix}"
    Image.fromarray(pixels()).save(source, **({"lossless": True} if suffix == "webp" else {}))
    write_answers(tmp_path / "out", [located(view="ground")], photos=[source])
    (copy,) = (tmp_path / "out").iterdir()
    assert copy.suffix == (".png" if suffix == "bmp" else f".{suffix}")
    assert np.array_equal(load_image(copy), pixels())
    assert read_metadata(copy).position == pytest.approx((-33.9, -70.6), abs=1e-8)


def translucent(mode):
    """A picture of a mode whose every pixel, and how transparent it is, matters."""
    rng = np.random.default_rng(4)
    if mode == "I;16":
        return Image.fromarray(rng.integers(0, 2**16, (20, 30), dtype=np.uint16))
    picture = Image.fromarray(rng.integers(0, 256, (20, 30, 4), dtype=np.uint8), "RGBA")
    if mode == "P":
        picture = picture.convert("RGB").quantize(16)
        picture.info["transparency"] = bytes(range(0, 160, 10))
    return picture if mode in ("P", "RGBA") else picture.convert(mode)


@pytest.mark.parametrize(
    ("suffix", "mode"),
    [
        *(("png", mode) for mode in ("RGBA", "LA", "P", "I;16", "L", "1", "RGB")),
        *(("tiff", mode) for mode in ("RGBA", "LA", "CMYK", "I;16", "F")),
        ("webp", "RGBA"),
    ],
)
def test_a_copy_keeps_transparency_and_depth(tmp_path, suffix, mode):
    source, picture = tmp_path / f"p.{suffix}", translucent(mode)
    secret = "taken at 11.123456"
    png = PngInfo()
    png.add_text("Comment", secret)
    options = {
        "png": {"pnginfo": png},
        "tiff": {"description": secret},
        "webp": {"lossless": True, "exact": True, "xmp": secret.encode()},
    }
    picture.save(source, **options[suffix])
    assert b"11.12" in source.read_bytes()
    write_answers(tmp_path / "out", [located(view="ground")], photos=[source])
    copy = Image.open(tmp_path / "out" / source.name)
    assert copy.mode == Image.open(source).mode
    if mode == "P":
        copy, picture = copy.convert("RGBA"), Image.open(source).convert("RGBA")
        assert np.asarray(picture)[..., 3].min() < 200
    assert np.array_equal(np.asarray(copy), np.asarray(picture))
    assert read_metadata(tmp_path / "out" / source.name).position == pytest.approx((-33.9, -70.6), abs=1e-8)
    assert b"11.12" not in (tmp_path / "out" / source.name).read_bytes()


def test_a_transparent_photo_is_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    translucent("RGBA").save(tmp_path / "p.png", exif=exif)
    write_answers(tmp_path / "out", [located(view="ground")], photos=[tmp_path / "p.png"])
    copy = Image.open(tmp_path / "out" / "p.png")
    assert ExifTags.Base.Orientation not in copy.getexif()
    upright = translucent("RGBA").transpose(Image.Transpose.ROTATE_270)
    assert np.array_equal(np.asarray(copy), np.asarray(upright))


def test_a_map_is_given_its_centre(photo, tmp_path):
    write_answers(tmp_path / "out", [located(view="map")], photos=[photo])
    assert read_metadata(tmp_path / "out" / "p.jpg").position == pytest.approx((-33.9, -70.6), abs=1e-8)
    assert "95 % within 40 m" in str(tags_of(tmp_path / "out" / "p.jpg")["EXIF UserComment"])


def test_a_turned_photo_stays_turned(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.fromarray(pixels()).save(tmp_path / "p.jpg", exif=exif)
    write_answers(tmp_path / "out", [located()], photos=[tmp_path / "p.jpg"])
    assert np.array_equal(load_image(tmp_path / "out" / "p.jpg"), load_image(tmp_path / "p.jpg"))


def test_photos_of_the_same_name_do_not_meet(photo, tmp_path):
    Image.fromarray(pixels()).save(tmp_path / "P.JPG", quality=50)
    write_answers(tmp_path / "out", [located(), located()], photos=[photo, tmp_path / "P.JPG"])
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["P-2.JPG", "p.jpg"]


def test_a_folder_with_content_is_left_alone(photo, tmp_path):
    with pytest.raises(GleamError, match="already has content"):
        write_answers(photo.parent, [located()], format="exif", photos=[photo])
    with pytest.raises(GleamError, match="the file of every answer"):
        write_answers(tmp_path / "out", [located()])
    assert not (tmp_path / "out").exists()


@settings(max_examples=25)
@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 1e7), st.floats(-360, 720))
def test_positions_survive_the_tags(tmp_path_factory, lat, lon, radius, heading):
    folder = tmp_path_factory.mktemp("e")
    Image.fromarray(pixels()[:8, :8]).save(folder / "p.jpg")
    answer = located(view="ground", lat=lat, lon=lon, radius95_m=radius, heading_deg=heading)
    write_answers(folder / "out", [answer], photos=[folder / "p.jpg"])
    tags = tags_of(folder / "out" / "p.jpg")
    assert abs(signed(tags, "Latitude") - lat) < 1e-8
    assert abs(wrap_lon(signed(tags, "Longitude") - lon)) < 1e-8
    if max(abs(lat), abs(lon)) > 1e-8:  # 0, 0 means no fix to readers
        assert read_metadata(folder / "out" / "p.jpg").position is not None
