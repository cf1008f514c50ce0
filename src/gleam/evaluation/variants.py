"""One encoder in several number types and runtimes, measured side by side on the same places."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.encoder import Encoder
from gleam.encoder.exporting import DTYPES, OnnxEncoder, export_onnx
from gleam.encoder.exporting.graph import EncoderGraph
from gleam.encoder.pictures import PictureEncoder, Vectors
from gleam.errors import TableError
from gleam.evaluation.report import evaluate
from gleam.imagery.preparation import Preparation
from gleam.places.table import Places
from gleam.progress import progress
from gleam.views import Pose, View, parse_view

RANKS = (1, 5)
REFERENCE = "torch float32"
ROUNDS, TIMED_S = 3, 0.3
"""How often each variant's speed is taken, in turns with the others so that load on the machine meets all
alike, and over how much processor time; the best round counts."""
_RESAMPLES = 200


class PlainTorch(PictureEncoder):
    """The network as it is trained, in float32, without the fast forms that Encoder may use."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.name, self.fingerprint = REFERENCE, encoder.fingerprint

    @property
    def preparation(self) -> Preparation:
        """That of the encoder."""
        return self._encoder.preparation

    def embed(self, prepared: NDArray[np.uint8], view: View | str) -> Vectors:
        """Return (N, D) unit vectors of prepared pictures."""
        import torch

        with torch.inference_mode():
            graph = EncoderGraph(self._encoder.model, parse_view(view))
            return np.asarray(graph(torch.from_numpy(np.ascontiguousarray(prepared))).numpy(), np.float32)

    def encode(
        self, images: Sequence[Any], view: View | str, poses: Sequence[Pose] | None = None
    ) -> NDArray[Any]:
        """Return vectors (N, D) of N image files."""
        seen_as = parse_view(view)
        return np.concatenate(
            [self.embed(b, seen_as) for b in self.prepared_batches(images, seen_as, poses, 64)]
        )


@dataclass(frozen=True)
class _Variant:
    name: str
    maker: Any
    bytes: int | None = None


def measure_variants(
    encoder: Encoder, places: Places, ranges: Places, *, split: str | None = None, seed: int = 0
) -> dict[str, Any]:
    """Export an encoder in every number type and measure each on places; nothing is kept.

    Args:
        encoder: The encoder.
        places: Rows to search: satellite images are the gallery, the other views ask.
        ranges: Rows whose pictures the ranges of int8 are measured on; other places than those searched.
        split: Rows of ``places`` of one split only.
        seed: Of the choice of pictures for the ranges.

    Returns:
        ``variants``: name, bytes of its files, and per view recall@1 and recall@5 in percent, their loss in
        points against the plain network, and pictures per second of one thread; ``notes``.

    Raises:
        TableError: A view of ``places`` has no pictures in ``ranges``.
    """
    rows = places.select(split=split) if split is not None else places
    views = [view for view in View if len(rows.select(view=view))]
    pictures = {view: range_pictures(encoder, ranges, view, seed) for view in views}
    with tempfile.TemporaryDirectory(prefix="gleam-onnx-") as folder:
        files: dict[str, list[Path]] = {dtype: [] for dtype in DTYPES}
        with progress("Exporting", len(views)) as bar:
            for view in views:
                out = Path(folder) / f"{view.value}.onnx"
                for done in export_onnx(encoder, out, view, batch=8, dtypes=DTYPES, pictures=pictures[view]):
                    files[done.metadata.dtype].append(done.file)
                bar.advance()
        queries = [file for file in files["int8"] if not file.name.startswith(View.SATELLITE.value)]
        variants = [
            _Variant(REFERENCE, PlainTorch(encoder)),
            _Variant("torch as gleam runs it here", encoder),
            _Variant("onnx fp32", OnnxEncoder(files["fp32"]), _bytes(files["fp32"])),
            _Variant("onnx bf16 weights", OnnxEncoder(files["bf16"]), _bytes(files["bf16"])),
            _Variant("onnx int8", OnnxEncoder(files["int8"]), _bytes(files["int8"])),
            _Variant("onnx int8 photos, fp32 tiles", OnnxEncoder([*files["fp32"], *queries])),
        ]
        measured = [_measured(variant, rows, seed) for variant in variants]
        _add_speeds(variants, measured, pictures)
    for one in measured:
        for view, figures in one["views"].items():
            for rank in RANKS if "queries" in figures else ():
                before = measured[0]["views"][view][f"recall@{rank}"]
                figures[f"loss@{rank}"] = round(before - figures[f"recall@{rank}"], 2)
    return {
        "encoder": encoder.name,
        "fingerprint": encoder.fingerprint,
        "gallery": len(rows.select(view=View.SATELLITE)),
        "variants": measured,
        "notes": [
            "Speed: pictures per second of one thread's time, prepared already, in batches of 8.",
            "bf16: the weights alone, as onnxruntime has no bfloat16 arithmetic on CPUs: files halve.",
            "Loss: points of recall below the plain float32 network in torch; negative is a gain.",
        ],
    }


def _measured(variant: _Variant, rows: Places, seed: int) -> dict[str, Any]:
    report = evaluate(variant.maker, rows, seed=seed, resamples=_RESAMPLES, baseline=False)
    views = {
        view: {
            **{f"recall@{k}": round(100 * found[f"recall@{k}"]["value"], 2) for k in RANKS},
            "queries": found["queries"],
        }
        for view, found in report["views"].items()
    }
    return {"name": variant.name, "bytes": variant.bytes, "views": views}


def _add_speeds(
    variants: Sequence[_Variant], measured: Sequence[dict[str, Any]], pictures: dict[View, NDArray[np.uint8]]
) -> None:
    for view, shown in pictures.items():
        best = [0.0] * len(variants)
        for _ in range(ROUNDS):
            for number, variant in enumerate(variants):
                best[number] = max(best[number], _speed(variant.maker, shown[:8], view))
        for one, speed in zip(measured, best, strict=True):
            one["views"].setdefault(view.value, {})["pictures_per_s"] = round(speed, 1)


def _speed(maker: Any, batch: NDArray[np.uint8], view: View) -> float:
    """Return pictures per second of processor time, after one call to warm up."""
    maker.embed(batch, view)
    begun, count = time.process_time(), 0
    while time.process_time() - begun < TIMED_S:
        maker.embed(batch, view)
        count += len(batch)
    return count / (time.process_time() - begun)


def range_pictures(encoder: Encoder, ranges: Places, view: View, seed: int) -> NDArray[np.uint8]:
    """Return up to 96 prepared pictures (N, H, W, 3) of a view, to measure the ranges of int8 on.

    Raises:
        TableError: There are fewer than 16.
    """
    rows = ranges.select(view=view)
    if len(rows) < 16:
        raise TableError(
            f"{ranges.file or 'The table'} has {len(rows)} {view.value} pictures; the ranges of int8 need "
            "16, of places that are not searched."
        )
    chosen = np.sort(np.random.default_rng(seed).permutation(len(rows))[:96])
    some = rows.take(chosen)
    return np.concatenate(list(encoder.prepared_batches(some.paths, view, some.poses, 64)))


def _bytes(files: Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files)
