"""How good is a student on cities it has never seen? Verdicts, facts, controls, seconds.

Draws balanced pairs from city folders (a positive and a negative per query picture; a third of the negatives
near by, a third look-alikes by the encoder, a third random) and prints one JSON document:

    for seed in 8801 8802; do
      gleam city make cities/$seed --seed $seed --size 2 --places 500 --pixels 192 --no-rasters --no-tiles \
        --split test
    done
    python benchmarks/student.py cities/8801 cities/8802 --texts 400 --timed 12 --out result.json

* **verdict**: of the calibrated match head, per view and tier. It is also what every shown text says.
* **label or label and explanation**: the head's accuracy beside that of the verdict which the decoder's own
  text gives before the gate. The paper lost 2.4 points by explaining.
* **facts**: every value that a shown text states of a picture, against the facts of the scene; values that
  the facts leave undecided are not counted.
* **swap**: positives judged rightly, given the tile of another place: does the verdict change?
* **blank**: the query made grey: what is still claimed?
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gleam.encoder import Encoder
from gleam.evaluation.bootstrap import mean_intervals
from gleam.explaining.scene import ATTRIBUTES
from gleam.explaining.scene.plan import Plan
from gleam.explaining.scene.statements import read_statements
from gleam.explaining.student import StudentExplainer
from gleam.explaining.student.config import MatchConfig, SeerConfig, StudentConfig
from gleam.explaining.student.stating import stated
from gleam.explaining.student.storage import load_student
from gleam.explaining.student.student import Student, Told, plan_for
from gleam.explaining.student.training.claims import guess
from gleam.explaining.student.training.matching import Examples, draw_examples, judge_all
from gleam.explaining.student.training.sources import Source, open_sources
from gleam.explaining.verdict import LANGUAGES, Language
from gleam.views import QUERY_VIEWS, View


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cities", nargs="+", help="City folders that no student was taught or calibrated on.")
    parser.add_argument("--student", default="city", help="A shipped student, or a folder.")
    parser.add_argument("--texts", type=int, default=400, help="Pairs per view that are explained.")
    parser.add_argument("--timed", type=int, default=0, help="Pairs explained one by one, with 2 threads.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=None)
    args = parser.parse_args()
    torch.set_num_threads(1)
    student = load_student(args.student)
    encoder = Encoder.from_pretrained(student.encoder)
    if encoder.fingerprint != student.fingerprint:
        sys.exit(f"The student stands on another encoder than {student.encoder!r} is now.")
    p = student.preparation
    config = StudentConfig(
        train=args.cities,
        val=args.cities,
        seed=args.seed,
        cache=args.cache,
        seer=SeerConfig(pixels=p.pixels, ground_width_m=p.ground_width_m),
        match=MatchConfig(),
    )
    sources = open_sources(args.cities, "test", encoder, config)
    examples = draw_examples(sources, config, 1, "test pairs")
    probability = probabilities(student, examples)
    said = all_stated(student, sources)
    result: dict[str, Any] = {
        "student": args.student,
        "cities": [Path(c).name for c in args.cities],
        "pairs": len(examples),
        "seed": args.seed,
        "verdict": verdict_table(examples, probability),
        "swap": swapped(student, examples, probability, args.seed),
    }
    result |= texts(student, examples, probability, said, args.texts, args.seed)
    if args.timed:
        result["seconds"] = timed(args.student, encoder, sources, examples, args.timed)
    text = json.dumps(result, indent=2, ensure_ascii=False)
    print(text)
    if args.out:
        args.out.write_text(text + "\n", encoding="utf-8")


def probabilities(student: Student, examples: Examples) -> np.ndarray:
    odds = judge_all(student.matcher, examples)
    p = np.empty(len(odds))
    for number, view in enumerate(QUERY_VIEWS):
        own = examples.view == number
        calibration = next(c for c in student.calibrations if view.value in c.views)
        p[own] = calibration.probability(odds[own])
    return p


def all_stated(student: Student, sources: list[Source]) -> list[dict[str, str]]:
    """Return what is stated of every picture of all sources, row by row."""
    said: list[dict[str, str]] = []
    for source in sources:
        own: list[dict[str, str]] = [{} for _ in range(len(source.pictures))]
        guesses, _ = guess(student.seer, [source])
        for view, (rows, _, _) in source.squares.items():
            for n, row in enumerate(rows):
                own[row] = stated([p[n] for p in guesses[view]], view, student.thresholds)
        said += own
    return said


def verdict_table(examples: Examples, probability: np.ndarray) -> dict[str, Any]:
    right = (probability >= 0.5) == examples.match
    table: dict[str, Any] = {"all": share(right, examples.query)}
    for number, view in enumerate(QUERY_VIEWS):
        own = examples.view == number
        table[view.value] = {"all": share(right[own], examples.query[own])}
        for tier in ("positive", "random", "near", "mistake"):
            chosen = own & (examples.tier == tier)
            table[view.value][tier] = share(right[chosen], examples.query[chosen])
    for tier in ("positive", "random", "near", "mistake"):
        chosen = examples.tier == tier
        table[tier] = share(right[chosen], examples.query[chosen])
    return table


def swapped(student: Student, examples: Examples, probability: np.ndarray, seed: int) -> dict[str, Any]:
    """Give positives that were judged rightly the tile of another place."""
    rng = np.random.default_rng(seed)
    chosen = np.flatnonzero(examples.match & (probability >= 0.5))
    tiles = examples.tile[chosen]
    other = rng.permutation(np.unique(examples.tile))
    new = other[rng.integers(len(other), size=len(tiles))]
    keep = new != tiles
    chosen, new = chosen[keep], new[keep]
    swapped_pairs = examples.with_tiles(chosen, new)
    changed = probabilities(student, swapped_pairs) < 0.5
    table = {"all": share(changed, swapped_pairs.query)}
    for number, view in enumerate(QUERY_VIEWS):
        own = swapped_pairs.view == number
        table[view.value] = share(changed[own], swapped_pairs.query[own])
    return table


def texts(
    student: Student,
    examples: Examples,
    probability: np.ndarray,
    said: list[dict[str, str]],
    wanted: int,
    seed: int,
) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    facts: dict[str, list[tuple[bool, int]]] = defaultdict(list)
    figures: dict[str, list[float]] = defaultdict(list)
    worst: list[str] = []
    by_attribute: dict[str, list[bool]] = defaultdict(list)
    asked: list[tuple[int, View, Language, Plan]] = []
    for number, view in enumerate(QUERY_VIEWS):
        own = np.flatnonzero(examples.view == number)
        for k in rng.permutation(own)[:wanted]:
            query, tile = int(examples.query[k]), int(examples.tile[k])
            plan = plan_for(said[query], said[tile], bool(probability[k] >= 0.5), view)
            asked += [(int(k), view, language, plan) for language in LANGUAGES]
    told: list[Told] = []
    for start in range(0, len(asked), 64):
        told += student.tell_all([(plan, view, lang) for _, view, lang, plan in asked[start : start + 64]])
    for (k, view, language, _), one in zip(asked, told, strict=True):
        query, tile = int(examples.query[k]), int(examples.tile[k])
        match, truth = bool(probability[k] >= 0.5), bool(examples.match[k])
        shown = read_statements(one.text, language)
        figures[f"overruled {language}"].append(bool(one.faults))
        figures[f"first draft at fault {language}"].append(bool(one.first_faults))
        figures[f"draft verdict right {language}"].append(
            read_statements(one.draft, language).verdict is truth
        )
        figures[f"head verdict right {language}"].append(match is truth)
        figures[f"shown verdict is the head's {language}"].append(shown.verdict is match)
        count = 0
        for statement in shown.statements:
            true = is_true(statement, examples.labels[query if statement.picture == "query" else tile])
            if true is None:
                continue
            count += 1
            for key in (f"{view.value} {language}", f"{language} {statement.picture}", language):
                facts[key].append((true, query))
            by_attribute[f"{statement.attribute} {statement.picture}"].append(true)
            if not true and len(worst) < 12:
                worst.append(f"{statement} | {one.text}")
        figures[f"facts per text {view.value}"].append(count)
    return {
        "facts": {
            key: share(np.array([t for t, _ in v]), np.array([q for _, q in v]))
            for key, v in sorted(facts.items())
        },
        "facts by attribute": {
            key: [round(float(np.mean(v)), 4), len(v)] for key, v in sorted(by_attribute.items())
        },
        "texts": {key: round(float(np.mean(v)), 4) for key, v in sorted(figures.items())},
        "blank": blank(student),
        "false facts": worst,
    }


def is_true(statement: Any, labels: np.ndarray) -> bool | None:
    """Return whether a statement is true of a place, None where the facts do not decide it."""
    k = next(i for i, a in enumerate(ATTRIBUTES) if a.name == statement.attribute)
    if labels[k] < 0 or not statement.value:
        return None
    same = ATTRIBUTES[k].values[labels[k]] == statement.value
    return same != statement.denied


def blank(student: Student) -> dict[str, Any]:
    """Return what the seer alone would still state of a grey picture (the explainer states nothing)."""
    side = student.preparation.pixels
    grey = np.full((side, side, 3), 128, np.uint8)
    return {view.value: student.states(grey, view) for view in View}


def timed(
    name: str, encoder: Encoder, sources: list[Source], examples: Examples, count: int
) -> dict[str, float]:
    """Explain pairs one by one with 2 threads, files and all; return seconds."""
    torch.set_num_threads(2)
    explainer = StudentExplainer(encoder, name)
    places = sources[0].pictures.places
    rows = np.flatnonzero(examples.query < len(places))[:: max(1, len(places) // count)][:count]
    spent, cpu = [], []
    for k in rows:
        query, tile = places[int(examples.query[k])], places[int(examples.tile[k])]
        begun, used = time.perf_counter(), time.process_time()
        explainer.explain(
            places.path_of(query),
            places.path_of(tile),
            query.view,
            query.pose,
            language="zh" if k % 2 else "en",
            tile_width_m=tile.ground_width_m,
        )
        spent.append(time.perf_counter() - begun)
        cpu.append(time.process_time() - used)
    return {
        "median": round(float(np.median(spent)), 3),
        "max": round(float(np.max(spent)), 3),
        "median_cpu": round(float(np.median(cpu)), 3),
        "max_cpu": round(float(np.max(cpu)), 3),
        "pairs": len(rows),
    }


def share(right: np.ndarray, groups: np.ndarray) -> dict[str, float]:
    """Return a share with its 95 % interval; pictures are drawn whole."""
    if not len(right):
        return {"n": 0}
    interval = mean_intervals(right.astype(float), groups=groups.tolist())[0]
    return {**{k: round(v, 4) for k, v in interval.to_dict().items()}, "n": len(right)}


if __name__ == "__main__":
    main()
