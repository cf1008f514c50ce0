"""Does comparing the candidates pairwise find the place more often than the encoder's own order?

    python benchmarks/rerank.py CITY [--explainer evidence] [--top 3] [--limit N] [--hide-heading] [--work D]

CITY is a folder of `gleam city make` with rasters that the weights have not learnt from. Every photo is
located in an atlas of the city; the first ``top`` candidates then meet in a tournament. Printed per view, in
one run: recall@1 in the encoder's order (the baseline) and in the tournament's, the recall@top that no order
can exceed, how many photos the tournament mends and how many it spoils, and seconds of one core per photo
for locating and for comparing. A candidate within ``--right-m`` metres of the truth is the place.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from gleam.atlas import Atlas
from gleam.encoder import Encoder
from gleam.explaining import Explainer
from gleam.explaining.pipeline import Pipeline
from gleam.files import to_json
from gleam.geo import distance_m
from gleam.locating import Locator
from gleam.places import Places
from gleam.progress import track
from gleam.views import QUERY_VIEWS, Pose, View


@dataclass
class Tally:
    """Counts and seconds of one view."""

    photos: int = 0
    before: int = 0
    after: int = 0
    reachable: int = 0
    mended: int = 0
    spoiled: int = 0
    locate_s: float = 0.0
    compare_s: float = 0.0

    def figures(self, top: int) -> dict[str, float | int]:
        """Return what is printed of a view."""
        n = max(1, self.photos)
        return {
            "photos": self.photos,
            "recall@1 (encoder)": round(self.before / n, 3),
            "recall@1 (tournament)": round(self.after / n, 3),
            f"recall@{top}": round(self.reachable / n, 3),
            "mended": self.mended,
            "spoiled": self.spoiled,
            "locate CPU s": round(self.locate_s / n, 2),
            "compare and explain CPU s": round(self.compare_s / n, 2),
        }


def measure(
    city: Path, work: Path, explainer: str, top: int, limit: int | None, right_m: float, hide_heading: bool
) -> Iterator[tuple[str, dict[str, float | int]]]:
    encoder = Encoder.from_pretrained("city")
    places = Places.read(city)
    raster = sorted((city / "rasters").glob("*.tif"))[-1]
    if not (work / "atlas").is_dir():
        Atlas.build(raster, encoder, work / "atlas")
    atlas = Atlas.open(work / "atlas")
    locator = Locator(encoder, atlas)
    pipeline = Pipeline(Explainer.from_name(explainer, encoder), atlas, top=top)
    for view in QUERY_VIEWS:
        if view not in places.views:
            continue
        tally = Tally()
        for row in track(list(places.select(view=view))[:limit], view.value):
            pose = row.pose
            if hide_heading and view is not View.MAP:
                pose = pose.with_heading(None)
            truth = (row.lat, row.lon)
            add(tally, locator, pipeline, places.path_of(row), view, pose, truth, right_m)
        yield view.value, tally.figures(top)


def add(
    tally: Tally,
    locator: Locator,
    pipeline: Pipeline,
    photo: Path,
    view: View,
    pose: Pose,
    truth: tuple[float | None, float | None],
    right_m: float,
) -> None:
    started = time.process_time()
    answer = locator.locate(photo, view, pose=pose, k=10, use_metadata=False)
    located = time.process_time()
    if not answer.candidates or truth[0] is None or truth[1] is None:
        return
    explained = pipeline.explain(photo, answer)
    done = time.process_time()
    compared = [s.rank for s in explained.standings] or [1]
    by_rank = {c.rank: c for c in answer.candidates}
    right = {
        rank: float(distance_m(by_rank[rank].lat, by_rank[rank].lon, truth[0], truth[1])) <= right_m
        for rank in compared
    }
    tally.photos += 1
    tally.before += right[1]
    tally.after += right[compared[0]]
    tally.reachable += any(right.values())
    tally.mended += right[compared[0]] and not right[1]
    tally.spoiled += right[1] and not right[compared[0]]
    tally.locate_s += located - started
    tally.compare_s += done - located


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("city", type=Path)
    parser.add_argument("--explainer", default="evidence")
    parser.add_argument("--top", type=int, default=3)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--right-m", type=float, default=40.0)
    parser.add_argument("--hide-heading", action="store_true")
    parser.add_argument("--work", type=Path, help="Keep the atlas in this folder, for another run.")
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = told.work or Path(temporary)
        figures = measure(
            told.city, work, told.explainer, told.top, told.limit, told.right_m, told.hide_heading
        )
        for view, found in figures:
            shown = to_json({"view": view, **found}, indent=None) if told.json else in_words(view, found)
            print(shown, flush=True)


def in_words(view: str, figures: dict[str, float | int]) -> str:
    return f"{view}: " + ", ".join(f"{name} {value}" for name, value in figures.items())


if __name__ == "__main__":
    main()
