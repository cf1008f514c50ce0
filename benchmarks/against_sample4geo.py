"""Sample4Geo and GLEAM side by side: same data, network, first weights, batch, steps and seeds, in one run.

    PYTHON benchmarks/against_sample4geo.py CHECKOUT WORK [--seeds 1 2 3] [--epochs 4] [--write]

CHECKOUT is a clone of https://github.com/Skyy93/Sample4Geo. It has no licence: it is run here, never copied
from. PYTHON is an environment of its own with this package and what Sample4Geo needs: torch 2.13 without
CUDA, torchvision 0.28, timm, albumentations, opencv-python-headless, pandas, scikit-learn, transformers,
tqdm, and faiss-cpu for our index (`pip install -c constraints.txt -e . torchvision timm ...`). WORK keeps the
data, the logs and one file per finished job, so a stopped call goes on where it was. Jobs of both sides take
turns, each in a process of its own.

Printed, and written to docs/against_sample4geo.md with `--write`: recall@1 by one evaluator, pairs per second
with loading, peak memory, memory of the evaluation at growing galleries, seconds of mining at growing
numbers, ratios. About 40 CPU minutes.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GLEAM_QUIET", "1")

from beside_sample4geo.data import make_data
from beside_sample4geo.page import page
from beside_sample4geo.settings import Job
from beside_sample4geo.shims import check_checkout, check_packages
from beside_sample4geo.unrolled import make_unrolled
from beside_sample4geo.watching import run_child

from gleam.files import atomic_write, read_json, write_json

PAGE = Path(__file__).parents[1] / "docs" / "against_sample4geo.md"
PARTS = ("training", "easy", "evaluation", "mining_near", "mining_similar", "mining_indexed")
SHARED = ("epochs", "batch", "workers", "train", "test", "pictures")
TRAININGS = ("ours.untrained", "theirs.train", "ours.train", "ours.train_recommended")
LEARNT = ("ours.untrained", "theirs.train", "ours.train", "theirs.train_plain")
"""Jobs on the pictures of the city, and on the easy ones, which are learnt long enough to compare recalls."""

SIZED = {
    "evaluation": {"theirs": (1000, 5000, 10_000, 20_000), "ours": (1000, 5000, 10_000, 20_000)},
    "mining_near": {"theirs": (5000, 10_000, 20_000), "ours": (5000, 10_000, 20_000, 50_000)},
    "mining_similar": {"theirs": (5000, 10_000, 20_000), "ours": (5000, 10_000, 20_000, 50_000)},
    "mining_indexed": {"ours": (5000, 10_000, 20_000, 50_000)},
}
"""Sizes that are measured. Sample4Geo at 50,000 would take over 20 GB: that is computed from its law."""


def main() -> None:
    """Do the jobs that are not done, then print or write the page."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("checkout", type=Path, help="clone of Sample4Geo")
    options.add_argument("work", type=Path, help="folder for data and results; a stopped call goes on there")
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options.add_argument("--epochs", type=int, default=4)
    options.add_argument("--batch", type=int, default=32)
    options.add_argument("--workers", type=int, default=1, help="that read pictures, on both sides")
    options.add_argument("--train", type=int, default=240, help="places per city that teach")
    options.add_argument("--test", type=int, default=80, help="places per city that test")
    options.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    options.add_argument("--write", action="store_true", help=f"write docs/{PAGE.name}")
    options.add_argument("--easy-epochs", type=int, default=20, help="on the easy pictures")
    options.add_argument("--job", help=argparse.SUPPRESS)
    options.add_argument("--pictures", default="city", help=argparse.SUPPRESS)
    options.add_argument("--size", type=int, default=0, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    check_packages()
    check_checkout(chosen.checkout)
    job = Job(
        checkout=chosen.checkout.resolve(),
        work=chosen.work.resolve(),
        seed=chosen.seeds[0],
        epochs=chosen.epochs,
        batch=chosen.batch,
        workers=chosen.workers,
        train=chosen.train,
        test=chosen.test,
        pictures=chosen.pictures,
        size=chosen.size,
    )
    if chosen.job:
        print(json.dumps(do(chosen.job, job)))
        return
    results = []
    if "training" in chosen.only:
        make_data(job.data, job.work, job.train, job.test)
        import_table(job)
        results += [finished(name, job, seed=seed) for seed in chosen.seeds for name in TRAININGS]
    if "easy" in chosen.only:
        easy = replace(job, pictures="unrolled", epochs=chosen.easy_epochs)
        make_data(job.data, job.work, job.train, job.test)
        make_unrolled(easy.data, job.data)
        import_table(easy)
        results += [finished(name, easy, seed=seed) for seed in chosen.seeds for name in LEARNT]
    for kind, sizes in SIZED.items():
        if kind in chosen.only:
            for size in sorted({size for own in sizes.values() for size in own}):
                results += [
                    finished(f"{s}.{kind}", job, size=size) for s, own in sizes.items() if size in own
                ]
    text = page(results, job, commit_of(job.checkout), command_of(chosen), datetime.date.today().isoformat())
    if chosen.write:
        with atomic_write(PAGE) as temporary:
            temporary.write_text(text, encoding="utf-8")
    print(text)


def do(name: str, job: Job) -> dict[str, Any]:
    """Do a job in this process, with one thread."""
    import torch
    from beside_sample4geo import ours, theirs

    torch.set_num_threads(1)
    side, kind = name.split(".")
    result: dict[str, Any] = getattr({"ours": ours, "theirs": theirs}[side], kind)(job)
    return result


def finished(name: str, job: Job, *, seed: int = 0, size: int = 0) -> dict[str, Any]:
    """Return the result of a job, from its file or by doing it now in a process of its own."""
    asked = {k: v for k, v in asdict(job).items() if k in SHARED and seed}
    asked |= {"job": name, "seed": seed, "size": size}
    label = f"{name}-{seed or size}" + ("" if job.pictures == "city" else f"-{job.pictures}")
    file = job.work / "results" / f"{label}.json"
    if file.exists() and (known := read_json(file))["asked"] == asked:
        return dict(known)
    words = [sys.executable, __file__, str(job.checkout), str(job.work), "--job", name, "--size", str(size)]
    words += ["--seeds", str(seed)]
    words += [word for key in SHARED for word in (f"--{key}", str(getattr(job, key)))]
    result = {"asked": asked} | run_child(words, job.work / "logs" / f"{label}.log")
    write_json(file, result, indent=None)
    print(f"{label}: {result.get('cpu_s', 0):.1f} CPU s", file=sys.stderr, flush=True)
    return result


def import_table(job: Job) -> None:
    """Make the places table as a user does."""
    if job.table.exists():
        return
    words = [
        sys.executable,
        "-m",
        "gleam",
        "places",
        "import",
        "vigor",
        str(job.data),
        "--out",
        str(job.table),
    ]
    subprocess.run(words, check=True, stdout=sys.stderr)


def commit_of(checkout: Path) -> str:
    """Return the commit of a clone, or say that the folder does not tell it."""
    words = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    done = subprocess.run(words, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else "unknown (no git folder)"


def command_of(chosen: argparse.Namespace) -> str:
    """Return the call, without the folders of this machine."""
    words = ["python benchmarks/against_sample4geo.py CHECKOUT WORK --seeds", *map(str, chosen.seeds)]
    keys = ("epochs", "easy_epochs", "batch", "workers", "train", "test")
    given = [f"--{key.replace('_', '-')} {getattr(chosen, key)}" for key in keys]
    return " ".join([*words, *given, "--write"])


if __name__ == "__main__":
    main()
