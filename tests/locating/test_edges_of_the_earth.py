"""Atlases across the antimeridian and near the pole: position, region and files are right there too."""

import json

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from gleam.atlas import Atlas
from gleam.geo import Box, Circle, distance_m, offset, wrap_lon
from gleam.locating import Answer, Locator, Status
from gleam.locating.exporters import write_answers
from gleam.locating.exporters.geojson import to_geojson
from gleam.locating.region import ring_contains

SPOTS = {"antimeridian": (-17.0, 180.0), "pole": (89.0, 30.0)}
SIZE_M = 640


@pytest.fixture(scope="module", params=SPOTS, ids=list(SPOTS))
def edge(request, landscape, pixel_encoder_class, tmp_path_factory):
    """The landscape laid around a spot, north up there, one metre per pixel."""
    lat, lon = SPOTS[request.param]
    folder = tmp_path_factory.mktemp("edge")
    with rasterio.open(
        folder / "area.tif",
        "w",
        driver="GTiff",
        width=SIZE_M,
        height=SIZE_M,
        count=3,
        dtype="uint8",
        crs=f"+proj=aeqd +lat_0={lat} +lon_0={lon} +datum=WGS84 +units=m",
        transform=from_origin(-SIZE_M / 2, SIZE_M / 2, 1, 1),
    ) as raster:
        raster.write(landscape.pixels.transpose(2, 0, 1))
    atlas = Atlas.build(folder / "area.tif", pixel_encoder_class(), folder / "atlas", stride_m=32.0)
    return (lat, lon), atlas


def truth_of(spot, x, y):
    lat, lon = offset(*spot, x - SIZE_M / 2, SIZE_M / 2 - y)
    return float(lat), float(wrap_lon(lon))


# Left, right and on the middle line, which is the antimeridian where there is one.
@pytest.mark.parametrize("at", [(479, 311), (322, 330)])
def test_a_photo_is_found_there(encoder, edge, landscape, map_pose, at, tmp_path):
    spot, atlas = edge
    truth = truth_of(spot, *at)
    answer = Locator(encoder, atlas).locate(landscape.cut(*at), "map", pose=map_pose)
    assert distance_m(*truth, answer.lat, answer.lon) < 5
    assert answer.status in (Status.LOCATED, Status.AMBIGUOUS)
    assert ring_contains(answer.region95, *truth)
    assert all(-180 <= lon <= 180 and -90 <= lat <= 90 for lat, lon in answer.region95)
    assert Answer.from_json(json.loads(json.dumps(answer.to_json()))) == answer

    area = next(
        f["geometry"] for f in to_geojson([answer])["features"] if f["properties"]["role"] == "region95"
    )
    shape = shapely.geometry.shape(area)
    assert shape.is_valid
    assert shape.bounds[2] - shape.bounds[0] < 1 or area["type"] == "MultiPolygon"
    assert shape.buffer(1e-7).contains(shapely.Point(wrap_lon(truth[1]), truth[0]))
    lons = [lon for _, lon in answer.region95]
    crosses = max(lons) - min(lons) > 180
    assert (area["type"] == "MultiPolygon") is crosses  # RFC 7946, 3.1.9
    if crosses:
        assert {-180.0, 180.0} <= set(np.round(shapely.get_coordinates(shape)[:, 0], 7))
    write_answers(tmp_path / "a.kml", [answer])
    write_answers(tmp_path / "a.geojson", [answer])
    assert len(pyogrio.raw.read(tmp_path / "a.geojson")[2])
    assert len(pyogrio.raw.read(tmp_path / "a.kml", layer="Regions 95 %")[2]) == 1


def test_priors_work_there(encoder, edge, landscape, map_pose):
    spot, atlas = edge
    truth = truth_of(spot, 322, 330)
    south, west = truth_of(spot, 222, 430)
    north, east = truth_of(spot, 422, 230)
    box = Box(min(south, north), west, max(south, north), east)
    for prior in (Circle(*truth, 100.0), box):
        answer = Locator(encoder, atlas).locate(
            landscape.cut(322, 330), "map", pose=map_pose, near=prior, k=3
        )
        assert distance_m(*truth, answer.lat, answer.lon) < 5
        assert 0 < answer.searched.tiles < len(atlas)
        tiles = [atlas.tile(c.tile) for c in answer.candidates]
        assert all(prior.contains(t.lat, t.lon) for t in tiles)


def test_the_region_is_true_to_the_compass(encoder, edge, landscape, map_pose, tmp_path):
    """Stripes from north to south hold a photo from east to west alone, so it is loose along them."""
    _, atlas = edge
    stripes = np.random.default_rng(2).integers(0, 255, SIZE_M // 10)[np.arange(SIZE_M) // 10]
    ground = (0.9 * stripes[None, :, None] + 0.1 * landscape.pixels).astype(np.uint8)
    with rasterio.open(atlas.path.parent / "area.tif") as plain:
        profile = plain.profile
    with rasterio.open(tmp_path / "area.tif", "w", **profile) as raster:
        raster.write(ground.transpose(2, 0, 1))
    striped = Atlas.build(tmp_path / "area.tif", encoder, tmp_path / "atlas", stride_m=32.0)
    answer = Locator(encoder, striped).locate(ground[256:384, 256:384], "map", pose=map_pose)
    east, _, north = answer.covariance_m2
    assert north > 2 * east
