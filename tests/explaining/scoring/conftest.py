"""A small benchmark with facts, made without rendering, and texts by an author who knows everything."""

import hashlib
import io
import json
import random

import numpy as np
import pytest
from PIL import Image

from gleam.city.facts import place_facts
from gleam.city.plan import make_scene
from gleam.explaining.benchmark.folder import PAIRS, TEXTS, Bench, BenchInfo, write_facts, write_info
from gleam.explaining.benchmark.pair import Pair, pair_id_of, write_pairs
from gleam.explaining.benchmark.text import Text, write_lines
from gleam.explaining.scene import attributes_of, write_explanation
from gleam.explaining.scoring.prediction import Prediction
from gleam.explaining.verdict import Verdict
from gleam.views import QUERY_VIEWS

PLACES = 16


def save_picture(root, seed):
    """Write a picture of noise under its hash and return the hash."""
    buffer = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    name = hashlib.sha256(buffer.getvalue()).hexdigest()
    path = root / "images" / name[:2] / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())
    return name


def make_pair(split, places, view, match, tier, pictures):
    query, tile = places
    images = pictures["query"][query], pictures["tile"][tile]
    return Pair(
        pair_id=pair_id_of(view, query, tile, *images),
        split=split,
        match=match,
        tier=tier,
        view=view,
        query_place=query,
        tile_place=tile,
        query_image=images[0],
        tile_image=images[1],
        tile_width_m=128.0,
        query_lat=48.0 + 0.01 * int(query[1:]),
        query_lon=11.0,
        tile_lat=48.0 + 0.01 * int(tile[1:]),
        tile_lon=11.0,
    )


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    """16 places of a real scene; 12 pairs of test and 8 of val, balanced, with reference texts."""
    root = tmp_path_factory.mktemp("toy") / "bench"
    scene = make_scene(3, 900.0)
    spots = random.Random(1).sample(
        [(x, y) for x in range(150, 800, 60) for y in range(150, 800, 60)], PLACES
    )
    names = [f"p{k:02}" for k in range(PLACES)]
    facts = {name: place_facts(scene, *spot) for name, spot in zip(names, spots, strict=True)}
    pictures = {
        "query": {n: save_picture(root, k) for k, n in enumerate(names)},
        "tile": {n: save_picture(root, 100 + k) for k, n in enumerate(names)},
    }
    pairs = []
    tiers = ("random", "near", "mistake")
    for k in range(10):
        split, view = ("test" if k < 6 else "val"), QUERY_VIEWS[k % 4]
        pairs.append(make_pair(split, (names[k], names[k]), view, True, "positive", pictures))
        other = names[(k + 1) % 10]
        pairs.append(make_pair(split, (names[k], other), view, False, tiers[k % 3], pictures))
    write_pairs(root / PAIRS, pairs)
    write_facts(root, {name: json.dumps(fact) for name, fact in facts.items()})
    write_info(root, BenchInfo(name="toy", created="2026-11-28", seed=0, splits={"test": 12, "val": 8}))
    attributes = {name: attributes_of(fact) for name, fact in facts.items()}
    texts = [
        Text(
            pair_id=pair.pair_id,
            language=language,
            teacher="city",
            match=pair.match,
            explanation=true_text(pair, attributes, language, "reference"),
        )
        for pair in pairs
        for language in ("en", "zh")
    ]
    write_lines(root / TEXTS, texts)
    return Bench.open(root)


@pytest.fixture(scope="session")
def attributes(bench):
    places = {p for pair in bench.pairs() for p in (pair.query_place, pair.tile_place)}
    return {place: attributes_of(bench.facts(place)) for place in places}


def true_text(pair, attributes, language, seed):
    return write_explanation(
        attributes[pair.query_place],
        attributes[pair.tile_place],
        pair.match,
        language,
        view=pair.view,
        rng=random.Random(f"{seed} {pair.pair_id} {language}"),
    )


def make_verdict(pair, language, text, *, match=None, probability=None, **more):
    said = pair.match if match is None else match
    return Verdict(
        match=said,
        probability=(0.9 if said else 0.1) if probability is None else probability,
        calibration=None,
        threshold=None,
        similarity=None,
        control=None,
        evidence_for=(),
        evidence_against=(),
        elsewhere=1.0,
        text=text,
        language=language,
        explainer="author",
        view=pair.view.value,
        seconds=0.1,
        cost_usd=0.0,
        **more,
    )


def predict(pair, language, text, *, explainer="author", control="none", **how):
    return Prediction(
        pair_id=pair.pair_id,
        language=language,
        explainer=explainer,
        control=control,
        verdict=make_verdict(pair, language, text, **how),
    )


@pytest.fixture(scope="session")
def helpers():
    """The functions above, for tests."""

    class Helpers:
        pass

    for function in (true_text, make_verdict, predict):
        setattr(Helpers, function.__name__, staticmethod(function))
    return Helpers
