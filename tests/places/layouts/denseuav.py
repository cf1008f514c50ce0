"""A tiny DenseUAV: two training places, one query; the galleries hold all three."""

from __future__ import annotations

from pathlib import Path

from tests.places.layouts.pictures import picture

TRAIN, QUERY = ("000001", "000002"), "002257"
HEIGHTS = (80, 90, 100)


def position(place: str) -> tuple[float, float]:
    """Latitude and longitude of a place."""
    return 30.3 + int(place) * 1e-4, 120.38 + int(place) * 1e-5


def make(root: Path) -> Path:
    lines = []
    for place in (*TRAIN, QUERY):
        half, halves = ("train", ["train/"]) if place in TRAIN else ("test", ["test/query_"])
        for folder in ("test/gallery_", *halves):
            for height in HEIGHTS:
                picture(root / f"{folder}drone/{place}/H{height}.JPG")
                picture(root / f"{folder}satellite/{place}/H{height}.tif")
                picture(root / f"{folder}satellite/{place}/H{height}_old.tif")
        lat, lon = position(place)
        lines.append(f"/data/DenseUAV/{half}/satellite/{place}/H80.tif E{lon:.7f} N{lat:.7f} 94.607\n")
    (root / "Dense_GPS_ALL.txt").write_text("".join(lines), encoding="utf-8")
    return root
