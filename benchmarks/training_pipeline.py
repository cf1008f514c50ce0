"""What each part of the training pipeline saves, beside the plain way, in one run.

    python benchmarks/training_pipeline.py [--only images mining steps] [--places 50000] [--json FILE]

Times are CPU seconds of one thread, memory is the most a step or a search took beyond what was there
before. Each search and each kind of step runs in a process of its own. Seed 0.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

Row = dict[str, Any]
SIDE, PIXELS, PICTURES = 2048, 96, 12
WIDTH = 512
VIT = {
    "hidden_size": 192,
    "num_hidden_layers": 6,
    "num_attention_heads": 3,
    "image_size": 126,
    "patch_size": 14,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=["images", "mining", "steps"])
    parser.add_argument("--places", type=int, default=50_000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(_child(json.loads(options.child))))
        return
    import torch

    torch.set_num_threads(1)
    rows: list[Row] = []
    if "images" in options.only:
        rows += images()
    if "mining" in options.only:
        rows += mining(options.places)
    if "steps" in options.only:
        rows += steps()
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


def told(rows: list[Row], title: str) -> list[Row]:
    """Print a table whose first row is the baseline of the ratios; return the rows."""
    print(f"\n{title}")
    base = rows[0]
    for row in rows:
        cells = []
        for key, value in row.items():
            if key == "way":
                continue
            number = f"{value:,.3g}" if isinstance(value, float) else str(value)
            ratio = ""
            if (
                isinstance(value, float)
                and isinstance(base.get(key), float)
                and row is not base
                and base[key]
            ):
                ratio = f" ({value / base[key]:.2f}x)"
            cells.append(f"{key} {number}{ratio}")
        print(f"  {row['way']:42s} " + ", ".join(cells), flush=True)
    return [{"table": title, **row} for row in rows]


def cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.process_time()
    result = work()
    return time.process_time() - begun, result


# --- pictures ----------------------------------------------------------------------------------------


def images() -> list[Row]:
    from PIL import Image

    from gleam.imagery.decode import load_image
    from gleam.imagery.preparation import Preparation, prepare
    from gleam.places.table import PlaceImage, Places
    from gleam.training.images import prepared_images
    from gleam.training.warp import warp_squares
    from gleam.views import UNKNOWN_POSE, View

    preparation = Preparation(pixels=PIXELS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rng = np.random.default_rng(0)
        for number in range(PICTURES):
            coarse = Image.fromarray(rng.integers(0, 256, (48, 48, 3), dtype=np.uint8))
            picture = np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.int16)
            noisy = np.clip(picture + rng.normal(0, 6, picture.shape).astype(np.int16), 0, 255)
            Image.fromarray(noisy.astype(np.uint8)).save(folder / f"{number}.jpg", quality=90)
        files = sorted(folder.glob("*.jpg"))

        def square(file: Path, target: int | None) -> np.ndarray:
            pixels = load_image(file, target=target) if target else load_image(file)
            return prepare(pixels, View.SATELLITE, UNKNOWN_POSE, preparation).pixels

        full_s, full = cpu(lambda: [square(file, None) for file in files])
        reduced_s, reduced = cpu(lambda: [square(file, 4 * PIXELS) for file in files])
        places = Places([PlaceImage(f.stem, View.SATELLITE, f.name) for f in files], folder)
        prepared_images(places, View.SATELLITE, preparation, folder / "cache", workers=1)
        cached = prepared_images(places, View.SATELLITE, preparation, folder / "cache", workers=1)
        repeats = 200
        cached_s, _ = cpu(
            lambda: [np.array(cached.pixels[i]) for _ in range(repeats) for i in range(PICTURES)]
        )
        error = np.abs(np.array(full, np.int16) - np.array(reduced, np.int16))
        assert all(np.array_equal(cached.pixels[i], reduced[i]) for i in range(PICTURES))
        rows = told(
            [
                {"way": "decode in full, prepare", "images_per_s": PICTURES / full_s},
                {
                    "way": "decode at reduced scale, prepare",
                    "images_per_s": PICTURES / reduced_s,
                    "mean_difference_of_255": float(error.mean()),
                },
                {"way": "cache of prepared squares", "images_per_s": repeats * PICTURES / cached_s},
            ],
            f"Images: JPEG of {SIDE} px to squares of {PIXELS} px (ratio: more is better)",
        )
        large = np.stack([load_image(files[0]) for _ in range(2)])
        small = np.stack(full[:2])
        turn = np.tile(np.array([[0.95, 0.1, 0.02], [-0.1, 0.95, 0.01]]), (2, 1, 1))
        warp_squares(small, turn, np.empty((2, 3, PIXELS, PIXELS), np.uint8))  # compiles

        def after() -> None:
            warp_squares(large, turn, np.empty((2, 3, SIDE, SIDE), np.uint8))

        def before() -> None:
            for _ in range(100):
                warp_squares(small, turn, np.empty((2, 3, PIXELS, PIXELS), np.uint8))

        after_s, before_s = cpu(after)[0], cpu(before)[0]
        rows += told(
            [
                {"way": "vary the whole picture, then resize", "images_per_s": 2 / after_s},
                {"way": "resize, then vary the square", "images_per_s": 200 / before_s},
            ],
            "Augmentation alone (ratio: more is better)",
        )
    return rows


# --- mining ------------------------------------------------------------------------------------------


def mining(places: int) -> list[Row]:
    compared = 10_000
    cases = [
        {"way": "N x N matrix, sorted (PyTorch topk)", "kind": "square", "rows": compared},
        {"way": "exact in blocks", "kind": "exact", "rows": compared},
        {"way": "index (FAISS IVF)", "kind": "indexed", "rows": compared},
    ]
    rows = told(
        [_in_child({"what": "mining", **c}) for c in cases],
        f"Look-alikes of {compared:,} x {WIDTH}, 128 each",
    )
    many = [
        {"way": "exact in blocks", "kind": "exact", "rows": places},
        {"way": "index (FAISS IVF)", "kind": "indexed", "rows": places},
    ]
    title = f"Look-alikes of {places:,} x {WIDTH}, 128 each (an N x N matrix: {places**2 * 4 / 1e9:.1f} GB)"
    return rows + told([_in_child({"what": "mining", **c}) for c in many], title)


def _mine(case: Row) -> Row:
    import torch
    from torch.nn import functional

    from gleam.training.similar import IndexedSearch, most_similar_exact

    rows = case["rows"]
    generator = torch.Generator().manual_seed(0)
    # Places lie in clusters, as those of a trained network do.
    centres = torch.randn(max(1, rows // 50), WIDTH, generator=generator)
    at = torch.randint(len(centres), (rows,), generator=generator)
    gallery = functional.normalize(centres[at] + 0.8 * torch.randn(rows, WIDTH, generator=generator), dim=-1)
    queries = functional.normalize(gallery + 0.03 * torch.randn(rows, WIDTH, generator=generator), dim=-1)
    recall = 1.0
    _begin_peak()
    before = _status("VmRSS")
    if case["kind"] == "square":
        seconds, _ = cpu(lambda: (queries @ gallery.T).topk(128, dim=1))
    elif case["kind"] == "exact":
        seconds, _ = cpu(lambda: most_similar_exact(queries, gallery, 128, torch.device("cpu")))
    else:

        def look() -> IndexedSearch:
            index = IndexedSearch(gallery, probes=32)
            index.search(queries, 128)
            return index

        seconds, index = cpu(look)
        peak = _status("VmHWM") - before
        recall, _ = index.recall(queries, 128)
        return {"way": case["way"], "cpu_s": seconds, "peak_mb": peak / 1e6, "recall": recall}
    peak = _status("VmHWM") - before
    return {"way": case["way"], "cpu_s": seconds, "peak_mb": peak / 1e6, "recall": recall}


# --- steps -------------------------------------------------------------------------------------------


def steps() -> list[Row]:
    rows: list[Row] = []
    for places in (16, 32, 64):
        cases = [
            {"way": f"whole batch of {2 * places} images", "places": places},
            {"way": f"in chunks of 16 (batch of {2 * places})", "places": places, "chunk": 16},
        ]
        rows += told(
            [_in_child({"what": "step", **c}) for c in cases], f"Gradient caching, {2 * places} images"
        )
    cases = [
        {"way": "float32, all activations kept", "places": 24},
        {"way": "activations computed twice", "places": 24, "again": True},
        {"way": "blocks compiled (after the first step)", "places": 24, "compile": True},
        {"way": "bfloat16", "places": 24, "bf16": True},
        {"way": "bfloat16, twice, in chunks of 16", "places": 24, "bf16": True, "again": True, "chunk": 16},
    ]
    return rows + told([_in_child({"what": "step", **c}) for c in cases], "A step of 48 images (ViT, 126 px)")


def _learn(case: Row) -> Row:
    import torch
    from torch import nn

    from gleam.encoder import EncoderConfig, build_model
    from gleam.imagery.preparation import Preparation
    from gleam.training import tracing
    from gleam.training.compiling import compile_blocks
    from gleam.training.config import AugmentConfig, LossConfig, PhaseConfig
    from gleam.training.recompute import recompute_activations
    from gleam.training.step import backward, batch_statistics
    from gleam.views import View

    encoder = EncoderConfig(
        backbone="dinov2", backbone_options=VIT, dim=128, preparation=Preparation(pixels=126)
    )
    still = AugmentConfig(gain=0, tint=0, grey=0)
    phase = PhaseConfig(name="p", places=["x"], steps=1, chunk=case.get("chunk", 0), augment=still)
    model = build_model(encoder, 0).train()
    for _, module in batch_statistics(model):
        module.eval()
    if case.get("again"):
        recompute_activations(model)
    if case.get("compile"):
        assert compile_blocks(model, torch.device("cpu")), "no compiler is at hand"
    log_scale = nn.Parameter(torch.tensor(2.0))

    def short() -> Any:
        return torch.autocast("cpu", torch.bfloat16) if case.get("bf16") else contextlib.nullcontext()

    def step(places: int) -> float:
        torch.manual_seed(0)
        inputs = tracing._inputs(encoder, (View.SATELLITE, View.PANORAMA), places)
        pixels: Any = inputs.pixels
        inputs = replace(
            inputs,
            pixels=torch.randint(0, 256, pixels.shape, dtype=torch.uint8),
            present=torch.ones_like(inputs.present),
            clash=torch.zeros_like(inputs.clash),
        )
        loss = backward(
            model, log_scale, inputs, phase, LossConfig(), device=torch.device("cpu"), autocast=short
        )
        model.zero_grad(set_to_none=True)
        log_scale.grad = None
        return float(loss)

    # What is compiled is compiled for the sizes it meets, so it has to meet them before the clock runs.
    step(case["places"] if case.get("compile") else 2)
    _begin_peak()
    before = _status("VmRSS")
    seconds, loss = cpu(lambda: step(case["places"]))
    return {
        "way": case["way"],
        "cpu_s": seconds,
        "peak_mb": (_status("VmHWM") - before) / 1e6,
        "loss": f"{loss:.6f}",
    }


# --- processes ---------------------------------------------------------------------------------------


def _in_child(case: Row) -> Row:
    """Measure in a process of its own, whose allocator gives back at once what is freed."""
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "MALLOC_MMAP_THRESHOLD_": "65536",
        "MALLOC_TRIM_THRESHOLD_": "65536",
    }
    command = [sys.executable, __file__, "--child", json.dumps(case)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    result: Row = json.loads(done.stdout.splitlines()[-1])
    return result


def _child(case: Row) -> Row:
    import torch

    torch.set_num_threads(1)
    return _mine(case) if case["what"] == "mining" else _learn(case)


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(key))


def _begin_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    main()
