"""The ablations that the paper's reviewers asked for, on the procedural city.

    python benchmarks/ablations.py WORK [--seeds 1 2 3] [--arms NAME ...] [--steps 200] [--write]

WORK keeps the cities, the prepared pictures and one file per finished run, so a stopped call goes on where it
was; about a CPU minute per run, `--table` only prints what is there. The arms are data:
`benchmarks/ablation/arms.yaml`. Every arm gets the same steps and images, and no setting is tuned per arm.
Printed: recall@1 and @5 per view and arm, and the differences to the arm compared with, paired over seeds and
places, with 95 % intervals. With `--write` they become docs/ablations.md.
"""

from __future__ import annotations

import argparse
import datetime
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GLEAM_QUIET", "1")

import torch
from ablation.arms import BASE, Budget, Table, read_table
from ablation.page import page
from ablation.running import Bench, make_data, run

import gleam
from gleam.errors import unknown_name
from gleam.files import atomic_write, read_json

PAGE = Path(__file__).parents[1] / "docs" / "ablations.md"


def main() -> None:
    """Run what is missing, then print or write the page."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("work", type=Path, help="folder for data and results; a stopped call goes on there")
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options.add_argument("--arms", nargs="+", help="only these; all when left out")
    options.add_argument("--steps", type=int, default=200)
    options.add_argument("--images", type=int, default=160, help="per step, satellite tiles counted")
    options.add_argument("--table", action="store_true", help="train nothing, show what is there")
    options.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    chosen = options.parse_args()
    table = read_table()
    for name in chosen.arms or ():
        if name not in table.arms:
            sys.exit(str(unknown_name("arm", name, list(table.arms))))
    torch.set_num_threads(1)
    bench = Bench(chosen.work, Budget(chosen.steps, chosen.images), table, commit())
    if not chosen.table:
        make_data(bench)
        # Seed after seed, so that a call that is stopped leaves whole seeds.
        for seed in chosen.seeds:
            for name in chosen.arms or table.arms:
                done = run(bench, table.arms[name], seed)
                print(f"seed {seed} {name}: {done['cpu_s']:.0f} CPU s", file=sys.stderr, flush=True)
    results = finished(bench, table, chosen.seeds)
    command = (
        f"python benchmarks/ablations.py WORK --seeds {' '.join(map(str, chosen.seeds))} "
        f"--steps {chosen.steps} --images {chosen.images} --write"
    )
    text = page(table, results, bench.budget, command, datetime.date.today().isoformat())
    if chosen.write:
        with atomic_write(PAGE) as temporary:
            temporary.write_text(text, encoding="utf-8")
    print(text)


def finished(bench: Bench, table: Table, seeds: list[int]) -> dict[str, dict[int, dict[str, Any]]]:
    """Return the results of this budget that are there; an arm needs two seeds to have an interval."""
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for name in table.arms:
        runs = {s: read_json(bench.file_of(name, s)) for s in seeds if bench.file_of(name, s).exists()}
        runs = {seed: run for seed, run in runs.items() if run_size(run) == budget_of(bench, name)}
        if len(runs) > 1:
            found[name] = runs
    return found


def run_size(run: dict[str, Any]) -> tuple[int, int]:
    """Return the steps and images of a finished run."""
    return run["steps"], run["images"]


def budget_of(bench: Bench, name: str) -> tuple[int, int]:
    """Return the steps and images that an arm has under the budget."""
    arm, nowhere = bench.table.arms[name], Path()
    config = arm.train_config(0, bench.budget, nowhere, nowhere, nowhere, bench.table.arms[BASE])
    return arm.steps_and_images(config) if arm.train else (0, 0)


def commit() -> str:
    """Return the commit of the package that is run, with a mark when files of it were changed."""
    folder = Path(gleam.__file__).parent
    words = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--exclude=*"]
    done = subprocess.run(words, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else gleam.__version__


if __name__ == "__main__":
    main()
