"""The part of the page on training: speed on VIGOR's file sizes, recall on pictures that are learnt."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from ablation.intervals import METHOD, difference, recall

from beside_sample4geo.settings import BACKBONE, PANORAMA, RATE, SIDE, Job
from beside_sample4geo.targets import EASY, Figure, Jobs, Runs, median, pairs_per_cpu_s, points

RANKS = (1, 5, 10)
NAMES = {
    "ours.untrained": "first weights of both, untrained",
    "theirs.train": "Sample4Geo",
    "theirs.train_plain": "Sample4Geo, plain: without its colour changes, blur and dropped patches",
    "ours.train": "GLEAM, equal",
    "ours.train_recommended": "GLEAM as recommended: bird's-eye panoramas, a head that keeps the layout",
}
COMPARED = (
    ("ours.train", "theirs.train"),
    ("ours.train", "theirs.train_plain"),
    ("ours.train_recommended", "theirs.train"),
)
SIDES = (
    "The settings are equal but for what a side does to pictures: Sample4Geo changes colours, blurs and "
    "drops patches, which helps long trainings and slows short ones; ours changes contrast and tint a "
    "little. And ours takes semi-positives out of the negatives. The plain row takes Sample4Geo's changes "
    "out, to show how much of the difference they make."
)


def training(by_job: Jobs, job: Job) -> list[str]:
    """Return the paragraphs on the city's panoramas in VIGOR's file sizes."""
    theirs, equal = by_job["theirs.train"], by_job["ours.train"]
    seeds, tiles = sorted(theirs), 4 * (job.train + job.test)
    one = theirs[seeds[0]]
    return [
        "## Training: speed and memory",
        "Four cities stand for VIGOR's, in its layout and file sizes (panoramas 2048 x 1024 JPEG, tiles "
        f"640 x 640 PNG): {4 * job.train} pairs teach, {len(one['ranks'])} panoramas are searched among all "
        f"{tiles:,} tiles. Both train timm's `{BACKBONE}` (tiles {SIDE} x {SIDE}, panoramas {PANORAMA[0]} x "
        f"{PANORAMA[1]}) from the same first weights, {one['steps']} steps of {job.batch} pairs in random "
        f"batches without repeated places, AdamW at {RATE:g} with the same warm-up and cosine, label "
        f"smoothing 0.1, float32, {job.workers} process(es) that load; seeds {_listed(seeds)}. World flips "
        "and turns are alike; colours are varied by each side's own transforms, pictures are read and "
        "resized by each side's own loader. Time is from opening the data to the last step, with every "
        "picture read. Ours prepares each picture once into a cache, within that time: with one epoch "
        f"there is little to gain, with more epochs than these {job.epochs} the ratio grows. Memory is the "
        "peak of all processes of a side, its test included.",
        "\n".join(
            [
                "| median over the seeds | Sample4Geo | GLEAM, equal | ratio |",
                "|---|---|---|---|",
                _compared("pairs per CPU second", theirs, equal, pairs_per_cpu_s),
                _compared("pairs per wall second", theirs, equal, lambda r: r["pairs"] / r["wall_s"]),
                _compared("peak memory, MB", theirs, equal, lambda r: r["family_mb"]),
            ]
        ),
        f"The right tile's median rank is {_median_rank(theirs)} for Sample4Geo and {_median_rank(equal)} "
        f"for GLEAM, equal; {tiles // 2} is chance. Near chance a side has learnt nothing yet of "
        "street-level panoramas, and its recall tells nothing; hence the easier pictures of the next "
        "section. The row as recommended had the same pictures, backbone, batch and steps.",
        _recalls(by_job, "", tiles),
    ]


def learning(by_job: Jobs, job: Job) -> list[str]:
    """Return the paragraphs on the easy pictures."""
    theirs = by_job[f"theirs.train{EASY}"]
    seeds, tiles = sorted(theirs), 4 * (job.train + job.test)
    own = statistics.mean(theirs[seed]["own_recall@1"] for seed in seeds)
    return [
        "## Training: recall",
        "The same places, lists and settings with easy pictures in small files: the panorama is the tile "
        "itself, unrolled around the camera, in other colours, off centre and noisy (tiles 128 x 128, "
        f"panoramas 256 x 128). {theirs[seeds[0]]['steps']} steps each, seeds {_listed(seeds)}. The ranks "
        "are counted by our evaluator for both, on vectors that each side made its own way; Sample4Geo's "
        f"own evaluator says {100 * own:.1f} % for its recall@1. {SIDES} Intervals are of 95 %. {METHOD}",
        _recalls(by_job, EASY, tiles),
    ]


def _recalls(by_job: Jobs, suffix: str, tiles: int) -> str:
    ranks = {
        name: {seed: run["ranks"] for seed, run in by_job[name + suffix].items()}
        for name in NAMES
        if name + suffix in by_job
    }
    lines = ["| in % | " + " | ".join(f"recall@{k}" for k in RANKS) + " |", "|---|" + "---|" * len(RANKS)]
    for name, runs in ranks.items():
        lines.append(_row(NAMES[name], [f"{100 * recall(runs, k):.1f}" for k in RANKS]))
    lines.append(_row("chance", [f"{100 * k / tiles:.1f}" for k in RANKS]))
    for name, versus in COMPARED:
        if name in ranks and versus in ranks:
            cells = [points(difference(ranks[name], ranks[versus], k)) for k in RANKS]
            lines.append(_row(f"{_short(name)} − {_short(versus)}, points", cells))
    return "\n".join(lines)


def _short(name: str) -> str:
    return NAMES[name].split(":")[0]


def _row(name: str, cells: Sequence[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"


def _median_rank(runs: Runs) -> int:
    return round(statistics.median(rank for run in runs.values() for rank in run["ranks"]))


def _listed(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))


def _compared(what: str, theirs: Runs, ours: Runs, figure: Figure) -> str:
    a, b = median(theirs, figure), median(ours, figure)
    return f"| {what} | {a:,.1f} | {b:,.1f} | {b / a:.2f} |"
