"""University-1652 and the two sets that took over its layout and its evaluator."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.evaluation.protocols import spaces
from gleam.evaluation.protocols.definition import Direction, Protocol, Published
from gleam.evaluation.protocols.measures import (
    average_precision,
    metres_accuracy,
    recall,
    recall_one_percent,
    spatial_distance,
)
from gleam.places.table import Places
from gleam.views import View

STATE_OF_THE_ART = "https://github.com/layumi/University1652-Baseline/tree/master/State-of-the-art"

_MEASURES = (recall(1), recall(5), recall(10), recall_one_percent("index"), average_precision("trapezoid"))
_TABLE = (
    # method, drone->satellite R@1 and AP, satellite->drone R@1 and AP, note
    ("Sample4Geo", 92.65, 93.81, 95.14, 91.39, ""),
    ("MEAN", 93.55, 94.53, 96.01, 92.08, ""),
    ("CAMP", 94.46, 95.38, 96.15, 92.72, ""),
    ("DAC", 94.67, 95.50, 96.43, 93.79, ""),
    ("QDFL", 95.00, 95.83, 97.15, 94.57, ""),
    ("CDM-Net", 95.13, 96.04, 96.68, 94.05, ""),
    ("CGSI", 95.45, 96.10, 96.58, 95.38, ""),
    ("GeoBridge", 95.82, 97.77, 97.14, 95.05, "extra training data"),
)
_UNSUPERVISED = "unsupervised"

UNIVERSITY1652 = Protocol(
    "university1652",
    "University-1652",
    "university-1652",
    (
        "https://arxiv.org/abs/2002.12186",
        "https://github.com/layumi/University1652-Baseline/blob/master/evaluate_gpu.py",
    ),
    (
        Direction(
            View.DRONE,
            View.SATELLITE,
            _MEASURES,
            queries=37_855,
            gallery_images=951,
            published=(
                *(
                    Published(name, {"R@1": r, "AP": ap}, STATE_OF_THE_ART, note=note)
                    for name, r, ap, _, _, note in _TABLE
                ),
                Published(
                    "UniABG",
                    {"R@1": 93.62, "AP": 94.61},
                    STATE_OF_THE_ART,
                    second_hand=True,
                    note=_UNSUPERVISED,
                ),
            ),
        ),
        Direction(
            View.SATELLITE,
            View.DRONE,
            _MEASURES,
            queries=701,
            gallery_images=51_355,
            published=(
                *(
                    Published(name, {"R@1": r, "AP": ap}, STATE_OF_THE_ART, note=note)
                    for name, _, _, r, ap, note in _TABLE
                ),
                Published(
                    "UniABG",
                    {"R@1": 95.43, "AP": 93.29},
                    STATE_OF_THE_ART,
                    second_hand=True,
                    note=_UNSUPERVISED,
                ),
            ),
        ),
        Direction(
            View.GROUND,
            View.SATELLITE,
            _MEASURES,
            queries=2_579,
            gallery_images=951,
            published=(
                Published(
                    "VICI",
                    {"R@1": 30.21},
                    "https://arxiv.org/abs/2507.04107",
                    note="reranked by a language model",
                ),
            ),
        ),
    ),
    ("A satellite query has 54 drone images of its place as right answers.",),
)


def heights(rows: Places) -> NDArray[Any]:
    """Label drone rows by their height; satellite rows belong to every height."""
    labels = np.empty(len(rows), object)
    views = rows.column("view")
    for index, height in enumerate(rows.column("height_m")):
        if views[index] == View.DRONE:
            labels[index] = f"{height:g} m" if np.isfinite(height) else "unknown height"
    return labels


SUES200 = Protocol(
    "sues200",
    "SUES-200",
    "sues-200",
    (
        "https://arxiv.org/abs/2204.10704",
        "https://github.com/Reza-Zhu/SUES-200-Benchmark/blob/main/test_and_evaluate.py",
    ),
    (
        Direction(
            View.DRONE,
            View.SATELLITE,
            _MEASURES,
            group=heights,
            queries=4_000,
            gallery_images=200,
            published=tuple(
                Published(
                    "CoSDi",
                    {"R@1": value},
                    "the authors' repository, as listed in the project's survey",
                    group=f"{height} m",
                    note="trained on University-1652",
                )
                for height, value in ((150, 90.07), (200, 95.55), (250, 97.68), (300, 98.62))
            ),
        ),
        Direction(View.SATELLITE, View.DRONE, _MEASURES, group=heights, queries=80, gallery_images=10_000),
    ),
    ("Each height of the drone is evaluated by itself, with training places among the gallery.",),
)

_DENSE_SCALE = 5e3
_DENSE_MEASURES = (
    *_MEASURES,
    *(spatial_distance(k, _DENSE_SCALE, spaces.DEGREES) for k in (1, 3, 5, 10)),
    *(metres_accuracy(m, spaces.SPHERE) for m in (3, 5, 10, 20, 50)),
)

DENSEUAV = Protocol(
    "denseuav",
    "DenseUAV",
    "denseuav",
    (
        "https://doi.org/10.1109/TIP.2023.3346279",
        "https://github.com/Dmmm1997/DenseUAV/blob/main/evaluate_gpu.py",
        "https://github.com/Dmmm1997/DenseUAV/blob/main/evaluateDistance.py",
    ),
    (
        Direction(
            View.DRONE,
            View.SATELLITE,
            _DENSE_MEASURES,
            queries=2_331,
            gallery_images=18_198,
            published=(Published("DINO-GFSA", {"R@1": 97.17}, "https://arxiv.org/abs/2606.00784"),),
        ),
        Direction(View.SATELLITE, View.DRONE, _DENSE_MEASURES, queries=4_662, gallery_images=9_099),
    ),
    ("SDM takes degrees for a plane, so a metre east weighs more than a metre north, as published.",),
)

PROTOCOLS = (UNIVERSITY1652, SUES200, DENSEUAV)
