"""Every importer's table is what its protocols need: tiny trees of the published layouts, end to end."""

from __future__ import annotations

import pytest
from tests.places.layouts import (
    cvact,
    cvcities,
    cvusa,
    denseuav,
    gtauav,
    setvl,
    streetmaps,
    sues200,
    university1652,
    vigor,
)

from gleam.evaluation.histogram import ColourHistogram
from gleam.evaluation.protocols import PROTOCOLS, evaluate_protocol
from gleam.places.importers import import_places

SETS = {
    "university1652": university1652.make,
    "sues200": sues200.make_split,
    "denseuav": denseuav.make,
    "gta-uav-cross": gtauav.make,
    "vigor-same": vigor.make,
    "vigor-cross": vigor.make,
    "cvusa": cvusa.make,
    "cvact-val": cvact.make,
    "cvact-test": cvact.make,
    "cv-cities": cvcities.make,
    "map-satellite": streetmaps.make,
}


@pytest.mark.parametrize("name", SETS)
def test_an_imported_set_is_measured(tmp_path, name):
    places = import_places(PROTOCOLS[name].data_set, SETS[name](tmp_path))
    report = evaluate_protocol(ColourHistogram(), places, PROTOCOLS[name], resamples=20)
    assert report["directions"]
    for result in report["directions"]:
        assert result["queries"] >= 1
        assert result["without_positive"] == 0
        assert all(figure["value"] >= 0 for figure in result["figures"].values() if figure is not None)
        required = {m.name for d in PROTOCOLS[name].directions for m in d.measures if not m.optional}
        assert all(result["figures"][measure] is not None for measure in required)


def test_an_image_set_is_one_query_per_place(tmp_path):
    places = import_places("setvl-480k", setvl.make(tmp_path))
    report = evaluate_protocol(ColourHistogram(), places, PROTOCOLS["setvl480k"], split="train")
    (result,) = report["directions"]
    assert result["queries"] == len(places.place_ids) < result["query_images"]


def test_queries_and_distractors_have_their_roles(tmp_path):
    places = import_places("university-1652", university1652.make(tmp_path))
    report = evaluate_protocol(ColourHistogram(), places, PROTOCOLS["university1652"])
    counts = {r["name"]: (r["queries"], r["gallery"]) for r in report["directions"]}
    per_place = university1652.DRONES
    assert counts["drone->satellite"] == (2 * per_place, 3)
    assert counts["satellite->drone"] == (2, 3 * per_place)


def test_a_sample_without_splits_is_measured_whole(tmp_path):
    places = import_places("street-maps", streetmaps.make(tmp_path, halves=False))
    report = evaluate_protocol(ColourHistogram(), places, PROTOCOLS["map-satellite"])
    assert report["splits"]["map->satellite"] is None
    assert any("names no splits" in note for note in report["notes"])
