"""The finished city folder: layout, tables, bytes, positions."""

import json
from pathlib import Path

import mercantile
import numpy as np
import pyarrow.parquet as pq
import pytest
import rasterio
from PIL import Image
from pyproj import Transformer
from rasterio.transform import rowcol

from gleam.city.make import make_city
from gleam.geo import Footprint, Frame, distance_m
from gleam.imagery.exif import read_metadata
from gleam.places.table import Places
from gleam.views import View


@pytest.fixture(scope="module")
def described(small_city: Path) -> dict:
    return json.loads((small_city / "city.json").read_text())


@pytest.fixture(scope="module")
def frame(described: dict) -> Frame:
    return Frame(described["epsg"], described["origin"]["east_m"], described["origin"]["north_m"])


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def test_the_layout_is_as_promised_and_nothing_else_is_left(small_city, described):
    files = set(files_of(small_city))
    images = {f"images/{view.value}/p{n:05d}.jpg" for view in View for n in range(6)}
    tiles = {f for f in files if f.startswith("tiles/") and f.endswith(".png")}
    rasters = {raster["path"] for raster in described["rasters"]}
    about_tiles = {f"tiles/{kind}/tiles.json" for kind in ("satellite", "map")}
    tables = {"places.parquet", "facts.parquet", "city.json"}
    assert files == images | tiles | rasters | about_tiles | tables
    assert len(rasters) == 2 and all(path.startswith("rasters/satellite_2") for path in rasters)
    assert len(tiles) == described["tiles"]["satellite"] + described["tiles"]["map"]
    zooms = {f"{kind}/{zoom}" for kind in ("satellite", "map") for zoom in described["tiles"]["zooms"]}
    assert {"/".join(t.split("/")[1:3]) for t in tiles} == zooms
    assert not list(small_city.parent.glob("*.partial"))


def test_pictures_have_the_promised_sizes(small_city):
    for row in Places.read(small_city):
        width = 64 if row.view is View.PANORAMA else 32
        assert Image.open(small_city / row.path).size == (width, 32)


def test_the_table_names_every_picture_with_position_pose_and_footprint(small_city, frame, described):
    table = Places.read(small_city)
    assert len(table) == 30 and table.view_counts() == {view.value: 6 for view in View}
    width, height = described["size_m"]["width"], described["size_m"]["height"]
    for row in table:
        x, y = frame.to_local(row.lat, row.lon)
        assert 0 < x < width and 0 < y < height
        assert row.source and row.licence and (row.taken is None) == (row.view is View.MAP)
        assert row.heading_deg is not None
        if row.view in (View.SATELLITE, View.MAP):
            footprint = Footprint.from_wkt(row.footprint)
            assert footprint.width_m == pytest.approx(row.ground_width_m, rel=1e-3)
            assert distance_m(*footprint.centre, row.lat, row.lon) < 0.01
        else:
            assert row.footprint is None and row.height_m > 1 and row.fov_deg >= 55
    for place in table.place_ids:  # all pictures of a place show one spot
        rows = list(table.select(places=[place]))
        assert {row.view for row in rows} == set(View)
        spread = [distance_m(rows[3].lat, rows[3].lon, row.lat, row.lon) for row in rows]
        assert max(spread) < 25


def test_the_drone_looks_at_the_point_that_the_table_gives(small_city, frame):
    for row in Places.read(small_city).select(view="drone"):
        x, y = frame.to_local(row.lat, row.lon)
        cx, cy = frame.to_local(row.camera_lat, row.camera_lon)
        reach = row.height_m / np.tan(np.radians(-row.pitch_deg))
        heading = np.radians(row.heading_deg)
        assert (x - cx, y - cy) == pytest.approx((reach * np.sin(heading), reach * np.cos(heading)), abs=0.01)


def test_only_drone_photos_tell_where_they_were_taken(small_city):
    for row in Places.read(small_city):
        told = read_metadata(small_city / row.path)
        assert told.warnings == ()
        if row.view is View.DRONE:
            assert distance_m(*told.position, row.camera_lat, row.camera_lon) < 0.001
            assert told.altitude == pytest.approx(row.height_m, abs=0.001)
            assert told.pose.pitch_deg == pytest.approx(row.pitch_deg, abs=1e-4)
        else:
            assert told.position is None and told.altitude is None
        if row.view in (View.DRONE, View.PANORAMA, View.GROUND):
            assert told.pose.heading_deg == pytest.approx(row.heading_deg, abs=1e-4)
            assert told.taken.date().isoformat() == row.taken
        if row.view is View.GROUND:
            assert told.pose.fov_deg == pytest.approx(row.fov_deg, abs=1e-4)


