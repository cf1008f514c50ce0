"""What the city writes into a photo is what a reader of photos finds in it."""

import datetime as dt
import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from gleam.errors import ImageError
from gleam.imagery.exif import horizontal_fov_deg, read_metadata
from gleam.imagery.exif_write import focal_length_35mm, jpeg_bytes, jpeg_with_metadata
from gleam.views import Pose, View

PICTURE = np.random.default_rng(5).integers(0, 255, (24, 32, 3)).astype(np.uint8)
DRONE = Pose(heading_deg=271.25, pitch_deg=-56.5, roll_deg=0.5, height_m=103.2, fov_deg=61.3)


def test_a_drone_photo_tells_position_pose_and_date():
    taken = dt.datetime(2024, 5, 3, 11, 2, 7)
    data = jpeg_bytes(
        PICTURE,
        view=View.DRONE,
        pose=DRONE,
        position=(-33.86123456, 151.2094321),
        altitude_m=140.25,
        taken=taken,
    )
    told = read_metadata(data)
    assert told.warnings == ()
    assert told.position == pytest.approx((-33.86123456, 151.2094321), abs=1e-9)
    assert told.altitude == pytest.approx(140.25)
    assert told.taken == taken
    for field in ("heading_deg", "pitch_deg", "roll_deg", "height_m", "fov_deg"):
        assert getattr(told.pose, field) == pytest.approx(getattr(DRONE, field), abs=1e-4), field


def test_other_readers_find_the_drone_photo_in_the_common_fields():
    data = jpeg_bytes(PICTURE, view=View.DRONE, pose=DRONE, position=(48.5, 9.25), altitude_m=-3.0)
    image = Image.open(io.BytesIO(data))
    gps = image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
    assert (gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLongitudeRef]) == ("N", "E")
    assert [float(v) for v in gps[ExifTags.GPS.GPSLatitude]] == [48.0, 30.0, 0.0]
    assert gps[ExifTags.GPS.GPSAltitudeRef] == b"\x01" and float(gps[ExifTags.GPS.GPSAltitude]) == 3.0
    assert gps[ExifTags.GPS.GPSImgDirectionRef] == "T"
    assert float(gps[ExifTags.GPS.GPSImgDirection]) == pytest.approx(271.25)
    packet = image.info["xmp"].decode()
    assert 'drone-dji:GimbalYawDegree="-88.7500"' in packet  # DJI counts from -180 to 180
    assert 'drone-dji:GimbalPitchDegree="-56.5000"' in packet
    assert 'drone-dji:RelativeAltitude="+103.200"' in packet


def test_a_panorama_tells_its_heading_and_projection_but_no_position():
    pose = Pose(heading_deg=12.5, pitch_deg=0.0, roll_deg=0.0, height_m=2.4, fov_deg=360.0)
    data = jpeg_bytes(PICTURE, view=View.PANORAMA, pose=pose, taken=dt.date(2023, 1, 31))
    told = read_metadata(data)
    assert told.position is None and told.altitude is None
    assert told.pose.heading_deg == pytest.approx(12.5)
    assert told.taken == dt.datetime(2023, 1, 31, 12)
    packet = Image.open(io.BytesIO(data)).info["xmp"].decode()
    assert 'GPano:ProjectionType="equirectangular"' in packet
    assert 'GPano:FullPanoWidthPixels="32"' in packet and 'GPano:FullPanoHeightPixels="24"' in packet
    assert "drone-dji" not in packet


def test_a_ground_photo_without_pose_tells_nothing():
    told = read_metadata(jpeg_bytes(PICTURE, view=View.GROUND, pose=Pose()))
    assert told.pose == Pose() and told.position is None and told.taken is None and told.warnings == ()


@given(
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    heading=st.floats(-720, 720),
    pitch=st.floats(-90, -1),
    height=st.floats(1, 500),
)
def test_any_pose_and_position_come_back(lat, lon, heading, pitch, height):
    pose = Pose(heading_deg=heading % 360, pitch_deg=pitch, roll_deg=0.0, height_m=height, fov_deg=60.0)
    told = read_metadata(jpeg_bytes(PICTURE, view=View.DRONE, pose=pose, position=(lat, lon)))
    if abs(lat) > 1e-6 or abs(lon) > 1e-6:  # 0, 0 is how cameras say that they have no fix
        assert told.position == pytest.approx((lat, lon), abs=2e-10)
    turn = (told.pose.heading_deg - heading + 180) % 360 - 180
    assert abs(turn) < 1e-4
    assert told.pose.pitch_deg == pytest.approx(pitch, abs=1e-5)
    assert told.pose.height_m == pytest.approx(height, abs=1e-4)


@pytest.mark.parametrize("size", [(100, 100), (75, 100), (100, 75), (90, 160)])
@pytest.mark.parametrize("fov", [30.0, 60.0, 90.0])
def test_focal_length_is_the_inverse_of_the_field_of_view(size, fov):
    focal = focal_length_35mm(fov, *size)
    low, high = horizontal_fov_deg(focal + 0.51, *size), horizontal_fov_deg(max(focal - 0.51, 0.1), *size)
    assert low <= fov <= high


def test_a_common_photo_has_the_focal_length_every_table_gives():
    # 3:2, 36 mm wide film: 24 mm is 73.7 degrees wide.
    assert focal_length_35mm(2 * math.degrees(math.atan(18 / 24)), 2000, 3000) == 24


def test_the_same_photo_has_the_same_bytes(tmp_path):
    given = {"view": View.DRONE, "pose": DRONE, "position": (1.0, 2.0), "taken": dt.date(2022, 2, 2)}
    jpeg_with_metadata(PICTURE, tmp_path / "a.jpg", **given)
    buffer = io.BytesIO()
    jpeg_with_metadata(PICTURE, buffer, **given)
    assert (tmp_path / "a.jpg").read_bytes() == buffer.getvalue() == jpeg_bytes(PICTURE, **given)
    assert [p.name for p in tmp_path.iterdir()] == ["a.jpg"]


@pytest.mark.parametrize(
    "array", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)]
)
def test_what_is_no_picture_is_refused(array):
    with pytest.raises(ImageError, match="uint8"):
        jpeg_bytes(array, view=View.GROUND, pose=Pose())
