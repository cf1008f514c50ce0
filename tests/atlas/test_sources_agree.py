"""Every kind of source shows the same ground: one painted landscape, written in all formats and read back."""

import io
import math
import pickle
import sqlite3

import mercantile
import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer
from pyproj import CRS, Transformer

from gleam.atlas.sources import open_sources
from gleam.geo import Footprint, offset, wrap_lon

PLACES = {
    "vienna": (48.2, 16.37),
    "north": (69.6, 18.9),
    "antimeridian": (-16.9, 180.0),
    "equator": (0.0, -78.4),
}
HALF_M = 130.0


class Painting:
    """A landscape whose colour tells the position: waves of 64 and 80 m along each direction."""

    def __init__(self, lat, lon):
        self.lat, self.lon = lat, lon
        self.per_degree = 111_000.0, 111_000.0 * math.cos(math.radians(lat))

    def __call__(self, lats, lons):
        north = (np.asarray(lats) - self.lat) * self.per_degree[0]
        east = wrap_lon(np.asarray(lons) - self.lon) * self.per_degree[1]
        tau = 2 * math.pi
        return np.stack(
            [
                127 + 100 * np.sin(tau * east / 64),
                127 + 100 * np.cos(tau * north / 80),
                127 + 60 * np.sin(tau * (east + north) / 300),
            ],
            -1,
        )

    def square(self, lat, lon, width_m, pixels):
        along = ((np.arange(pixels) + 0.5) / pixels - 0.5) * width_m
        east, north = np.meshgrid(along, -along)
        return self(*offset(lat, lon, east, north))

    def pixels(self, lats, lons):
        return np.rint(self(lats, lons)).astype(np.uint8)


@pytest.fixture(params=PLACES)
def painting(request):
    return Painting(*PLACES[request.param])


def raster_of(painting, crs, pixel_m, turn_deg=0.0):
    """Return (picture, transform) of a raster in a coordinate system around the painting's middle."""
    back = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    x0, y0 = back.transform(painting.lon, painting.lat, direction="INVERSE")
    shrink = math.cos(math.radians(painting.lat))
    per_metre = {"EPSG:4326": (1 / 111_000 / shrink, 1 / 111_000), "EPSG:3857": (1 / shrink, 1 / shrink)}
    across, down = (pixel_m * v for v in per_metre.get(crs, (1.0, 1.0)))
    size = 2 * math.ceil(HALF_M / pixel_m)
    cosine, sine = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))
    a, b, d, e = across * cosine, down * sine, across * sine, -down * cosine
    transform = Affine(a, b, x0 - (a + b) * size / 2, d, e, y0 - (d + e) * size / 2)
    columns, rows = np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5)
    x = transform.a * columns + transform.b * rows + transform.c
    y = transform.d * columns + transform.e * rows + transform.f
    if CRS(crs).is_geographic:
        x = wrap_lon(x)
    lons, lats = back.transform(x, y)
    return painting.pixels(lats, lons), transform


def write_tiff(path, picture, transform, crs, **options):
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=picture.shape[0],
        width=picture.shape[1],
        count=3,
        dtype="uint8",
        crs=crs,
        transform=transform,
        **options,
    ) as file:
        file.write(np.moveaxis(picture, -1, 0))
    return path


def tile_picture(painting, z, x, y, side=256):
    """Return a web-map tile, every pixel painted by its own position."""
    share_x = (x + (np.arange(side) + 0.5) / side) / 2**z
    share_y = (y + (np.arange(side) + 0.5) / side) / 2**z
    lats = np.degrees(np.arctan(np.sinh(math.pi * (1 - 2 * share_y))))
    lons, lats = np.meshgrid(share_x * 360 - 180, lats)
    return painting.pixels(lats, lons)


def tiles_around(painting, zooms, side=256):
    """Yield (z, x, y, PNG bytes) of the tiles within HALF_M of the middle."""
    south, west = offset(painting.lat, painting.lon, -HALF_M, -HALF_M)
    north, east = offset(painting.lat, painting.lon, HALF_M, HALF_M)
    for z in zooms:
        first, last = mercantile.tile(west, north, z), mercantile.tile(east, south, z)
        span = (last.x - first.x) % 2**z
        for x in range(first.x, first.x + span + 1):
            for y in range(first.y, last.y + 1):
                stream = io.BytesIO()
                Image.fromarray(tile_picture(painting, z, x % 2**z, y, side)).save(
                    stream, "PNG", compress_level=1
                )
                yield z, x % 2**z, y, stream.getvalue()


