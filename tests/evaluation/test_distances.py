from __future__ import annotations

import numpy as np

from gleam.evaluation.distances import answer_distances, covered_by_answer, outline_of
from gleam.geo import Footprint, offset
from gleam.places import PlaceImage, Places
from gleam.views import View


def test_distances_of_known_offsets_and_unknown_positions():
    lat, lon = offset(np.full(2, 60.0), np.full(2, 20.0), [300.0, 0.0], [400.0, -50.0])
    gallery = np.array([[lat[0], lon[0]], [lat[1], lon[1]], [np.nan, np.nan]])
    queries = np.array([[60.0, 20.0], [np.nan, np.nan]])
    found = answer_distances(queries, gallery, np.array([[0, 1, 2, -1], [0, 1, 2, -1]]))
    np.testing.assert_allclose(found[0, :2], [500.0, 50.0], atol=1e-6)
    assert np.isnan(found[0, 2:]).all()
    assert np.isnan(found[1]).all()


def test_covered_uses_footprint_then_width_and_heading():
    footprint = Footprint.square(10.0, 20.0, 200.0).to_wkt()
    gallery = Places(
        [
            PlaceImage("a", View.SATELLITE, "a", footprint=footprint),
            PlaceImage("b", View.SATELLITE, "b", lat=10.0, lon=20.0, ground_width_m=200.0, heading_deg=45.0),
            PlaceImage("c", View.SATELLITE, "c", lat=10.0, lon=20.0),
        ]
    )
    corner = offset(10.0, 20.0, 95.0, 95.0)
    point = offset(10.0, 20.0, 130.0, 0.0)
    queries = np.array([corner, corner, corner, point, point, (np.nan, np.nan)])
    found = covered_by_answer(queries, gallery, np.array([0, 1, 2, 0, 1, 0]))
    assert found[[0, 1, 3, 4]].tolist() == [1.0, 0.0, 0.0, 1.0]
    assert np.isnan(found[[2, 5]]).all()
    assert outline_of(gallery[2]) is None
