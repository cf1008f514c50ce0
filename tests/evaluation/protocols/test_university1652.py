"""University-1652 and its kin against slow, obvious references."""

from __future__ import annotations

import numpy as np
import pytest
from pyproj import Geod

from gleam.errors import GleamError, TableError
from gleam.evaluation.protocols import PROTOCOLS, evaluate_protocol


def trapezoid_reference(order, right):
    """Area under precision over recall, one positive after the other, as the authors define it."""
    positions = [rank for rank, item in enumerate(order) if item in right]
    area = 0.0
    for found, rank in enumerate(positions):
        before = found / rank if rank else 1.0
        area += (before + (found + 1) / (rank + 1)) / 2 / len(positions)
    return area


def reference(similarity, query_places, gallery_places):
    """Recall@1, 5, 10, 1 % (the index rule) and AP in percent, over all queries."""
    hits, area = {1: 0, 5: 0, 10: 0, "1%": 0}, 0.0
    k = round(0.01 * len(gallery_places)) + 1
    for scores, place in zip(similarity, query_places, strict=True):
        order = sorted(range(len(scores)), key=lambda item: -scores[item])
        right = {item for item, other in enumerate(gallery_places) if other == place}
        first = min(order.index(item) for item in right)
        for name, most in ((1, 1), (5, 5), (10, 10), ("1%", k)):
            hits[name] += first < most
        area += trapezoid_reference(order, right)
    return {f"R@{name}": count / len(similarity) for name, count in hits.items()} | {
        "AP": area / len(similarity)
    }


def values(result):
    return {name: figure["value"] for name, figure in result["figures"].items() if figure is not None}


@pytest.fixture
def university(builder):
    for number in range(14):
        split = "test" if number < 10 else "test:gallery"
        builder.add(f"{number:04d}", "satellite", split=split)
        builder.add(f"{number:04d}", "drone", count=6, split=split)
    builder.add("9000", "satellite", split="train")
    builder.add("9000", "drone", count=3, split="train")
    return builder.places()


def test_both_directions_equal_the_slow_reference(university, encoder, similarities):
    report = evaluate_protocol(encoder, university, PROTOCOLS["university1652"])
    there, back = report["directions"]
    drones = university.select(view="drone", split="test", role="query")
    tiles = university.select(view="satellite", split="test")
    want = reference(similarities(drones, tiles), drones.column("place"), tiles.column("place"))
    assert values(there) == pytest.approx(want)
    assert 0.2 < want["R@1"] < 0.99
    asked = university.select(view="satellite", split="test", role="query")
    all_drones = university.select(view="drone", split="test")
    want = reference(similarities(asked, all_drones), asked.column("place"), all_drones.column("place"))
    assert values(back) == pytest.approx(want)
    assert (there["queries"], there["gallery"]) == (60, 14)
    assert (back["queries"], back["gallery"]) == (10, 84)
    assert back["positives_per_query"] == {"least": 6, "most": 6}
    assert [d["one_percent_k"] for d in report["directions"]] == [1, 2]


def test_partial_data_and_missing_views_are_told(university, encoder):
    report = evaluate_protocol(encoder, university, PROTOCOLS["university1652"])
    assert [d["complete"] for d in report["directions"]] == [False, False]
    notes = "\n".join(report["notes"])
    assert "60 of 37,855 query images and 14 of 951 gallery images: not comparable" in notes
    assert "ground->satellite is left out: the table has no ground image" in notes


def test_another_one_percent_rule_and_chunks_of_one(university, encoder):
    whole = evaluate_protocol(encoder, university, PROTOCOLS["university1652"], one_percent="floor")
    single = evaluate_protocol(encoder, university, PROTOCOLS["university1652"], one_percent="floor", chunk=1)
    assert whole["directions"] == single["directions"]
    assert [d["one_percent_k"] for d in whole["directions"]] == [0, 0]
    assert whole["directions"][0]["figures"]["R@1%"]["value"] == 0.0


def test_drone_gallery_of_unknown_heading_has_one_vector_per_heading(university, encoder, monkeypatch):
    def turned(image, view, pose, count=12):
        vector = encoder.encode([image], view)
        return np.concatenate([vector, -vector, np.roll(vector, 1, axis=1)]), np.zeros(3)

    plain = evaluate_protocol(encoder, university, PROTOCOLS["university1652"])
    monkeypatch.setattr(encoder, "encode_headings", turned, raising=False)
    many = evaluate_protocol(encoder, university, PROTOCOLS["university1652"])
    assert many["directions"][1]["gallery"] == plain["directions"][1]["gallery"] == 84
    assert many["directions"][1]["figures"]["R@10"]["value"] > 0.5


def test_networks_that_see_pictures_as_taken_have_one_vector_per_image(university):
    from gleam.encoder import Encoder
    from gleam.encoder.config import EncoderConfig
    from gleam.imagery.preparation import Preparation

    raw = EncoderConfig(
        backbone_options={"stem": 4, "channels": [6, 8, 12]},
        turns=1,
        preparation=Preparation(pixels=32, geometry="raw"),
    )
    report = evaluate_protocol(Encoder.untrained(raw), university, PROTOCOLS["university1652"], resamples=20)
    assert report["headings"] == 1
    assert any("84 looked at one way only" in note for note in report["notes"])
    assert [d["gallery"] for d in report["directions"]] == [14, 84]