def test_facts_have_one_row_per_place_and_fixed_types(small_city):
    facts = pq.read_table(small_city / "facts.parquet")
    assert facts.column("place").to_pylist() == [f"p{n:05d}" for n in range(6)]
    assert facts.schema.field("junction_distance_m").type == "double"
    assert facts.schema.field("bridge_distance_m").type == "double"  # even where there is no bridge
    assert facts.schema.field("buildings_count").type == "int64"
    for text, count in zip(
        facts.column("facts").to_pylist(), facts.column("buildings_count").to_pylist(), strict=True
    ):
        assert json.loads(text)["buildings"]["count"] == count


def test_rasters_are_tiled_dated_and_in_the_citys_own_projection(small_city, described):
    dates = []
    for raster in described["rasters"]:
        with rasterio.open(small_city / raster["path"]) as file:
            assert file.crs.to_epsg() == described["epsg"] and file.res == (1.0, 1.0)
            assert file.profile["blockxsize"] == file.profile["blockysize"] == 256
            assert file.overviews(1) and file.count == 3
            assert (file.bounds.left, file.bounds.bottom) == pytest.approx(
                (described["origin"]["east_m"], described["origin"]["north_m"])
            )
            assert file.tags()["GLEAM_DATE"] == raster["date"] and file.tags()["GLEAM_LICENCE"]
            assert "GLEAM_SOURCE" in file.tags()
            dates.append(raster["date"])
            assert file.read().std() > 10
    assert dates[0] < dates[1]


def edges_of(picture: np.ndarray) -> np.ndarray:
    """Edge strength, normalised: what two dates of one spot have in common."""
    grey = picture.astype(float).mean(-1)
    strength = np.hypot(*np.gradient(grey))
    return (strength - strength.mean()) / (strength.std() + 1e-9)


def test_a_place_shows_what_the_mosaic_shows_at_its_position(small_city, described):
    own, other = [], []
    with rasterio.open(small_city / described["rasters"][1]["path"]) as file:
        to_utm = Transformer.from_crs(4326, file.crs, always_xy=True)
        whole = np.moveaxis(file.read(), 0, 2)
        crops, pictures = [], []
        for row in Places.read(small_city).select(view="satellite"):
            east, north = to_utm.transform(row.lon, row.lat)
            r, c = file.index(east, north)
            crops.append(
                edges_of(whole[r - 64 : r + 64, c - 64 : c + 64].reshape(32, 4, 32, 4, 3).mean((1, 3)))
            )
            pictures.append(edges_of(np.asarray(Image.open(small_city / row.path))))
    for i, picture in enumerate(pictures):
        scores = [float((picture * crop).mean()) for crop in crops]
        own.append(scores[i])
        other += scores[:i] + scores[i + 1 :]
    assert np.mean(own) > 0.25 and np.mean(own) > np.mean(other) + 0.2


