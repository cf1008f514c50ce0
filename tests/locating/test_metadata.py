"""What is read from a photo's own metadata, and what is not used unless asked for."""

import numpy as np
import pytest
from PIL import Image

from gleam.geo import Circle, distance_m, offset
from gleam.imagery.exif_write import jpeg_with_metadata
from gleam.locating import Locator, Status
from gleam.locating.query import Camera
from gleam.locating.reporting import choose_prior
from gleam.views import Pose, View

POSE = Pose(heading_deg=90.0, pitch_deg=-90.0, roll_deg=0.0, height_m=64.0, fov_deg=90.0)


@pytest.fixture
def photo(tmp_path, landscape):
    """A drone photo taken over (280, 240), facing east, that carries pose and position."""
    path = tmp_path / "drone.jpg"
    jpeg_with_metadata(
        landscape.cut(280, 240, 90.0),
        path,
        quality=95,
        pose=POSE,
        position=landscape.position(280, 240),
        view=View.DRONE,
    )
    return path


def test_the_pose_is_read_and_reported(encoder, atlas, landscape, photo):
    answer = Locator(encoder, atlas).locate(photo, "drone")
    assert answer.pose_from["heading_deg"] == "metadata"
    assert answer.heading_from == "metadata"
    assert answer.heading_deg == pytest.approx(90, abs=0.1)
    assert answer.pose["height_m"] == pytest.approx(64, abs=0.5)
    assert distance_m(*landscape.position(280, 240), answer.lat, answer.lon) < 12
    assert any("Yaw" in name or "Heading" in name for name in answer.metadata)


def test_the_position_is_not_used_unless_asked_for(encoder, atlas, photo):
    answer = Locator(encoder, atlas).locate(photo, "drone")
    assert answer.prior is None
    assert answer.searched.tiles == len(atlas)
    assert not any("GPSLatitude" in name for name in answer.metadata)


def test_the_position_as_a_prior(encoder, atlas, landscape, photo):
    answer = Locator(encoder, atlas).locate(photo, "drone", use_exif=True, exif_radius_m=100.0)
    assert answer.prior_from == "exif"
    assert distance_m(*landscape.position(280, 240), answer.prior.lat, answer.prior.lon) < 1
    assert answer.prior.radius_m == 100
    assert answer.searched.tiles < len(atlas)
    assert any("GPSLatitude" in name for name in answer.metadata)


def test_a_position_outside_the_atlas_cannot_tell(encoder, atlas, landscape, tmp_path):
    path = tmp_path / "far.jpg"
    jpeg_with_metadata(
        landscape.cut(280, 240), path, quality=95, pose=POSE, position=(10.0, 10.0), view=View.DRONE
    )
    answer = Locator(encoder, atlas).locate(path, "drone", use_exif=True)
    assert answer.status is Status.CANNOT_TELL
    assert answer.lat is None


def test_what_is_told_wins_and_metadata_can_be_switched_off(encoder, atlas, photo):
    locator = Locator(encoder, atlas)
    told = locator.locate(photo, "drone", heading=45.0)
    assert (told.heading_deg, told.heading_from) == (45.0, "told")
    assert told.pose_from["pitch_deg"] == "metadata"
    bare = locator.locate(photo, "drone", use_metadata=False)
    assert (bare.pose, bare.metadata, bare.heading_from) == ({}, {}, "search")


def test_a_photo_without_position_is_told(encoder, atlas, landscape, tmp_path):
    Image.fromarray(landscape.cut(280, 240)).save(tmp_path / "plain.jpg")
    answer = Locator(encoder, atlas).locate(tmp_path / "plain.jpg", "ground", use_exif=True, heading=0)
    assert answer.prior is None
    assert any("no position" in note for note in answer.notes)


def test_a_panorama_does_not_take_a_frame_for_its_span(encoder, atlas, tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (64, 128, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA405] = 24  # FocalLengthIn35mmFilm of one frame
    Image.fromarray(pixels).save(tmp_path / "p.jpg", exif=exif)
    answer = Locator(encoder, atlas).locate(tmp_path / "p.jpg", "panorama", heading=0)
    assert "fov_deg" not in answer.pose


@pytest.mark.parametrize(("turned", "said"), [(0.0, "metadata"), (180.0, "metadata, reversed")])
def test_a_reversed_yaw_of_a_camera_looking_down_is_seen_through(
    encoder, atlas, landscape, tmp_path, turned, said
):
    path = tmp_path / "drone.jpg"
    picture = landscape.cut(280, 240, 90.0 + turned)
    jpeg_with_metadata(picture, path, quality=95, pose=POSE, view=View.DRONE)
    answer = Locator(encoder, atlas).locate(path, "drone")
    assert distance_m(*landscape.position(280, 240), answer.lat, answer.lon) < 12
    assert answer.heading_from == said
    assert answer.heading_deg == pytest.approx((90 + turned) % 360, abs=0.1)
    told = Locator(encoder, atlas).locate(path, "drone", heading=90.0)
    assert told.heading_deg == 90.0


@pytest.mark.parametrize("known", [True, False])
def test_the_circle_lies_around_the_ground_that_a_tilted_drone_looks_at(known):
    pose = Pose(heading_deg=90.0 if known else None, pitch_deg=-45.0, height_m=80.0)
    camera = Camera(pose, position=(48.0, 16.0))
    circle, where, note = choose_prior(None, camera, True, 30.0)
    assert where == "exif" and "80 m" in note
    aimed_at = offset(48.0, 16.0, 80.0, 0.0)
    assert circle.contains(*aimed_at)
    if known:
        assert distance_m(*aimed_at, circle.lat, circle.lon) < 0.01 and circle.radius_m == 30.0
    else:
        assert (circle.lat, circle.lon, circle.radius_m) == (48.0, 16.0, pytest.approx(110.0))
    down = Camera(Pose(pitch_deg=-90.0, height_m=80.0), position=(48.0, 16.0))
    assert choose_prior(None, down, True, 30.0) == (Circle(48.0, 16.0, 30.0), "exif", None)
    flat = Camera(Pose(heading_deg=1.0, pitch_deg=0.0, height_m=2.0), position=(48.0, 16.0))
    assert choose_prior(None, flat, True, 30.0) == (Circle(48.0, 16.0, 30.0), "exif", None)
