"""Both kinds of extract, what they tell alike, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import osmium
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from osmium.osm import mutable
from tests.streetmaps.extracts import extract_of, write_geojson, write_pbf

from gleam.city.plan.city import make_scene
from gleam.errors import GleamError
from gleam.geo import offset
from gleam.streetmaps.drawing import Tile, draw_tile, style_named
from gleam.streetmaps.extract import read_extract
from gleam.streetmaps.read_geojson import _tags

LAT, LON = 52.5, 13.4
EVERYWHERE = (-180.0, -90.0, 180.0, 90.0)


def at(east, north):
    return offset(LAT, LON, float(east), float(north))[::-1]


def ring(half, x=0.0, y=0.0):
    return [at(x - half, y - half), at(x + half, y - half), at(x + half, y + half), at(x - half, y + half)]


@pytest.fixture
def extract():
    courtyard = shapely.Polygon(ring(30, -40, 40), [ring(10, -40, 40)])
    lakes = shapely.MultiPolygon([shapely.Polygon(ring(12, 30, 30)), shapely.Polygon(ring(9, 60, 30))])
    return [
        (
            {"highway": "secondary", "name": "High Street"},
            shapely.LineString([at(-90, -50), at(0, -10), at(90, -50)]),
        ),
        ({"railway": "rail"}, shapely.LineString([at(-90, -90), at(90, 90)])),
        ({"waterway": "stream"}, shapely.LineString([at(0, -90), at(20, 90)])),
        ({"building": "yes"}, courtyard),
        ({"natural": "water"}, lakes),
        ({"leisure": "park"}, shapely.Polygon(ring(25, 40, -60))),
        ({"highway": "residential"}, shapely.LineString([*ring(15, -60, -60), ring(15, -60, -60)[0]])),
        ({"barrier": "fence"}, shapely.LineString([at(0, 0), at(10, 10)])),
    ]


def picture(features, width_m=180.0, lat=LAT, lon=LON):
    return draw_tile(features, Tile(lat, lon, width_m, 180), style_named("survey"))[0].astype(int)


def test_both_kinds_draw_alike(extract, tmp_path):
    pbf = read_extract(write_pbf(extract, tmp_path / "a.osm.pbf"), EVERYWHERE)
    geojson = read_extract(write_geojson(extract, tmp_path / "a.geojson"), EVERYWHERE)
    assert len(pbf) == len(geojson) == 7
    assert sorted(f.name for f in pbf.drawn) == sorted(f.name for f in geojson.drawn)
    one, other = picture(pbf), picture(geojson)
    assert len(np.unique(one.reshape(-1, 3), axis=0)) > 10
    # An .osm.pbf keeps seven digits of a degree, a centimetre.
    assert (np.abs(one - other).max(axis=2) > 24).mean() < 1e-3


def test_a_whole_city_reads_alike(tmp_path):
    scene = make_scene(4, 500.0)
    extract = extract_of(scene)
    pbf = read_extract(write_pbf(extract, tmp_path / "a.osm.pbf"), EVERYWHERE)
    geojson = read_extract(write_geojson(extract, tmp_path / "a.geojson"), EVERYWHERE)
    lat, lon = scene.frame.to_wgs84(250.0, 250.0)
    one, other = picture(pbf, 160.0, lat, lon), picture(geojson, 160.0, lat, lon)
    assert (np.abs(one - other).max(axis=2) > 24).mean() < 5e-3


@pytest.mark.parametrize(
    "properties",
    [
        {"tags": {"highway": "primary", "name": "A"}},
        {
            "osm_id": "7",
            "highway": "primary",
            "name": "A",
            "other_tags": '"lanes"=>"2","note"=>"say \\"no\\""',
        },
        {"other_tags": '"highway"=>"primary","name"=>"A"'},
        {"highway": "primary", "name": "A", "width": None},
    ],
)
def test_tags_are_found_where_tools_put_them(tmp_path, properties):
    entry = {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "LineString", "coordinates": [at(0, 0), at(50, 0)]},
    }
    file = tmp_path / "a.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [entry]}))
    (feature,) = read_extract(file, EVERYWHERE).drawn
    assert (feature.name, feature.look.road) == ("A", True)


@given(st.dictionaries(st.text(min_size=1, max_size=9), st.text(max_size=9), max_size=5))
def test_any_tags_survive_the_text_of_gdal(tags):
    def quoted(text):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'

    text = ",".join(f"{quoted(key)}=>{quoted(value)}" for key, value in tags.items())
    assert _tags({"other_tags": text}) == tags


def test_only_what_meets_the_ground_is_kept(extract, tmp_path):
    far = [({"highway": "primary"}, shapely.LineString([at(9000, 0), at(9500, 0)]))]
    file = write_geojson(extract + far, tmp_path / "a.geojson")
    assert len(read_extract(file, EVERYWHERE)) == 8
    assert len(read_extract(file, (LON - 0.01, LAT - 0.01, LON + 0.01, LAT + 0.01))) == 7
    pbf = write_pbf(far, tmp_path / "far.osm.pbf")
    with pytest.raises(GleamError, match="is it an extract of another area"):
        read_extract(pbf, (LON - 0.01, LAT - 0.01, LON + 0.01, LAT + 0.01))


def test_ways_without_all_their_points_are_counted(tmp_path):
    file = tmp_path / "cut.osm.pbf"
    with osmium.SimpleWriter(str(file)) as writer:
        for number, place in enumerate((at(0, 0), at(40, 0)), 1):
            writer.add_node(mutable.Node(id=number, location=place))
        writer.add_way(mutable.Way(id=1, nodes=[1, 2], tags={"highway": "primary"}))
        writer.add_way(mutable.Way(id=2, nodes=[1, 99], tags={"highway": "primary"}))
    features = read_extract(file, EVERYWHERE)
    assert (len(features), features.skipped) == (1, 1)


def test_shapes_that_cannot_be_used_are_counted(tmp_path):
    def feature(kind, coordinates, **tags):
        return {"type": "Feature", "properties": tags, "geometry": {"type": kind, "coordinates": coordinates}}

    bow = [[at(0, 0), at(40, 40), at(40, 0), at(0, 40), at(0, 0)]]
    entries = [
        feature("Polygon", bow, building="yes"),
        feature("LineString", [at(0, 0)], highway="primary"),
        feature("Polygon", "nonsense", building="yes"),
        {"type": "Feature", "properties": None, "geometry": None},
    ]
    file = tmp_path / "a.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": entries}))
    features = read_extract(file, EVERYWHERE)
    assert (len(features), features.skipped) == (1, 2)
    assert features.drawn[0].shape.is_valid


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.shp", b"x", r"no known kind; give one of \.osm\.pbf"),
        ("a.osm.pbf", b"this is not a pbf file at all", "cannot be read as an OpenStreetMap file"),
        ("a.osm", b"<osm", "cannot be read as an OpenStreetMap file"),
        ("a.geojson", b"{", "is not JSON"),
        ("a.geojson", b"[" * 200_000, "nested too deeply|not JSON"),
        ("a.geojson", b"[]", "no GeoJSON FeatureCollection"),
        ("a.geojson", b'{"features": [3]}', "feature 0 is not a GeoJSON feature"),
        (
            "a.geojson",
            b'{"features": [], "crs": {"properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}}',
            "WGS84 degrees",
        ),
        (
            "a.geojson",
            b'{"features": [{"properties": {"highway": "primary"}, "geometry": {"type": "LineString", '
            b'"coordinates": [[600000, 5300000], [600010, 5300000]]}}]}',
            "feature 0 reaches .600000, 5.3e.06., which is not in degrees",
        ),
    ],
)
def test_wrong_files_are_refused_in_words(tmp_path, name, content, says):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(GleamError, match=says):
        read_extract(file, EVERYWHERE)
    with pytest.raises(GleamError, match="does not exist"):
        read_extract(tmp_path / "nowhere.osm.pbf", EVERYWHERE)
