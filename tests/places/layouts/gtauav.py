"""A tiny GTA-UAV: six tiles of two zoom levels, and three drone images."""

from __future__ import annotations

import json
from pathlib import Path

from tests.places.layouts.pictures import picture

TILES = ("4_0_6_13.png", "4_0_6_14.png", "5_0_12_27.png", "5_0_13_27.png", "5_128_13_27.png", "7_0_1_2.png")


def entry(name: str, positives: dict[str, float], others: dict[str, float]) -> dict[str, object]:
    """The published entry of a drone image; tiles with their overlap."""
    both = positives | others
    return {
        "drone_img_dir": "drone/images",
        "drone_img_name": name,
        "drone_loc_x_y": [4472.2036708036, 9460.91532053518],
        "sate_img_dir": "satellite",
        "pair_pos_sate_img_list": list(positives),
        "pair_pos_sate_weight_list": list(positives.values()),
        "pair_pos_sate_loc_x_y_list": [[4492.8, 9331.2] for _ in positives],
        "pair_pos_semipos_sate_img_list": list(both),
        "pair_pos_semipos_sate_weight_list": list(both.values()),
        "pair_pos_semipos_sate_loc_x_y_list": [[4492.8, 9331.2] for _ in both],
        "drone_metadata": {
            "height": 494.70794677734375,
            "drone_roll": -0.27,
            "drone_pitch": 1.98,
            "drone_yaw": 84.99,
            "cam_roll": -90.27,
            "cam_pitch": 1.98,
            "cam_yaw": 84.99,
        },
    }


FIRST = entry(
    "500_0001_0000025682.png", {"5_0_12_27.png": 0.41, "4_0_6_13.png": 0.47}, {"5_0_13_27.png": 0.21}
)
SECOND = entry("200_0001_0000000001.png", {"5_0_13_27.png": 0.5}, {})
NO_POSITIVE = entry("200_0001_0000000002.png", {}, {"5_0_13_27.png": 0.2})

LISTS = {
    "cross-area-drone2sate-train": [FIRST],
    "cross-area-drone2sate-test": [SECOND, NO_POSITIVE],
    "same-area-drone2sate-train": [SECOND],
    "same-area-drone2sate-test": [FIRST, NO_POSITIVE],
}


def make(root: Path) -> Path:
    for tile in TILES:
        picture(root / "satellite" / tile)
    for drone in (FIRST, SECOND, NO_POSITIVE):
        picture(root / "drone/images" / str(drone["drone_img_name"]), (12, 16))
    for name, entries in LISTS.items():
        write_list(root, name, entries)
    return root


def write_list(root: Path, name: str, entries: object) -> None:
    (root / f"{name}.json").write_text(json.dumps(entries), encoding="utf-8")
