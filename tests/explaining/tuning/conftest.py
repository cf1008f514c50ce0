"""A toy benchmark: a place is a colour with stripes, a match is the same colour. And a tiny model."""

import hashlib
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gleam.explaining.benchmark import Pair, Text
from gleam.explaining.benchmark.folder import BenchInfo, write_info
from gleam.explaining.benchmark.pair import write_pairs
from gleam.explaining.benchmark.text import write_lines
from gleam.views import View

WORDS = {
    "en": {
        True: (["Both pictures show the same ground."], "The colours and stripes fit, so this is one place."),
        False: (["Only one picture is this dark."], "The colours do not fit, so these are different places."),
    },
    "zh": {
        True: (["两张图的地面相同。"], "颜色与条纹一致，因此是同一地点。"),
        False: (["只有一张图这么暗。"], "颜色不一致，因此不是同一地点。"),
    },
}
COUNTS = {"train": (6, 3), "val": (5, 5), "test": (4, 4)}
"""Matches and others per split."""


def save(root, pixels):
    file = root / "new.png"
    Image.fromarray(pixels).save(file)
    sha = hashlib.sha256(file.read_bytes()).hexdigest()
    goal = root / "images" / sha[:2] / f"{sha}.png"
    goal.parent.mkdir(parents=True, exist_ok=True)
    file.rename(goal)
    return sha


def ground(place, rng):
    pixels = np.full((56, 56, 3), 40 + 180 * (place % 2), np.uint8)
    pixels[:: 4 + place % 5] //= 2
    return pixels + rng.integers(0, 12, pixels.shape, dtype=np.uint8)


def make_bench(root: Path, name="toy") -> Path:
    rng, pairs, texts, place = np.random.default_rng(0), [], [], 0
    for split, counts in COUNTS.items():
        for match, count in zip((True, False), counts, strict=True):
            for number in range(count):
                place += 1
                tile = place if match else place + 1
                pair = Pair(
                    f"{split}-{int(match)}-{number}",
                    split,
                    match,
                    "positive" if match else ("near", "random")[number % 2],
                    (View.DRONE, View.MAP)[number % 2],
                    f"p{place}",
                    f"p{tile}",
                    save(root, ground(place, rng)),
                    save(root, ground(tile, rng)),
                )
                pairs.append(pair)
                for language, words in WORDS.items():
                    evidence, explanation = words[match]
                    texts.append(
                        Text(
                            pair_id=pair.pair_id,
                            language=language,
                            teacher="toy",
                            match=match,
                            evidence=tuple(evidence),
                            explanation=explanation,
                        )
                    )
    splits = {split: sum(counts) for split, counts in COUNTS.items()}
    write_info(root, BenchInfo(name=name, created="2026-11-28", seed=0, splits=splits))
    write_pairs(root / "pairs.parquet", pairs)
    write_lines(root / "texts.jsonl", texts)
    return root


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    return make_bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """Folder of the tiny model that is tuned."""
    path = Path(__file__).parents[1] / "local" / "tiny_models.py"
    spec = importlib.util.spec_from_file_location("gleam_test_tiny_models", path)
    module = sys.modules.get(spec.name)
    if module is None:
        module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module.make_model(tmp_path_factory.mktemp("base") / "internvl", "internvl")


@pytest.fixture(scope="session")
def tuned(recipe, tmp_path_factory):
    """A finished tuning with labels, and the logits that the network had when it was saved."""
    import torch

    from gleam.config import load_config
    from gleam.explaining.tuning import lora
    from gleam.explaining.tuning.config import TuneConfig
    from gleam.explaining.tuning.result import tune

    saved, save = {}, lora._save
    inputs = torch.arange(20, 60)[None]

    def save_and_remember(model, record, folder):
        with torch.inference_mode():
            saved["logits"] = model.eval()(input_ids=inputs).logits
        saved["trainable"] = {n: p.numel() for n, p in model.named_parameters() if p.requires_grad}
        save(model, record, folder)

    out = tmp_path_factory.mktemp("tuned") / "run"
    config = load_config(TuneConfig, {**recipe, "teach": "label", "out": str(out)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lora, "_save", save_and_remember)
        result = tune(config)
    return {"out": out, "result": result, "inputs": inputs, "config": config, **saved}


@pytest.fixture(scope="session")
def recipe(bench, model):
    """A recipe of a few seconds, as plain data."""
    return {
        "kind": "lora",
        "bench": str(bench),
        "model": str(model),
        "image_side": 56,
        "written_pairs": 0,
        "lora": {"rank": 4, "scale": 8, "dropout": 0.1},
        "run": {
            "steps": 8,
            "batch": 4,
            "accumulate": 1,
            "rate": 2e-2,
            "recompute": False,
            "threads": 1,
            "save_every_steps": 2,
            "device": "cpu",
            "precision": "float32",
        },
    }
