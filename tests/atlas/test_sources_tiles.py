"""Web-map tiles: rows from the north or south, levels, missing and damaged tiles, archives that lie."""

import gzip
import io
import json
import math
import sqlite3

import mercantile
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pmtiles.tile import Compression, TileType, tileid_to_zxy, zxy_to_tileid
from pmtiles.writer import Writer

from gleam.atlas.sources import Centre, open_sources
from gleam.atlas.sources.hilbert import tiles_of
from gleam.atlas.sources.tile_index import TileIndex, from_triples
from gleam.atlas.sources.tile_math import MAX_LAT, degrees_per_metre, latitude_of, mercator_share, row_of
from gleam.atlas.sources.web_tiles import WebTilesSource
from gleam.errors import AtlasError
from gleam.geo import distance_m, offset, wrap_lon

Z, X, Y = 17, 71494, 45436  # Vienna; 0.8 m per pixel
LATS = st.floats(-84.9, 84.9)
LONS = st.floats(-180, 179.999999)
ZOOMS = st.integers(0, 22)


def png(colour=(90, 120, 60), side=256, **options):
    stream = io.BytesIO()
    rng = np.random.default_rng(7)
    array = np.clip(np.array(colour) + rng.integers(-30, 30, (side, side, 3)), 0, 255).astype(np.uint8)
    Image.fromarray(array).save(stream, options.pop("format", "PNG"), **options)
    return stream.getvalue()


def block(z=Z, x=X, y=Y, across=3, down=2, data=None):
    """Return {(z, x, y): bytes} of a block of tiles, rows from the north."""
    return {(z, x + i, y + j): data or png() for i in range(across) for j in range(down)}


def folder_of(path, tiles, tms=False, suffix=".png"):
    for (z, x, y), data in tiles.items():
        file = path / f"{z}/{x}/{2**z - 1 - y if tms else y}{suffix}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return path


def mbtiles_of(path, tiles, tms=True, **metadata):
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE metadata (name text, value text)")
    database.execute("CREATE TABLE tiles (zoom_level int, tile_column int, tile_row int, tile_data blob)")
    database.executemany("INSERT INTO metadata VALUES (?, ?)", {"format": "png", **metadata}.items())
    rows = [(z, x, 2**z - 1 - y if tms else y, data) for (z, x, y), data in tiles.items()]
    database.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", rows)
    database.commit()
    database.close()
    return path


def pmtiles_of(path, tiles, metadata=None, tile_type=TileType.PNG):
    with path.open("wb") as stream:
        writer = Writer(stream)
        for number, data in sorted((zxy_to_tileid(*t), data) for t, data in tiles.items()):
            writer.write_tile(number, data)
        writer.finalize({"tile_type": tile_type, "tile_compression": Compression.NONE}, metadata or {})
    return path


def opened(*paths, **options):
    (source,) = open_sources(list(paths), **options)
    return source


class Kept:
    """An archive in memory."""

    kind, name, date, licence, origin = "xyz", "kept", None, None, None
    notes = ()

    def __init__(self, tiles):
        self.tiles = tiles
        self.index = TileIndex(from_triples(tiles), "kept")

    def get(self, z, x, y):
        return self.tiles.get((z, x, y))

    def where(self, z, x, y):
        return f"tile {z}/{x}/{y}"

    def content(self):
        return "0" * 64, 1

    def close(self):
        pass


# --- coordinates -----------------------------------------------------------------------------------


@given(LATS, LONS, ZOOMS)
def test_rows_and_latitudes_agree_with_mercantile(lat, lon, z):
    tile = mercantile.tile(lon, lat, z)
    edges = latitude_of(z, tile.y), latitude_of(z, tile.y + 1)
    assert abs(row_of(lat, z) - tile.y) <= (1 if min(abs(lat - e) for e in edges) < 1e-9 else 0)
    north, south = latitude_of(z, row_of(lat, z)), latitude_of(z, row_of(lat, z) + 1)
    assert south - 1e-9 <= lat <= north + 1e-9
    assert mercantile.bounds(tile).north == pytest.approx(latitude_of(z, tile.y), abs=1e-9)


