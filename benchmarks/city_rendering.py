"""How fast the city is pictured: places per second for all five views, by number of workers.

    python benchmarks/city_rendering.py [--places 100] [--pixels 128] [--workers 1 2] [--json]

Measured is what ``gleam city make`` does for a place: five renderings, JPEG files with metadata, table
row and facts. Planning the city and compiling the renderer are reported apart.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

# The renderer runs in threads of its own; those of the libraries below it would only get in their way.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GLEAM_QUIET", "1")

TARGET_PLACES_PER_S = 25.0
"""At 128 pixels and 2 workers on 2 cores."""


def main() -> None:
    """Measure and print one JSON document, or a table above it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--places", type=int, default=100)
    options.add_argument("--pixels", type=int, default=128)
    options.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    options.add_argument("--size", type=float, default=2.0, help="side of the city in kilometres")
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--json", action="store_true", help="print the JSON document alone")
    chosen = options.parse_args()
    result = measure(chosen.seed, chosen.size, chosen.places, chosen.pixels, chosen.workers)
    if not chosen.json:
        print_table(result)
    print(json.dumps(result, indent=2))


def measure(seed: int, size_km: float, places: int, pixels: int, workers: list[int]) -> dict[str, Any]:
    """Return places per second by number of workers, and milliseconds per view of one worker."""
    from gleam.city.pictures import PictureJob, make_pictures, shot_rng
    from gleam.city.places import choose_places
    from gleam.city.plan import make_scene
    from gleam.city.shots import take
    from gleam.views import View

    started = time.perf_counter()
    scene = make_scene(seed, size_km * 1000)
    planned = time.perf_counter() - started
    spots = choose_places(scene, places, split="bench")

    started = time.perf_counter()
    for view in View:  # compiles, or loads what was compiled before
        take(scene, view, float(spots.x[0]), float(spots.y[0]), shot_rng(seed, 0, view), pixels)
    first = time.perf_counter() - started

    rates = {}
    for count in workers:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "parts").mkdir()
            job = PictureJob(
                scene=scene,
                places=spots,
                folder=root,
                parts=root / "parts",
                views=tuple(View),
                pixels=pixels,
                quality=90,
                labels=True,
            )
            started, cpu = time.perf_counter(), time.process_time()
            make_pictures(job, count)
            seconds = time.perf_counter() - started
            rates[str(count)] = {
                "places_per_s": round(places / seconds, 2),
                # On a busy machine the wall clock tells of the others; this is what a free core gives.
                "cpu_ms_per_place": round(1000 * (time.process_time() - cpu) / places, 1),
            }
    views = {}
    sample = range(min(places, 40))
    for view in View:
        cpu = time.process_time()
        for number in sample:
            x, y = float(spots.x[number]), float(spots.y[number])
            take(scene, view, x, y, shot_rng(seed, number, view), pixels)
        views[view.value] = round(1000 * (time.process_time() - cpu) / len(sample), 2)
    return {
        "benchmark": "city_rendering",
        "machine": {"processor": platform.machine(), "cores": os.cpu_count(), "load": os.getloadavg()[0]},
        "seed": seed,
        "size_km": size_km,
        "places": places,
        "pixels": pixels,
        "plan_s": round(planned, 2),
        "first_pictures_s": round(first, 2),
        "workers": rates,
        "cpu_ms_per_view": views,
        "target_places_per_s": TARGET_PLACES_PER_S,
    }


def print_table(result: dict[str, Any]) -> None:
    """Print the figures for reading."""
    print(f"{result['places']} places, five views at {result['pixels']} px, city of {result['size_km']:g} km")
    print(f"planning {result['plan_s']:.2f} s, first pictures (compiling) {result['first_pictures_s']:.2f} s")
    for count, rate in result["workers"].items():
        speed, cpu = rate["places_per_s"], rate["cpu_ms_per_place"]
        print(f"{count:>3} workers  {speed:7.2f} places/s  {cpu:6.1f} CPU ms/place")
    for view, ms in result["cpu_ms_per_view"].items():
        print(f"{view:>12}  {ms:7.2f} CPU ms")
    print(f"target: {result['target_places_per_s']:g} places/s with 2 workers on 2 cores at 128 px\n")


if __name__ == "__main__":
    main()
