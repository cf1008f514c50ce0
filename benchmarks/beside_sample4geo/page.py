"""The comparison as a Markdown page: each figure of both sides, their ratio, and the target."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from beside_sample4geo.learning import learning, training
from beside_sample4geo.settings import POOL, Job
from beside_sample4geo.shims import SHIMMED
from beside_sample4geo.targets import EASY, LARGE, Jobs, grown, targets
from beside_sample4geo.vectors import DIM, LATENT

WHY = (
    " Both sides multiply every query with every tile; from 24,576 places on ours does so in bfloat16 first, "
    "where the CPU has matrix units for it, and in float32 among what is left. It finds the same neighbours. "
    "The index (its default settings) skips most tiles and misses neighbours; these vectors come from "
    f"{LATENT} hidden numbers each, and others give other shares."
)
Results = Sequence[Mapping[str, Any]]


def page(results: Results, job: Job, commit: str, command: str, date: str) -> str:
    """Return the page, with the parts that were measured."""
    parts = [
        "# Beside Sample4Geo",
        "Sample4Geo's own data set class, transforms, loss, trainer, evaluator and miner, run as they are "
        "beside ours. Its repository has no licence: it is run, nothing of it is in this package.",
        "\n".join(
            [
                f"* **Command** `{command}` ({date}), Sample4Geo at {commit}. A finished job is kept, and a "
                "call that was stopped goes on.",
                f"* **Shimmed** for today's libraries: {'; '.join(SHIMMED)}. Nothing else.",
                f"* **Machine** {_machine()}; other work ran beside it, so trust CPU seconds before wall "
                "seconds. Jobs of both sides took turns, one thread per process.",
            ]
        ),
    ]
    by_job: dict[str, dict[int, Mapping[str, Any]]] = {}
    for result in results:
        asked = result["asked"]
        name = asked["job"] + (EASY if asked.get("pictures") == "unrolled" else "")
        by_job.setdefault(name, {})[asked["seed"] or asked["size"]] = result
    parts.append("\n".join(["| target | measured | |", "|---|---|---|", *targets(by_job)]))
    if "ours.train" in by_job:
        parts += training(by_job, job)
    if f"ours.train{EASY}" in by_job:
        parts += learning(by_job, job)
    if "ours.evaluation" in by_job:
        parts += _evaluation(by_job)
    for kind, title, what in (
        ("mining_near", "Geographic neighbours", "its script with a matrix of all distances, our k-d tree"),
        ("mining_similar", "Look-alikes", "its matrix of all similarities, our blocks"),
    ):
        if f"ours.{kind}" in by_job:
            parts += _mining(by_job, kind, title, what)
    return "\n\n".join(parts) + "\n"


def _machine() -> str:
    own, real_time = len(os.sched_getaffinity(0)), os.sched_getscheduler(0) == os.SCHED_FIFO
    return f"{own} of {os.cpu_count()} shared x86-64 cores{', with real-time priority' if real_time else ''}"


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
        "twice, in exact arithmetic with pessimistic ties, once with and once without the semi-positives; "
        "that costs CPU time, which was no target.",
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
        f"{theirs[large]['cpu_s']:.1f}.{WHY if indexed else ''}",
        "\n".join(lines),
    ]