def write_folder(path, tiles, tms=False):
    for z, x, y, data in tiles:
        file = path / f"{z}/{x}/{2**z - 1 - y if tms else y}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return path


def write_mbtiles(path, tiles, **metadata):
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE metadata (name text, value text)")
    database.execute("CREATE TABLE tiles (zoom_level int, tile_column int, tile_row int, tile_data blob)")
    database.executemany("INSERT INTO metadata VALUES (?, ?)", {"format": "png", **metadata}.items())
    database.executemany(
        "INSERT INTO tiles VALUES (?, ?, ?, ?)", [(z, x, 2**z - 1 - y, data) for z, x, y, data in tiles]
    )
    database.commit()
    database.close()
    return path


def write_pmtiles(path, tiles, **metadata):
    with path.open("wb") as stream:
        writer = Writer(stream)
        for z, x, y, data in sorted(tiles, key=lambda t: zxy_to_tileid(*t[:3])):
            writer.write_tile(zxy_to_tileid(z, x, y), data)
        header = {"tile_type": TileType.PNG, "tile_compression": Compression.NONE}
        writer.finalize(header, metadata)
    return path


def zoom_for(painting, pixel_m):
    return math.ceil(math.log2(156543.03 * math.cos(math.radians(painting.lat)) / pixel_m))


def make(kind, painting, folder):
    """Write the painting as one kind of source; return what open_sources takes."""
    utm = f"EPSG:{(32600 if painting.lat >= 0 else 32700) + int((wrap_lon(painting.lon) + 180) // 6) + 1}"
    if kind == "utm":
        return [write_tiff(folder / "a.tif", *raster_of(painting, utm, 0.5), utm)], {}
    if kind == "turned":
        return [write_tiff(folder / "a.tif", *raster_of(painting, utm, 0.5, 20), utm)], {}
    if kind == "geographic":
        return [write_tiff(folder / "a.tif", *raster_of(painting, "EPSG:4326", 0.5), "EPSG:4326")], {}
    if kind == "mercator":
        cut = raster_of(painting, "EPSG:3857", 0.5)
        return [
            write_tiff(folder / "a.tif", *cut, "EPSG:3857", tiled=True, blockxsize=128, blockysize=128)
        ], {}
    if kind == "world file":
        picture, t = raster_of(painting, utm, 0.5)
        Image.fromarray(picture).save(folder / "a.png")
        (folder / "a.pgw").write_text(f"{t.a}\n{t.d}\n{t.b}\n{t.e}\n{t.c + 0.25!r}\n{t.f - 0.25!r}\n")
        (folder / "a.prj").write_text(CRS(utm).to_wkt("WKT1_ESRI"))
        return [folder / "a.png"], {}
    if kind == "images":
        square = Footprint.square(painting.lat, painting.lon, 2 * HALF_M)
        Image.fromarray(
            np.rint(painting.square(painting.lat, painting.lon, 2 * HALF_M, 520)).astype(np.uint8)
        ).save(folder / "a.png")
        (folder / "a.csv").write_text(f'image,footprint\na.png,"{square.to_wkt()}"\n')
        return [folder / "a.csv"], {}
    finest = zoom_for(painting, 0.6)
    tiles = list(tiles_around(painting, (finest - 2, finest - 1, finest)))
    if kind == "xyz":
        return [write_folder(folder / "t", tiles)], {"tms": False}
    if kind == "tms":
        return [write_folder(folder / "t", tiles, tms=True)], {"tms": True}
    if kind == "mbtiles":
        return [write_mbtiles(folder / "a.mbtiles", tiles)], {}
    if kind == "retina":
        return [write_folder(folder / "t", tiles_around(painting, (finest - 1,), 512))], {"tms": False}
    return [write_pmtiles(folder / "a.pmtiles", tiles)], {}


KINDS = ("utm", "turned", "geographic", "mercator", "world file", "images")
KINDS += ("xyz", "tms", "mbtiles", "pmtiles", "retina")
NAMED = {"world file": "world_file", "images": "images", "mbtiles": "mbtiles", "pmtiles": "pmtiles"}
NAMED |= dict.fromkeys(("xyz", "tms", "retina"), "xyz")


