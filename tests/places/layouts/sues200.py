"""A tiny SUES-200: two places of the training half and one of the test, two images per height."""

from __future__ import annotations

from pathlib import Path

from tests.places.layouts.pictures import picture

TRAIN, TEST = ("0001", "0002"), "0008"
HEIGHTS = (150, 200, 250, 300)


def make(root: Path) -> Path:
    """The tree as it is downloaded."""
    for place in (*TRAIN, TEST):
        picture(root / f"satellite-view/{place}/0.png")
        for height in HEIGHTS:
            for number in range(2):
                picture(root / f"drone_view_512/{place}/{height}/{number}.jpg")
    return root


def make_split(root: Path) -> Path:
    """The tree that the publisher's script makes of it, with copies in the galleries."""
    for height in HEIGHTS:
        for place in (*TRAIN, TEST):
            folders = [("Testing", "gallery_"), ("Training", "") if place in TRAIN else ("Testing", "query_")]
            for half, role in folders:
                picture(root / f"{half}/{height}/{role}satellite/{place}/0.png")
                for number in range(2):
                    picture(root / f"{half}/{height}/{role}drone/{place}/{number}.jpg")
    return root
