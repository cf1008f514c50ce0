"""Our side of the same things."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from beside_sample4geo.settings import (
    CLIP,
    NEIGHBOURS,
    POOL,
    RATE,
    SIDE,
    SMOOTHING,
    TEMPERATURE,
    WEIGHT_DECAY,
    Clock,
    Job,
    equal_encoder,
    peak_mb,
)
from beside_sample4geo.vectors import BIG_CITY, random_pairs, tile_positions
from gleam.config import load_config
from gleam.encoder import Encoder, EncoderConfig, build_model
from gleam.evaluation.metrics import hits_at
from gleam.evaluation.relevance import Relevance
from gleam.evaluation.retrieval import search
from gleam.imagery.preparation import Preparation
from gleam.places import Places
from gleam.training.config import TrainConfig
from gleam.training.dataset import PlaceSet
from gleam.training.images import prepared_images
from gleam.training.related import Related
from gleam.views import View


def bird_encoder() -> EncoderConfig:
    """Return the same backbone as the package recommends it: on bird's-eye squares, the layout kept."""
    return EncoderConfig(
        backbone=equal_encoder().backbone,
        head="layout",
        preparation=Preparation(pixels=SIDE, ground_width_m=72.0),
    )


def train(job: Job) -> dict[str, Any]:
    """Train our way what Sample4Geo trains."""
    return _train(job, equal_encoder(), "equal")


def train_recommended(job: Job) -> dict[str, Any]:
    """Train the same backbone, batch and steps on the package's own preparation and head."""
    return _train(job, bird_encoder(), "recommended")


def untrained(job: Job) -> dict[str, Any]:
    """Rank with the weights that both sides start from."""
    return {"ranks": _ranks(job, Encoder.untrained(equal_encoder(), job.seed))}


def _train(job: Job, encoder: EncoderConfig, name: str) -> dict[str, Any]:
    from gleam.training.trainer import train as run

    folder = job.work / "training" / f"{job.pictures}-{name}-{job.seed}"
    pairs = len(Places.read(job.table).select(view=View.PANORAMA, split="same-train"))
    steps = pairs // job.batch * job.epochs
    config = load_config(
        TrainConfig,
        {
            "name": name,
            "seed": job.seed,
            "out": str(folder / "out"),
            # A cache of its own, so that reading and preparing every picture is part of the time.
            "cache": str(folder / "cache"),
            "encoder": encoder.to_dict(),
            "device": "cpu",
            "threads": 1,
            "workers": job.workers,
            "checkpoint_every_steps": 1_000_000,
            "loss": {"temperature": TEMPERATURE, "label_smoothing": SMOOTHING, "anchor": "satellite"},
            "phases": [
                {
                    "name": "pairs",
                    "places": [str(job.table)],
                    "split": "same-train",
                    "views": ["panorama"],
                    "steps": steps,
                    "batch": job.batch,
                    "rate": RATE,
                    "warmup": min(0.99, 1.0 / job.epochs),
                    "weight_decay": WEIGHT_DECAY,
                    "betas": [0.9, 0.999],
                    "clip_norm": CLIP,
                    "augment": {"scale": 0.0, "shift": 0.0, "gain": 0.1, "tint": 0.1, "grey": 0.1},
                }
            ],
        },
    )
    # Loaded first, as on the other side: what loading libraries takes is no part of training.
    build_model(encoder, job.seed)
    clock = Clock()
    result = run(config)
    took = clock.read() | {"steps": steps, "pairs": steps * job.batch}
    return took | {
        "steady_pairs_per_s": result.images_per_s / 2,
        "ranks": _ranks(job, Encoder.from_pretrained(folder / "out")),
    }