@pytest.mark.parametrize("kind", KINDS)
def test_squares_show_the_ground_they_claim(kind, painting, tmp_path):
    paths, options = make(kind, painting, tmp_path)
    (source,) = open_sources(paths, **options)
    assert source.record.kind == NAMED.get(kind, "geotiff")
    for east, north, width, pixels in ((0, 0, 100, 96), (21, -27, 112, 192), (-20, 12, 150, 64)):
        lat, lon = offset(painting.lat, painting.lon, east, north)
        square, valid = source.read(_centre(lat, lon), width, pixels)
        assert valid == 1
        assert square.shape == (pixels, pixels, 3) and square.dtype == np.uint8
        error = np.abs(square - painting.square(lat, lon, width, pixels))
        # A shift of one pixel (0.5 m) changes the waves by 3 levels in the mean; blur by coarser
        # pixels costs less than one.
        assert error[..., :2].mean() < 2.0, (kind, width, pixels)
        assert error.max() < 16
    source.close()


@pytest.mark.parametrize("kind", KINDS)
def test_grids_lie_on_the_imagery_and_cover_it(kind, tmp_path):
    painting = Painting(*PLACES["vienna"])
    paths, options = make(kind, painting, tmp_path)
    (source,) = open_sources(paths, **options)
    centres = source.centres(60.0, 45.0)
    listed = list(centres)
    assert len(listed) == len(centres) == len(set(listed)) > 15
    assert centres[3:17] == listed[3:17] and centres[-1] == listed[-1] == centres[len(centres) - 1]
    assert centres[:] == listed == list(source.centres(60.0, 45.0))
    with pytest.raises(IndexError):
        centres[len(centres)]
    west, south, east, north = source.record.bounds
    squares = [Footprint.square(c.lat, c.lon, 60.1) for c in listed]
    rng = np.random.default_rng(1)
    reach = HALF_M * 0.6 if kind == "turned" else HALF_M * 0.99
    lats, lons = offset(painting.lat, painting.lon, *rng.uniform(-reach, reach, (2, 60)))
    covered = np.zeros(60, bool)
    for square in squares:
        covered |= square.contains(lats, lons)
    assert covered.all()
    assert ((lats > south) & (lats < north) & (lons > west) & (lons < east)).all()
    assert all(source.read(c, 60.0, 8)[1] > 0.02 for c in listed[:: len(listed) // 12])
    assert max(source.read(c, 60.0, 8)[1] for c in listed) == 1
    source.close()


@pytest.mark.parametrize("kind", ["utm", "world file", "images", "xyz", "mbtiles", "pmtiles"])
def test_sources_travel_to_other_processes(kind, tmp_path):
    painting = Painting(*PLACES["vienna"])
    paths, options = make(kind, painting, tmp_path)
    (source,) = open_sources(paths, licence="CC0", **options)
    there = pickle.loads(pickle.dumps(source))
    assert there.record == source.record
    centre = source.centres(100.0, 100.0)[1]
    assert there.centres(100.0, 100.0)[1] == centre
    assert np.array_equal(there.read(centre, 100.0, 64)[0], source.read(centre, 100.0, 64)[0])
    source.close()
    there.close()


def test_overlapping_rasters_are_sources_of_their_own(tmp_path):
    painting = Painting(*PLACES["vienna"])
    folder = tmp_path / "both"
    folder.mkdir()
    for name, year, pixel in (("old.tif", "2019", 0.5), ("new.tif", "2024", 0.4)):
        write_tiff(folder / name, *raster_of(painting, "EPSG:32633", pixel), "EPSG:32633")
        with rasterio.open(folder / name, "r+") as file:
            file.update_tags(GLEAM_DATE=year)
    sources = open_sources([folder])
    assert [(s.record.name, s.record.date) for s in sources] == [("new.tif", "2024"), ("old.tif", "2019")]
    squares = [s.read(_centre(painting.lat, painting.lon), 100, 100)[0].astype(int) for s in sources]
    assert np.abs(squares[0] - squares[1]).mean() < 1.5


def _centre(lat, lon):
    from gleam.atlas.sources import Centre

    return Centre(lat, lon)
