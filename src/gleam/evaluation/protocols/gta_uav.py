"""GTA-UAV: drone images over a game's world, with tiles of several zooms as right answers."""

from __future__ import annotations

from gleam.evaluation.protocols import spaces
from gleam.evaluation.protocols.definition import Direction, Protocol
from gleam.evaluation.protocols.measures import (
    average_precision,
    mean_distance,
    recall,
    recall_one_percent,
    spatial_distance,
)
from gleam.views import View

_MEASURES = (
    recall(1),
    recall(5),
    recall(10),
    recall_one_percent("index"),
    average_precision("step"),
    *(spatial_distance(k, 1e-3, spaces.PLANE) for k in (1, 3, 5)),
    *(mean_distance(k, spaces.PLANE) for k in (1, 3, 5)),
)


def _protocol(area: str) -> Protocol:
    splits = (f"{area}-test",)
    return Protocol(
        f"gta-uav-{area}",
        f"GTA-UAV, {area} area",
        "gta-uav",
        (
            "https://arxiv.org/abs/2409.16925",
            "https://github.com/Yux1angJi/GTA-UAV/blob/main/Game4Loc/game4loc/evaluate/gta.py",
        ),
        (
            Direction(View.DRONE, View.SATELLITE, _MEASURES, splits, gallery_images=14_640),
            Direction(View.SATELLITE, View.DRONE, _MEASURES, splits),
        ),
        ("Tiles that overlap little (semi-positives) count as wrong answers, as published.",),
    )


PROTOCOLS = (_protocol("cross"), _protocol("same"))
