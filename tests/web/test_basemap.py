"""The map's tiles: right place, right size, from thumbnails and from the imagery itself."""

import io

import mercantile
import numpy as np
import pytest
from PIL import Image
from tests.web.http import get

from gleam.imagery.raster import GeoRaster
from gleam.web.basemap import Basemap, touches
from gleam.web.imagery import GivenImagery

ZOOM = 17


@pytest.fixture(scope="module")
def raster(city_atlas):
    return sorted((city_atlas.folder / "rasters").glob("*.tif"))[-1]


@pytest.fixture(scope="module")
def inner(server):
    """A tile wholly inside the atlas."""
    west, south, east, north = server.service.atlas.bounds
    return mercantile.tile((west + east) / 2, (south + north) / 2, ZOOM)


def reference(path, tile):
    """Cut the tile from the raster pixel by pixel, each at its own place on the map."""
    bounds = mercantile.bounds(tile)
    out = np.zeros((16, 16, 3))
    with GeoRaster.open(path) as raster:
        for i in range(16):
            for j in range(16):
                at = mercantile.ul(tile.x * 16 + j, tile.y * 16 + i, tile.z + 4)
                to = mercantile.ul(tile.x * 16 + j + 1, tile.y * 16 + i + 1, tile.z + 4)
                width = abs(to.lat - at.lat) * 111_300
                square, _ = raster.read_square((at.lat + to.lat) / 2, (at.lng + to.lng) / 2, width, 8)
                out[i, j] = square.mean((0, 1))
    assert bounds.north > bounds.south
    return out


def coarse(png):
    image = np.asarray(Image.open(io.BytesIO(png)))
    assert image.shape == (256, 256, 4) and image[..., 3].all()
    return image[..., :3].reshape(16, 16, 16, 16, 3).mean((1, 3))


def test_thumbnails_and_imagery_lie_where_the_raster_lies(server, inner, raster):
    truth = reference(raster, inner)
    atlas = server.service.atlas
    imagery = GivenImagery(atlas, [raster])
    for drawn in (
        Basemap(atlas).tile(inner.z, inner.x, inner.y),
        imagery.draw(inner.z, inner.x, inner.y, 256),
    ):
        if isinstance(drawn, np.ndarray):
            buffer = io.BytesIO()
            Image.fromarray(drawn).save(buffer, "PNG")
            drawn = buffer.getvalue()
        own = coarse(drawn)
        right = np.abs(own - truth).mean()
        moved = min(np.abs(np.roll(own, step, axis) - truth).mean() for step in (-1, 1) for axis in (0, 1))
        assert right < 8 and right < 0.5 * moved, (right, moved)
    imagery.close()


def test_tiles_over_http(server, inner):
    tile = get(f"{server.url}/v1/basemap/{inner.z}/{inner.x}/{inner.y}.png")
    assert (tile.status_code, tile.headers["content-type"]) == (200, "image/png")
    far = get(f"{server.url}/v1/basemap/10/5/5.png")
    assert (far.status_code, far.content) == (204, b"")
    assert get(f"{server.url}/v1/basemap/3/9/1.png").status_code == 404
    assert get(f"{server.url}/v1/basemap/-1/0/0.png").status_code == 422
    assert get(f"{server.url}/v1/basemap/99/0/0.png").status_code == 422


def test_the_whole_atlas_is_drawn_at_its_lowest_zoom(server):
    atlas, body = server.service.atlas, get(f"{server.url}/v1/atlas").json()
    lowest, highest = body["basemap"]["minzoom"], body["basemap"]["maxzoom"]
    assert lowest < ZOOM <= highest
    west, south, east, north = atlas.bounds
    drawn = 0
    for tile in mercantile.tiles(west, south, east, north, [lowest]):
        png = server.service.basemap.tile(tile.z, tile.x, tile.y)
        drawn += 0 if png is None else int((np.asarray(Image.open(io.BytesIO(png)))[..., 3] > 0).sum())
    span = (mercantile.xy(east, north)[0] - mercantile.xy(west, south)[0]) ** 2
    pixels = span / (2 * 20037508.34 / 2**lowest / 256) ** 2
    assert drawn == pytest.approx(pixels, rel=0.25)


def test_imagery_of_another_atlas_is_refused(server, tmp_path, raster):
    from gleam.errors import GleamError

    other = tmp_path / "other.tif"
    with Image.open(raster) as image:
        assert image.width
    data = bytearray(raster.read_bytes())
    data[-1] ^= 1
    other.write_bytes(data)
    with pytest.raises(GleamError, match="was not cut from"):
        GivenImagery(server.service.atlas, [other])


def test_a_tile_touches_bounds_across_the_antimeridian():
    assert touches((179.0, -1.0, -179.0, 1.0), 3, 7, 3)
    assert touches((179.0, -1.0, -179.0, 1.0), 3, 0, 4)
    assert not touches((179.0, -1.0, -179.0, 1.0), 3, 4, 4)
