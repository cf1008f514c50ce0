"""Tiny pairs of a map and a satellite image, in two halves."""

from __future__ import annotations

from pathlib import Path

from tests.places.layouts.pictures import picture


def make(root: Path, *, halves: bool = True) -> Path:
    for half in ("train/", "eval/") if halves else ("",):
        for number in range(2):
            picture(root / f"{half}map/{number}.png")
            picture(root / f"{half}sat/{number}.jpg")
    return root
