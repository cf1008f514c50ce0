"""A tiny CVUSA: three pairs for training, two for validation, and the positions of all IDs."""

from __future__ import annotations

from pathlib import Path

from tests.places.layouts.pictures import picture

TRAIN, VALIDATION = (1, 3, 4), (2, 6)


def position(number: int) -> tuple[float, float, float, float]:
    """Latitude and longitude of the aerial image, then of the panorama."""
    return 40.0 + number, -90.0 - number, 40.0001 + number, -90.0001 - number


def make(root: Path, *, positions: bool = True) -> Path:
    (root / "splits").mkdir(parents=True)
    for name, numbers in (("train", TRAIN), ("val", VALIDATION)):
        lines = []
        for number in numbers:
            aerial, panorama = f"bingmap/19/{number:07d}.jpg", f"streetview/panos/{number:07d}.jpg"
            picture(root / aerial)
            picture(root / panorama, (8, 44))
            lines.append(f"{aerial},{panorama},streetview/annotations/{number:07d}.png\n")
        (root / f"splits/{name}-19zl.csv").write_text("".join(lines), encoding="utf-8")
    if positions:
        (root / "split_locations").mkdir()
        lines = [",".join(map(str, (*position(number), 0))) + "\n" for number in range(1, 7)]
        (root / "split_locations/all.csv").write_text("".join(lines), encoding="utf-8")
    return root
