"""A tiny CV-Cities: three of its cities, two places each."""

from __future__ import annotations

from pathlib import Path

from tests.places.layouts.pictures import picture

CITIES = {"paris": (48.85, 2.35), "tokyo": (35.68, 139.69), "london": (51.5, -0.12)}


def make(root: Path, *, from_city: bool = False) -> Path:
    """``from_city``: lists are relative to the city, with the publisher's backslashes."""
    for city, (lat, lon) in CITIES.items():
        lines = []
        for number in range(2):
            name = f"{city}{number}"
            aerial = picture(root / city / "sat_images" / f"{name}.jpg")
            panorama = picture(root / city / "pano_images" / f"{name}.jpg", (8, 16))
            paths = [path.relative_to(root / city if from_city else root) for path in (aerial, panorama)]
            told = [str(path).replace("/", "\\") if from_city else str(path) for path in paths]
            lines.append(f"{name},{lon + number / 100},{lat},{city},{told[0]},{told[1]}\n")
        (root / city / "img_info.csv").write_text("".join(lines), encoding="utf-8")
    return root
