"""Compare our official figures with the authors' own evaluators, run from checkouts of their repositories.

    python benchmarks/official_evaluators.py --sample4geo DIR --vigor DIR --denseuav DIR --gta-uav DIR

Nothing of theirs is copied: their functions are read from the checkouts and run on the same random vectors
(seed 0). Some of these repositories have no licence. Without an argument its part is left out. Ends with 1
when a figure differs by more than 1e-6.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import gc
import io
import math
import re
import types
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gleam.evaluation.protocols import measures as m
from gleam.evaluation.protocols import spaces
from gleam.evaluation.protocols.outcome import Outcome
from gleam.evaluation.relevance import Relevance
from gleam.evaluation.retrieval import search

GALLERY, QUERIES, DIM, PLACES = 350, 220, 24, 60
TOLERANCE = 1e-6


class Columns:
    """The columns of a places table that a measure reads."""

    def __init__(self, **columns: Any) -> None:
        self.columns = columns

    def column(self, name: str) -> Any:
        """Return one of them."""
        return self.columns[name]


class World:
    """Random queries near gallery vectors, with semi-positives, classes and positions."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.gallery = _unit(rng.normal(size=(GALLERY, DIM)))
        self.label = rng.integers(0, GALLERY, QUERIES)
        self.semi = np.stack([(self.label + step) % GALLERY for step in (1, 2, 3)], axis=1)
        near = self.gallery[self.label] + 0.5 * self.gallery[self.semi[:, 0]]
        self.query = _unit(near + 0.33 * rng.normal(size=near.shape))
        self.gallery_class = rng.integers(0, PLACES, GALLERY)
        self.query_class = self.gallery_class[self.label]
        self.lon, self.lat = 120.38 + rng.uniform(0, 2e-3, GALLERY), 30.32 + rng.uniform(0, 2e-3, GALLERY)
        self.x, self.y = rng.uniform(0, 9000, (2, GALLERY))
        exact = self.query.astype(float) @ self.gallery.T.astype(float)
        self.order = np.argsort(exact, axis=1)[:, ::-1]

    def ours(self, measure: m.Measure, relevance: Relevance, rule: str | None = None) -> float:
        """Return our figure."""
        there = {"lat": self.lat, "lon": self.lon, "x_m": self.x, "y_m": self.y}
        asked = {name: values[self.label] for name, values in there.items()}
        asked |= {"x_m": asked["x_m"] + 30, "y_m": asked["y_m"] - 20}
        ranking = search(self.query, self.gallery, relevance, top=m.MOST_ANSWERS)
        return float(np.nanmean(measure.of(Outcome(ranking, Columns(**asked), Columns(**there), rule))))


def functions(checkout: Path, file: str, names: list[str]) -> dict[str, Any]:
    """Return functions of a file of a checkout, without importing what else it needs."""
    if not (checkout / file).is_file():
        raise SystemExit(f"{checkout} holds no {file}; is it a checkout of that repository?")
    tree = ast.parse((checkout / file).read_text(encoding="utf-8"))
    chosen = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name in names]
    space: dict[str, Any] = {
        "np": np,
        "torch": torch,
        "math": math,
        "copy": copy,
        "gc": gc,
        "time": types.SimpleNamespace(sleep=lambda _: None),
        "tqdm": lambda items, **_: _Bar(items),
    }
    exec(compile(ast.Module(chosen, []), file, "exec"), space)
    return space


class _Bar(list):  # type: ignore[type-arg]
    def close(self) -> None:
        """Their bars are closed."""


