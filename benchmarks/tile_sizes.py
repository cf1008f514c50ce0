"""Whether tiles of a second ground size help: the same photos in one atlas, searched with and without.

    gleam city make 9202 --seed 9202 --size 1.5 --places 150 --pixels 256 --no-tiles
    python benchmarks/tile_sizes.py 9202 [--other 84] [--side 800] [--limit 24] [--work FOLDER] [--json]

The middle of the city's newer mosaic becomes an atlas with tiles of 112 m and of another size. Each photo
is located by the main size alone and by both, weighed in three ways:

* leads: each size counts as much as its best place leads its second, which is what the locator does;
* equal: both count the same;
* quarter: the other size counts a quarter.

Printed: recall within 50 m from the tiles alone and after the closer look, and what `leads` gains over the
main size, over all photos, with its 95 % interval over places.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GLEAM_QUIET", "1")

import numpy as np
import rasterio
from rasterio.windows import Window

from gleam.atlas import Atlas
from gleam.encoder import Encoder
from gleam.evaluation.bootstrap import mean_intervals
from gleam.geo import distance_m
from gleam.locating import Locator
from gleam.locating.searching.finding import REFINED, Finder
from gleam.places import PlaceImage, Places
from gleam.views import View

WITHIN_M = 50.0
RULES = ("main", "leads", "equal", "quarter")


def main() -> None:
    """Measure and print a table, or one JSON document."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("city", type=Path)
    options.add_argument("--other", type=float, default=84.0, help="ground width of the other tiles")
    options.add_argument("--side", type=float, default=800.0, help="metres of the middle that is taken")
    options.add_argument("--limit", type=int, default=24, help="photos per view")
    options.add_argument("--work", type=Path, help="where the atlas is kept")
    options.add_argument("--encoder", default="city")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    encoder = Encoder.from_pretrained(chosen.encoder)
    with tempfile.TemporaryDirectory() as folder:
        work = chosen.work or Path(folder)
        atlas = atlas_of(chosen.city, work, encoder, chosen.other, chosen.side)
        found = measure(Locator(encoder, atlas).finder, Places.read(chosen.city), chosen.limit)
    result = {"encoder": encoder.fingerprint, "city": chosen.city.name, "sizes_m": [112.0, chosen.other]}
    result |= summary(found)
    if not chosen.json:
        print_table(result)
    print(json.dumps(result, indent=2))


def atlas_of(city: Path, work: Path, encoder: Encoder, other: float, side: float) -> Atlas:
    """Return the atlas of the middle of the newer mosaic, made when it is not there."""
    folder = work / f"{city.name}-{other:g}.atlas"
    if folder.exists():
        return Atlas.open(folder)
    work.mkdir(parents=True, exist_ok=True)
    cut = work / f"{city.name}.tif"
    with rasterio.open(sorted((city / "rasters").glob("*.tif"))[-1]) as mosaic:
        pixels = int(side / mosaic.res[0])
        window = Window((mosaic.width - pixels) // 2, (mosaic.height - pixels) // 2, pixels, pixels)  # type: ignore[no-untyped-call]
        profile = mosaic.profile | {
            "width": pixels,
            "height": pixels,
            "transform": mosaic.window_transform(window),
        }
        data = mosaic.read(window=window)
    with rasterio.open(cut, "w", **profile) as out:
        out.write(data)
    return Atlas.build(cut, encoder, folder, tile_m=[112.0, other])


def measure(finder: Finder, places: Places, limit: int) -> list[dict[str, Any]]:
    """Locate the photos that lie in the atlas by every rule; return one row per photo and rule."""
    west, south, east, north = finder.atlas.bounds
    rows = []
    for view in (View.GROUND, View.PANORAMA, View.DRONE, View.MAP):
        photos = places.select(view=view)
        inside = [row for row in photos if west < (row.lon or 0) < east and south < (row.lat or 0) < north]
        for row in inside[:limit]:
            for told in (True,) if view is View.MAP else (True, False):
                rows += one_photo(finder, photos.path_of(row), row, told)
    return rows


def one_photo(finder: Finder, path: Path, row: PlaceImage, told: bool) -> list[dict[str, Any]]:
    main, other = finder.atlas.tile_sizes_m
    queries = finder.queries(path, row.view, row.pose if told else row.pose.with_heading(None))
    weights = {"equal": {main: 1.0, other: 1.0}, "quarter": {main: 3.0, other: 1.0}}
    out = []
    for rule in RULES:
        taken = {main: queries[main]} if rule == "main" else dict(queries)
        for refine in (0, REFINED):
            found = finder.search(taken, None, REFINED, refine=refine, weights=weights.get(rule))
            error = np.inf
            if found.places and row.lat is not None and row.lon is not None:
                error = distance_m(row.lat, row.lon, found.places[0].lat, found.places[0].lon)
            knows = "heading told" if told else "heading unknown"
            out.append(
                {
                    "way": row.view.value if row.view is View.MAP else f"{row.view.value}, {knows}",
                    "place": row.place,
                    "rule": rule,
                    "closer": refine > 0,
                    "right": float(error <= WITHIN_M),
                }
            )
    return out


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the recall of every way, rule and step, and the gain of ``leads`` over the main size."""
    right: dict[tuple[str, bool, str], list[float]] = defaultdict(list)
    owners: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for row in rows:
        right[row["way"], row["closer"], row["rule"]].append(row["right"])
        if row["rule"] == "main":
            owners[row["way"], row["closer"]].append(row["place"])
    table: dict[str, Any] = {}
    for way in dict.fromkeys(row["way"] for row in rows):
        table[way] = {"photos": len(owners[way, True])}
        for closer in (False, True):
            step = "after the closer look" if closer else "tiles alone"
            table[way][step] = {r: round(float(np.mean(right[way, closer, r])), 3) for r in RULES}
    gains = {}
    for closer in (False, True):
        more = np.concatenate(
            [np.array(right[w, closer, "leads"]) - np.array(right[w, closer, "main"]) for w in table]
        )
        groups = [place for w in table for place in owners[w, closer]]
        (interval,) = mean_intervals(more[:, None], groups=groups)
        gains["after the closer look" if closer else "tiles alone"] = {
            k: round(v, 3) for k, v in interval.to_dict().items()
        }
    return {"recall": table, "gain_of_leads": gains}


def print_table(result: dict[str, Any]) -> None:
    """Print one line per way and step."""
    for way, figures in result["recall"].items():
        for step in ("tiles alone", "after the closer look"):
            shares = ", ".join(f"{rule} {100 * value:.0f}" for rule, value in figures[step].items())
            print(f"{way:26s} {step:22s} {figures['photos']} photos, within {WITHIN_M:g} m in %: {shares}")
    for step, gained in result["gain_of_leads"].items():
        low, high = 100 * gained["low"], 100 * gained["high"]
        print(f"leads over main, {step}: {100 * gained['value']:+.1f} points [{low:+.1f}, {high:+.1f}]")


if __name__ == "__main__":
    main()
