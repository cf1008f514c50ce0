"""Rasters and the files beside them that tell an untruth: each gets one sentence, or is read rightly."""

import math
import os
import warnings

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pyproj import CRS
from rasterio.transform import from_origin

from gleam.errors import GleamError, RasterError
from gleam.geo import distance_m, offset
from gleam.imagery.raster import GeoRaster
from gleam.imagery.raster_sidecar import find_world_file, read_world_file

TRUE = (0.5, 0.0, 0.0, -0.5, 600_000.25, 5_299_999.75)
_RNG = np.random.default_rng(3)
PICTURE = np.kron(_RNG.integers(40, 220, (12, 15, 3)), np.ones((20, 20, 1))).astype(np.uint8)


def place(folder, numbers=TRUE, name="map.png", world="map.pgw", prj=None):
    Image.fromarray(PICTURE).save(folder / name)
    if numbers is not None:
        (folder / world).write_text("\n".join(repr(n) if isinstance(n, float) else str(n) for n in numbers))
    if prj is not None:
        (folder / "map.prj").write_text(prj)
    return folder / name


def tiff(path, crs, transform, array=None, **options):
    array = np.moveaxis(PICTURE, -1, 0) if array is None else array
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            height=array.shape[1],
            width=array.shape[2],
            count=array.shape[0],
            dtype=array.dtype,
            crs=crs,
            transform=transform,
            **options,
        ) as file:
            file.write(array)
    return path


@pytest.mark.parametrize(
    ("name", "world"),
    [
        ("map.png", "map.pgw"),
        ("map.png", "map.pngw"),
        ("map.png", "map.wld"),
        ("map.png", "map.PGW"),
        ("map.jpg", "map.jgw"),
        ("map.jpg", "map.jpgw"),
        ("map.jpeg", "map.jgw"),
        ("map.jpg", "map.jpg.wld"),
        ("map[1].jpg", "map[1].jgw"),
        ("map.tif", "map.tfw"),
    ],
)
def test_world_files_of_all_names(tmp_path, name, world):
    path = place(tmp_path, name=name, world=world)
    assert find_world_file(path) is not None
    with GeoRaster.open(path, crs="EPSG:32633") as raster:
        assert raster.told_by_world_file
        assert raster.pixel_m == pytest.approx(0.5, rel=0.001)
        with GeoRaster.open(
            tiff(tmp_path / "same.tiff", "EPSG:32633", from_origin(600_000, 5_300_000, 0.5, 0.5))
        ) as same:
            assert not same.told_by_world_file
            assert raster.centre == pytest.approx(same.centre, abs=1e-9)


def test_a_picture_takes_only_its_own_world_file(tmp_path):
    place(tmp_path, name="other.png", world="other.pgw")
    with pytest.raises(RasterError, match=r"map\.png: has no world file"):
        GeoRaster.open(place(tmp_path, None), crs="EPSG:32633")


@pytest.mark.parametrize("dialect", ["WKT1_ESRI", "WKT1_GDAL", "WKT2_2019"])
@pytest.mark.parametrize("epsg", [32633, 31287, 4326])
def test_the_coordinate_system_beside_the_picture(tmp_path, dialect, epsg):
    numbers = {
        32633: TRUE,
        31287: (0.5, 0, 0, -0.5, 625_000, 483_000),
        4326: (5e-6, 0, 0, -5e-6, 16.37, 48.2),
    }[epsg]
    path = place(tmp_path, numbers, prj=CRS.from_epsg(epsg).to_wkt(dialect))
    with GeoRaster.open(path) as raster, GeoRaster.open(path, crs="EPSG:3857") as again:
        assert 47 < raster.centre[0] < 49 and 16 < raster.centre[1] < 17
        assert again.centre == raster.centre  # what the files say counts
    (tmp_path / "map.prj").unlink()
    with GeoRaster.open(path, crs=f"EPSG:{epsg}") as raster:
        assert 47 < raster.centre[0] < 49
    xml = CRS.from_epsg(epsg).to_wkt("WKT1_GDAL").replace('"', "&quot;")
    (tmp_path / "map.png.aux.xml").write_text(f'<PAMDataset><SRS axes="2,1">{xml}</SRS></PAMDataset>')
    with GeoRaster.open(path) as raster:
        assert 47 < raster.centre[0] < 49


