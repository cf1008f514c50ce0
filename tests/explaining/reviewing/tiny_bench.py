"""A small benchmark in the real format: made-up landscapes, texts in both languages, nothing rendered."""

import hashlib
import io

import numpy as np
from PIL import Image

from gleam.explaining.benchmark.folder import BenchInfo, write_info
from gleam.explaining.benchmark.pair import Pair, pair_id_of, write_pairs
from gleam.explaining.benchmark.text import Text, write_lines
from gleam.views import View

SPLITS = ("test", "train", "val")


def landscape(seed, size=96, kind="JPEG"):
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    data = io.BytesIO()
    coarse.resize((size, size), Image.Resampling.BICUBIC).save(data, kind)
    return data.getvalue()


def add_image(root, data, suffix):
    name = hashlib.sha256(data).hexdigest()
    file = root / "images" / name[:2] / f"{name}{suffix}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return name


def texts_on(pair_id, number, match, teachers=("city",)):
    english = f"Text {number}: a street bends south of the pond. The roofs are red." + " So it fits." * match
    chinese = f"第{number}段：池塘以南的街道转弯，屋顶是红色的。" + "因此两者一致。" * match
    for teacher in teachers:
        mark = "" if teacher == teachers[0] else f" ({teacher})"
        for language, words in (("en", english), ("zh", chinese)):
            yield Text(
                pair_id=pair_id,
                language=language,
                teacher=teacher,
                model="rules-1",
                prompt_version="1",
                match=match,
                evidence=("a street bends", "red roofs") if language == "en" else ("街道转弯", "红色屋顶"),
                explanation=words + mark,
            )


def make_bench(root, count=6, *, split=None, teachers=("city",), size=96, change=None):
    """Make a benchmark of ``count`` pairs; ``split`` for all of them, else test, train, val in turn.

    change: called with (number, texts) to alter the texts of a pair.
    """
    pairs, texts = [], []
    for number in range(count):
        match = number % 2 == 0
        query = add_image(root, landscape(number, size), ".jpg")
        tile = add_image(root, landscape(1000 + number, size, "PNG"), ".png")
        places = (f"p{number}", f"p{number}" if match else f"p{number + 1}")
        pair_id = pair_id_of(View.DRONE, *places, query, tile)
        pairs.append(
            Pair(
                pair_id=pair_id,
                split=split or SPLITS[number % 3],
                match=match,
                tier="positive" if match else "near",
                view=View.DRONE,
                query_place=places[0],
                tile_place=places[1],
                query_image=query,
                tile_image=tile,
                distance_m=0.0 if match else 120.0,
                heading_deg=40.0,
                pitch_deg=-50.0,
                fov_deg=60.0,
                height_m=80.0,
                tile_width_m=128.0,
                query_lat=52.0 + number / 1000,
                query_lon=13.0,
                tile_lat=52.0 + number / 1000,
                tile_lon=13.0,
                query_source="made up",
                tile_source="made up",
                query_licence="CC0-1.0",
                tile_licence="CC0-1.0",
            )
        )
        written = list(texts_on(pair_id, number, match, teachers))
        texts += change(number, written) if change else written
    write_pairs(root / "pairs.parquet", pairs)
    write_lines(root / "texts.jsonl", texts)
    counts = {name: sum(pair.split == name for pair in pairs) for name in ("train", "val", "test")}
    write_info(
        root,
        BenchInfo(
            name="tiny",
            created="2026-11-28",
            seed=0,
            splits=counts,
            prompts="1",
            teachers=teachers,
            sources=(
                {"table": "places", "path": "places.parquet", "sha256": "0" * 64, "licence": "CC0-1.0"},
            ),
        ),
    )
    return root


def decision(item, *, match=None, edits=None, discards=None, teacher=None):
    """Build a decision on an item: accept everything but what is told by language."""
    from gleam.explaining.reviewing.decisions import Decision

    texts = {}
    for language, choices in item.texts.items():
        chosen = next((t for t in choices if t.teacher == teacher), choices[0])
        texts[language] = {
            "teacher": chosen.teacher,
            "text": (edits or {}).get(language, chosen.explanation),
            "discard": (discards or {}).get(language),
        }
    wanted = item.teacher_match if match is None else match
    return Decision.model_validate({"match": wanted, "texts": texts, "seconds": 12.0})
