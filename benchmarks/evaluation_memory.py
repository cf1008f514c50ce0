"""Peak memory and time of the chunked evaluation against the whole-matrix way, at growing sizes.

    python benchmarks/evaluation_memory.py [--sizes 1000 2000 ...] [--dim 256] [--chunk 256]

Each measurement runs in a process of its own; its memory is the growth of the peak resident size over
the vectors it started with. The whole-matrix way is what most published evaluators do: all
similarities in float32, all rows sorted, positions of the positives looked up. Prints one line per
size and, with ``--json``, one document.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray


def vectors_of(size: int, dim: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rng = np.random.default_rng(size)
    gallery = rng.standard_normal((size, dim), np.float32)
    queries = gallery + np.float32(3) * rng.standard_normal((size, dim), np.float32)
    for array in (gallery, queries):
        array /= np.linalg.norm(array, axis=1, keepdims=True)
    return queries, gallery


def chunked(queries: NDArray[np.float32], gallery: NDArray[np.float32], chunk: int) -> float:
    from gleam.evaluation.metrics import hits_at
    from gleam.evaluation.relevance import Relevance
    from gleam.evaluation.retrieval import search

    relevance = Relevance.from_labels(range(len(queries)), range(len(gallery)))
    return float(hits_at(search(queries, gallery, relevance, chunk=chunk), 1).mean())


def whole_matrix(queries: NDArray[np.float32], gallery: NDArray[np.float32], chunk: int) -> float:
    order = np.argsort(-(queries @ gallery.T), axis=1)
    ranks = np.argmax(order == np.arange(len(queries))[:, None], axis=1)
    return float((ranks == 0).mean())


WAYS = {"chunked": chunked, "whole matrix": whole_matrix}


def peak_mb() -> float:
    """Peak resident size of this process in MB (Linux reports kilobytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_here(way: str, size: int, dim: int, chunk: int) -> dict[str, Any]:
    WAYS[way](*vectors_of(64, dim), chunk)  # imports and libraries are not the subject
    queries, gallery = vectors_of(size, dim)
    before, started = peak_mb(), time.process_time()
    recall = WAYS[way](queries, gallery, chunk)
    return {
        "way": way,
        "size": size,
        "recall@1": recall,
        "cpu_s": round(time.process_time() - started, 2),
        "memory_mb": round(peak_mb() - before, 1),
    }


def measure(way: str, size: int, dim: int, chunk: int) -> dict[str, Any]:
    words = [
        sys.executable,
        __file__,
        "--worker",
        way,
        "--sizes",
        str(size),
        "--dim",
        str(dim),
        "--chunk",
        str(chunk),
    ]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 2000, 4000, 8000, 16000])
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--chunk", type=int, default=256)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", choices=sorted(WAYS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        print(json.dumps(measure_here(options.worker, options.sizes[0], options.dim, options.chunk)))
        return
    results = []
    for size in options.sizes:
        ours, whole = (measure(way, size, options.dim, options.chunk) for way in WAYS)
        results += [ours, whole]
        if not options.json:
            print(
                f"{size:>7} x {size:<7} chunked {ours['memory_mb']:>8.1f} MB {ours['cpu_s']:>7.2f} s   "
                f"whole matrix {whole['memory_mb']:>8.1f} MB {whole['cpu_s']:>7.2f} s   "
                f"memory 1/{whole['memory_mb'] / max(ours['memory_mb'], 0.1):.1f}, "
                f"time x{ours['cpu_s'] / max(whole['cpu_s'], 0.01):.2f}, "
                f"R@1 {ours['recall@1']:.4f} / {whole['recall@1']:.4f}",
                flush=True,
            )
    if options.json:
        print(json.dumps({"dim": options.dim, "chunk": options.chunk, "results": results}, indent=2))


if __name__ == "__main__":
    main()
