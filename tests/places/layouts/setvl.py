"""A tiny SetVL-480K: two sets of three street pictures, in lists of IDs and of coordinates."""

from __future__ import annotations

from pathlib import Path

from tests.places.layouts.pictures import picture


def make(root: Path, *, half: str = "train/") -> Path:
    street, aerial = ["pano_id,reference_id,lat,lon,heading\n"], ["reference_id,lat,lon,zoom\n"]
    for number in range(2):
        aerial.append(f"cell{number},{48 + number},11.5,18\n")
        picture(root / f"{half}satellite/cell{number}.jpg")
        for view in range(3):
            street.append(f"id-{number}{view},cell{number},{48 + number},11.5,{view * 90}\n")
            picture(root / f"{half}ground/id-{number}{view}.jpg")
    (root / f"{half}street.csv").write_text("".join(street), encoding="utf-8")
    (root / f"{half}aerial.csv").write_text("".join(aerial), encoding="utf-8")
    return root