@given(LATS, ZOOMS, st.integers(1, 512))
def test_pixels_and_latitudes_are_inverse(lat, z, side):
    pixel = float(mercator_share(lat)) * 2**z * side
    assert math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * pixel / (2**z * side))))) == pytest.approx(
        lat, abs=1e-9
    )
    # From the south the same place has the mirrored row.
    assert float(mercator_share(-lat)) == pytest.approx(1 - float(mercator_share(lat)), abs=1e-12)


@given(st.lists(st.tuples(LATS, LONS), min_size=1, max_size=20), ZOOMS)
def test_flipping_rows_twice_changes_nothing(places, z):
    tiles = {(t.z, t.x, t.y) for t in (mercantile.tile(lon, lat, z) for lat, lon in places)}
    index = TileIndex(from_triples(tiles), "a")
    flipped = TileIndex(index.flipped(), "a")
    again = TileIndex(flipped.flipped(), "a")
    assert len(index) == len(tiles)
    for _, x, y in tiles:
        assert index.has(z, x, y) and again.has(z, x, y) and flipped.has(z, x, 2**z - 1 - y)
    west, south, east, north = index.bounds(z)
    assert flipped.bounds(z) == pytest.approx((west, -north, east, -south), abs=1e-9)
    for lat, lon in places:
        assert south - 1e-9 <= lat <= north + 1e-9
        span = (east - west) % 360 or 360.0
        assert (lon - west + 1e-6) % 360 <= span + 2e-6


