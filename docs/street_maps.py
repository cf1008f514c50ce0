"""Make the picture of street_maps.md: an area of the built-in city, its imagery beside maps drawn of it.

Run from the root of the project: PYTHONPATH=. python docs/street_maps.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from tests.streetmaps.extracts import extract_of, write_pbf

from gleam.city.plan.city import make_scene
from gleam.imagery.decode import load_image
from gleam.places import Places

GOAL = Path(__file__).parent / "images" / "street_maps.png"
SEED, SIZE_KM = 5, 0.6
STYLES = ("daylight", "night", "survey")


def main() -> None:
    """Make city, extract, pairs and picture."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        gleam = [sys.executable, "-m", "gleam"]
        words = ["--seed", str(SEED), "--size", str(SIZE_KM), "--places", "4", "--no-tiles"]
        subprocess.run([*gleam, "city", "make", str(root / "city"), *words], check=True)
        extract = write_pbf(extract_of(make_scene(SEED, 1000 * SIZE_KM)), root / "area.osm.pbf")
        area = sorted((root / "city" / "rasters").glob("*.tif"))[0]
        looks = [word for style in STYLES for word in ("--style", style)]
        words = [
            "--osm",
            str(extract),
            "--out",
            str(root / "pairs"),
            "--names",
            "--tile-m",
            "160",
            "--pixels",
            "320",
        ]
        subprocess.run([*gleam, "places", "make-maps", str(area), *words, *looks], check=True)
        table = Places.read(root / "pairs")
        rows = []
        for place in (table.place_ids[1], table.place_ids[6]):
            pictures = table.select(places=[place])
            rows.append(np.concatenate([load_image(path) for path in pictures.paths], axis=1))
        Image.fromarray(np.concatenate(rows)).quantize(200).save(GOAL, optimize=True)


if __name__ == "__main__":
    main()