def test_an_aux_xml_may_hold_the_whole_georeference(tmp_path):
    path = place(tmp_path, None)
    (tmp_path / "map.png.aux.xml").write_text(
        "<PAMDataset><SRS>EPSG:32633</SRS><GeoTransform> 600000, 0.5, 0, 5300000, 0, -0.5</GeoTransform>"
        "</PAMDataset>"
    )
    with GeoRaster.open(path) as raster:
        assert raster.pixel_m == pytest.approx(0.5, rel=0.001) and not raster.told_by_world_file


LIES = {
    "metres where degrees are meant": (TRUE, "EPSG:4326", r"latitude 5\.29994e\+06, which is not on Earth"),
    "degrees where metres are meant": (
        (5e-6, 0, 0, -5e-6, 16.37, 48.2),
        "EPSG:32633",
        r"outside the area of EPSG:32633 .*wrong|degrees where metres",
    ),
    "latitude as x": ((5e-6, 0, 0, -5e-6, -33.9, 151.2), "EPSG:4326", "look swapped"),
    "northing as x": ((0.5, 0, 0, -0.5, 5_300_000, 600_000), "EPSG:32633", "outside the area.*look swapped"),
    "another zone": ((0.5, 0, 0, -0.5, 4_600_000, 5_300_000), "EPSG:32633", "outside the area of EPSG:32633"),
    "far too large pixels": (
        (500_000, 0, 0, -500_000, 600_000, 5_300_000),
        "EPSG:32633",
        "outside|cannot be",
    ),
    "far too small pixels": ((5e-6, 0, 0, -5e-6, 600_000, 5_300_000), "EPSG:32633", "degrees where metres"),
    "metres as the step of degrees": (
        (0.5, 0, 0, -0.5, 16.4, 85),
        "EPSG:4326",
        "pixel of|not on Earth|oblong",
    ),
    "oblong pixels": ((0.5, 0, 0, -50, 600_000, 5_300_000), "EPSG:32633", "too oblong"),
    "rows run north": ((0.5, 0, 0, 0.5, 600_000, 5_300_000), "EPSG:32633", r"line 4 is 0\.5.*upside down"),
    "broken rotation": ((0.5, 0.3, -0.2, -0.5, 600_000, 5_300_000), "EPSG:32633", "rotation is inconsistent"),
    "no size": ((0, 0, 0, -0.5, 600_000, 5_300_000), "EPSG:32633", "pixels have no size"),
    "a word": ((0.5, "zero", 0, -0.5, 600_000, 5_300_000), "EPSG:32633", r"line 2: 'zero' is not a number"),
    "not a number": ((0.5, 0, 0, -0.5, "nan", 5_300_000), "EPSG:32633", "line 5: 'nan' is not a number"),
    "five numbers": ((0.5, 0, 0, -0.5, 600_000), "EPSG:32633", "six numbers, one per line, and this one 5"),
    "another planet": (TRUE, "IAU_2015:30100", r"not tied|area|WGS84|coordinate system|Earth"),
}


@pytest.mark.parametrize("lie", LIES)
def test_world_files_that_lie(tmp_path, lie):
    numbers, crs, words = LIES[lie]
    with pytest.raises(RasterError, match=words) as caught:
        GeoRaster.open(place(tmp_path, numbers), crs=crs)
    text = str(caught.value)
    assert "map.p" in text and text.count("\n") == 0 and text.endswith(".")


