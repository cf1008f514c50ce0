"""The GeoJSON export, checked against the rules of RFC 7946."""

import json
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gleam.geo import Footprint, distance_m
from gleam.locating import Answer, Candidate, Status
from gleam.locating.exporters.geojson import circle_ring, to_geojson, write_geojson


def answer(lat=48.2, lon=16.3, **changes):
    candidates = tuple(
        Candidate(rank, lat, lon, 1 - rank / 10, f"t{rank}", Footprint.square(lat, lon, 128.0))
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
            lon, lat = geometry["coordinates"]
            assert -180 <= lon <= 180
            assert -90 <= lat <= 90
        else:
            assert geometry["type"] == "Polygon"
            (ring,) = geometry["coordinates"]
            assert len(ring) >= 4
            assert ring[0] == ring[-1]
            x, y = np.array(ring).T
            assert float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) > 0


def test_the_features_of_an_answer():
    collection = to_geojson([answer()])
    check_rfc7946(collection)
    roles = [f["properties"]["role"] for f in collection["features"]]
    assert roles == ["best", "region95", "alternative", "alternative"]
    assert collection["features"][0]["geometry"]["coordinates"] == [16.3, 48.2]
    assert collection["features"][0]["properties"]["status"] == "located"
    assert [f["properties"]["rank"] for f in collection["features"][2:]] == [2, 3]


def test_a_photo_without_position_is_not_lost():
    collection = to_geojson([answer(lat=48.2), answer(candidates=(), radius95_m=None) and _nowhere()])
    check_rfc7946(collection)
    assert collection["features"][-1]["geometry"] is None
    assert collection["features"][-1]["properties"]["status"] == "cannot_tell"


def _nowhere():
    return Answer(photo="q.jpg", view="ground", status=Status.CANNOT_TELL)


@given(st.floats(-85, 85), st.floats(-180, 179.999), st.floats(1, 5000))
def test_the_ring_lies_at_the_radius(lat, lon, radius):
    ring = circle_ring(lat, lon, radius)
    for x, y in ring:
        assert math.isclose(distance_m(lat, lon, y, (x + 180) % 360 - 180), radius, abs_tol=0.05)
    assert max(x for x, _ in ring) - min(x for x, _ in ring) < 180
    check_rfc7946(to_geojson([answer(lat=lat, lon=lon, radius95_m=radius)]))


def test_the_file_is_what_was_made(tmp_path):
    write_geojson(tmp_path / "a.geojson", [answer(), _nowhere()])
    assert json.loads((tmp_path / "a.geojson").read_text(encoding="utf-8")) == to_geojson(
        [answer(), _nowhere()]
    )
