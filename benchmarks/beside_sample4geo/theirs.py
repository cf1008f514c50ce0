"""Sample4Geo's side: its data set, transforms, loss, trainer, evaluator and miner, called as they are."""

from __future__ import annotations

import runpy
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from beside_sample4geo.settings import (
    BACKBONE,
    CLIP,
    PANORAMA,
    POOL,
    RATE,
    SIDE,
    SMOOTHING,
    WEIGHT_DECAY,
    Clock,
    Job,
    equal_encoder,
    peak_mb,
)
from beside_sample4geo.shims import open_checkout

CONFIG = Namespace(
    device="cpu",
    verbose=False,
    clip_grad=CLIP,
    scheduler="cosine",
    gpu_ids=(0,),
    normalize_features=True,
    neighbour_range=POOL,
)


def train(job: Job) -> dict[str, Any]:
    """Train its way; return seconds, pairs, the test ranks by our evaluator, and its own recall."""
    return _train(job, plain=False)


def train_plain(job: Job) -> dict[str, Any]:
    """Train on its test transforms: flips and turns stay, colours, blur and dropped patches do not."""
    return _train(job, plain=True)


def _train(job: Job, *, plain: bool) -> dict[str, Any]:
    open_checkout(job.checkout)
    from sample4geo.dataset.vigor import VigorDatasetTrain
    from sample4geo.loss import InfoNCE
    from sample4geo.model import TimmModel
    from sample4geo.trainer import train as train_epoch
    from sample4geo.transforms import get_transforms_train, get_transforms_val
    from sample4geo.utils import setup_system
    from torch import optim
    from torch.nn import CrossEntropyLoss
    from torch.utils.data import DataLoader
    from transformers import get_cosine_schedule_with_warmup

    from gleam.encoder import build_model

    setup_system(seed=job.seed)
    model = TimmModel(BACKBONE, pretrained=False, img_size=SIDE)
    # Both sides start from the same weights: those that our seed gives.
    model.model.load_state_dict(
        build_model(equal_encoder(), job.seed).backbone.model.state_dict(), strict=True
    )
    shown = model.get_config()
    clock = Clock()
    transforms = get_transforms_val if plain else get_transforms_train
    satellite, ground = transforms((SIDE, SIDE), PANORAMA, mean=shown["mean"], std=shown["std"])
    pairs = VigorDatasetTrain(
        str(job.data),
        same_area=True,
        transforms_query=ground,
        transforms_reference=satellite,
        prob_flip=0.5,
        prob_rotate=0.75,
        shuffle_batch_size=job.batch,
    )
    pairs.shuffle()
    loader = DataLoader(pairs, batch_size=job.batch, num_workers=job.workers, shuffle=False)
    optimiser = optim.AdamW(model.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY)
    schedule = get_cosine_schedule_with_warmup(optimiser, len(loader), len(loader) * job.epochs)
    loss = InfoNCE(loss_function=CrossEntropyLoss(label_smoothing=SMOOTHING), device="cpu")
    losses, steps = [], 0
    for _ in range(job.epochs):
        losses.append(float(train_epoch(CONFIG, model, loader, loss, optimiser, schedule, scaler=None)))
        steps += len(loader)
        pairs.shuffle()
    took = clock.read()
    return took | {"steps": steps, "pairs": steps * job.batch, "losses": losses} | _tested(job, model, shown)


def _tested(job: Job, model: Any, shown: dict[str, Any]) -> dict[str, Any]:
    """Rank the test panoramas among all tiles: its loaders, our evaluator and its own."""
    from sample4geo.dataset.vigor import VigorDatasetEval
    from sample4geo.evaluate.vigor import calculate_scores
    from sample4geo.trainer import predict
    from sample4geo.transforms import get_transforms_val
    from torch.utils.data import DataLoader

    from gleam.evaluation.relevance import Relevance
    from gleam.evaluation.retrieval import search

    satellite, ground = get_transforms_val((SIDE, SIDE), PANORAMA, mean=shown["mean"], std=shown["std"])
    vectors, labels = {}, {}
    for kind, transforms in (("query", ground), ("reference", satellite)):
        pictures = VigorDatasetEval(str(job.data), split="test", img_type=kind, transforms=transforms)
        loader = DataLoader(pictures, batch_size=128, num_workers=job.workers, shuffle=False)
        vectors[kind], labels[kind] = predict(CONFIG, model, loader)
    own = calculate_scores(
        vectors["query"], vectors["reference"], labels["query"], labels["reference"], ranks=[1, 5, 10]
    )
    tiles = labels["reference"].tolist()
    relevance = Relevance.from_labels(labels["query"][:, 0].tolist(), tiles)
    ranking = search(vectors["query"].numpy(), vectors["reference"].numpy(), relevance, top=1)
    return {"ranks": ranking.best.tolist(), "own_recall@1": float(own) / 100}


def evaluation(job: Job) -> dict[str, Any]:
    """Score ``size`` random queries against as many tiles; return memory above what was there before."""
    open_checkout(job.checkout)
    import torch
    from sample4geo.evaluate.vigor import calculate_scores

    from beside_sample4geo.vectors import random_pairs

    def score(size: int) -> float:
        queries, gallery, semi = random_pairs(size)
        labels = torch.from_numpy(np.concatenate([np.arange(size)[:, None], semi], 1))
        before.append(peak_mb())
        clocks.append(Clock())
        own = calculate_scores(
            torch.from_numpy(queries), torch.from_numpy(gallery), labels, torch.arange(size)
        )
        return float(own) / 100

    before: list[float] = []
    clocks: list[Clock] = []
    score(200)
    recall = score(job.size)
    return clocks[-1].read() | {"memory_mb": peak_mb() - before[-1], "recall@1": recall}


def mining_similar(job: Job) -> dict[str, Any]:
    """Find the most similar tiles of ``size`` random queries."""
    open_checkout(job.checkout)
    import torch
    from sample4geo.evaluate.vigor import calculate_nearest

    from beside_sample4geo.vectors import random_pairs

    def find(size: int) -> tuple[float, Clock]:
        queries, gallery, semi = random_pairs(size)
        numbers = torch.arange(size)
        labels = torch.from_numpy(np.concatenate([np.arange(size)[:, None], semi], 1))
        before, clock = peak_mb(), Clock()
        calculate_nearest(
            torch.from_numpy(queries), torch.from_numpy(gallery), labels, numbers, neighbour_range=POOL
        )
        return before, clock

    find(400)
    before, clock = find(job.size)
    return clock.read() | {"memory_mb": peak_mb() - before}


def mining_near(job: Job) -> dict[str, Any]:
    """Run its script of geographic neighbours on a list of ``size`` tiles (its second part has 400)."""
    open_checkout(job.checkout)
    import os

    # Imported first: what loading libraries takes is no part of mining.
    import sample4geo.dataset.vigor  # noqa: F401
    import sklearn.metrics  # noqa: F401

    from beside_sample4geo.vectors import write_tile_lists

    folder = job.work / f"near-{job.size}"
    write_tile_lists(folder / "data" / "VIGOR", job.size)
    os.chdir(folder)
    before, clock = peak_mb(), Clock()
    runpy.run_path(str(Path(job.checkout) / "calc_distance_vigor.py"), run_name="__main__")
    return clock.read() | {"memory_mb": peak_mb() - before}
