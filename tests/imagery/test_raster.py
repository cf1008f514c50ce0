"""Georeferenced rasters in every coordinate system, and files that only pretend to be one."""

import math
import warnings

import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image
from pyproj import Transformer
from rasterio.transform import from_origin

from gleam.errors import GleamError, RasterError
from gleam.geo import Footprint, bearing_deg, distance_m, offset, wrap_lon
from gleam.imagery.raster import GeoRaster

ROWS, COLUMNS = 240, 300
_Y, _X = np.mgrid[:ROWS, :COLUMNS]
BASE = np.rint(
    np.stack([127 + 100 * np.sin(_X / 20), 127 + 100 * np.cos(_Y / 25), 127 + 60 * np.sin((_X + _Y) / 30)])
).astype(np.uint8)
UTM = from_origin(600_000, 5_300_000, 1, 1)
TURN = math.radians(25)
EDGE = 20037508.342789244  # of web Mercator, at 180 degrees

PLACES = {
    "utm": ("EPSG:32633", UTM),
    "southern utm": ("EPSG:32733", from_origin(400_000, 6_200_000, 1, 1)),
    "rotated utm": (
        "EPSG:32633",
        Affine(math.cos(TURN), math.sin(TURN), 600_000, math.sin(TURN), -math.cos(TURN), 5_300_000),
    ),
    "geographic": ("EPSG:4326", from_origin(16.37, 48.2, 1.2e-5, 0.9e-5)),
    "web mercator": ("EPSG:3857", from_origin(1_822_000, 6_141_000, 1.5, 1.5)),
    "geographic over the antimeridian": ("EPSG:4326", from_origin(179.9985, -16.999, 1.0e-5, 0.9e-5)),
    "beyond -180": ("EPSG:4326", from_origin(-180.0015, -16.999, 1.0e-5, 0.9e-5)),
    "web mercator over the antimeridian": ("EPSG:3857", from_origin(EDGE - 150, 500_000, 1, 1)),
    "utm zone 60 over the antimeridian": ("EPSG:32660", from_origin(833_850, 100, 1, 1)),
    "polar": ("EPSG:3995", from_origin(300_000, -1_500_000, 1, 1)),
}


