"""GTA-UAV, image sets and street maps against slow, obvious references."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from gleam.evaluation.protocols import PROTOCOLS, evaluate_protocol


def values(result):
    return {name: figure["value"] for name, figure in result["figures"].items() if figure is not None}


@pytest.fixture
def gta(tmp_path, make_builder):
    builder = make_builder(tmp_path, noise=90)
    tiles = [f"6_{x}_{y}" for x in range(4) for y in range(4)]
    for number, tile in enumerate(tiles):
        where = {"x_m": 86.4 * (number // 4), "y_m": 86.4 * (number % 4)}
        split = "cross-test" if number % 4 != 3 else "cross-test:gallery"
        builder.add(tile, "satellite", split=split, **where)
    for number in range(16):
        if number % 4 == 3:
            continue
        other = tiles[number + 4] if number < 12 and number % 3 == 0 else None
        semi = tiles[number + 1]
        builder.add(
            tiles[number],
            "drone",
            count=2,
            like=[semi] + ([other] if other else []),
            positives=other,
            semi_positives=semi,
            x_m=86.4 * (number // 4) + 20.0,
            y_m=86.4 * (number % 4) - 11.0,
            split="cross-test",
        )
    return builder.places()


def reference(similarity, right, truth, found):
    """The figures of every query in plain loops, AP by scikit-learn."""
    out = {
        name: [] for name in ("R@1", "R@5", "AP", *(f"{m}@{k}" for m in ("SDM", "Dis") for k in (1, 3, 5)))
    }
    for query, scores in enumerate(similarity):
        order = sorted(range(len(scores)), key=lambda item: -scores[item])
        relevant = np.array([item in right[query] for item in order])
        out["R@1"].append(relevant[0])
        out["R@5"].append(relevant[:5].any())
        out["AP"].append(average_precision_score(relevant, np.arange(len(order), 0, -1)))
        away = [np.hypot(*(truth[query] - found[item])) for item in order]
        for k in (1, 3, 5):
            near = sum((k - i) / np.exp(0.001 * away[i]) for i in range(k))
            out[f"SDM@{k}"].append(near / sum(k - i for i in range(k)))
            out[f"Dis@{k}"].append(sum(away[:k]) / k)
    return {name: float(np.mean(numbers)) for name, numbers in out.items()}


def test_both_directions_equal_the_slow_reference(gta, encoder, similarities):
    report = evaluate_protocol(encoder, gta, PROTOCOLS["gta-uav-cross"])
    sides = {
        "drone->satellite": (gta.select(view="drone"), gta.select(view="satellite")),
        "satellite->drone": (
            gta.select(view="satellite", split="cross-test", role="query"),
            gta.select(view="drone"),
        ),
    }
    for result in report["directions"]:
        queries, gallery = sides[result["name"]]
        shown = [{r.place, *(r.positives or "").split("|")} - {""} for r in (*queries, *gallery)]
        asked, among = shown[: len(queries)], shown[len(queries) :]
        right = [
            {
                item
                for item, places in enumerate(among)
                if gallery[item].place in own or queries[query].place in places
            }
            for query, own in enumerate(asked)
        ]
        truth, found = (
            np.stack([rows.column("x_m"), rows.column("y_m")], axis=1) for rows in (queries, gallery)
        )
        want = reference(similarities(queries, gallery), right, truth, found)
        got = values(result)
        assert {name: got[name] for name in want} == pytest.approx(want)
        assert result["positives_per_query"]["most"] > result["positives_per_query"]["least"] >= 1
    assert 0 < values(report["directions"][0])["R@1"] < 1


def test_overlapping_tiles_count_as_wrong_in_recall_and_precision(builder, encoder):
    where = {"x_m": 0.0, "y_m": 0.0, "split": "same-test"}
    builder.noise = 1.0
    builder.add("a", "satellite", **where)
    builder.add("b", "satellite", **where)
    builder.add("a", "drone", like=["b", "b", "b"], semi_positives="b", **where)
    got = values(evaluate_protocol(encoder, builder.places(), PROTOCOLS["gta-uav-same"])["directions"][0])
    assert (got["R@1"], got["AP"]) == (0.0, 0.5)


def test_a_gallery_of_one_image_and_more_answers_than_images(builder, encoder):
    builder.add("a", "satellite", x_m=0.0, y_m=0.0, split="same-test")
    builder.add("a", "drone", x_m=30.0, y_m=40.0, split="same-test")
    got = values(evaluate_protocol(encoder, builder.places(), PROTOCOLS["gta-uav-same"])["directions"][0])
    assert (got["R@1"], got["R@10"], got["AP"]) == (1.0, 1.0, 1.0)
    assert got["SDM@1"] == pytest.approx(np.exp(-0.05))
    # Answers that do not exist are infinitely far in SDM and left out of the mean distance.
    assert got["SDM@3"] == pytest.approx(3 * np.exp(-0.05) / 6)
    assert got["Dis@1"] == got["Dis@5"] == pytest.approx(50.0)


def test_collapsed_encoder_ties_are_shown_farthest_first(gta, encoder, monkeypatch):
    monkeypatch.setattr(encoder, "encode", lambda images, view, poses=None: np.ones((len(images), 3)))
    got = values(evaluate_protocol(encoder, gta, PROTOCOLS["gta-uav-cross"])["directions"][0])
    assert got["R@1"] == 0.0
    corners = np.array([[0, 0], [0, 259.2], [259.2, 0], [259.2, 259.2]])
    drones = gta.select(view="drone")
    truth = np.stack([drones.column("x_m"), drones.column("y_m")], axis=1)
    farthest = np.linalg.norm(truth[:, None] - corners, axis=2).max(axis=1)
    assert got["Dis@1"] == pytest.approx(farthest.mean())


def test_an_image_set_is_one_query(builder, encoder):
    for number in range(6):
        builder.add(f"{number}", "satellite", split="test")
        builder.add(f"{number}", "ground", count=2 + number, split="test")
    table = builder.places()
    result = evaluate_protocol(encoder, table, PROTOCOLS["setvl480k"], headings=1)["directions"][0]
    assert (result["queries"], result["query_images"]) == (6, 27)
    ground, tiles = table.select(view="ground"), table.select(view="satellite")
    sides = []
    for rows in (ground, tiles):
        vectors = encoder.encode(rows.paths, None).astype(np.float64)
        sides.append(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    owners = ground.column("place")
    right = 0
    for number, place in enumerate(tiles.column("place")):
        mean = sides[0][owners == place].mean(axis=0)
        right += int(np.argmax(sides[1] @ mean) == number)
    assert values(result)["R@1"] == pytest.approx(right / 6)


def test_street_maps_search_both_ways(builder, encoder):
    for number in range(4):
        for view in ("satellite", "map"):
            builder.add(f"{number}", view, split="eval")
    report = evaluate_protocol(encoder, builder.places(), PROTOCOLS["map-satellite"])
    assert report["splits"] == {"map->satellite": "eval", "satellite->map": "eval"}
    assert [d["queries"] for d in report["directions"]] == [4, 4]
