"""Rows that are only searched, and further right answers, in the plain evaluation."""

from __future__ import annotations

from PIL import Image

from gleam.evaluation.histogram import ColourHistogram
from gleam.evaluation.report import evaluate
from gleam.places import PlaceImage, Places
from gleam.views import View

COLOURS = {"a": "red", "b": "green", "c": "blue"}


def table(tmp_path, **of_drone):
    rows = []
    for place, colour in COLOURS.items():
        for view in (View.SATELLITE, View.DRONE):
            path = f"{view}-{place}.png"
            Image.new("RGB", (32, 32), colour).save(tmp_path / path)
            split = "test:gallery" if place == "c" else "train|test"
            more = of_drone if view is View.DRONE and place == "a" else {}
            rows.append(PlaceImage(place, view, path, lat=1.0, lon=1.0, split=split, **more))
    return Places(rows, tmp_path)


def figures(places, **how):
    report = evaluate(ColourHistogram(), places, baseline=False, resamples=10, **how)
    return report["gallery"], report["views"]["drone"]


def test_distractors_are_searched_and_not_asked_about(tmp_path):
    for split in ("test", None):
        gallery, drone = figures(table(tmp_path), split=split)
        assert (gallery, drone["queries"]) == (3, 2)
        assert drone["recall@1"]["value"] == 1.0
    assert figures(table(tmp_path), split="train")[0] == 2


def test_further_positives_are_right_and_semi_positives_wrong(tmp_path):
    places = table(tmp_path)
    swapped = [
        PlaceImage("a", View.DRONE, "drone-b.png", split="test", positives="b"),
        PlaceImage("b", View.DRONE, "drone-a.png", split="test", semi_positives="a"),
    ]
    rows = [row for row in places if row.view is View.SATELLITE] + swapped
    drone = figures(Places(rows, tmp_path), split="test")[1]
    assert drone["recall@1"]["value"] == 0.5
