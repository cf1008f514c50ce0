"""The GeoJSON export, checked against the rules of RFC 7946, by GDAL and by GEOS."""

import json
import math

import numpy as np
import pyogrio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam.geo import Footprint, distance_m, wrap_lon
from gleam.locating import Answer, Candidate, Status
from gleam.locating.batch import Failure
from gleam.locating.exporters import write_answers
from gleam.locating.exporters.geojson import to_geojson
from gleam.locating.exporters.rings import circle, cut_ring, region_rings
from gleam.locating.region import rings_around


def answer(lat=48.2, lon=16.3, **changes):
    candidates = tuple(
        Candidate(rank, lat, lon, 1 - rank / 10, f"t{rank}", Footprint.square(48.2, 16.3, 128.0))
        for rank in (1, 2, 3)
    )
    base = {"photo": "p.jpg", "view": "ground", "status": Status.LOCATED, "lat": lat, "lon": lon}
    return Answer(**{**base, "radius95_m": 50.0, "candidates": candidates, **changes})


def check_rfc7946(collection):
    """The rules that matter: types, closed counter-clockwise rings, longitude first, no NaN."""
    assert collection["type"] == "FeatureCollection"
    json.dumps(collection, allow_nan=False)
    for feature in collection["features"]:
        assert set(feature) == {"type", "geometry", "properties"}
        assert feature["type"] == "Feature"
        assert isinstance(feature["properties"], dict)
        geometry = feature["geometry"]
        if geometry is None:
            continue
        if geometry["type"] == "Point":
            check_position(geometry["coordinates"])
            continue
        assert geometry["type"] in ("Polygon", "MultiPolygon")
        polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        for (ring,) in polygons:
            check_ring(ring)


def check_position(corner):
    lon, lat = corner
    assert -180 <= lon <= 180
    assert -90 <= lat <= 90
    assert round(lon, 7) == lon
    assert round(lat, 7) == lat


def check_ring(ring):
    assert len(ring) >= 4
    assert ring[0] == ring[-1]
    for corner in ring:
        check_position(corner)
    x, y = (np.array(ring) - ring[0]).T
    assert float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) > 0


def test_the_features_of_an_answer():
    collection = to_geojson([answer()])
    check_rfc7946(collection)
    roles = [f["properties"]["role"] for f in collection["features"]]
    assert roles == ["best", "region95", "alternative", "alternative"]
    assert collection["features"][0]["geometry"]["coordinates"] == [16.3, 48.2]
    assert collection["features"][0]["properties"]["status"] == "located"
    assert [f["properties"]["rank"] for f in collection["features"][2:]] == [2, 3]


def test_the_region_goes_before_the_circle():
    square = ((48.1, 16.2), (48.3, 16.2), (48.3, 16.4), (48.1, 16.4))  # clockwise
    area = to_geojson([answer(region95=square)])["features"][1]
    assert area["geometry"]["type"] == "Polygon"
    ring = area["geometry"]["coordinates"][0]
    assert {tuple(c) for c in ring} == {(lon, lat) for lat, lon in square}
    check_ring(ring)


def test_an_ambiguous_region_of_several_places_is_a_multipolygon():
    rings = rings_around([(48.2, 16.3), (48.21, 16.3), (-17.0, 180.0)], 50.0)
    several = answer(status=Status.AMBIGUOUS, region95=rings[0], region95_others=rings[1:])
    collection = to_geojson([several])
    check_rfc7946(collection)
    area = collection["features"][1]["geometry"]
    assert area["type"] == "MultiPolygon"
    assert len(area["coordinates"]) == 4  # the last one is cut at the antimeridian
    assert shapely.geometry.shape(area).is_valid
    assert len(region_rings(several)) == 4


def test_the_radius_of_an_ambiguous_answer_is_no_region():
    collection = to_geojson([answer(status=Status.AMBIGUOUS)])
    assert "region95" not in [f["properties"]["role"] for f in collection["features"]]


def test_the_aircraft_is_a_feature_of_its_own():
    drone = answer(view="drone", camera_lat=48.21, camera_lon=16.31)
    cameras = [f for f in to_geojson([drone])["features"] if f["properties"]["role"] == "camera"]
    assert cameras[0]["geometry"]["coordinates"] == [16.31, 48.21]


