"""Whatever comes in, an answer that claims no more than it can, or one sentence."""

import io
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image
from rasterio.crs import CRS

from gleam.atlas import Atlas
from gleam.errors import GleamError
from gleam.geo import Box, Circle, distance_m, offset
from gleam.locating import Answer, Locator, Status
from gleam.locating.judging.nonplaces import NON_PLACES, draw_nonplace
from gleam.views import Pose

CLAIMS = (Status.LOCATED, Status.AMBIGUOUS)


def check(answer):
    """What must hold for every answer there is."""
    assert (answer.lat is None) == (answer.lon is None) == (not answer.candidates)
    assert bool(answer.region95) <= (answer.status in CLAIMS)
    if answer.status in CLAIMS:
        assert answer.candidates
    if not answer.candidates:
        assert answer.status is Status.CANNOT_TELL
        assert answer.covariance_m2 is None and answer.notes
    if answer.probability is not None:
        assert 0 <= answer.probability <= 1
    for lat, lon in answer.region95:
        assert -90 <= lat <= 90 and -180 <= lon <= 180
    assert Answer.from_json(json.loads(json.dumps(answer.to_json()))) == answer


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(1, 90),
    st.integers(1, 90),
    st.sampled_from(["black", "noise", "line"]),
    st.sampled_from([None, "drone", "map", "ground", "panorama"]),
)
def test_any_picture_gives_an_answer(encoder, atlas, height, width, kind, view):
    pixels = np.zeros((height, width, 3), np.uint8)
    if kind == "noise":
        pixels = np.random.default_rng(height * width).integers(0, 256, pixels.shape, dtype=np.uint8)
    if kind == "line":
        pixels[height // 2] = 255
    answer = Locator(encoder, atlas, headings=4).locate(pixels, view, heading=0.0)
    check(answer)
    assert answer.view_detected is (view is None)
    assert any("--view overrides" in note for note in answer.notes) is (view is None)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.sampled_from([-90.0, 90.0, 48.197]), st.floats(-90, 90)),
    st.one_of(st.sampled_from([-180.0, 180.0, 16.304]), st.floats(-180, 180)),
    st.one_of(st.sampled_from([1e-3, 3e7]), st.floats(1, 1e6)),
)
def test_any_prior_gives_an_answer(encoder, atlas, landscape, map_pose, lat, lon, radius):
    circle = Circle(lat, lon, radius)
    answer = Locator(encoder, atlas).locate(landscape.cut(333, 201), "map", pose=map_pose, near=circle)
    check(answer)
    for candidate in answer.candidates:
        tile = atlas.tile(candidate.tile)
        assert circle.contains(tile.lat, tile.lon)
    assert (answer.searched.tiles == 0) == (not answer.candidates)


def test_a_prior_that_only_touches_the_atlas_finds_nothing(encoder, atlas, landscape, map_pose):
    """An overlap of no size holds no tile: a status and a reason, no position."""
    west, south, east, north = atlas.bounds
    beside = [Box(south, east, north, east + 0.01), Box(south - 0.01, west, south, east)]
    for prior in (*beside, Circle(north + 0.001, west, 100.0)):
        answer = Locator(encoder, atlas).locate(landscape.cut(333, 201), "map", pose=map_pose, near=prior)
        check(answer)
        assert (answer.status, answer.lat) == (Status.CANNOT_TELL, None)
        assert "no tile" in answer.notes[-1]


def with_world_file(folder, pixels, lat, lon, step):
    """A picture with a world file that says where its upper left corner is and how wide a pixel."""
    folder.mkdir()
    Image.fromarray(pixels).save(folder / "a.png")
    north = step / 111_320
    east = north / np.cos(np.radians(lat))
    lines = (east, 0.0, 0.0, -north, lon + east / 2, lat - north / 2)
    (folder / "a.pgw").write_text("".join(f"{value!r}\n" for value in map(float, lines)))
    (folder / "a.prj").write_text(CRS.from_epsg(4326).to_wkt())
    return folder / "a.png"


def test_a_world_file_that_lies_about_the_scale_is_never_answered_with_confidence(
    encoder, landscape, map_pose, tmp_path
):
    """Pixels of 1 m that are said to be 4 m: what a tile shows is not what the photo shows."""
    atlas = Atlas.build(
        with_world_file(tmp_path / "lies", landscape.pixels, 48.2, 16.3, 4.0), encoder, tmp_path / "a"
    )
    located = 0
    for x, y in ((170, 160), (333, 201), (479, 311), (210, 471), (447, 465)):
        answer = Locator(encoder, atlas).locate(landscape.cut(x, y), "map", pose=map_pose)
        check(answer)
        located += answer.located
    assert located == 0