def test_the_tiles_tell_how_to_read_them(small_city, described):
    """An atlas takes the folder as it is: order of rows, date and terms stand beside the tiles."""
    from gleam.atlas.sources import open_sources

    (source,) = open_sources([small_city / "tiles" / "satellite"])
    record = source.record
    assert (record.kind, record.licence, record.date) == ("xyz", "CC0-1.0", described["rasters"][1]["date"])
    west, south, east, north = record.bounds
    centre = described["centre"]
    assert west < centre["lon"] < east and south < centre["lat"] < north
    centres = source.centres(112.0, 112.0)
    square, valid = source.read(centres[len(centres) // 2], 112.0, 64)
    assert valid > 0.9 and square.std() > 5
    source.close()


@pytest.mark.parametrize("kind", ["satellite", "map"])
def test_a_tile_shows_the_ground_at_its_own_latitude_and_longitude(small_city, described, kind, request):
    """Pixels of the finest tiles against the mosaic, or a map drawn straight from the scene."""
    zoom = described["tiles"]["zooms"][-1]
    with rasterio.open(small_city / described["rasters"][1]["path"]) as file:
        transform, crs, size = file.transform, file.crs, file.shape
        whole = np.moveaxis(file.read(), 0, 2)
    if kind == "map":
        from gleam.city.cartography import draw_map
        from gleam.city.plan import make_scene

        scene = make_scene(described["recipe"]["seed"], 600.0)
        whole = draw_map(scene, 0.0, 0.0, 600.0, 600.0, 600, "daylight", False)
    to_utm = Transformer.from_crs(3857, crs, always_xy=True)
    here, there = [], []
    for path in (small_city / "tiles" / kind / str(zoom)).glob("*/*.png"):
        tile = mercantile.Tile(int(path.parent.name), int(path.stem), zoom)
        bounds = mercantile.xy_bounds(tile)
        pixels = np.asarray(Image.open(path).convert("RGBA")).astype(float)
        rows, columns = np.mgrid[4:256:9, 4:256:9]
        x = bounds.left + (columns + 0.5) / 256 * (bounds.right - bounds.left)
        y = bounds.top - (rows + 0.5) / 256 * (bounds.top - bounds.bottom)
        east, north = to_utm.transform(x, y)
        r, c = np.reshape(rowcol(transform, east.ravel(), north.ravel()), (2, *east.shape)).astype(int)
        inside = (c > 8) & (r > 8) & (c < size[1] - 9) & (r < size[0] - 9)
        assert (pixels[rows, columns, 3] == 255)[inside].all()
        beyond = (c < -2) | (r < -2) | (c > size[1] + 1) | (r > size[0] + 1)
        assert (pixels[rows, columns, 3] == 0)[beyond].all()
        shown = pixels[rows, columns, :3][inside].mean(-1)
        here.append(np.abs(shown - whole[r[inside], c[inside]].mean(-1)))
        there.append(np.abs(shown - whole[r[inside] - 6, c[inside] + 6].mean(-1)))
    here, there = np.concatenate(here).mean(), np.concatenate(there).mean()
    assert here < 0.45 * there


def test_coarse_tiles_are_the_mean_of_fine_ones(small_city, described):
    fine, coarse = described["tiles"]["zooms"][-1], described["tiles"]["zooms"][-2]
    path = next((small_city / "tiles/satellite" / str(coarse)).glob("*/*.png"))
    tile = mercantile.Tile(int(path.parent.name), int(path.stem), coarse)
    expected = np.zeros((512, 512, 4))
    for child in mercantile.children(tile):
        file = small_city / f"tiles/satellite/{fine}/{child.x}/{child.y}.png"
        if file.is_file():
            row, column = (child.y % 2) * 256, (child.x % 2) * 256
            expected[row : row + 256, column : column + 256] = np.asarray(Image.open(file).convert("RGBA"))
    opaque = expected[..., 3].reshape(256, 2, 256, 2).min((1, 3)) == 255
    shown = np.asarray(Image.open(path).convert("RGBA")).astype(float)
    means = expected.reshape(256, 2, 256, 2, 4).mean((1, 3))
    assert opaque.any() and np.abs(shown - means)[opaque].max() <= 0.51


def test_workers_change_no_byte_and_the_same_seed_gives_the_same_bytes(small_city, small_recipe, tmp_path):
    make_city(tmp_path / "again", workers=1, rasters=False, tiles=False, **small_recipe)
    first, again = files_of(small_city), files_of(tmp_path / "again")
    for name in [f for f in first if f.startswith("images/")] + ["places.parquet", "facts.parquet"]:
        assert first[name] == again[name], name
    assert set(again) == {n for n in first if n.startswith("images/")} | {
        "places.parquet",
        "facts.parquet",
        "city.json",
    }


def test_the_same_call_again_does_nothing(small_city, small_recipe):
    before = {p: p.stat().st_mtime_ns for p in small_city.rglob("*")}
    summary = make_city(small_city, workers=2, **small_recipe)
    assert summary["already_made"] is True and summary["counts"]["images"] == 30
    assert before == {p: p.stat().st_mtime_ns for p in small_city.rglob("*")}


def test_the_summary_tells_how_to_remake_the_city(small_city, described):
    assert "--seed 11 --size 0.6 --places 6 --pixels 32" in described["remake"]
    assert described["splits"] == {} and described["strips"][0]["split"] is None
