"""What was wanted of the comparison, what was measured, and whether that meets it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from ablation.intervals import Difference, difference

Run = Mapping[str, Any]
Runs = Mapping[int, Run]
"""Seed or size -> result."""

Jobs = Mapping[str, Runs]
Figure = Callable[[Run], float]

EASY = "@easy"
"""Ends the names of trainings on the easy pictures."""

LARGE, GALLERY = 50_000, 20_000
SPEED, MEMORY, MINING = 1.3, 10.0, 10.0
MINED = {
    "geographic neighbours": ("mining_near",),
    "look-alikes": ("mining_similar",),
    "both": ("mining_near", "mining_similar"),
}


def targets(by_job: Jobs) -> list[str]:
    """Return a table row per target of the parts that were measured."""
    rows = []
    if f"ours.train{EASY}" in by_job:
        theirs, ours = by_job[f"theirs.train{EASY}"], by_job[f"ours.train{EASY}"]
        ranks = [{seed: run["ranks"] for seed, run in runs.items()} for runs in (ours, theirs)]
        cell = difference(*ranks, 1)
        told = {1: "met", 0: "not told apart", -1: "MISSED"}[cell.sign]
        rows.append(f"| recall@1 at least equal at equal steps | {points(cell)} points | {told} |")
    if "ours.train" in by_job:
        theirs, ours = by_job["theirs.train"], by_job["ours.train"]
        speed = median(ours, pairs_per_cpu_s) / median(theirs, pairs_per_cpu_s)
        rows.append(_row(f"pairs per second {SPEED} times, loading included", speed, SPEED))
    if GALLERY in by_job.get("ours.evaluation", {}):
        share = _over(by_job, ("evaluation",), GALLERY, "memory_mb")
        rows.append(_row(f"a tenth of the memory of evaluation, {GALLERY:,} x {GALLERY:,}", share, MEMORY))
    for name, kinds in MINED.items():
        if all(LARGE in by_job.get(f"ours.{kind}", {}) for kind in kinds):
            times = _over(by_job, kinds, LARGE, "cpu_s")
            rows.append(_row(f"mining {LARGE:,} pairs in a tenth of the CPU time: {name}", times, MINING))
    return rows


def pairs_per_cpu_s(run: Run) -> float:
    """Return the pairs that a training took per CPU second."""
    return float(run["pairs"]) / float(run["cpu_s"])


def median(runs: Runs, figure: Figure) -> float:
    """Return the median of a figure over the seeds."""
    return float(np.median([figure(run) for run in runs.values()]))


def grown(runs: Runs, size: int, key: str) -> float:
    """Return what was measured at ``size``, or what the square law makes of the largest measured size."""
    at = size if size in runs else max(runs)
    return float(runs[at][key]) * (size / at) ** 2


def points(cell: Difference) -> str:
    """Return a difference of recalls in points, with its interval."""
    return f"{100 * cell.value:+.1f} [{100 * cell.low:+.1f}, {100 * cell.high:+.1f}]"


def _over(by_job: Jobs, kinds: tuple[str, ...], size: int, key: str) -> float:
    """Return how many times ours goes into theirs, over jobs together."""
    theirs, ours = (
        sum(grown(by_job[f"{s}.{kind}"], size, key) for kind in kinds) for s in ("theirs", "ours")
    )
    return theirs / ours


def _row(want: str, times: float, wanted: float) -> str:
    return f"| {want} | {times:.1f} times better | {'met' if times >= wanted else 'MISSED'} |"
