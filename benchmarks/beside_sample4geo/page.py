"""The comparison as a Markdown page: each figure of both sides, their ratio, and the target."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ablation.intervals import METHOD, difference, recall

from beside_sample4geo.settings import BACKBONE, PANORAMA, POOL, SIDE, Job
from beside_sample4geo.shims import SHIMMED
from beside_sample4geo.targets import LARGE, Figure, Jobs, Runs, grown, median, points, targets
from beside_sample4geo.vectors import DIM

Results = Sequence[Mapping[str, Any]]
RANKS = (1, 5, 10)
NAMES = {
    "ours.untrained": "first weights of both, untrained",
    "theirs.train": "Sample4Geo",
    "ours.train": "GLEAM, equal",
    "ours.train_recommended": "GLEAM as recommended: bird's-eye panoramas, a head that keeps the layout",
}


def page(results: Results, job: Job, commit: str, command: str, date: str) -> str:
    """Return the page, with the parts that were measured."""
    parts = [
        "# Beside Sample4Geo",
        "Sample4Geo's own data set class, transforms, loss, trainer, evaluator and miner, run as they are "
        "beside ours, in one call. Its repository has no licence: it is run, nothing of it is in this "
        "package.",
        "\n".join(
            [
                f"* **Command** `{command}` ({date}), Sample4Geo at {commit}",
                f"* **Shimmed** for today's libraries: {'; '.join(SHIMMED)}. Nothing else.",
                f"* **Machine** {os.cpu_count()} shared x86-64 cores, one thread per process; other work "
                "ran beside it, so trust CPU seconds before wall seconds. Jobs of both sides took turns.",
            ]
        ),
    ]
    by_job: dict[str, dict[int, Mapping[str, Any]]] = {}
    for result in results:
        asked = result["asked"]
        by_job.setdefault(asked["job"], {})[asked["seed"] or asked["size"]] = result
    parts.append("\n".join(["| target | measured | |", "|---|---|---|", *targets(by_job)]))
    if "ours.train" in by_job:
        parts += _training(by_job, job)
    if "ours.evaluation" in by_job:
        parts += _evaluation(by_job)
    for kind, title, what in (
        ("mining_near", "Geographic neighbours", "its script with a matrix of all distances, our k-d tree"),
        ("mining_similar", "Look-alikes", "its matrix of all similarities, our chunks"),
    ):
        if f"ours.{kind}" in by_job:
            parts += _mining(by_job, kind, title, what)
    return "\n\n".join(parts) + "\n"


def _training(by_job: Jobs, job: Job) -> list[str]:
    theirs, equal = by_job["theirs.train"], by_job["ours.train"]
    seeds = sorted(theirs)
    one = theirs[seeds[0]]
    ranks = {
        name: {seed: run["ranks"] for seed, run in runs.items()}
        for name, runs in by_job.items()
        if name in NAMES
    }
    lines = ["| | recall@1 | recall@5 | recall@10 |", "|---|---|---|---|"]
    for name in NAMES:
        lines.append(
            f"| {NAMES[name]} | " + " | ".join(f"{100 * recall(ranks[name], k):.1f}" for k in RANKS) + " |"
        )
    own = np.mean([theirs[seed]["own_recall@1"] for seed in seeds])
    for name in ("ours.train", "ours.train_recommended"):
        cells = [points(difference(ranks[name], ranks["theirs.train"], k)) for k in RANKS]
        lines.append(f"| {NAMES[name].split(':')[0]} − Sample4Geo, points | {' | '.join(cells)} |")
    queries = len(one["ranks"])
    return [
        "## Training",
        "Four cities stand for VIGOR's, in its layout and file sizes (panoramas 2048 x 1024 JPEG, tiles "
        f"640 x 640 PNG): {4 * job.train} pairs teach, {queries} panoramas are searched among all "
        f"{4 * (job.train + job.test)} tiles (chance {100 / (4 * (job.train + job.test)):.2f} % at "
        f"recall@1). Both train timm's `{BACKBONE}` (tiles {SIDE} x {SIDE}, panoramas {PANORAMA[0]} x "
        f"{PANORAMA[1]}) from the same first weights, {one['steps']} steps of {job.batch} pairs in random "
        "batches without repeated places, AdamW, the same rate and cosine, label smoothing 0.1, float32, "
        f"{job.workers} workers; seeds {', '.join(map(str, seeds))}. World flips and turns are alike; "
        "colours are varied by each side's own transforms, pictures are resized by each side's own loader. "
        f"The ranks are counted by our evaluator for both; Sample4Geo's own evaluator says {100 * own:.1f} "
        f"% for its recall@1. Difference: 95 % intervals. {METHOD}",
        "\n".join(lines),
        "End to end: opening the data, reading and preparing every picture, training all steps. Ours "
        "prepares each picture once into a cache, in the time that is counted; the longer the training, "
        "the less that weighs (steady: "
        f"{np.median([run['steady_pairs_per_s'] for run in equal.values()]):.0f} pairs per wall second once "
        "prepared).",
        "\n".join(
            [
                "| median over the seeds | Sample4Geo | GLEAM, equal | ratio | target |",
                "|---|---|---|---|---|",
                _compared("pairs per CPU second", theirs, equal, lambda r: r["pairs"] / r["cpu_s"], ">= 1.3"),
                _compared(
                    "pairs per wall second", theirs, equal, lambda r: r["pairs"] / r["wall_s"], ">= 1.3"
                ),
                _compared("peak memory of all processes, MB", theirs, equal, lambda r: r["family_mb"], ""),
            ]
        ),
    ]


def _evaluation(by_job: Jobs) -> list[str]:
    theirs, ours = by_job["theirs.evaluation"], by_job["ours.evaluation"]
    lines = [
        "| queries x tiles | Sample4Geo, MB | GLEAM, MB | memory, ratio | Sample4Geo, CPU s | GLEAM, CPU s |",
        "|---|---|---|---|---|---|",
    ]
    for size in sorted(theirs.keys() & ours.keys()):
        a, b = theirs[size], ours[size]
        if abs(a["recall@1"] - b["recall@1"]) > 1e-3:
            raise SystemExit(f"The evaluators disagree at {size}: {a['recall@1']} and {b['recall@1']}.")
        share = a["memory_mb"] / max(b["memory_mb"], 0.1)
        lines.append(
            f"| {size:,} x {size:,} | {a['memory_mb']:,.0f} | {b['memory_mb']:,.0f} | 1/{share:.1f} | "
            f"{a['cpu_s']:.1f} | {b['cpu_s']:.1f} |"
        )
    return [
        "## Evaluation at growing galleries",
        f"Recall and hit rate of random vectors of {DIM} numbers; memory is the growth of the peak over the "
        "vectors' own. Both give the same recall@1. Target: at most 1/10 at 20,000 x 20,000. Ours ranks "
        "twice, in exact arithmetic with pessimistic ties, once with and once without the semi-positives.",
        "\n".join(lines),
    ]


def _mining(by_job: Jobs, kind: str, title: str, what: str) -> list[str]:
    theirs, ours = by_job[f"theirs.{kind}"], by_job[f"ours.{kind}"]
    indexed = by_job.get("ours.mining_indexed", {}) if kind == "mining_similar" else {}
    more = " GLEAM with an index, CPU s | ratio | of the true ones it finds |" if indexed else ""
    lines = [
        "| places | Sample4Geo, CPU s | GLEAM, CPU s | ratio | Sample4Geo, MB | GLEAM, MB |" + more,
        "|---|---|---|---|---|---|" + "---|" * more.count(" |"),
    ]
    for size in sorted(ours):
        own, mark = ours[size], "" if size in theirs else " (computed)"
        cpu, memory = (grown(theirs, size, key) for key in ("cpu_s", "memory_mb"))
        cells = [f"{cpu:,.1f}{mark}", f"{own['cpu_s']:,.1f}", f"{cpu / max(own['cpu_s'], 1e-3):.1f}x"]
        cells += [f"{memory:,.0f}{mark}", f"{own['memory_mb']:,.0f}"]
        if size in indexed:
            found = indexed[size]
            cells += [
                f"{found['cpu_s']:,.1f}",
                f"{cpu / found['cpu_s']:.1f}x",
                f"{100 * found['recall']:.0f} %",
            ]
        lines.append(f"| {size:,} | {' | '.join(cells)} |")
    small, large = sorted(theirs)[-2:]
    predicted = theirs[small]["cpu_s"] * (large / small) ** 2
    return [
        f"## Mining: {title.lower()}",
        f"The first {POOL} of each place: {what}. Target: 10x at {LARGE:,}. Computed: from its largest "
        "measured size by the square of the number, since it holds N x N matrices; measuring would take over "
        f"20 GB. The same law says {predicted:.1f} CPU s at {large:,} from {small:,}; measured were "
        f"{theirs[large]['cpu_s']:.1f}.",
        "\n".join(lines),
    ]


def _compared(what: str, theirs: Runs, ours: Runs, figure: Figure, target: str) -> str:
    a, b = median(theirs, figure), median(ours, figure)
    return f"| {what} | {a:,.1f} | {b:,.1f} | {b / a:.2f} | {target} |"
