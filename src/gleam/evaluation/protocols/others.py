"""Sets without a published evaluator: image sets (SetVL-480K) and street maps."""

from __future__ import annotations

from gleam.evaluation.protocols.definition import Direction, Protocol, Published
from gleam.evaluation.protocols.measures import recall, recall_one_percent
from gleam.views import View

_MEASURES = (recall(1), recall(5), recall(10), recall_one_percent("ceil"))

SETVL480K = Protocol(
    "setvl480k",
    "SetVL-480K",
    "setvl-480k",
    ("https://arxiv.org/abs/2412.18852", "https://github.com/Mabel0403/Set-CVGL"),
    (
        Direction(
            View.GROUND,
            View.SATELLITE,
            _MEASURES,
            ("test", "validation", "val"),
            fuse=True,
            published=(
                Published(
                    "FlexGeo",
                    {},
                    "https://arxiv.org/abs/2412.18852",
                    note="only a relative gain (> 22 %) is known to the project",
                ),
            ),
        ),
    ),
    (
        "The authors' evaluation code is not out: all images of a place are one query here, whose vector is "
        "the mean of their unit vectors.",
    ),
)

MAP_SATELLITE = Protocol(
    "map-satellite",
    "street maps and satellite tiles",
    "street-maps",
    ("https://arxiv.org/abs/2509.07450",),
    (
        Direction(View.MAP, View.SATELLITE, _MEASURES, ("test", "eval", "validation", "val")),
        Direction(View.SATELLITE, View.MAP, _MEASURES, ("test", "eval", "validation", "val")),
    ),
    ("The paper's MAP set (12,761 pairs) and its split are not public: results on other maps are not its.",),
)

PROTOCOLS = (SETVL480K, MAP_SATELLITE)
