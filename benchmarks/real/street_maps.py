"""Street maps of New York beside satellite pictures: tables, trainings, and recall both ways.

The set has 946 pairs to train on and 150 to be measured with; ``train.csv`` tells which training pairs
share ground with a measured one. Their coordinates are unknown. Laid over each other, the satellite
pictures of both parts agree at equal width on the ground and at no other (correlation 0.94 to 1.0, and at
most 0.78 when one is scaled by 3 %), so 256 and 400 pixels show the same width, and the encoder takes each
picture whole. That width is about 540 m: the parallel streets of Manhattan, 80 m apart, repeat after 0.148
of a picture, and 600 pixels of web map at zoom 17 span 543 m there.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.config import load_config
from gleam.encoder import Encoder
from gleam.evaluation import metrics
from gleam.evaluation.bootstrap import mean_intervals
from gleam.evaluation.histogram import ColourHistogram
from gleam.evaluation.relevance import Relevance
from gleam.evaluation.retrieval import search
from gleam.files import read_json, to_json, write_json
from gleam.places import PlaceImage, Places
from gleam.training.config import TrainConfig
from gleam.training.recipes import find_recipe
from gleam.training.trainer import train
from gleam.views import View

FOLDER = "pix2pix_maps_nyc"
RECIPE = "nyc-map"
GROUND_WIDTH_M = 543.0
"""Of every picture; only used to show what telling it would do."""
RECALL_AT = (1, 5, 10)
DIRECTIONS = {"map to satellite": (View.MAP, View.SATELLITE), "satellite to map": (View.SATELLITE, View.MAP)}


@dataclass(frozen=True)
class Run:
    """One training: the table it learns from, and what it starts from (None: fresh weights)."""

    name: str
    area: str
    start: str | None


def runs(start: str) -> list[Run]:
    """Return the four trainings: new and same area, from ``start`` and from scratch."""
    return [
        Run(f"{area} area, {how}", f"{area}-area", begin)
        for area in ("new", "same")
        for how, begin in (("fine-tuned", start), ("from scratch", None))
    ]


def make_tables(root: Path, out: Path) -> dict[str, Places]:
    """Write ``new-area.parquet`` and ``same-area.parquet``: what may be learnt, and the 150 test pairs."""
    with (root / "train.csv").open(newline="", encoding="utf-8-sig") as file:
        marked = {row["file"]: row["overlaps_eval"] == "1" for row in csv.DictReader(file)}
    test = [
        row for path in sorted((root / "eval" / "map").iterdir()) for row in _pair(root, "eval", path.name)
    ]
    tables = {}
    for name, files in (
        ("new-area", [file for file, overlaps in marked.items() if not overlaps]),
        ("same-area", list(marked)),
    ):
        rows = [row for file in files for row in _pair(root, "train", file)]
        tables[name] = Places([*rows, *test], root)
        tables[name].write(out / f"{name}.parquet")
    return tables


def _pair(root: Path, part: str, file: str) -> list[PlaceImage]:
    split = "test" if part == "eval" else "train"
    return [
        PlaceImage(f"{part}-{Path(file).stem}", view, f"{part}/{folder}/{file}", split=split)
        for view, folder in ((View.SATELLITE, "sat"), (View.MAP, "map"))
    ]


def measure(
    encoder: Any, test: Places, *, ground_width_m: float | None = None, seed: int = 0
) -> dict[str, Any]:
    """Return recall with its interval and the median rank, both ways, among all pairs of ``test``."""
    vectors = {
        view: _encoded(encoder, test.select(view=view), view, ground_width_m)
        for view in (View.SATELLITE, View.MAP)
    }
    out = {}
    for name, (asked, among) in DIRECTIONS.items():
        labels = {view: test.select(view=view).column("place").tolist() for view in (asked, among)}
        ranking = search(vectors[asked], vectors[among], Relevance.from_labels(labels[asked], labels[among]))
        hits = np.stack([metrics.hits_at(ranking, k) for k in RECALL_AT], axis=1)
        intervals = mean_intervals(hits, seed=seed)
        out[name] = {
            "queries": len(ranking.best),
            **{f"recall@{k}": i.to_dict() for k, i in zip(RECALL_AT, intervals, strict=True)},
            "found_at": {str(k): int(hits[:, i].sum()) for i, k in enumerate(RECALL_AT)},
            "median_rank": float(np.median(ranking.best)),
            "chance": {f"recall@{k}": metrics.chance_at(ranking, k) for k in RECALL_AT},
        }
    return out


def _encoded(encoder: Any, rows: Places, view: View, ground_width_m: float | None) -> NDArray[np.float32]:
    poses = [replace(pose, ground_width_m=ground_width_m) for pose in rows.poses]
    return np.asarray(encoder.encode(rows.paths, view, poses), np.float32)


def measure_all(
    root: Path,
    encoder: Encoder,
    start: str,
    work: Path,
    *,
    seed: int = 0,
    training: bool = True,
    changes: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the figures of weights that never saw the set and of the four trainings, and what those cost."""
    tables = make_tables(root, work)
    test = tables["new-area"].select(split="test")
    figures, trainings = zero_shot(encoder, test, seed), {}
    for run in runs(start) if training else []:
        out = work / f"street-maps-{encoder.fingerprint}" / run.name.replace(", ", "-").replace(" ", "-")
        shape = f"encoder={to_json(encoder.config.to_dict())}"
        trainings[run.name] = run_training(run, work, out, [shape, *changes])
        figures[run.name] = measure(Encoder.from_pretrained(out), test, seed=seed)
    return {
        "test_pairs": len(test.place_ids),
        "train_pairs": {name: len(t.select(split="train").place_ids) for name, t in tables.items()},
        "figures": figures,
        "trainings": trainings,
    }


def run_training(run: Run, tables: Path, out: Path, changes: Sequence[str] = ()) -> dict[str, Any]:
    """Train as the recipe says, on one table from one start, unless that was done before; return its cost."""
    cost = out / "cost.json"
    if cost.is_file():
        found: dict[str, Any] = read_json(cost)
        return found
    table = to_json([str(tables / f"{run.area}.parquet")])
    settings = [
        f"out={to_json(str(out))}",
        f"start={to_json(run.start)}",
        f"cache={to_json(str(tables / 'prepared'))}",
        f"phases.0.places={table}",
        f"evaluate.places={table}",
        *changes,
    ]
    started = time.process_time()
    result = train(load_config(TrainConfig, find_recipe(RECIPE), settings), resume=True)
    figures = {"steps": result.steps, "cpu_s": round(time.process_time() - started)}
    write_json(cost, figures)
    return figures


def zero_shot(encoder: Encoder, test: Places, seed: int) -> dict[str, Any]:
    """Measure what never saw the set: the weights, at two scales, and colour histograms."""
    return {
        "no training, picture taken whole": measure(encoder, test, seed=seed),
        "no training, middle at the trained scale": measure(
            encoder, test, ground_width_m=GROUND_WIDTH_M, seed=seed
        ),
        "colour histograms": measure(ColourHistogram(), test, seed=seed),
    }