def test_no_photo_is_lost_and_no_rejected_position_shown():
    rejected = [answer(status=Status.NOT_HERE), answer(status=Status.CANNOT_TELL), nowhere()]
    collection = to_geojson(rejected, [Failure("r.jpg", "It is broken.")])
    check_rfc7946(collection)
    assert [f["geometry"] for f in collection["features"]] == [None] * 4
    told = [f["properties"].get("status", f["properties"]["role"]) for f in collection["features"]]
    assert told == ["not_here", "cannot_tell", "cannot_tell", "failed"]
    assert collection["features"][3]["properties"]["error"] == "It is broken."


def nowhere():
    return Answer(photo="q.jpg", view="ground", status=Status.CANNOT_TELL)


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(1, 50_000))
def test_any_circle_is_a_valid_area_around_its_centre(lat, lon, radius):
    collection = to_geojson([answer(lat=lat, lon=lon, radius95_m=radius)])
    check_rfc7946(collection)
    best, area = collection["features"][:2]
    assert area["properties"]["role"] == "region95"
    shape = shapely.geometry.shape(area["geometry"])
    assert shape.is_valid
    assert shape.buffer(2e-7).contains(shapely.geometry.shape(best["geometry"]))
    rim = [c for c in shapely.get_coordinates(shape) if abs(c[0]) < 180 and abs(c[1]) < 90]
    away = [distance_m(lat, lon, y, x) for x, y in rim]
    # Cutting adds no corner but on the edge of the map; rounding moves each by less than a centimetre.
    assert np.allclose(away, radius, atol=0.02)


@given(
    st.floats(-84, 84),
    st.floats(178, 182),
    st.lists(st.floats(0, 6.28), min_size=3, max_size=12, unique=True),
)
def test_cutting_keeps_the_area(lat, lon, angles):
    line = [(lon + 3 * math.cos(a), lat + 3 * math.sin(a)) for a in sorted(angles)]
    whole = shapely.Polygon(line)
    if whole.area < 1e-3:
        return
    rings = cut_ring([(y, float(wrap_lon(x))) for x, y in line])
    for ring in rings:
        check_ring(ring)
    assert math.isclose(sum(shapely.Polygon(ring).area for ring in rings), whole.area, rel_tol=1e-3)
    if whole.bounds[0] < 179.9 and whole.bounds[2] > 180.1:
        assert len(rings) == 2


@given(st.floats(89, 89.99), st.floats(-180, 180), st.sampled_from([1, -1]), st.sampled_from([1, -1]))
def test_a_ring_around_a_pole_reaches_it(lat, lon, side, turning):
    centre = (lat * side, lon)
    rim = circle(*centre, 200_000.0)[::turning]
    rings = cut_ring(rim)
    shape = shapely.union_all([shapely.Polygon(ring) for ring in rings])
    assert len(rings) == 1
    assert shape.is_valid
    assert shape.bounds[0] == -180
    assert shape.bounds[2] == 180
    assert side * 90 in (shape.bounds[1], shape.bounds[3])
    for there in np.arange(-179.0, 180.0, 20.0):
        assert shape.contains(shapely.Point(there, side * 89.999))
        assert not shape.contains(shapely.Point(there, side * 86.0))


def test_what_has_no_area_gives_no_ring():
    assert cut_ring(()) == []
    assert cut_ring(((1.0, 2.0), (1.0, 2.0), (1.0, 2.0))) == []
    assert cut_ring(circle(48.2, 16.3, 0.001)) == []


@settings(max_examples=20)
@given(st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), min_size=1, max_size=4))
def test_gdal_reads_the_positions_back(tmp_path_factory, places):
    path = tmp_path_factory.mktemp("g") / "a.geojson"
    write_answers(path, [*(answer(lat=lat, lon=lon) for lat, lon in places), nowhere()])
    meta, _, shapes, values = pyogrio.raw.read(path)
    assert "4326" in meta["crs"]
    role = list(values[list(meta["fields"]).index("role")])
    best = [shapely.from_wkb(s) for s, r in zip(shapes, role, strict=True) if r == "best"]
    for point, (lat, lon) in zip(best, places, strict=True):
        assert abs(point.y - lat) <= 1e-7
        assert abs(wrap_lon(point.x - lon)) <= 1e-7
    assert role.count("none") == 1
