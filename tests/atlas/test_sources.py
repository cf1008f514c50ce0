"""Cutting tiles: each lies where it says, whatever the source."""

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.transform import from_origin

from gleam.atlas.sources import open_sources
from gleam.atlas.sources.csv_images import CsvImagesSource, apply_homography, homography
from gleam.errors import AtlasError, GleamError, TableError
from gleam.geo import Footprint, Frame, bearing_deg, distance_m, offset

NORTH, WEST = 48.2, 16.3


def gradient(height=400, width=600):
    """Red grows to the east and green to the south, so that a colour tells a position."""
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack([columns * 255 / width, rows * 255 / height, 0 * rows], -1).astype(np.uint8)


def position_of(square, height=400, width=600):
    """Return the (column, row) in pixels that the middle of a cut square shows."""
    middle = square[square.shape[0] // 2 - 2 : square.shape[0] // 2 + 2, :, :]
    middle = middle[:, square.shape[1] // 2 - 2 : square.shape[1] // 2 + 2].reshape(-1, 3).mean(0)
    return (middle[0] + 0.5) * width / 255, (middle[1] + 0.5) * height / 255


@pytest.fixture
def gradient_source(tmp_path, table_writer):
    Image.fromarray(gradient()).save(tmp_path / "g.png")
    table_writer(tmp_path / "g.csv", "g.png", 600.0, 400.0)
    return CsvImagesSource(tmp_path / "g.csv")


def test_a_tile_shows_the_ground_it_claims(gradient_source):
    for centre in gradient_source.centres(100.0, 50.0)[::7]:
        square, valid = gradient_source.read(centre, 100.0, 48)
        column, row = position_of(square)
        east = distance_m(centre.lat, WEST, centre.lat, centre.lon)
        south = distance_m(NORTH, centre.lon, centre.lat, centre.lon)
        assert abs(column - east) < 3
        assert abs(row - south) < 3
        assert valid > 0.99
        # Red grows to the right by 100 m, green downwards.
        assert square[24, 46, 0] - square[24, 1, 0] == pytest.approx(94 / 600 * 255, abs=3)
        assert square[46, 24, 1] - square[1, 24, 1] == pytest.approx(94 / 400 * 255, abs=3)


def test_the_grid_covers_the_image_and_is_flush_with_its_edges(gradient_source):
    centres = gradient_source.centres(128.0, 64.0)
    lats, lons = sorted({round(c.lat, 9) for c in centres}), sorted({round(c.lon, 9) for c in centres})
    to_east = distance_m(NORTH, WEST, [NORTH] * len(lons), lons)
    assert to_east[0] == pytest.approx(64, abs=1)
    assert to_east[-1] == pytest.approx(600 - 64, abs=1)
    assert np.all(np.diff(to_east) <= 64.5)
    to_south = distance_m(NORTH, WEST, lats[::-1], [WEST] * len(lats))
    assert to_south[0] == pytest.approx(64, abs=1)
    assert to_south[-1] == pytest.approx(400 - 64, abs=1)
    assert len(centres) == len(lats) * len(lons) == len(set(centres))


def test_ground_outside_the_image_is_no_data(gradient_source):
    (centre,) = gradient_source.centres(700.0, 350.0)
    square, valid = gradient_source.read(centre, 700.0, 64)
    assert valid == pytest.approx(600 * 400 / 700**2, abs=0.02)
    assert square[1, 1].tolist() == square[62, 62].tolist()  # the mean colour on both sides


def test_a_turned_footprint_is_cut_north_up(tmp_path):
    """An image whose upward side faces east: its columns run south and its rows run west."""
    Image.fromarray(gradient(400, 400)).save(tmp_path / "g.png")
    footprint = Footprint.square(NORTH, WEST, 400.0, heading_deg=90.0)
    (tmp_path / "t.csv").write_text(f'image,footprint\ng.png,"{footprint.to_wkt()}"\n')
    source = CsvImagesSource(tmp_path / "t.csv")
    (centre,) = source.centres(390.0, 300.0)[:1]
    square, valid = source.read(centre, 200.0, 64)
    assert valid == 1.0
    assert square[32, 60, 1] < square[32, 3, 1]  # rows (green) grow to the west
    assert square[60, 32, 0] > square[3, 32, 0]  # columns (red) grow to the south


@pytest.mark.parametrize("name", ["a.tif", "b.tiff"])
def test_a_geotiff_and_a_table_of_the_same_ground_give_the_same_tiles(tmp_path, name):
    frame = Frame.at(NORTH, WEST)
    picture = np.asarray(Image.fromarray(gradient()).convert("RGB"))
    with rasterio.open(
        tmp_path / name,
        "w",
        driver="GTiff",
        height=400,
        width=600,
        count=3,
        dtype="uint8",
        crs=f"EPSG:{frame.epsg}",
        transform=from_origin(frame.east0_m, frame.north0_m, 1.0, 1.0),
    ) as file:
        file.write(np.moveaxis(picture, -1, 0))
        file.update_tags(GLEAM_DATE="2024-05-01", GLEAM_LICENCE="CC0")
    (source,) = open_sources([tmp_path / name], licence="unused", origin="someone")
    record = source.record
    assert (record.date, record.licence, record.origin) == ("2024-05-01", "CC0", "someone")
    assert record.pixel_m == pytest.approx(1.0, abs=0.01)
    for centre in source.centres(100.0, 100.0)[::5]:
        square, valid = source.read(centre, 100.0, 48)
        x, y = frame.to_local(centre.lat, centre.lon)
        column, row = position_of(square)
        assert abs(column - x) < 4
        assert abs(row + y) < 4
        assert valid > 0.9
    source.close()


def test_a_homography_goes_through_its_points():
    rng = np.random.default_rng(0)
    source = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * 1e-3 + rng.normal(0, 5e-5, (4, 2))
    target = np.array([[0, 0], [4000, 0], [4000, 3000], [0, 3000]]) + rng.normal(0, 90, (4, 2))
    matrix = homography(source, target)
    assert np.allclose(apply_homography(matrix, source), target, atol=1e-6)
    back = homography(target, source)
    inside = rng.uniform(1e-4, 9e-4, (20, 2))
    assert np.allclose(apply_homography(back, apply_homography(matrix, inside)), inside, atol=1e-12)


@pytest.mark.parametrize(
    ("north", "west", "south", "east", "words"),
    [
        (48.2, 16.3, 48.1964, 21.3, "600 x 400 pixels.*too oblong to be true; check its north"),
        (48.2, 16.3, 48.2 - 1e-9, 16.308, "pixel of .* on the ground cannot be; check its north"),
        (17.5, -26.0, -17.5, 26.0, "km from its middle.*check its north.*cut the image"),
    ],
)
@pytest.mark.parametrize("wkt", [False, True])
def test_ground_that_an_image_cannot_cover_is_refused(tmp_path, north, west, south, east, words, wkt):
    Image.fromarray(gradient()).save(tmp_path / "g.png")
    box = Footprint(((north, west), (north, east), (south, east), (south, west)))
    header = "image,footprint" if wkt else "image,north,west,south,east"
    cells = f'"{box.to_wkt()}"' if wkt else f"{north!r},{west!r},{south!r},{east!r}"
    (tmp_path / "g.csv").write_text(f"{header}\ng.png,{cells}\n")
    with pytest.raises(TableError, match=rf"g\.csv, row 2: g\.png .*{words}"):
        open_sources([tmp_path / "g.csv"])


def test_an_image_across_the_antimeridian_is_cut(tmp_path):
    Image.fromarray(gradient()).save(tmp_path / "g.png")
    (tmp_path / "g.csv").write_text("image,north,west,south,east\ng.png,-17.0,179.997,-17.0036,-179.9975\n")
    (source,) = open_sources([tmp_path / "g.csv"])
    assert source.record.bounds == pytest.approx((179.997, -17.0036, -179.9975, -17.0))
    centres = source.centres(100.0, 100.0)
    assert {c.lon > 0 for c in centres} == {True, False} and len(centres) < 60
    assert all(source.read(c, 100.0, 32)[1] > 0.9 for c in centres)


def test_records_change_with_the_content(tmp_path, table_writer):
    Image.fromarray(gradient()).save(tmp_path / "g.png")
    table_writer(tmp_path / "g.csv", "g.png", 600.0, 400.0)
    before = CsvImagesSource(tmp_path / "g.csv").record
    assert before == CsvImagesSource(tmp_path / "g.csv").record
    Image.fromarray(gradient()[::-1]).save(tmp_path / "g.png")
    assert CsvImagesSource(tmp_path / "g.csv").record.sha256 != before.sha256


def test_what_is_no_source_is_told(tmp_path, table_writer):
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.zip").write_bytes(b"PK")
    Image.fromarray(gradient()).save(tmp_path / "plain.tif")
    table_writer(tmp_path / "g.csv", "gone.png", 600.0, 400.0)
    for paths, options, words in [
        ([], {}, "No imagery"),
        ([tmp_path / "no.tif"], {}, "does not exist"),
        ([tmp_path / "empty"], {}, "holds no GeoTIFF"),
        ([tmp_path / "x.zip"], {}, "no known kind"),
        ([tmp_path / "empty", tmp_path], {"csv": tmp_path / "g.csv"}, "not 2 paths"),
        ([tmp_path / "absent"], {"csv": tmp_path / "g.csv"}, "does not exist"),
    ]:
        with pytest.raises(AtlasError, match=words):
            open_sources(paths, **options)
    with pytest.raises(TableError, match=r"row 2.*gone\.png"):
        open_sources([tmp_path / "g.csv"])
    with pytest.raises(GleamError, match=r"plain\.tif"):
        open_sources([tmp_path / "plain.tif"])


def test_the_same_imagery_twice_is_told(tmp_path, imagery):
    with pytest.raises(AtlasError, match="same content"):
        open_sources([imagery / "map.csv", imagery / "map.csv"])


def test_headings_in_the_test_itself():
    # The turned footprint above is only a test if its first side really faces east.
    nw, ne, *_ = Footprint.square(NORTH, WEST, 400.0, heading_deg=90.0).corners
    assert bearing_deg(*nw, *ne) == pytest.approx(180, abs=0.1)
    assert offset(NORTH, WEST, 0, 200)[0] > NORTH