def write(path, crs="EPSG:32633", transform=UTM, array=BASE, tags=None, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(
            path,
            "w",
            driver=options.pop("driver", "GTiff"),
            height=array.shape[1],
            width=array.shape[2],
            count=array.shape[0],
            dtype=array.dtype,
            crs=crs,
            transform=transform,
            **options,
        ) as dataset:
            dataset.write(array)
            dataset.update_tags(**(tags or {}))
    return path


def apply(transform, x, y):
    return transform.a * x + transform.b * y + transform.c, transform.d * x + transform.e * y + transform.f


def slow_square(crs, transform, lat, lon, width_m, pixels):
    """Pixel by pixel: geodesic step, pyproj, inverse transform, bilinear; NaN outside."""
    forth = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    out = np.full((pixels, pixels, 3), np.nan)
    around = {"EPSG:4326": 360.0, "EPSG:3857": 2 * EDGE}.get(crs, 0.0)
    for i in range(pixels):
        for j in range(pixels):
            at = offset(lat, lon, ((j + 0.5) / pixels - 0.5) * width_m, (0.5 - (i + 0.5) / pixels) * width_m)
            x, y = forth.transform(at[1], at[0])
            for turn in (0.0, around, -around):
                column, row = (v - 0.5 for v in apply(~transform, x + turn, y))
                if 0 <= column < COLUMNS - 1 and 0 <= row < ROWS - 1:
                    c, r = int(column), int(row)
                    block = BASE[:, r : r + 2, c : c + 2].astype(float)
                    fx, fy = column - c, row - r
                    upper = block[:, 0, 0] * (1 - fx) + block[:, 0, 1] * fx
                    lower = block[:, 1, 0] * (1 - fx) + block[:, 1, 1] * fx
                    out[i, j] = upper * (1 - fy) + lower * fy
                    break
    return out


@pytest.fixture(params=PLACES, ids=lambda name: name.replace(" ", "_"))
def placed(request, tmp_path):
    crs, transform = PLACES[request.param]
    with GeoRaster.open(write(tmp_path / "raster.tif", crs, transform)) as raster:
        yield raster, crs, transform


def test_squares_equal_the_slow_reference(placed):
    raster, crs, transform = placed
    for east, north in ((0, 0), (20, -15)):
        lat, lon = offset(*raster.centre, east, north)
        picture, valid = raster.read_square(lat, lon, 90.0, 40)
        expected = slow_square(crs, transform, lat, lon, 90.0, 40)
        assert not np.isnan(expected).any()
        assert valid == 1
        assert picture.shape == (40, 40, 3) and picture.dtype == np.uint8
        error = np.abs(picture - expected)
        assert error.max() <= 2 and error.mean() < 0.4


def test_what_lies_outside_is_counted_and_filled(placed):
    raster, crs, transform = placed
    lat, lon = raster.footprint.corners[0]
    picture, valid = raster.read_square(lat, lon, 90.0, 40)
    outside = np.isnan(slow_square(crs, transform, lat, lon, 90.0, 40)[..., 0])
    assert valid == pytest.approx(1 - outside.mean(), abs=0.03)
    fill = picture[outside].astype(int)
    assert (np.abs(fill - np.median(fill, 0)) <= 1).mean() > 0.9
    assert np.abs(np.median(fill, 0) - picture[~outside].mean(0)).max() < 4
    far = raster.read_square(*offset(*raster.centre, 5_000, 0), 90.0, 8)
    assert far[1] == 0 and not far[0].any()


def test_bounds_footprint_and_pixel_size(placed):
    raster, crs, transform = placed
    back = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    west, south, east, north = raster.bounds_wgs84
    for column in np.linspace(0, COLUMNS, 7):
        for row in np.linspace(0, ROWS, 7):
            lon, lat = back.transform(*apply(transform, column, row))
            lon = wrap_lon(lon)
            assert south - 1e-9 <= lat <= north + 1e-9
            inside = (
                west - 1e-9 <= lon <= east + 1e-9
                if west <= east
                else lon >= west - 1e-9 or lon <= east + 1e-9
            )
            assert inside
    assert raster.footprint.contains(*raster.centre)
    span = distance_m(*raster.footprint.corners[0], *raster.footprint.corners[1])
    assert raster.pixel_m == pytest.approx(span / COLUMNS, rel=0.15)


@pytest.mark.parametrize(("width", "stride"), [(64.0, 32.0), (100.0, 77.0), (64.0, 64.0)])
def test_grids_cover_the_raster(placed, width, stride):
    raster, _, _ = placed
    centres = raster.grid(width, stride)
    assert len(set(centres)) == len(centres)
    squares = [Footprint.square(lat, lon, width * 1.002) for lat, lon in centres]
    rng = np.random.default_rng(0)
    lats, lons = raster._positions(rng.uniform(0, COLUMNS, 150), rng.uniform(0, ROWS, 150))
    covered = np.zeros(150, bool)
    for square in squares:
        covered |= square.contains(lats, lons)
    assert covered.all()
    assert centres[0][0] >= centres[-1][0]  # from the north down
    shares = [raster.read_square(lat, lon, width, 8)[1] for lat, lon in centres]
    assert min(shares) > 0


def test_the_last_row_and_column_are_flush_with_the_edge(tmp_path):
    # On the central meridian grid north is true north, so that the grid is exact.
    transform = from_origin(500_000, 5_300_000, 1, 1)
    with GeoRaster.open(write(tmp_path / "r.tif", transform=transform)) as raster:
        centres = raster.grid(100, 80)
        assert len(centres) == 4 * 3  # 300 / 0.9996 m across: 0, 80, 160, 200; 240 down: 0, 80, 140
        for lat, lon in centres:
            assert raster.read_square(lat, lon, 99.5, 20)[1] == 1
        distances = sorted({round(distance_m(*centres[0], *c)) for c in centres[:4]})
        assert distances == [0, 80, 160, 200]
        assert list(raster.grid(1000, 10)) == [pytest.approx(raster.centre)]
        with pytest.raises(RasterError, match="impossible"):
            raster.grid(100, 0)


def test_squares_are_true_north_up_far_from_the_central_meridian(tmp_path):
    """Grid north is 3 degrees off here; a meridian must still run straight up the square."""
    transform = from_origin(830_000, 5_300_000, 0.5, 0.5)
    with GeoRaster.open(write(tmp_path / "r.tif", transform=transform)) as raster:
        lat, lon = raster.centre
    forth = Transformer.from_crs("EPSG:4326", "EPSG:32633", always_xy=True)
    to = offset(lat, lon, 0, 40)
    assert bearing_deg(lat, lon, *to) == pytest.approx(0, abs=1e-6)
    line = np.full((3, ROWS, COLUMNS), 0, np.uint8)
    for north in np.arange(-55, 55, 0.2):
        x, y = forth.transform(*offset(lat, lon, 0, north)[::-1])
        column, row = apply(~transform, x, y)
        if 1 <= column < COLUMNS - 1 and 0 <= row < ROWS:
            line[:, int(row), int(column)] = 255
    with GeoRaster.open(write(tmp_path / "line.tif", transform=transform, array=line)) as raster:
        picture = raster.read_square(lat, lon, 100, 50)[0][..., 0].astype(float)
    weight = picture / picture.sum(1, keepdims=True).clip(1)
    middle = (weight * np.arange(50)).sum(1)
    assert np.abs(middle - 24.5).max() < 0.8


def test_four_bands_nodata_and_masks(tmp_path):
    half = np.full((1, ROWS, COLUMNS), 255, np.uint8)
    half[:, :, : COLUMNS // 2] = 0
    rgba = write(tmp_path / "rgba.tif", array=np.concatenate([BASE, half]))
    empty = BASE.copy()
    empty[:, :, : COLUMNS // 2] = 0
    nodata = write(tmp_path / "nodata.tif", array=empty, nodata=0)
    masked = write(tmp_path / "masked.tif")
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(masked, "r+") as dataset:
        dataset.write_mask(half[0])
    for path in (rgba, nodata, masked):
        with GeoRaster.open(path) as raster:
            picture, valid = raster.read_square(*raster.centre, 100, 50)
        assert valid == pytest.approx(0.5, abs=0.04), path.name
        known = picture[:, 26:].reshape(-1, 3).mean(0)
        assert np.abs(picture[:, 5] - known).max() < 6, path.name  # the mean colour, not black


def test_one_band_sixteen_bits_floats_and_palette(tmp_path):
    with GeoRaster.open(write(tmp_path / "grey.tif", array=BASE[:1])) as raster:
        grey = raster.read_square(*raster.centre, 90, 40)[0]
    assert np.array_equal(grey[..., 0], grey[..., 2])
    with GeoRaster.open(write(tmp_path / "rgb.tif")) as raster:
        colour = raster.read_square(*raster.centre, 90, 40)[0].astype(float)
    assert np.array_equal(grey[..., 0], colour[..., 0])
    low, high = np.percentile(BASE, (1, 99))
    stretched = np.clip((colour - low) / (high - low) * 255, 0, 255)
    for name, array in (("u16", BASE.astype(np.uint16) * 8 + 100), ("f32", (BASE / 1000).astype(np.float32))):
        with GeoRaster.open(write(tmp_path / f"{name}.tif", array=array)) as raster:
            deep, valid = raster.read_square(*raster.centre, 90, 40)
            assert valid == 1
            assert raster.read_square(*offset(*raster.centre, 9000, 0), 90, 8)[1] == 0
        assert np.abs(deep - stretched).max() < 6, name
    with GeoRaster.open(
        write(tmp_path / "nan.tif", array=np.where(_X < COLUMNS / 2, np.nan, BASE[:1]).astype(np.float32))
    ) as raster:
        assert raster.read_square(*raster.centre, 90, 40)[1] == pytest.approx(0.5, abs=0.04)
    path = write(tmp_path / "palette.tif", array=(BASE[:1] > 127).astype(np.uint8), photometric="palette")
    with rasterio.open(path, "r+") as dataset:
        dataset.write_colormap(1, {0: (255, 0, 0, 255), 1: (0, 0, 255, 255)})
    with GeoRaster.open(path) as raster:
        painted = raster.read_square(*raster.centre, 90, 40)[0].astype(int)
    assert (painted[..., 1] == 0).all()
    assert (np.abs(painted[..., 0] + painted[..., 2] - 255) <= 1).all()
    assert {0, 255} <= set(np.unique(painted[..., 0]))


@pytest.mark.parametrize("bands", [1, 3])
@pytest.mark.parametrize("bits", [1, 2, 4, 7])
def test_fewer_than_eight_bits_span_black_to_white(tmp_path, bits, bands):
    few = BASE[:bands] >> (8 - bits)
    with GeoRaster.open(write(tmp_path / "few.tif", array=few, nbits=bits)) as raster:
        picture, valid = raster.read_square(*raster.centre, 90, 90)
    spread = np.rint(few[:1] * (255.0 / (2**bits - 1))).astype(np.uint8)
    with GeoRaster.open(write(tmp_path / "eight.tif", array=spread)) as raster:
        expected = raster.read_square(*raster.centre, 90, 90)[0]
    assert valid == 1
    assert np.abs(picture[..., 0].astype(int) - expected[..., 0]).max() <= 1
    assert picture[..., 0].max() - picture[..., 0].min() > 150


def test_a_bilevel_png_is_black_and_white(tmp_path):
    picture = BASE[0] > 127
    Image.fromarray(picture).save(tmp_path / "map.png")
    (tmp_path / "map.pgw").write_text("1\n0\n0\n-1\n600000.5\n5299999.5\n")
    with GeoRaster.open(tmp_path / "map.png", crs="EPSG:32633") as raster:
        square = raster.read_square(*raster.centre, 90, 90)[0]
    assert square.min() == 0 and square.max() == 255


def test_shrinking_averages_rather_than_skips(tmp_path):
    board = np.repeat((((_X + _Y) % 2) * 255).astype(np.uint8)[None], 3, 0)
    with GeoRaster.open(write(tmp_path / "board.tif", array=board)) as raster:
        picture = raster.read_square(*raster.centre, 200, 20)[0]
    assert np.abs(picture.astype(int) - 127).max() < 25


def test_tiled_files_with_overviews_read_the_same(tmp_path):
    path = write(tmp_path / "tiled.tif", tiled=True, blockxsize=64, blockysize=64, compress="deflate")
    with GeoRaster.open(path) as raster:
        plain = raster.read_square(*raster.centre, 90, 90)[0]
    with rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([2, 4])
    with GeoRaster.open(path) as raster:
        assert np.array_equal(raster.read_square(*raster.centre, 90, 90)[0], plain)
        small = raster.read_square(*raster.centre, 200, 20)[0]
    assert small.std() > 10


def test_tags(tmp_path):
    tags = {"GLEAM_DATE": "2024-05-03", "GLEAM_SOURCE": "a survey", "GLEAM_LICENCE": "CC-BY-4.0"}
    with GeoRaster.open(write(tmp_path / "tagged.tif", tags=tags)) as raster:
        assert (raster.date, raster.source, raster.licence) == ("2024-05-03", "a survey", "CC-BY-4.0")
    with GeoRaster.open(write(tmp_path / "plain.tif")) as raster:
        assert (raster.date, raster.source, raster.licence) == (None, None, None)


@pytest.mark.parametrize(("image_format", "suffix"), [("PNG", "pgw"), ("PNG", "wld"), ("JPEG", "jgw")])
def test_pictures_with_world_files(tmp_path, image_format, suffix):
    path = tmp_path / f"map.{'png' if image_format == 'PNG' else 'jpg'}"
    Image.fromarray(np.moveaxis(BASE, 0, -1)).save(path, image_format, quality=95)
    with pytest.raises(RasterError, match="no world file"):
        GeoRaster.open(path, crs="EPSG:32633")
    # A world file gives the centre of the first pixel.
    path.with_suffix(f".{suffix}").write_text("1\n0\n0\n-1\n600000.5\n5299999.5\n")
    with pytest.raises(RasterError, match=r"no coordinate system; give it as --crs EPSG:32633 \(crs="):
        GeoRaster.open(path)
    with pytest.raises(RasterError, match="'EPSG:1' is not a coordinate system"):
        GeoRaster.open(path, crs="EPSG:1")
    with (
        GeoRaster.open(path, crs="EPSG:32633") as raster,
        GeoRaster.open(write(tmp_path / "same.tif")) as same,
    ):
        assert raster.centre == pytest.approx(same.centre, abs=1e-9)
        a, b = (r.read_square(*same.centre, 90, 40)[0].astype(int) for r in (raster, same))
        assert np.abs(a - b).mean() < 2


def test_rasters_that_lie_nowhere(tmp_path):
    with pytest.raises(RasterError, match=r"lost\.tif: has no georeference"):
        GeoRaster.open(write(tmp_path / "lost.tif", crs=None, transform=Affine.identity()))
    with pytest.raises(RasterError, match="no georeference"):
        GeoRaster.open(write(tmp_path / "half.tif", transform=Affine.identity()))
    with pytest.raises(RasterError, match="no coordinate system"):
        GeoRaster.open(write(tmp_path / "crsless.tif", crs=None))
    with GeoRaster.open(tmp_path / "crsless.tif", crs="EPSG:32633") as raster:
        assert raster.pixel_m == pytest.approx(1, abs=0.01)
    local = 'LOCAL_CS["site",UNIT["metre",1]]'
    with pytest.raises(RasterError, match=r"no coordinate system|not tied to the Earth"):
        GeoRaster.open(write(tmp_path / "site.tif", crs=local))
    with pytest.raises(GleamError):
        GeoRaster.open(write(tmp_path / "off.tif", crs="EPSG:4326", transform=from_origin(10, 400, 1, 1)))


@pytest.mark.parametrize(
    "name",
    [
        "/vsicurl/http://example.com/a.tif",
        "/vsizip/a.zip/a.tif",
        "http://example.com/a.tif",
        "s3://bucket/a.tif",
        "file:///a.tif",
        "GTIFF_DIR:1:a.tif",
        "zip+https://example.com/a.zip",
    ],
)
def test_only_local_files_are_opened(name):
    with pytest.raises(RasterError, match="only local files"):
        GeoRaster.open(name)


def test_other_formats_are_never_tried(tmp_path):
    secret = write(tmp_path / "secret.tif")
    vrt = (
        f'<VRTDataset rasterXSize="{COLUMNS}" rasterYSize="{ROWS}"><SRS>EPSG:32633</SRS>'
        '<GeoTransform>600000,1,0,5300000,0,-1</GeoTransform><VRTRasterBand dataType="Byte" band="1">'
        f"<SimpleSource><SourceFilename>{secret}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    for name in ("evil.vrt", "evil.tif"):
        (tmp_path / name).write_text(vrt)
        with rasterio.open(tmp_path / name):
            pass  # GDAL itself would follow it
        with pytest.raises(RasterError, match="known format"):
            GeoRaster.open(tmp_path / name)


def test_missing_empty_folder_and_damaged_files(tmp_path):
    with pytest.raises(RasterError, match=r"gone\.tif: there is no such file"):
        GeoRaster.open(tmp_path / "gone.tif")
    with pytest.raises(RasterError, match="is a folder"):
        GeoRaster.open(tmp_path)
    (tmp_path / "empty.tif").touch()
    with pytest.raises(RasterError, match=r"empty\.tif: the file is empty"):
        GeoRaster.open(tmp_path / "empty.tif")
    with pytest.raises(RasterError, match=r"cannot be opened|no such file"):
        GeoRaster.open("a\0b.tif")
    whole = write(tmp_path / "whole.tif").read_bytes()
    (tmp_path / "head.tif").write_bytes(whole[:60])
    with pytest.raises(RasterError, match=r"head\.tif: .*damaged"):
        GeoRaster.open(tmp_path / "head.tif")
    (tmp_path / "cut.tif").write_bytes(whole[: len(whole) // 2])
    with (
        pytest.raises(RasterError, match=r"cut\.tif: .*damaged"),
        GeoRaster.open(tmp_path / "cut.tif") as raster,
    ):
        raster.read_square(*raster.centre, 400, 32)


def test_squares_without_content_are_refused(tmp_path):
    with GeoRaster.open(write(tmp_path / "r.tif")) as raster:
        with pytest.raises(GleamError, match="not a position"):
            raster.read_square(95, 0, 100, 10)
        with pytest.raises(RasterError, match="no content"):
            raster.read_square(*raster.centre, 0, 10)
        with pytest.raises(RasterError, match="no content"):
            raster.read_square(*raster.centre, 100, 0)


def test_a_vast_raster_is_read_by_windows(tmp_path):
    """A sparse file that would be 30 GB in memory."""
    path = tmp_path / "vast.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=100_000,
        width=100_000,
        count=3,
        dtype="uint8",
        crs="EPSG:32633",
        transform=from_origin(400_000, 5_400_000, 0.5, 0.5),
        tiled=True,
        sparse_ok=True,
        compress="deflate",
    ) as dataset:
        patch = np.full((3, 512, 512), 200, np.uint8)
        dataset.write(patch, window=rasterio.windows.Window(50_000, 50_000, 512, 512))
    with GeoRaster.open(path) as raster:
        lat, lon = raster._at(50_256, 50_256)
        picture, valid = raster.read_square(lat, lon, 100, 32)
        assert (picture == 200).all() and valid == 1
        assert len(raster.grid(1000, 1000)) >= 50 * 50


def test_real_ortho(realdata, tmp_path):
    import json

    facts = json.loads((realdata / "brighton_beach_uav" / "ortho_georef.json").read_text())
    picture = np.moveaxis(
        np.asarray(Image.open(realdata / "brighton_beach_uav" / "ortho.png").convert("RGB")), -1, 0
    )
    transform = from_origin(facts["x0"], facts["y1"], facts["res"], facts["res"])
    path = write(tmp_path / "ortho.tif", f"EPSG:{facts['crs']}", transform, picture, nodata=0)
    with GeoRaster.open(path) as raster:
        for corner, key in zip(raster.footprint.corners, ("tl", "tr", "br", "bl"), strict=True):
            lon, lat = facts["corners_lonlat"][key]
            assert distance_m(*corner, lat, lon) < 0.01
        assert raster.pixel_m == pytest.approx(facts["res"], rel=0.001)
        shares = [raster.read_square(lat, lon, 20, 16)[1] for lat, lon in raster.grid(20, 20)]
        assert 0.35 < math.fsum(shares) / len(shares) < 0.6  # 45 % of this ortho is filled