def printed(function: Any, *arguments: Any) -> dict[str, float]:
    """Return the figures that a function prints as ``name: value``."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        function(*arguments)
    return {name: float(value) / 100 for name, value in re.findall(r"([\w@]+): ([\d.]+)", out.getvalue())}


def sample4geo(checkout: Path, world: World) -> list[tuple[str, float, float]]:
    """VIGOR, CVUSA and University-1652 as Sample4Geo evaluates them."""
    tensor = torch.tensor
    labels = np.concatenate([world.label[:, None], world.semi], axis=1)
    near = Relevance.from_lists([[i] for i in world.label], GALLERY, ignored=list(world.semi))
    code = functions(checkout, "sample4geo/evaluate/vigor.py", ["calculate_scores"])
    theirs = printed(
        code["calculate_scores"],
        tensor(world.query),
        tensor(world.gallery),
        tensor(labels),
        torch.arange(GALLERY),
    )
    pairs = [
        ("Recall@1", m.recall(1)),
        ("Recall@5", m.recall(5)),
        ("Recall@top1", m.recall_one_percent("floor")),
        ("Hit_Rate", m.hit_rate()),
    ]
    # Printed to four digits of a percent.
    rows = [(f"VIGOR {n}", theirs[n], round(world.ours(measure, near), 6)) for n, measure in pairs]
    code = functions(checkout, "sample4geo/evaluate/university.py", ["eval_query", "compute_mAP"])
    hits, area = torch.zeros(GALLERY, dtype=torch.int32), 0.0
    for query, place in zip(world.query, world.query_class, strict=True):
        precision, found = code["eval_query"](
            tensor(query), place, tensor(world.gallery), world.gallery_class
        )
        hits, area = hits + found, area + precision
    share = hits.double().numpy() / QUERIES
    same = Relevance.from_labels(world.query_class.tolist(), world.gallery_class.tolist())
    rows += [
        ("University-1652 R@1", share[0], world.ours(m.recall(1), same)),
        ("University-1652 R@10", share[9], world.ours(m.recall(10), same)),
        (
            "University-1652 R@1%",
            share[round(0.01 * GALLERY)],
            world.ours(m.recall_one_percent("index"), same),
        ),
        ("University-1652 AP", area / QUERIES, world.ours(m.average_precision("trapezoid"), same)),
    ]
    return rows


def vigor(checkout: Path, world: World) -> list[tuple[str, float, float]]:
    """VIGOR as its authors evaluate it."""
    code = functions(checkout, "train_overall.py", ["validate_top"])
    near = Relevance.from_lists([[i] for i in world.label], GALLERY, ignored=list(world.semi))
    loader = types.SimpleNamespace(test_label=np.concatenate([world.label[:, None], world.semi], axis=1))
    theirs = code["validate_top"](world.query.astype(float), world.gallery.astype(float), loader)
    ours = (m.recall_one_percent("next"), m.recall(1), m.recall(5), m.hit_rate())
    return [
        (f"VIGOR's own {measure.name}", value, world.ours(measure, near))
        for value, measure in zip(theirs, ours, strict=True)
    ]


def denseuav(checkout: Path, world: World) -> list[tuple[str, float, float]]:
    """SDM and MA of DenseUAV."""
    names = ["euclideanDistance", "evaluateSingle", "latlog2meter"]
    code = functions(checkout, "evaluateDistance.py", names)
    at = list(zip(world.lon, world.lat, strict=True))
    single = Relevance.from_lists([[i] for i in world.label], GALLERY)
    rows = []
    for k in (1, 3, 5, 10):
        theirs = np.mean(
            [
                code["evaluateSingle"](code["euclideanDistance"](at[own], [at[j] for j in row[:k]]), k)
                for own, row in zip(world.label, world.order, strict=True)
            ]
        )
        rows.append(
            (
                f"DenseUAV SDM@{k}",
                float(theirs),
                world.ours(m.spatial_distance(k, 5e3, spaces.DEGREES), single),
            )
        )
    for metres in (3, 20, 50, 100):
        near = [
            code["latlog2meter"](at[own][1], at[own][0], at[row[0]][1], at[row[0]][0]) < metres
            for own, row in zip(world.label, world.order, strict=True)
        ]
        rows.append(
            (
                f"DenseUAV MA@{metres}",
                float(np.mean(near)),
                world.ours(m.metres_accuracy(metres, spaces.SPHERE), single),
            )
        )
    return rows


def gta_uav(checkout: Path, world: World) -> list[tuple[str, float, float]]:
    """SDM and Dis of GTA-UAV."""
    code = functions(checkout, "Game4Loc/game4loc/evaluate/gta.py", ["sdm", "get_dis"])
    single = Relevance.from_lists([[i] for i in world.label], GALLERY)
    at = list(zip(world.x, world.y, strict=True))
    truth = [(world.x[own] + 30, world.y[own] - 20) for own in world.label]
    near = np.mean([code["sdm"](t, [1, 3, 5], row, at) for t, row in zip(truth, world.order, strict=True)], 0)
    away = np.mean(
        [code["get_dis"](t, row, at, [1, 3, 5]) for t, row in zip(truth, world.order, strict=True)], 0
    )
    rows = []
    for k, sdm, distance in zip((1, 3, 5), near, away, strict=True):
        rows.append(
            (f"GTA-UAV SDM@{k}", float(sdm), world.ours(m.spatial_distance(k, 1e-3, spaces.PLANE), single))
        )
        rows.append(
            (f"GTA-UAV Dis@{k}", float(distance), world.ours(m.mean_distance(k, spaces.PLANE), single))
        )
    return rows


def _unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parts = {"sample4geo": sample4geo, "vigor": vigor, "denseuav": denseuav, "gta-uav": gta_uav}
    for name in parts:
        parser.add_argument(f"--{name}", type=Path, metavar="DIR")
    given = vars(parser.parse_args())
    # Removed from numpy since their code was written.
    np.in1d = np.isin
    np.bool8 = np.bool_
    world, worst = World(), 0.0
    print(f"{'figure':28} {'theirs':>16} {'ours':>16} {'apart':>9}")
    for name, part in parts.items():
        checkout = given[name.replace("-", "_")]
        if checkout is None:
            continue
        for figure, theirs, ours in part(checkout, world):
            apart = abs(theirs - ours) / max(1.0, abs(theirs))
            worst = max(worst, apart)
            print(f"{figure:28} {theirs:16.9f} {ours:16.9f} {apart:9.1e}")
    print(f"largest difference {worst:.1e}, {'within' if worst <= TOLERANCE else 'ABOVE'} {TOLERANCE:g}")
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    raise SystemExit(main())
