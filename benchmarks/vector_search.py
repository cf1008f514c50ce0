"""Searching a large atlas: the default store and the frozen pack beside exact search, in one run.

    python benchmarks/vector_search.py [--count 1000000] [--dim 512] [--folder DIR] [--json]

Clustered unit vectors are drawn from a seed, chunk by chunk, on a grid of tiles 128 m apart. Questions are
stored vectors with as much noise as signal. Every store is filled through the calls that an atlas uses, and
is searched by a process of its own with one query at a time, so that memory and latency are its own.
Region: a circle of 10 km, as a prior gives.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GLEAM_QUIET", "1")

import numpy as np

CHUNK = 10_000
CLUSTERS = 2_000
SEED = 7
SPACING_DEG = 128 / 111_320
SOUTH, WEST = 40.0, 10.0
RADIUS_M = 10_000.0
TARGETS = {"lance_p50_ms": 10.0, "lance_rss_mb": 1200.0, "frozen_p50_ms": 1.0, "recall_at_10": 0.98}


def main() -> None:
    """Measure in parts, each in a process of its own, and print one JSON document."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--count", type=int, default=100_000)
    options.add_argument("--dim", type=int, default=512)
    options.add_argument("--queries", type=int, default=200)
    options.add_argument("--folder", help="where to work, kept afterwards; a temporary folder if not given")
    options.add_argument("--part", choices=list(PARTS), help="one part alone, on a folder that is filled")
    options.add_argument("--json", action="store_true", help="print the JSON document alone")
    chosen = options.parse_args()
    if chosen.part:
        print(json.dumps(PARTS[chosen.part](Path(chosen.folder), chosen.count, chosen.dim, chosen.queries)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(chosen.folder or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        result: dict[str, Any] = {
            "benchmark": "vector_search",
            "machine": {"processor": platform.machine(), "cores": os.cpu_count(), "load": os.getloadavg()[0]},
            "count": chosen.count,
            "dim": chosen.dim,
        }
        for part in PARTS:
            result[part] = run_part(part, folder, chosen)
            print(f"{part}: {json.dumps(result[part])}", file=sys.stderr, flush=True)
    result["ratios"] = {
        f"{kind}_{what}": round(result["exact_search"]["cpu_ms"] / result[f"{kind}_search"]["cpu_ms"], 1)
        for kind, what in (("lance", "times_faster_than_exact"), ("frozen", "times_faster_than_exact"))
    }
    result["targets_at_a_million_on_2_cores"] = TARGETS
    if not chosen.json:
        print_table(result)
    print(json.dumps(result, indent=2))


def run_part(part: str, folder: Path, chosen: argparse.Namespace) -> dict[str, Any]:
    """Run one part in a fresh process and return its figures with time and memory of the process."""
    command = [sys.executable, __file__, "--part", part, "--folder", str(folder)]
    command += ["--count", str(chosen.count), "--dim", str(chosen.dim), "--queries", str(chosen.queries)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout))


def generate(folder: Path, count: int, dim: int, queries: int) -> dict[str, Any]:
    """Draw vectors and queries into files, and find the true ten best with and without a region."""
    from gleam.geo import distance_m

    rng = np.random.default_rng(SEED)
    centres = rng.normal(size=(CLUSTERS, dim)).astype(np.float32) / np.sqrt(dim)
    stored = np.lib.format.open_memmap(folder / "vectors.npy", "w+", np.float32, (count, dim))
    for first in range(0, count, CHUNK):
        n = min(CHUNK, count - first)
        noise = rng.normal(size=(n, dim)).astype(np.float32) / np.sqrt(dim)
        stored[first : first + n] = unit(centres[rng.integers(0, CLUSTERS, n)] + noise)
    asked = np.array(stored[np.sort(rng.integers(0, count, queries))])
    asked = unit(asked + rng.normal(size=asked.shape).astype(np.float32) / np.sqrt(dim))
    lats, lons = positions(np.arange(count), count)
    centre = (float(lats.mean()), float(lons.mean()))
    inside = np.asarray(distance_m(*centre, lats, lons)) <= RADIUS_M
    np.savez(
        folder / "questions.npz",
        queries=asked,
        centre=centre,
        best=true_best(stored, asked, np.arange(count)),
        best_inside=true_best(stored, asked, np.flatnonzero(inside)),
    )
    return cost(tiles_in_region=int(inside.sum()))


def exact_search(folder: Path, count: int, dim: int, queries: int) -> dict[str, Any]:
    """The baseline: every stored vector compared with the query, from a mapped file, chunk by chunk."""
    stored = np.load(folder / "vectors.npy", mmap_mode="r")
    asked = np.load(folder / "questions.npz")["queries"][:10]

    def search(query: Any) -> list[int]:
        scores = np.concatenate([stored[i : i + CHUNK] @ query for i in range(0, count, CHUNK)])
        return [int(i) for i in np.argpartition(-scores, 10)[:10]]

    return measured(search, asked, np.load(folder / "questions.npz")["best"])


def lance_build(folder: Path, count: int, dim: int, queries: int) -> dict[str, Any]:
    """Fill the default store as a build does, and index it."""
    from gleam.atlas.store import open_store

    store = open_store(folder / "lance", dim=dim)
    for batch in batches(folder, count):
        store.upsert(batch)
    written = time.process_time()
    store.optimize(alone=True)
    return cost(index_cpu_s=round(time.process_time() - written, 1), disk_mb=disk_mb(folder / "lance"))


def lance_search(folder: Path, count: int, dim: int, queries: int) -> dict[str, Any]:
    """Search the default store."""
    from gleam.atlas.store import open_store

    return search_store(open_store(folder / "lance"), folder)


def frozen_build(folder: Path, count: int, dim: int, queries: int) -> dict[str, Any]:
    """Freeze what the default store holds."""
    from gleam.atlas.store import open_store
    from gleam.atlas.store.frozen_pack import read_pack, write_pack

    (folder / "frozen").mkdir()
    write_pack(open_store(folder / "lance"), folder / "frozen")
    return cost(index=read_pack(folder / "frozen")["index"], disk_mb=disk_mb(folder / "frozen"))


def frozen_search(folder: Path, count: int, dim: int, queries: int) -> dict[str, Any]:
    """Search the frozen pack."""
    from gleam.atlas.store import open_store

    return search_store(open_store(folder / "frozen", "frozen"), folder)


PARTS: dict[str, Callable[[Path, int, int, int], dict[str, Any]]] = {
    f.__name__: f for f in (generate, exact_search, lance_build, lance_search, frozen_build, frozen_search)
}


def search_store(store: Any, folder: Path) -> dict[str, Any]:
    """Return latency, recall and memory of a store, everywhere and inside the region."""
    from gleam.atlas import Region
    from gleam.geo import Circle

    questions = np.load(folder / "questions.npz")
    asked, (lat, lon) = questions["queries"], questions["centre"]
    region = Region.around(Circle(float(lat), float(lon), RADIUS_M))

    def rows(hits: Any) -> list[int]:
        return [int(hit.tile.id[1:]) for hit in hits[0]]

    everywhere = measured(lambda q: rows(store.search(q, 10)), asked, questions["best"])
    inside = measured(lambda q: rows(store.search(q, 10, region)), asked[:50], questions["best_inside"])
    indexed = measured(
        lambda q: rows(store.search(q, 10, region, mode="indexed")), asked[:50], questions["best_inside"]
    )
    return {**everywhere, "region": inside, "region_indexed": indexed}


def measured(search: Callable[[Any], list[int]], asked: Any, best: Any) -> dict[str, Any]:
    """Return the latency of single queries after a warm-up, their recall, and the memory of the process."""
    for query in asked[:10]:
        search(query)
    walls, cpu, found = [], time.process_time(), []
    for query in asked:
        started = time.perf_counter()
        found.append(search(query))
        walls.append(1000 * (time.perf_counter() - started))
    cpu = time.process_time() - cpu
    hits = [len(set(f) & set(b.tolist())) for f, b in zip(found, best, strict=False)]
    return {
        "p50_ms": round(float(np.percentile(walls, 50)), 3),
        "p95_ms": round(float(np.percentile(walls, 95)), 3),
        # On a busy machine the wall clock tells of the others; this is what a free core gives.
        "cpu_ms": round(1000 * cpu / len(asked), 3),
        "recall_at_10": round(sum(hits) / (10 * len(hits)), 4),
        "peak_rss_mb": peak_mb(),
    }


def batches(folder: Path, count: int) -> Iterator[Any]:
    """Yield what a build would write, with thumbnails of no weight."""
    from gleam.atlas import Tile
    from gleam.atlas.tiles import TileBatch

    stored = np.load(folder / "vectors.npy", mmap_mode="r")
    for first in range(0, count, CHUNK):
        rows = np.arange(first, min(first + CHUNK, count))
        lats, lons = positions(rows, count)
        tiles = [
            Tile(f"t{row:09d}", float(lat), float(lon), 128.0, "generated")
            for row, lat, lon in zip(rows, lats, lons, strict=True)
        ]
        yield TileBatch(tiles, np.array(stored[rows]), [b"jpeg"] * len(tiles))


def positions(rows: Any, count: int) -> tuple[Any, Any]:
    """Return latitudes and longitudes of tiles on a square grid."""
    side = int(np.ceil(np.sqrt(count)))
    stretch = 1 / np.cos(np.radians(SOUTH + side * SPACING_DEG / 2))
    return SOUTH + (rows // side) * SPACING_DEG, WEST + (rows % side) * SPACING_DEG * stretch


def true_best(stored: Any, asked: Any, rows: Any) -> Any:
    """Return (Q, 10) the rows of the ten best, found by comparing all."""
    best = np.zeros((len(asked), 0), np.int64)
    scores = np.zeros((len(asked), 0), np.float32)
    for first in range(0, len(rows), CHUNK):
        part = rows[first : first + CHUNK]
        scores = np.concatenate([scores, asked @ np.asarray(stored[part]).T], 1)
        best = np.concatenate([best, np.broadcast_to(part, (len(asked), len(part)))], 1)
        top = np.argpartition(-scores, min(9, scores.shape[1] - 1), axis=1)[:, :10]
        best, scores = np.take_along_axis(best, top, 1), np.take_along_axis(scores, top, 1)
    return best


def unit(vectors: Any) -> Any:
    """Scale to length 1."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def cost(**more: Any) -> dict[str, Any]:
    """Return what this process has taken so far, with more figures."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu_s": round(used.ru_utime + used.ru_stime, 1), "peak_rss_mb": peak_mb(), **more}


def peak_mb() -> float:
    """Return the most memory this process has held; mapped files count as far as they were read."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def disk_mb(folder: Path) -> float:
    """Return what a folder takes on the disk."""
    return round(sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6, 1)


def print_table(result: dict[str, Any]) -> None:
    """Print the figures for reading."""
    print(f"{result['count']:,} vectors of {result['dim']} numbers, one query at a time, top 10")
    print(f"{'':16}{'p50 ms':>9}{'p95 ms':>9}{'CPU ms':>9}{'recall':>9}{'RSS MB':>9}")
    for part in ("exact_search", "lance_search", "frozen_search"):
        for name, row in ((part, result[part]), ("  region", result[part].get("region"))):
            if row:
                values = (
                    row["p50_ms"],
                    row["p95_ms"],
                    row["cpu_ms"],
                    row["recall_at_10"],
                    row["peak_rss_mb"],
                )
                print(f"{name:16}" + "".join(f"{value:>9g}" for value in values))
    for part in ("lance_build", "frozen_build"):
        row = result[part]
        print(f"{part:16}{row['cpu_s']:g} CPU s, peak {row['peak_rss_mb']:g} MB, disk {row['disk_mb']:g} MB")
    print(f"ratios by CPU time: {result['ratios']}\n")


if __name__ == "__main__":
    main()