def _ranks(job: Job, encoder: Encoder) -> list[int]:
    """Rank the test panoramas among all tiles; other tiles that show the spot count as wrong, as in VIGOR."""
    table = Places.read(job.table)
    tiles = table.select(view=View.SATELLITE, split="same-test")
    panoramas = table.select(view=View.PANORAMA, split="same-test")
    vectors = []
    for rows, view in ((panoramas, View.PANORAMA), (tiles, View.SATELLITE)):
        # Kept between the seeds: testing is not part of the time.
        ready = prepared_images(rows, view, encoder.preparation, job.work / "prepared-test", workers=1)
        vectors.append(encoder.embed(np.array(ready.pixels), view))
    relevance = Relevance.from_labels(panoramas.column("place").tolist(), tiles.column("place").tolist())
    return list(map(int, search(*vectors, relevance, top=1).best))


def evaluation(job: Job) -> dict[str, Any]:
    """Score ``size`` random queries against as many tiles: recall and hit rate."""

    def score(size: int) -> float:
        queries, gallery, semi = random_pairs(size)
        before.append(peak_mb())
        clocks.append(Clock())
        own = [[i] for i in range(size)]
        recall = search(queries, gallery, Relevance.from_lists(own, size))
        hit = search(queries, gallery, Relevance.from_lists(own, size, ignored=list(semi)))
        found = float(hits_at(recall, 1).mean())
        assert hits_at(hit, 1).mean() >= found
        return found

    before: list[float] = []
    clocks: list[Clock] = []
    score(200)
    recall = score(job.size)
    return clocks[-1].read() | {"memory_mb": peak_mb() - before[-1], "recall@1": recall}


def mining_similar(job: Job) -> dict[str, Any]:
    """Find the most similar tiles of ``size`` random queries, exactly, in blocks."""
    return _mined(job, "exact")


def mining_indexed(job: Job) -> dict[str, Any]:
    """Find them through the index; its recall is told, and not part of the time."""
    return _mined(job, "indexed")


def _mined(job: Job, search: str) -> dict[str, Any]:
    import torch

    from gleam.training.config import HardNegativesConfig
    from gleam.training.hard_negatives import most_similar
    from gleam.training.similar import IndexedSearch, most_similar_exact

    probes = HardNegativesConfig().probes

    def find(size: int) -> dict[str, Any]:
        queries, gallery = map(torch.from_numpy, random_pairs(size)[:2])
        places = _places(tile_positions(BIG_CITY[0], size))
        before, clock = peak_mb(), Clock()
        if search == "exact":
            device = torch.device("cpu")
            most_similar(queries, lambda q, k: most_similar_exact(q, gallery, k, device), POOL, places, 0.0)
            return clock.read() | {"memory_mb": peak_mb() - before}
        index = IndexedSearch(gallery, probes)
        most_similar(queries, index.search, POOL, places, 0.0)
        took = clock.read() | {"memory_mb": peak_mb() - before}
        return took | {"recall": index.recall(queries, POOL)[0]}

    find(400)
    return find(job.size)


def mining_near(job: Job) -> dict[str, Any]:
    """Find the geographic neighbours of ``size`` tiles."""
    from gleam.training.hard_negatives import nearest_places

    nearest_places(_places(tile_positions(BIG_CITY[0], 400)), NEIGHBOURS, 0.0)
    places = _places(tile_positions(BIG_CITY[0], job.size))
    before, clock = peak_mb(), Clock()
    nearest_places(places, NEIGHBOURS, 0.0)
    return clock.read() | {"memory_mb": peak_mb() - before}


def _places(positions: NDArray[np.float64]) -> PlaceSet:
    """Return a set of places at positions, without pictures."""
    lat, lon = np.radians(positions).T
    total = len(positions)
    return PlaceSet(
        names=[f"0:{i}" for i in range(total)],
        views=(View.SATELLITE, View.PANORAMA),
        first=np.zeros((total, 2), np.int64),
        count=np.ones((total, 2), np.int64),
        stores={},
        unit=np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], 1),
        width_m=np.full(total, 72.0),
        bare=np.full(total, -1, np.int64),
        related=Related.from_pairs([], total),
        pixels=SIDE,
        raw=False,
        notes=(),
        fingerprint="",
    )
