"""A tiny University-1652: two training buildings, two queries and one distractor in the test."""

from __future__ import annotations

from pathlib import Path

from tests.places.layouts.pictures import picture

TRAIN, QUERIES, DISTRACTOR = ("0839", "0842"), ("0000", "0001"), "0002"
DRONES = 3


def make(root: Path) -> Path:
    for place in TRAIN:
        picture(root / f"train/satellite/{place}/{place}.jpg")
        for number in range(1, DRONES + 1):
            picture(root / f"train/drone/{place}/image-{number:02d}.jpeg")
        picture(root / f"train/street/{place}/1.jpg")
        picture(root / f"train/google/{place}/1.jpg")
    for place in (*QUERIES, DISTRACTOR):
        for kind in ("gallery", "query")[: 1 if place == DISTRACTOR else 2]:
            picture(root / f"test/{kind}_satellite/{place}/{place}.jpg")
            for number in range(1, DRONES + 1):
                picture(root / f"test/{kind}_drone/{place}/image-{number:02d}.jpeg")
            if place != QUERIES[1]:
                picture(root / f"test/{kind}_street/{place}/1.jpg")
    return root
