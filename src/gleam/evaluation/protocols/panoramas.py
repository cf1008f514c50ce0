"""Sets of panoramas and satellite tiles: VIGOR, CVUSA, CVACT and CV-Cities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.evaluation.protocols.definition import Direction, Protocol, Published
from gleam.evaluation.protocols.measures import hit_rate, recall, recall_one_percent, recall_within
from gleam.places.table import Places
from gleam.views import View

SAMPLE4GEO = "https://github.com/Skyy93/Sample4Geo"
EP_BEV = "https://github.com/yejy53/EP-BEV"
GEOBRIDGE = "https://arxiv.org/abs/2512.02697"
CLNET = "https://arxiv.org/abs/2512.14560"

_RECALL = (recall(1), recall(5), recall(10), recall_one_percent("floor"))


def _first(method: str, value: float, source: str, second_hand: bool = False, note: str = "") -> Published:
    return Published(method, {"R@1": value}, source, second_hand=second_hand, note=note)


def _vigor(area: str, queries: int, gallery: int, published: tuple[Published, ...]) -> Protocol:
    return Protocol(
        f"vigor-{area}",
        f"VIGOR, {area} area",
        "vigor",
        (
            "https://arxiv.org/abs/2011.12172",
            "https://github.com/Jeff-Zilence/VIGOR/blob/main/train_overall.py",
            "https://github.com/Skyy93/Sample4Geo/blob/main/sample4geo/evaluate/vigor.py",
        ),
        (
            Direction(
                View.PANORAMA,
                View.SATELLITE,
                (*_RECALL, hit_rate()),
                (f"{area}-test",),
                ignores_semi_positives=True,
                queries=queries,
                gallery_images=gallery,
                published=published,
            ),
        ),
        (
            "Semi-positives count as wrong answers in recall and not at all in the hit rate, as published.",
            "R@1% takes the rule floor of Sample4Geo; VIGOR's own code takes the rule next.",
        ),
    )


VIGOR_SAME = _vigor(
    "same",
    52_605,
    90_618,
    (
        _first("Sample4Geo", 77.86, SAMPLE4GEO),
        _first("CLNet", 77.96, CLNET),
        _first("Geo2", 81.59, GEOBRIDGE, second_hand=True),
        _first("EP-BEV", 82.18, EP_BEV),
    ),
)

VIGOR_CROSS = _vigor(
    "cross",
    53_694,
    46_563,
    (
        _first("Sample4Geo", 61.70, SAMPLE4GEO, note="its public checkpoint: 61.09"),
        _first("CLNet", 61.20, CLNET),
        _first("Geo2", 66.71, GEOBRIDGE, second_hand=True),
        _first("EP-BEV", 72.19, EP_BEV),
        _first("GeoBridge", 73.87, GEOBRIDGE, second_hand=True, note="extra training data"),
    ),
)

_ONE_TO_ONE = ("https://github.com/Skyy93/Sample4Geo/blob/main/sample4geo/evaluate/cvusa_and_cvact.py",)
_ONE_PERCENT_NOTE = "R@1% takes the rule floor of Sample4Geo; CVM-Net and SAFA take the rule next."

CVUSA = Protocol(
    "cvusa",
    "CVUSA",
    "cvusa",
    ("https://arxiv.org/abs/1612.02709", *_ONE_TO_ONE),
    (
        Direction(
            View.PANORAMA,
            View.SATELLITE,
            _RECALL,
            ("validation",),
            queries=8_884,
            gallery_images=8_884,
            published=(
                _first("Sample4Geo", 98.68, SAMPLE4GEO),
                _first("EP-BEV", 98.71, EP_BEV),
                _first("AuxGeo", 98.80, GEOBRIDGE),
                _first("Geo2", 98.83, GEOBRIDGE, second_hand=True),
                _first("GeoBridge", 99.14, GEOBRIDGE, second_hand=True, note="extra training data"),
                _first("Geo2", 55.14, GEOBRIDGE, second_hand=True, note="trained on CVACT"),
                _first("Sample4Geo", 44.95, SAMPLE4GEO, second_hand=True, note="trained on CVACT"),
            ),
        ),
    ),
    (_ONE_PERCENT_NOTE,),
)

CVACT_VAL = Protocol(
    "cvact-val",
    "CVACT, validation",
    "cvact",
    ("https://arxiv.org/abs/1903.12351", *_ONE_TO_ONE),
    (
        Direction(
            View.PANORAMA,
            View.SATELLITE,
            _RECALL,
            ("validation",),
            queries=8_884,
            gallery_images=8_884,
            published=(
                _first("Sample4Geo", 90.81, SAMPLE4GEO),
                _first("CLNet", 91.22, CLNET, second_hand=True),
                _first("EP-BEV", 91.90, EP_BEV),
                _first("Geo2", 94.36, GEOBRIDGE, second_hand=True),
                _first("EP-BEV", 67.79, EP_BEV, second_hand=True, note="trained on CVUSA"),
                _first("Geo2", 63.17, GEOBRIDGE, second_hand=True, note="trained on CVUSA"),
            ),
        ),
    ),
    (_ONE_PERCENT_NOTE,),
)

CVACT_TEST = Protocol(
    "cvact-test",
    "CVACT, test",
    "cvact",
    (
        "https://arxiv.org/abs/1903.12351",
        "https://github.com/Liumouliu/OriCNN/blob/master/CVPR2019_codes/Matlab/RecallGeo.m",
        *_ONE_TO_ONE,
    ),
    (
        Direction(
            View.PANORAMA,
            View.SATELLITE,
            (*_RECALL, *(recall_within(k, 5.0) for k in (1, 5, 10))),
            ("test",),
            queries=92_802,
            gallery_images=92_802,
            published=(
                _first("CLNet", 71.89, CLNET, second_hand=True),
                _first("EP-BEV", 73.68, EP_BEV),
                _first("Geo2", 75.08, GEOBRIDGE, second_hand=True),
            ),
        ),
    ),
    (
        _ONE_PERCENT_NOTE,
        "R@k counts the tile of the query alone, as later papers do; R@k<=5m counts every tile within 5 m, "
        "as the set's authors do.",
    ),
)


def cities(rows: Places) -> NDArray[Any]:
    """Label rows by their city, the first part of the place's name."""
    labels = np.empty(len(rows), object)
    labels[:] = [place.split("/")[0] for place in rows.column("place")]
    return labels


CV_CITIES = Protocol(
    "cv-cities",
    "CV-Cities",
    "cv-cities",
    (
        "https://arxiv.org/abs/2411.12431",
        "https://github.com/GaoShuang98/CVCities/blob/master/cvcities_base/evaluate/cvcities.py",
    ),
    (Direction(View.PANORAMA, View.SATELLITE, _RECALL, ("test",), group=cities),),
    ("Each city is searched by itself, as in the authors' eval_cvcities.py.",),
)

PROTOCOLS = (VIGOR_SAME, VIGOR_CROSS, CVUSA, CVACT_VAL, CVACT_TEST, CV_CITIES)