def test_sues_is_measured_per_height(builder, encoder, similarities):
    for number in range(8):
        split = "test" if number < 5 else "train|test:gallery"
        builder.add(f"{number:04d}", "satellite", split=split)
        for height in (150, 90):
            builder.add(f"{number:04d}", "drone", count=3, split=split, height_m=float(height))
    table = builder.places()
    report = evaluate_protocol(encoder, table, PROTOCOLS["sues200"])
    assert [(d["name"], d["part"]) for d in report["directions"]] == [
        ("drone->satellite", "90 m"),
        ("drone->satellite", "150 m"),
        ("satellite->drone", "90 m"),
        ("satellite->drone", "150 m"),
    ]
    assert [(d["queries"], d["gallery"]) for d in report["directions"]] == [
        (15, 8),
        (15, 8),
        (5, 24),
        (5, 24),
    ]
    drones = table.select(view="drone", split="test", role="query")
    drones = drones.take(drones.column("height_m") == 150)
    tiles = table.select(view="satellite", split="test")
    want = reference(similarities(drones, tiles), drones.column("place"), tiles.column("place"))
    assert values(report["directions"][1]) == pytest.approx(want)
    assert [p["figures"]["R@1"] for p in report["directions"][1]["published"]] == [90.07]
    assert report["directions"][0]["published"] == []


def dense_reference(similarity, truth, found, k):
    """SDM@k in degrees, in float32, as the authors compute it."""
    total = 0.0
    for scores, own in zip(similarity, truth, strict=True):
        order = sorted(range(len(scores)), key=lambda item: -scores[item])[:k]
        top, bottom = 0.0, 0.0
        for i, item in enumerate(order):
            gap = np.float32(found[item]) - np.float32(own)
            metres = float(np.sqrt(np.float32(gap[0] * gap[0] + gap[1] * gap[1])))
            weight = 1 - i / k
            top += weight * np.exp(-metres * 5e3)
            bottom += weight
        total += top / bottom
    return total / len(similarity)


def test_denseuav_sdm_and_metres_equal_the_slow_reference(tmp_path, make_builder, encoder, similarities):
    builder = make_builder(tmp_path, noise=160)
    for number in range(12):
        where = {"lat": 30.32 + 2e-4 * (number // 4), "lon": 120.38 + 2e-4 * (number % 4)}
        split = "test" if number < 8 else "train|test:gallery"
        builder.add(f"{number:06d}", "satellite", count=2, split=split, **where)
        builder.add(f"{number:06d}", "drone", count=3, split=split, **where)
    table = builder.places()
    result = evaluate_protocol(encoder, table, PROTOCOLS["denseuav"])["directions"][0]
    drones = table.select(view="drone", split="test", role="query")
    tiles = table.select(view="satellite", split="test")
    truth, found = (np.stack([rows.column("lon"), rows.column("lat")], axis=1) for rows in (drones, tiles))
    similarity = similarities(drones, tiles)
    got = values(result)
    for k in (1, 3, 5, 10):
        assert got[f"SDM@{k}"] == pytest.approx(dense_reference(similarity, truth, found, k), rel=1e-6)
    first = similarity.argmax(axis=1)
    metres = Geod(a=6378137.0, f=0.0).inv(*truth.T, *found[first].T)[2]
    for most in (3, 5, 10, 20, 50):
        assert got[f"MA@{most}"] == pytest.approx(np.mean(metres < most))
    assert 0 < got["MA@20"] < got["MA@50"] <= 1


def test_denseuav_without_positions_is_refused(builder, encoder):
    builder.add("000001", "satellite", split="test")
    builder.add("000001", "drone", split="test")
    with pytest.raises(
        TableError, match="column 'lat' is empty for all 1 drone images, but SDM@1 of denseuav"
    ):
        evaluate_protocol(encoder, builder.places(), PROTOCOLS["denseuav"])


def test_wrong_split_and_views_are_refused_in_words(university, encoder):
    with pytest.raises(GleamError, match=r"has no split cross-test.*it has test, train"):
        evaluate_protocol(encoder, _with_panoramas(university), PROTOCOLS["vigor-cross"])
    with pytest.raises(GleamError, match=r"the table has no panorama image.*gleam places import vigor"):
        evaluate_protocol(encoder, university, PROTOCOLS["vigor-cross"])
    with pytest.raises(GleamError, match="Unknown query view of university1652 'map'"):
        evaluate_protocol(encoder, university, PROTOCOLS["university1652"], views=["map"])
    with pytest.raises(GleamError, match="ceil, floor, index, next"):
        evaluate_protocol(encoder, university, PROTOCOLS["university1652"], one_percent="half")


def _with_panoramas(table):
    from dataclasses import replace

    from gleam.places import Places

    rows = [replace(row, view="panorama") if row.view == "drone" else row for row in table]
    return Places(rows, table.root)