@given(st.lists(st.integers(0, (4**12 - 1) // 3 + 10_000_000), min_size=1, max_size=50))
def test_hilbert_numbers_are_those_of_the_library(numbers):
    found = {
        (z, int(n & 0xFFFFFFFF), int(n >> 32))
        for z, packed in tiles_of(np.array(numbers, np.int64)).items()
        for n in packed
    }
    assert found == {tileid_to_zxy(n) for n in numbers}


@given(LATS)
def test_degrees_per_metre(lat):
    along, across = degrees_per_metre(lat)
    assert distance_m(lat, 10.0, lat + 100 * along, 10.0) == pytest.approx(100, rel=1e-4)
    assert distance_m(lat, 10.0, lat, 10 + 100 * across) == pytest.approx(100, rel=1e-4)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(-84, 84),
    st.one_of(st.floats(-180, 179.99), st.floats(-1e-3, 1e-3).map(lambda d: wrap_lon(180 + d))),
    st.integers(14, 20),
    st.floats(-0.35, 0.35),
    st.floats(-0.35, 0.35),
)
def test_a_painted_place_is_found_where_it_lies(lat, lon, z, right, up):
    """A dark spot painted at a coordinate shows up in the square at the right metres from its middle."""
    side = 64
    column = (lon + 180) / 360 * 2**z * side
    row = float(mercator_share(lat)) * 2**z * side
    tiles = {}
    for tx in range(math.floor(column / side) - 1, math.floor(column / side) + 2):
        for ty in range(math.floor(row / side) - 1, math.floor(row / side) + 2):
            xs, ys = tx * side + np.arange(side) + 0.5 - column, ty * side + np.arange(side) + 0.5 - row
            spot = np.exp(-(xs[None] ** 2 + ys[:, None] ** 2) / 18)
            stream = io.BytesIO()
            Image.fromarray(np.rint(255 * (1 - np.repeat(spot[..., None], 3, 2))).astype(np.uint8)).save(
                stream, "PNG"
            )
            if 0 <= ty < 2**z:
                tiles[z, tx % 2**z, ty] = stream.getvalue()
    source = WebTilesSource("kept", lambda path, tms: Kept(tiles))
    pixel_m = source.record.pixel_m
    width = 40 * pixel_m
    centre = offset(lat, lon, -right * width, -up * width)
    square, valid = source.read(Centre(*centre), width, 40)
    assert valid == 1
    dark = 255.0 - square[..., 0]
    x = (dark.sum(0) * (np.arange(40) + 0.5)).sum() / dark.sum()
    y = (dark.sum(1) * (np.arange(40) + 0.5)).sum() / dark.sum()
    assert x == pytest.approx(20 + 40 * right, abs=0.5)
    assert y == pytest.approx(20 - 40 * up, abs=0.5)
    # The scale is that of the ground: the spot has the size of 3 pixels at this latitude.
    assert dark.sum() == pytest.approx(255 * math.tau * 9, rel=0.15)


# --- rows from the south ---------------------------------------------------------------------------


def middle_of(source):
    west, south, east, north = source.record.bounds
    return (south + north) / 2, (west + east) / 2


def test_a_folder_that_does_not_tell_its_rows_is_asked_about(tmp_path):
    folder = folder_of(tmp_path / "t", block())
    with pytest.raises(
        AtlasError, match=r"latitude 48\.\d+, longitude 16\.\d+, from the south .*latitude -48\."
    ):
        opened(folder)
    assert middle_of(opened(folder, tms=False))[0] == pytest.approx(48.2, abs=0.1)
    assert middle_of(opened(folder, tms=True))[0] == pytest.approx(-48.2, abs=0.1)


def bounds_text(tiles):
    boxes = [mercantile.bounds(x, y, z) for z, x, y in tiles]
    w, s = min(b.west for b in boxes), min(b.south for b in boxes)
    return w, s, max(b.east for b in boxes), max(b.north for b in boxes)


RESOURCE = '<TileMap><SRS>EPSG:3857</SRS><BoundingBox minx="{}" miny="{}" maxx="{}" maxy="{}"/></TileMap>'


@pytest.mark.parametrize("tms", [False, True])
@pytest.mark.parametrize("told", ["xml", "old xml", "metadata", "list", "scheme", "viewer", "minus y"])
def test_row_order_is_recognised(tmp_path, tms, told):
    tiles = block()
    folder = folder_of(tmp_path / "t", tiles, tms=tms)
    w, s, e, n = bounds_text(tiles)
    files = {
        "xml": ("tilemapresource.xml", RESOURCE.format(w, s, e, n)),
        "old xml": ("tilemapresource.xml", RESOURCE.format(s, w, n, e)),
        "metadata": ("metadata.json", json.dumps({"bounds": f"{w},{s},{e},{n}"})),
        "list": ("metadata.json", json.dumps({"bounds": [w, s, e, n], "scheme": "xyz"})),
        "scheme": ("tiles.json", json.dumps({"scheme": "tms" if tms else "xyz"})),
        "viewer": ("leaflet.html", f"L.tileLayer('./{{z}}/{{x}}/{{y}}.png', {{tms: {str(tms).lower()}}})"),
        "minus y": ("index.html", "url: '{z}/{x}/{-y}.png'" if tms else "tms: false"),
    }
    (folder / files[told][0]).write_text(files[told][1])
    lat, lon = middle_of(opened(folder))
    assert (lat, lon) == pytest.approx((48.2, 16.36), abs=0.05)
    if told == "scheme":  # what the user says decides
        assert middle_of(opened(folder, tms=not tms))[0] == pytest.approx(-48.2, abs=0.1)


def test_mbtiles_count_from_the_south_unless_their_bounds_say_otherwise(tmp_path):
    tiles = block()
    bounds = ",".join(map(str, bounds_text(tiles)))
    for name, stored_tms, metadata in (
        ("a", True, {}),
        ("b", True, {"bounds": bounds}),
        ("c", False, {"bounds": bounds}),
    ):
        source = opened(mbtiles_of(tmp_path / f"{name}.mbtiles", tiles, tms=stored_tms, **metadata))
        assert middle_of(source) == pytest.approx((48.2, 16.36), abs=0.05)
    world = "-180,-85,180,85"
    assert middle_of(opened(mbtiles_of(tmp_path / "w.mbtiles", tiles, bounds=world)))[0] > 0


def test_mbtiles_whose_rows_nothing_tells_say_so(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("GLEAM_QUIET")
    tiles = block()
    path = mbtiles_of(tmp_path / "a.mbtiles", tiles, tms=False)
    (note,) = opened(path).warnings
    assert capsys.readouterr().err.strip() == note
    assert note.startswith(f"{path} ") and "say --xyz (tms=False" in note
    assert "latitude -48.2" in note.split(";")[0] and "latitude 48.2" in note.split(";")[1]
    assert opened(path, tms=False).warnings == ()
    text = ",".join(map(str, bounds_text(tiles)))
    assert not opened(mbtiles_of(tmp_path / "b.mbtiles", tiles, bounds=text)).warnings


# --- records ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["xyz", "mbtiles", "pmtiles"])
def test_records_hold_what_the_metadata_says(tmp_path, kind):
    tiles = block() | block(Z - 1, X // 2, Y // 2, 2, 1)
    said = {
        "attribution": '<a href="https://example.org">A &amp; B</a> <script>x</script>',
        "license": "CC-BY-4.0",
        "date": "2023-06-01",
        "bounds": ",".join(map(str, bounds_text(block()))),
    }
    if kind == "xyz":
        path = folder_of(tmp_path / "t", tiles)
        (path / "metadata.json").write_text(json.dumps(said))
    elif kind == "mbtiles":
        path = mbtiles_of(tmp_path / "a.mbtiles", tiles, **said)
    else:
        path = pmtiles_of(tmp_path / "a.pmtiles", tiles, said)
    record = opened(path, licence="unused").record
    assert record.kind == kind
    assert (record.date, record.licence) == ("2023-06-01", "CC-BY-4.0")
    assert record.origin == "A & B x"
    assert record.images == 8
    assert record.pixel_m == pytest.approx(1.194 * math.cos(math.radians(48.2)), rel=0.01)
    assert record.bounds == pytest.approx(bounds_text(block()), abs=1e-9)
    assert record.size_bytes > 0 and len(record.sha256) == 64


def test_the_content_of_a_folder_decides_its_record(tmp_path):
    folder = folder_of(tmp_path / "a", block())
    same = folder_of(tmp_path / "b", block())
    before = opened(folder, tms=False).record.sha256
    assert opened(same, tms=False).record.sha256 == before
    assert opened(folder, tms=True).record.sha256 != before
    (same / f"{Z}/{X}/{Y}.png").write_bytes(png((200, 10, 10)))
    assert opened(same, tms=False).record.sha256 != before
    with pytest.raises(AtlasError, match="same content"):
        open_sources([folder, folder], tms=False)


# --- levels ----------------------------------------------------------------------------------------


def test_coarse_squares_are_read_from_coarse_levels(tmp_path):
    tiles = block(data=png((200, 40, 40))) | block(Z - 1, X // 2, Y // 2, 2, 2, png((40, 200, 40)))
    tiles |= block(Z - 3, X // 8, Y // 8, 1, 1, png((40, 40, 200)))
    source = opened(mbtiles_of(tmp_path / "a.mbtiles", tiles))
    lat, lon = middle_of(source)
    pixel = source.record.pixel_m
    for factor, channel in ((0.7, 0), (1.5, 0), (2.2, 1), (8.5, 2)):
        square, valid = source.read(Centre(lat, lon), 48 * pixel * factor, 48)
        assert valid > 0.4
        assert int(square.mean((0, 1)).argmax()) == channel, factor
    # Of a level that is not there the finer one is halved.
    square, _ = source.read(Centre(lat, lon), 32 * pixel * 4.5, 32)
    assert int(square.mean((0, 1)).argmax()) == 1


def test_missing_and_transparent_tiles_are_no_data(tmp_path):
    tiles = block(across=2, down=2)
    del tiles[Z, X + 1, Y]
    clear = Image.new("RGBA", (256, 256), (10, 20, 30, 0))
    stream = io.BytesIO()
    clear.save(stream, "PNG")
    tiles[Z, X + 1, Y + 1] = stream.getvalue()
    source = opened(folder_of(tmp_path / "t", tiles), tms=False)
    lat, lon = latitude_of(Z, Y + 1), (X + 1) / 2**Z * 360 - 180
    square, valid = source.read(Centre(lat, lon), 150, 50)
    assert valid == pytest.approx(0.5, abs=0.03)
    assert np.ptp(square[:, 27:].reshape(-1, 3), 0).max() == 0  # the mean colour
    assert np.abs(square[10, 40] - square[:, :24].reshape(-1, 3).mean(0)).max() < 3
    assert source.read(Centre(lat + 1, lon), 150, 50)[1] == 0


def test_tiles_of_several_towns_leave_nothing_between_them(tmp_path):
    tiles = block() | block(Z, X + 40_000, Y + 30, 2, 2) | block(Z, 10, 100_000, 1, 1)
    source = opened(mbtiles_of(tmp_path / "a.mbtiles", tiles))
    centres = list(source.centres(100.0, 50.0))
    side = {48: 205, -63: 138}  # metres of a tile
    assert len(centres) < sum((side[48] * 3 / 50) ** 2 * n for n in (1, 1, 1))
    shares = [source.read(c, 100.0, 8)[1] for c in centres]
    assert min(shares) > 0.3 and np.mean(shares) > 0.95
    lats = [c.lat for c in centres]
    assert lats == sorted(lats, reverse=True)


def test_tiles_over_the_antimeridian_are_one_piece(tmp_path):
    y = row_of(-16.9, 14)
    tiles = {(14, x % 2**14, y): png() for x in range(2**14 - 2, 2**14 + 2)}
    source = opened(pmtiles_of(tmp_path / "a.pmtiles", tiles))
    west, _, east, _ = source.record.bounds
    assert west > 179.9 and east < -179.9
    assert source.read(Centre(middle_of(source)[0], 180.0), 800, 64)[1] == 1
    assert source.read(Centre(middle_of(source)[0], -180.0), 800, 64)[1] == 1
    centres = list(source.centres(1000.0, 1000.0))
    assert 18 <= len(centres) <= 40
    assert all(source.read(c, 1000.0, 8)[1] > 0.9 for c in centres)


def test_the_edge_of_web_mercator(tmp_path):
    tiles = {(6, x, y): png(side=64) for x in range(64) for y in (0, 1, 63)}
    source = opened(pmtiles_of(tmp_path / "a.pmtiles", tiles))
    assert source.record.bounds == pytest.approx((-180, -MAX_LAT, 180, MAX_LAT), abs=1e-6)
    valid = source.read(Centre(MAX_LAT, 30.0), 40_000, 32)[1]
    assert valid == pytest.approx(0.5, abs=0.08)
    for lat in (89.9, 90.0, -90.0):
        assert source.read(Centre(lat, 30.0), 10_000, 16)[1] == 0
    assert len(source.centres(100_000.0, 100_000.0)) > 20


# --- what is no tile -------------------------------------------------------------------------------

PAGE = b"<!DOCTYPE html><html><body>403 Forbidden</body></html>"


@pytest.mark.parametrize("kind", ["xyz", "mbtiles", "pmtiles"])
@pytest.mark.parametrize(("bad", "words"), [(PAGE, "text .HTML"), (b"", "empty"), (png()[:400], "cut short")])
def test_bytes_that_are_no_picture_are_no_data_and_named(tmp_path, kind, bad, words):
    if kind == "pmtiles" and not bad:
        pytest.skip("PMTiles hold no empty tile")
    tiles = block(across=3, down=3)
    tiles[Z, X + 1, Y + 1] = bad
    if kind == "xyz":
        source = opened(folder_of(tmp_path / "t", tiles), tms=False)
    elif kind == "mbtiles":
        source = opened(mbtiles_of(tmp_path / "a.mbtiles", tiles), tms=True)
    else:
        source = opened(pmtiles_of(tmp_path / "a.pmtiles", tiles))
    assert source.warnings == ()
    lat, lon = latitude_of(Z, Y + 1) - 0.0008, (X + 1.5) / 2**Z * 360 - 180
    assert source.read(Centre(lat, lon), 100, 32)[1] == 0
    assert source.read(Centre(lat, lon), 500, 32)[1] == pytest.approx(8 / 9, abs=0.12)
    (warning,) = source.warnings
    place = f"{Z}/{X + 1}/{Y + 1}" if kind != "mbtiles" else f"{Z}/{X + 1}/{2**Z - 2 - Y}"
    assert place in warning and "counts as no data" in warning
    import re

    assert re.search(words, warning)


def test_archives_without_any_picture_are_refused(tmp_path):
    tiles = block(data=PAGE)
    with pytest.raises(AtlasError, match=r"None of the tiles .*HTML"):
        opened(folder_of(tmp_path / "t", tiles), tms=False)
    with pytest.raises(AtlasError, match="vector tiles"):
        opened(mbtiles_of(tmp_path / "v.mbtiles", tiles, format="pbf"))
    with pytest.raises(AtlasError, match="MVT, not pictures"):
        opened(pmtiles_of(tmp_path / "v.pmtiles", tiles, tile_type=TileType.MVT))
    with pytest.raises(AtlasError, match="square"):
        stream = io.BytesIO()
        Image.new("RGB", (256, 128)).save(stream, "PNG")
        opened(folder_of(tmp_path / "s", block(data=stream.getvalue())), tms=False)
    (tmp_path / "e" / "3" / "1").mkdir(parents=True)
    with pytest.raises(AtlasError, match=r"holds no GeoTIFF .* no web-map tiles"):
        opened(tmp_path / "e")


def test_a_tile_that_is_a_bomb_is_not_decoded(tmp_path):
    stream = io.BytesIO()
    Image.new("L", (9000, 9000)).save(stream, "PNG", compress_level=1)
    tiles = block()
    tiles[Z, X + 1, Y] = stream.getvalue()
    source = opened(folder_of(tmp_path / "t", tiles), tms=False)
    source.read(Centre(*middle_of(source)), 600, 32)
    assert "exceed the limit" in source.warnings[0]


def test_many_bad_tiles_are_counted(tmp_path):
    tiles = block(across=8, down=8)
    for i in range(9):
        tiles[Z, X + 1 + i % 6, Y + 1 + i // 6] = PAGE
    source = opened(folder_of(tmp_path / "t", tiles), tms=False)
    source.read(Centre(*middle_of(source)), 1600, 64)
    assert len(source.warnings) == 6 and source.warnings[-1].startswith("4 more tiles")


def test_tiles_outside_the_world_are_told(tmp_path):
    for number, tile in enumerate([(3, 8, 0), (3, 0, 8), (29, 1, 1)]):
        with pytest.raises(AtlasError, match=r"run from 0 to"):
            opened(mbtiles_of(tmp_path / f"{number}.mbtiles", {tile: png()}, tms=False), tms=False)
    with pytest.raises(AtlasError, match="outside the world"):
        opened(mbtiles_of(tmp_path / "n.mbtiles", {(3, -1, 2): png()}))
    with pytest.raises(AtlasError, match="holds no tile"):
        opened(mbtiles_of(tmp_path / "o.mbtiles", {}))


def test_files_that_are_no_archive(tmp_path):
    good = pmtiles_of(tmp_path / "good.pmtiles", block()).read_bytes()
    database = mbtiles_of(tmp_path / "good.mbtiles", block()).read_bytes()
    sqlite3.connect(tmp_path / "bare.mbtiles").execute("CREATE TABLE a (b)").connection.commit()
    for name, content, words in [
        ("a.mbtiles", PAGE, "no MBTiles"),
        ("b.mbtiles", database[:3000], "no sound MBTiles"),
        ("bare.mbtiles", None, "no sound MBTiles.*metadata"),
        ("a.pmtiles", PAGE, "no PMTiles"),
        ("b.pmtiles", b"", "empty"),
        ("c.pmtiles", good[:7] + b"\x02" + good[8:], "version 3"),
        ("d.pmtiles", good[:140], "damaged"),
        ("e.pmtiles", good[:127] + b"\0" * 40 + good[167:], "damaged"),
        ("f.pmtiles", good[:97] + b"\x04" + good[98:], "ZSTD"),
    ]:
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(AtlasError, match=words):
            opened(tmp_path / name)


def test_a_directory_that_unpacks_without_end_is_refused(tmp_path):
    good = bytearray(pmtiles_of(tmp_path / "good.pmtiles", block()).read_bytes())
    bomb = gzip.compress(b"\0" * (80 * 2**20))
    good[8:24] = len(good).to_bytes(8, "little") + len(bomb).to_bytes(8, "little")
    (tmp_path / "bomb.pmtiles").write_bytes(bytes(good) + bomb)
    with pytest.raises(AtlasError, match="unpacks to more than"):
        opened(tmp_path / "bomb.pmtiles")


def test_large_pmtiles_with_leaf_directories(tmp_path):
    """More tiles than a root directory holds, repeated ones in runs."""
    rng, picture = np.random.default_rng(0), png((20, 90, 40), 64)
    tiles = {}
    for i in range(120):
        for j in range(120):
            # What follows the end of a PNG is ignored, so that these are 3000 different tiles.
            kind = int(rng.integers(3000)) if (i + j) % 5 else 0
            tiles[13, 4000 + i, 2900 + j] = picture + kind.to_bytes(2, "big")
    source = opened(pmtiles_of(tmp_path / "a.pmtiles", tiles))
    assert source._archive._header["leaf_directory_length"] > 0
    assert source.record.images == 120 * 120
    for i, j in ((0, 0), (119, 119), (57, 30)):
        assert source._archive.get(13, 4000 + i, 2900 + j) == tiles[13, 4000 + i, 2900 + j]
    assert source._archive.get(13, 1, 1) is None
    source.close()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_pmtiles_never_do_worse_than_a_sentence(tmp_path_factory, data):
    global _GOOD
    folder = tmp_path_factory.getbasetemp()
    if _GOOD is None:
        _GOOD = pmtiles_of(folder / "fuzz.pmtiles", block(data=png(side=64))).read_bytes()
    content = bytearray(_GOOD)
    for at in data.draw(st.lists(st.integers(0, 400), min_size=1, max_size=6)):
        content[at] = data.draw(st.integers(0, 255))
    (folder / "fuzzed.pmtiles").write_bytes(content)
    try:
        source = opened(folder / "fuzzed.pmtiles")
        source.read(Centre(*middle_of(source)), 100, 8)
        source.close()
    except AtlasError as error:
        assert "fuzzed.pmtiles" in str(error)


_GOOD = None


def test_a_closed_source_gives_its_memory_back(tmp_path):
    from gleam.imagery.raster_chunks import POOL

    before = POOL.used_bytes
    source = opened(folder_of(tmp_path / "t", block()), tms=False)
    source.read(Centre(*middle_of(source)), 400, 64)
    assert POOL.used_bytes > before
    source.close()
    assert POOL.used_bytes == before


def test_neighbouring_squares_decode_a_tile_once(tmp_path):
    tiles = block()
    asked = []

    class Counting(Kept):
        def get(self, z, x, y):
            asked.append((z, x, y))
            return super().get(z, x, y)

    source = WebTilesSource("kept", lambda path, tms: Counting(tiles))
    asked.clear()
    for centre in source.centres(100.0, 25.0):
        source.read(centre, 100.0, 64)
    assert sorted(asked) == sorted(tiles)