def test_rasters_that_meet_without_an_overlap_are_searched_as_one(encoder, landscape, map_pose, tmp_path):
    west = with_world_file(tmp_path / "west", landscape.pixels[:, :320], 48.2, 16.3, 1.0)
    seam = 16.3 + 320 / 111_320 / np.cos(np.radians(48.2))
    east = with_world_file(tmp_path / "east", landscape.pixels[:, 320:], 48.2, seam, 1.0)
    atlas = Atlas.build([west, east], encoder, tmp_path / "a", stride_m=32.0)
    locator = Locator(encoder, atlas)
    for x in (200, 440):
        answer = locator.locate(landscape.cut(x, 300), "map", pose=map_pose)
        check(answer)
        assert distance_m(*offset(48.2, 16.3, x, -300), answer.lat, answer.lon) < 8
    # On the seam no raster holds the whole photo; whatever is said stays within half a photo of it.
    answer = locator.locate(landscape.cut(320, 300), "map", pose=map_pose)
    check(answer)
    if answer.located:
        assert distance_m(*offset(48.2, 16.3, 320, -300), answer.lat, answer.lon) < 64


def exif_jpeg(pixels, **gps):
    """A JPEG whose GPS block holds the values as they are."""
    exif = Image.Exif()
    block = exif.get_ifd(ExifTags.IFD.GPSInfo)
    for name, value in gps.items():
        block[getattr(ExifTags.GPS, name)] = value
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FocalLengthIn35mmFilm] = 0
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2023:13:45 99:00:00"
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.mark.parametrize(
    "gps",
    [
        {
            "GPSLatitudeRef": "N",
            "GPSLatitude": (95.0, 0.0, 0.0),
            "GPSLongitudeRef": "E",
            "GPSLongitude": (1.0,) * 3,
        },
        {
            "GPSLatitudeRef": "N",
            "GPSLatitude": (0.0,) * 3,
            "GPSLongitudeRef": "E",
            "GPSLongitude": (0.0,) * 3,
        },
        {"GPSLatitudeRef": "Q", "GPSLatitude": (48.0, 99.0, 0.0)},
        {"GPSImgDirectionRef": "T", "GPSImgDirection": 4000.0},
    ],
)
def test_impossible_exif_is_not_used(encoder, atlas, landscape, gps):
    photo = exif_jpeg(landscape.cut(333, 201), **gps)
    answer = Locator(encoder, atlas, headings=4).locate(photo, "drone", use_exif=True)
    check(answer)
    assert answer.prior is None
    assert answer.taken is None
    assert answer.heading_from == "search"
    assert any("no position" in note for note in answer.notes)


def test_the_capture_time_is_told(encoder, atlas, landscape):
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2023:05:06 07:08:09"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.OffsetTimeOriginal] = "+02:00"
    out = io.BytesIO()
    Image.fromarray(landscape.cut(333, 201)).save(out, "JPEG", exif=exif)
    locator = Locator(encoder, atlas)
    assert locator.locate(out.getvalue(), "map").taken == "2023-05-06T07:08:09+02:00"
    assert locator.locate(out.getvalue(), "map", use_metadata=False).taken is None


def test_a_heading_that_cannot_be_told_is_said_to_be_unsure(encoder, atlas, landscape):
    y, x = np.mgrid[-64:64, -64:64]
    rings = (127 + 120 * np.sin(np.hypot(x, y) / 6)).astype(np.uint8)
    pose = Pose(pitch_deg=-90.0, height_m=64.0, fov_deg=90.0)
    locator = Locator(encoder, atlas, headings=8)
    answer = locator.locate(np.dstack([rings] * 3), "drone", pose=pose)
    assert any("heading is not sure" in note for note in answer.notes)
    sure = locator.locate(landscape.cut(280, 240, 90.0), "drone", pose=pose)
    assert not any("heading is not sure" in note for note in sure.notes)


@pytest.mark.parametrize("kind", sorted(NON_PLACES))
def test_pictures_of_nothing_are_drawn_the_same_every_time(kind):
    one, other = draw_nonplace(kind, 3), draw_nonplace(kind, 4)
    assert np.array_equal(one, draw_nonplace(kind, 3)) and not np.array_equal(one, other)
    assert one.shape == (192, 256, 3) and one.dtype == np.uint8 and one.std() > 2
    with pytest.raises(GleamError, match="Unknown kind of picture"):
        draw_nonplace("cat", 1)