def test_a_turned_world_file_is_no_lie(tmp_path):
    turn = math.radians(30)
    a, d = 0.5 * math.cos(turn), 0.5 * math.sin(turn)
    path = place(tmp_path, (a, d, d, -a, 600_000, 5_300_000))
    with GeoRaster.open(path, crs="EPSG:32633") as raster:
        (nw, ne, _, sw) = raster.footprint.corners
        assert distance_m(*nw, *ne) == pytest.approx(150, rel=0.002)
        assert distance_m(*nw, *sw) == pytest.approx(120, rel=0.002)
        assert ne[0] > nw[0]  # the upper side climbs to the north


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0.05, 30),
    st.floats(-180, 180),
    st.floats(420_000, 580_000),
    st.floats(100_000, 9_000_000),
    st.sampled_from(["\n", "\r\n", " "]),
    st.booleans(),
)
def test_world_files_say_what_was_written(tmp_path_factory, pixel, degrees, x, y, separator, comma):
    turn = math.radians(degrees)
    a, d = pixel * math.cos(turn), pixel * math.sin(turn)
    numbers = (a, d, d, -a, x + (a + d) / 2, y + (d - a) / 2)
    text = separator.join(repr(n) for n in numbers)
    path = tmp_path_factory.getbasetemp() / "w.pgw"
    path.write_text(text.replace(".", ",") if comma else text)
    assert tuple(read_world_file(path))[:6] == pytest.approx((a, d, x, d, -a, y), rel=1e-9, abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_world_file_gives_numbers_or_a_sentence(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.pgw"
    path.write_bytes(content)
    try:
        assert all(math.isfinite(v) for v in read_world_file(path))
    except RasterError as error:
        assert str(path) in str(error)


@pytest.mark.parametrize(
    ("crs", "transform", "words"),
    [
        ("EPSG:4326", from_origin(48.2, 116.3, 1e-5, 1e-5), "look swapped"),
        ("EPSG:32633", from_origin(5_300_000, 600_000, 1, 1), "outside the area.*look swapped"),
        ("EPSG:31287", from_origin(483_000, 8_625_000, 1, 1), "outside the area of EPSG:31287"),
        ("EPSG:4326", from_origin(16, 48, 0.01, 1e-5), "oblong"),
        ("EPSG:4326", from_origin(16, 48, 1e-12, 1e-12), "cannot be"),
        ("EPSG:32633", Affine(1, 0, math.nan, 0, -1, 5e6), "no numbers|no georeference|no size|outside"),
    ],
)
def test_geotiffs_that_lie(tmp_path, crs, transform, words):
    with pytest.raises(RasterError, match=words):
        GeoRaster.open(tiff(tmp_path / "a.tif", crs, transform))


def test_a_geotiff_stored_from_the_south_up_is_no_lie(tmp_path):
    upside = np.moveaxis(PICTURE[::-1], -1, 0).copy()
    down = tiff(tmp_path / "down.tif", "EPSG:32633", from_origin(600_000, 5_300_000, 1, 1))
    up = tiff(tmp_path / "up.tif", "EPSG:32633", Affine(1, 0, 600_000, 0, 1, 5_300_000 - 240), upside)
    with GeoRaster.open(down) as a, GeoRaster.open(up) as b:
        assert a.centre == pytest.approx(b.centre, abs=1e-9)
        assert np.array_equal(a.read_square(*a.centre, 80, 64)[0], b.read_square(*a.centre, 80, 64)[0])


def test_what_gdal_would_open_besides_is_refused(tmp_path):
    """Overviews and .aux.xml may lead GDAL to other files and to the network."""
    secret = tiff(
        tmp_path / "secret.tif", "EPSG:32633", from_origin(600_000, 5_300_000, 1, 1), PICTURE.T * 0 + 7
    )
    vrt = (
        '<VRTDataset rasterXSize="150" rasterYSize="120"><VRTRasterBand dataType="Byte" band="1">'
        f"<SimpleSource><SourceFilename>{secret}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    path = tiff(tmp_path / "a.tif", "EPSG:32633", from_origin(600_000, 5_300_000, 1, 1))
    for name in ("a.tif.ovr", "a.ovr", "a.tif.msk"):
        (tmp_path / name).write_text(vrt)
        with pytest.raises(RasterError, match="is no TIFF"):
            GeoRaster.open(path)
        (tmp_path / name).unlink()
    with GeoRaster.open(path) as raster:
        plain = raster.read_square(*raster.centre, 200, 20)[0]
    (tmp_path / "evil.vrt").write_text(vrt)
    (tmp_path / "a.tif.aux.xml").write_text(
        '<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">:::BASE:::evil.vrt</MDI>'
        "</Metadata></PAMDataset>"
    )
    with GeoRaster.open(path) as raster:
        assert np.array_equal(raster.read_square(*raster.centre, 200, 20)[0], plain)
        assert not raster._dataset.overviews(1)


def test_a_coordinate_system_in_space_is_told(tmp_path):
    """One that the user names does not displace one that the file has, so none is asked for."""
    path = tiff(tmp_path / "a.tif", "EPSG:4978", from_origin(4_000_000, 900_000, 1, 1))
    for crs in (None, "EPSG:32633"):
        with pytest.raises(
            RasterError, match=r"a\.tif: .* not tied to the Earth's surface; .*gdal_translate"
        ):
            GeoRaster.open(path, crs=crs)


def test_a_prj_that_is_none_is_told(tmp_path):
    with pytest.raises(RasterError, match=r"map\.prj: '403 Forbidden' is not a coordinate system"):
        GeoRaster.open(place(tmp_path, prj="403 Forbidden"), crs="EPSG:32633")


def test_external_overviews_are_used(tmp_path):
    path = tiff(tmp_path / "a.tif", "EPSG:32633", from_origin(600_000, 5_300_000, 1, 1))
    with GeoRaster.open(path) as raster:
        plain = raster.read_square(*raster.centre, 200, 25)[0].astype(int)
    with rasterio.Env(TIFF_USE_OVR="YES"), rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4, 8], rasterio.enums.Resampling.average)
    assert os.path.exists(f"{path}.ovr")
    with GeoRaster.open(path) as raster:
        assert raster._dataset.overviews(1) == [2, 4, 8]
        assert np.abs(raster.read_square(*raster.centre, 200, 25)[0] - plain).mean() < 1


# --- pixels ----------------------------------------------------------------------------------------

UTM = from_origin(600_000, 5_300_000, 1, 1)


def test_not_a_number_is_no_data_at_every_scale(tmp_path):
    values = np.moveaxis(PICTURE, -1, 0).astype(np.float32)
    values[:, 60:180, 100:200] = np.nan
    with GeoRaster.open(tiff(tmp_path / "a.tif", "EPSG:32633", UTM, values)) as raster:
        lat, lon = raster.centre
        assert raster.read_square(lat, lon, 60, 30)[1] == 0
        for width, pixels in ((220, 110), (220, 27), (220, 9)):
            square, valid = raster.read_square(lat, lon, width, pixels)
            assert valid == pytest.approx(1 - 100 * 120 / 220**2, abs=0.11), pixels
            assert square.std() > 5


def test_sixteen_bits_single_and_four_bands(tmp_path):
    deep = np.moveaxis(PICTURE, -1, 0).astype(np.uint16) * 40
    near_infrared = np.concatenate([np.moveaxis(PICTURE, -1, 0), np.full((1, 240, 300), 9, np.uint8)])
    arrays = {"deep": deep, "grey": deep[:1], "infrared": near_infrared}
    for name, array in arrays.items():
        options = {"photometric": "RGB", "alpha": "unspecified"} if name == "infrared" else {}
        with GeoRaster.open(tiff(tmp_path / f"{name}.tif", "EPSG:32633", UTM, array, **options)) as raster:
            square, valid = raster.read_square(*raster.centre, 100, 64)
        assert square.shape == (64, 64, 3) and valid == 1 and square.std() > 20, name
        if name == "grey":
            assert np.ptp(square, 2).max() == 0


@pytest.mark.parametrize(
    ("crs", "east", "north"),
    [("EPSG:2263", 983_000, 207_000), ("EPSG:2154", 652_000, 6_862_000), ("EPSG:32633", 600_000, 5_300_000)],
)
def test_places_that_a_projection_does_not_have_are_no_ones_business(tmp_path, crs, east, north):
    """Of a cone one pole lies at infinity."""
    path = tiff(tmp_path / "a.tif", crs, from_origin(east, north, 1.5, 1.5))
    with warnings.catch_warnings(), GeoRaster.open(path) as raster:
        warnings.simplefilter("error", RuntimeWarning)
        west, south, east, north = raster.bounds_wgs84
        assert 0 < north - south < 0.01 and 0 < east - west < 0.01
        assert raster.read_square(*raster.centre, 60, 30)[1] == 1
        assert raster.read_square(-raster.centre[0], raster.centre[1], 60, 30)[1] == 0
        assert raster.read_square(-89.9, 0.0, 60, 30)[1] == 0


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("bands", [1, 3])
def test_near_infrared_marked_as_opacity_is_none(tmp_path, dtype, bands):
    """GDAL marks a fourth band so by itself; here it is dark for the most part, as over fields in winter."""
    deep = 16 if dtype == "uint16" else 1  # twelve bits
    colour = np.moveaxis(PICTURE, -1, 0)[:bands].astype(dtype) * deep
    infrared = (np.moveaxis(PICTURE, -1, 0)[:1] // 2).astype(dtype) * deep
    options = {"photometric": "RGB"} if bands == 3 else {}
    path = tiff(
        tmp_path / "a.tif", "EPSG:32633", UTM, np.concatenate([colour, infrared]), alpha="YES", **options
    )
    plain = tiff(tmp_path / "plain.tif", "EPSG:32633", UTM, colour)
    with GeoRaster.open(path) as raster, GeoRaster.open(plain) as other:
        square, valid = raster.read_square(*raster.centre, 200, 64)
        assert valid == 1
        assert np.array_equal(square, other.read_square(*other.centre, 200, 64)[0])
        (note,) = raster.notes
        assert other.notes == ()
    assert note.startswith(f"{path}: band {bands + 1} is marked as opacity") and "ALPHA=NO" in note


@pytest.mark.parametrize("kind", ["half", "corner", "feathered", "lossy", "deep", "none"])
def test_true_opacity_is_kept(tmp_path, kind):
    """Half of the ground is shown, or one corner, with soft edges, or with what lossy compression leaves."""
    opacity = np.zeros((240, 300))
    opacity[:, 150:] = 255
    if kind == "corner":
        opacity[60:] = 0
    if kind == "feathered":
        opacity = np.broadcast_to(np.clip((np.arange(300) - 135) * 8.5, 0, 255), (240, 300)).copy()
    if kind == "lossy":
        opacity = np.clip(opacity + _RNG.integers(-6, 7, opacity.shape), 0, 255)
    if kind == "none":
        opacity[:] = 0
    deep = 257 if kind == "deep" else 1
    array = np.concatenate([np.moveaxis(PICTURE, -1, 0), opacity[None]]).astype(np.uint16) * deep
    array = array if kind == "deep" else array.astype(np.uint8)
    path = tiff(tmp_path / "a.tif", "EPSG:32633", UTM, array, photometric="RGB", alpha="YES")
    expected = {"corner": 0.125, "none": 0.0}.get(kind, 0.5)
    with GeoRaster.open(path) as raster:
        assert raster.notes == ()
        assert raster.read_square(*raster.centre, 240, 96)[1] == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("dtype", ["int16", "uint32", "float64"])
def test_no_data_values_of_deep_rasters(tmp_path, dtype):
    values = np.moveaxis(PICTURE, -1, 0).astype(dtype)
    values[:, :, :150] = -9999 if dtype != "uint32" else 0
    path = tiff(tmp_path / "a.tif", "EPSG:32633", UTM, values, nodata=float(values[0, 0, 0]))
    with GeoRaster.open(path) as raster:
        for pixels in (100, 20):
            square, valid = raster.read_square(*raster.centre, 100, pixels)
            assert valid == pytest.approx(0.5, abs=0.06)
            assert square[:, pixels // 2 + 2 :].std() > 20  # not squeezed by the value that means nothing


def test_complex_pixels_are_refused(tmp_path):
    path = tiff(tmp_path / "a.tif", "EPSG:32633", UTM, np.zeros((1, 20, 20), np.complex64))
    with pytest.raises(RasterError, match="no band of colours"):
        GeoRaster.open(path)


# --- places ----------------------------------------------------------------------------------------


def test_squares_that_only_share_an_edge_with_the_raster_hold_nothing(tmp_path):
    transform = from_origin(500_000, 5_300_000, 1, 1)
    with GeoRaster.open(tiff(tmp_path / "a.tif", "EPSG:32633", transform)) as raster:
        for east, north in ((200, 0), (-200, 0), (0, 170), (0, -170)):
            assert raster.read_square(*offset(*raster.centre, east, north), 99, 16)[1] == 0
        assert raster.read_square(*offset(*raster.centre, 199, 0), 100, 50)[1] == pytest.approx(
            0.02, abs=0.021
        )


def test_a_raster_of_one_pixel(tmp_path):
    one = np.full((3, 1, 1), 90, np.uint8)
    with GeoRaster.open(tiff(tmp_path / "a.tif", "EPSG:32633", UTM, one)) as raster:
        assert len(raster.grid(100, 50)) == 1
        square, valid = raster.read_square(*raster.centre, 1, 4)
        assert (square == 90).all() and valid >= 0.75  # corners lie between it and nothing
        assert raster.read_square(*raster.centre, 100, 10)[1] <= 0.02


def test_a_raster_around_the_pole(tmp_path):
    """Polar stereographic, 2 km across, the pole in its middle: squares there are as good as elsewhere."""
    array = np.kron(_RNG.integers(30, 220, (3, 20, 20)), np.ones((1, 10, 10))).astype(np.uint8)
    path = tiff(tmp_path / "a.tif", "EPSG:3995", from_origin(-1000, 1000, 10, 10), array)
    with GeoRaster.open(path) as raster:
        west, south, east, north = raster.bounds_wgs84
        assert (west, east, north) == (-180, 180, 90) and 89.9 < south < 90
        centres = list(raster.grid(400, 400))
        assert len(centres) >= 25
        assert min(raster.read_square(lat, lon, 400, 16)[1] for lat, lon in centres) > 0.05
        assert np.mean([raster.read_square(lat, lon, 400, 16)[1] for lat, lon in centres]) > 0.9
        # At (90, 0) north-up means that longitude 180 lies above: in EPSG:3995 that is the upper side.
        square, valid = raster.read_square(90.0, 0.0, 600, 60)
        middle = np.moveaxis(array[:, 70:130, 70:130], 0, -1)
        assert valid == 1
        turned = [np.abs(np.rot90(middle, k).astype(int) - square).mean() for k in range(4)]
        assert min(turned) < 12 and sorted(turned)[1] > 30
        # A kilometre from it along longitude 90, the square is turned by a quarter and still whole.
        assert raster.read_square(90 - 0.5 / 111.7, 90.0, 300, 32)[1] == 1


def test_a_geographic_raster_up_to_the_pole_is_no_trap(tmp_path):
    array = np.zeros((3, 100, 720), np.uint8) + 77
    path = tiff(tmp_path / "a.tif", "EPSG:4326", from_origin(-180, 90, 0.5, 0.05), array)
    with GeoRaster.open(path) as raster:
        assert raster.bounds_wgs84 == pytest.approx((-180, 85, 180, 90))
        square, valid = raster.read_square(89.95, 20.0, 20_000, 16)
        assert valid > 0.9 and (square == 77).all()
        assert raster.read_square(86.0, 20.0, 20_000, 16)[1] == 1


def test_a_raster_of_a_continent_is_too_wide_for_one_grid(tmp_path):
    array = np.full((3, 25, 900), 99, np.uint8)
    path = tiff(tmp_path / "a.tif", "EPSG:4326", from_origin(-20, 10, 0.08, 0.08), array)
    with GeoRaster.open(path) as raster:
        assert raster.read_square(9, 16, 20_000, 16)[1] == 1
        with pytest.raises(RasterError, match=r"km from its middle, too far .*cut it into parts"):
            raster.grid(20_000, 20_000)


def test_metres_of_another_datum_are_metres_on_the_ground(tmp_path):
    """MGI Lambert lies some 60 m beside WGS84; reading it as WGS84 would shift all answers."""
    path = tiff(tmp_path / "a.tif", "EPSG:31287", from_origin(625_000, 483_000, 1, 1))
    with GeoRaster.open(path) as raster:
        from pyproj import Transformer

        lon, lat = Transformer.from_crs("EPSG:31287", "EPSG:4326", always_xy=True).transform(625_150, 482_880)
        assert distance_m(*raster.centre, lat, lon) < 0.01


@pytest.mark.parametrize("north", [None, math.nan])
def test_positions_that_are_none(tmp_path, north):
    with (
        GeoRaster.open(tiff(tmp_path / "a.tif", "EPSG:32633", UTM)) as raster,
        pytest.raises((GleamError, TypeError)),
    ):
        raster.read_square(north, 16, 100, 8)
