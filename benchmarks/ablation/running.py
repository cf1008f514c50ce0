"""One run: train an arm with a seed, rank the held-out places, write the ranks. Finished runs are skipped."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablation.arms import BASE, Arm, Budget, Table
from gleam.city.make import make_city
from gleam.config import to_dict
from gleam.encoder import Encoder, EncoderConfig
from gleam.evaluation.relevance import Relevance
from gleam.evaluation.retrieval import search
from gleam.files import read_json, write_json
from gleam.imagery.preparation import Preparation
from gleam.places import Places
from gleam.training.images import prepared_images
from gleam.training.trainer import train
from gleam.views import QUERY_VIEWS, View

TRAIN_CITY, TEST_CITY = 5101, 5201
TRAIN_PLACES, TEST_PLACES = 1600, 600
PIXELS = 96
_DRAW = 20261128


@dataclass(frozen=True)
class Bench:
    """Where everything lies, and what a run may use."""

    work: Path
    budget: Budget
    table: Table
    commit: str

    def file_of(self, arm: str, seed: int) -> Path:
        """Return the file of a run's result."""
        return self.work / "runs" / f"{arm}-{seed}.json"


def make_data(bench: Bench) -> None:
    """Make both cities and the unbalanced table, unless they are there."""
    for seed, places, split, size in (
        (TEST_CITY, TEST_PLACES, "test", 2.0),
        (TRAIN_CITY, TRAIN_PLACES, "train", 3.0),
    ):
        folder = bench.work / "cities" / str(seed)
        make_city(
            folder,
            seed=seed,
            size_km=size,
            places=places,
            pixels=PIXELS,
            split=split,
            workers=1,
            rasters=False,
            tiles=False,
        )
    unbalanced = bench.work / "unbalanced.parquet"
    if not unbalanced.exists():
        thin_out(Places.read(bench.work / "cities" / str(TRAIN_CITY)), bench.table.unbalanced).write(
            unbalanced
        )


def thin_out(places: Places, shares: Any) -> Places:
    """Return the table with each view at a fixed random share of the places."""
    rng = np.random.default_rng(_DRAW)
    names = np.array(places.place_ids)
    kept = {
        view: set(names[rng.permutation(len(names))[: round(s * len(names))]]) for view, s in shares.items()
    }
    keep = [row.view is View.SATELLITE or row.place in kept[row.view.value] for row in places]
    return places.take(np.array(keep))


def run(bench: Bench, arm: Arm, seed: int) -> dict[str, Any]:
    """Return the result of an arm with a seed: read when it is there, made and written when not."""
    file = bench.file_of(arm.name, seed)
    folder = bench.work / "training" / f"{arm.name}-{seed}"
    places = bench.work / ("unbalanced.parquet" if arm.data == "unbalanced" else f"cities/{TRAIN_CITY}")
    config = arm.train_config(
        seed, bench.budget, places, folder, bench.work / "prepared", bench.table.arms[BASE]
    )
    recipe = to_dict(config) | {"train": arm.train, "out": "", "cache": ""}
    if file.exists() and (known := read_json(file))["recipe"] == recipe:
        return dict(known)
    started, cpu = time.perf_counter(), time.process_time()
    if arm.train:
        shutil.rmtree(folder, ignore_errors=True)  # what a killed run left: a run is short, so begun anew
        train(config)
        encoder = Encoder.from_pretrained(folder)
    else:
        encoder = Encoder.untrained(arm.encoder_config(), seed)
    trained, cpu_trained = time.perf_counter() - started, time.process_time() - cpu
    ranks = rank_held_out(bench, encoder)
    result_of_run = {
        "arm": arm.name,
        "seed": seed,
        "recipe": recipe,
        "commit": bench.commit,
        "steps": arm.steps_and_images(config)[0] if arm.train else 0,
        "images": arm.steps_and_images(config)[1] if arm.train else 0,
        "train_cpu_s": round(cpu_trained, 1),
        "train_wall_s": round(trained, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
        "fingerprint": encoder.fingerprint,
        "ranks": {view: best.tolist() for view, best in ranks.items()},
    }
    write_json(file, result_of_run, indent=None)
    shutil.rmtree(folder, ignore_errors=True)
    return result_of_run


def rank_held_out(bench: Bench, encoder: Encoder) -> dict[str, NDArray[np.int64]]:
    """Return per view the rank (from 1) of each held-out place's own tile; place order is the table's."""
    places = Places.read(bench.work / "cities" / str(TEST_CITY))
    order = places.place_ids
    gallery = encoder.embed(squares(bench, places, View.SATELLITE, encoder.config, order), View.SATELLITE)
    relevance = Relevance.from_labels(order, order)
    found = {}
    for view in QUERY_VIEWS:
        queries = encoder.embed(squares(bench, places, view, encoder.config, order), view)
        found[view.value] = search(queries, gallery, relevance, top=1).best
    return found


def squares(
    bench: Bench, places: Places, view: View, config: EncoderConfig, order: list[str]
) -> NDArray[np.uint8]:
    """Return the prepared pictures of one view, one per place, in ``order``."""
    rows = places.select(view=view)
    if rows.column("place").tolist() != order:
        raise SystemExit(f"The {view} pictures of the test city are not one per place in the same order.")
    preparation: Preparation = config.preparation
    return np.asarray(prepared_images(rows, view, preparation, bench.work / "prepared", workers=1).pixels)
