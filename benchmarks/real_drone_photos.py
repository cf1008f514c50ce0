"""Real drone photos located over real imagery: Fengyuan (a satellite map) and Brighton Beach (an orthophoto).

    python benchmarks/real_drone_photos.py FOLDER [--encoder city] [--json]

FOLDER holds ``fengyuan_uav`` and ``brighton_beach_uav`` with their photos, imagery and tables; neither is
part of this project. Both atlases are built in a temporary folder: Fengyuan from the CSV of footprints
beside its map, Brighton Beach from its orthophoto, which is turned into a GeoTIFF first. Each photo is
located three times: with the pose in its XMP, without any metadata, and with the pose within 150 m of
its GPS. Truth: the measured image centres of Fengyuan, the GPS of Brighton Beach (looking straight down).

The shipped weights were trained on a made-up city. What counts here, beside the errors, is how many
wrong answers were claimed.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import rasterio
from PIL import Image
from rasterio.transform import from_origin

from gleam.atlas import Atlas
from gleam.encoder import Encoder
from gleam.geo import distance_m
from gleam.locating import Locator, Status

WITHIN_M = (10, 25, 50, 100)
CLAIMED_WRONG_M = 50.0
PRIOR_RADIUS_M = 150.0
WAYS: dict[str, dict[str, Any]] = {
    "pose from XMP": {},
    "no metadata": {"use_metadata": False},
    "pose, within 150 m of GPS": {"use_exif": True, "exif_radius_m": PRIOR_RADIUS_M},
}


@dataclass(frozen=True)
class Task:
    """Photos with the true position of what they show, and the atlas to find them in."""

    name: str
    atlas: Atlas
    photos: list[tuple[Path, float, float]]


def main() -> None:
    """Measure and print one JSON document, or a table above it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("--encoder", default="city")
    options.add_argument("--json", action="store_true", help="print the JSON document alone")
    chosen = options.parse_args()
    encoder = Encoder.from_pretrained(chosen.encoder)
    with tempfile.TemporaryDirectory() as work:
        result = measure(chosen.folder, encoder, Path(work))
    if not chosen.json:
        print_table(result)
    print(json.dumps(result, indent=2))


def measure(folder: Path, encoder: Encoder, work: Path) -> dict[str, Any]:
    """Return the figures of both sets, by way of locating."""
    result: dict[str, Any] = {"encoder": encoder.name, "fingerprint": encoder.fingerprint, "sets": {}}
    for task in (fengyuan(folder, encoder, work), brighton(folder, encoder, work)):
        locator = Locator(encoder, task.atlas)
        figures: dict[str, Any] = {
            "tiles": len(task.atlas),
            "tile_m": task.atlas.tile_m,
            "stride_m": task.atlas.stride_m,
            "skipped": task.atlas.manifest.skipped,
            "photos": len(task.photos),
            "chance_median_m": chance_median_m(task),
            "ways": {},
        }
        for way, settings in WAYS.items():
            figures["ways"][way] = locate_all(locator, task, settings)
        result["sets"][task.name] = figures
    return result


def fengyuan(folder: Path, encoder: Encoder, work: Path) -> Task:
    """A satellite map with its corners in a CSV; truth are the image centres measured on it."""
    root = folder / "fengyuan_uav"
    atlas = Atlas.build(root / "satmap_east.csv", encoder, work / "fengyuan")
    photos = [
        (root / "photos" / row["filename"], float(row["reg_center_lat"]), float(row["reg_center_lon"]))
        for row in read_rows(root / "photos.csv")
        if row["reg_ok"] == "1"
    ]
    return Task("fengyuan", atlas, photos)


def brighton(folder: Path, encoder: Encoder, work: Path) -> Task:
    """An orthophoto of about 100 m, so cut into small tiles; truth is the GPS below a camera looking down."""
    root = folder / "brighton_beach_uav"
    raster = work / "brighton.tif"
    write_geotiff(root / "ortho.png", json.loads((root / "ortho_georef.json").read_text()), raster)
    atlas = Atlas.build(raster, encoder, work / "brighton", tile_m=40.0, stride_m=10.0)
    photos = [
        (root / "photos" / row["filename"], float(row["lat"]), float(row["lon"]))
        for row in read_rows(root / "photos.csv")
    ]
    return Task("brighton_beach", atlas, photos)


def write_geotiff(picture: Path, georeference: dict[str, Any], out: Path) -> None:
    """Write a picture with the georeference told beside it as a GeoTIFF."""
    with Image.open(picture) as image:
        pixels = np.asarray(image.convert("RGB"))
    size = georeference["res"]
    with rasterio.open(
        out,
        "w",
        driver="GTiff",
        height=pixels.shape[0],
        width=pixels.shape[1],
        count=3,
        dtype="uint8",
        crs=f"EPSG:{georeference['crs']}",
        transform=from_origin(georeference["x0"], georeference["y1"], size, size),
    ) as file:
        file.write(np.moveaxis(pixels, -1, 0))


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def locate_all(locator: Locator, task: Task, settings: dict[str, Any]) -> dict[str, Any]:
    """Locate every photo one way and sum up."""
    errors, ranks, claimed_wrong, seconds = [], [], 0, []
    statuses = dict.fromkeys((s.value for s in Status), 0)
    for path, lat, lon in task.photos:
        answer = locator.locate(path, "drone", **settings)
        statuses[answer.status.value] += 1
        seconds.append(answer.timing_s["total"])
        if answer.lat is None or answer.lon is None:
            continue
        error = distance_m(lat, lon, answer.lat, answer.lon)
        errors.append(error)
        claimed_wrong += answer.status is Status.LOCATED and error > CLAIMED_WRONG_M
        right = [c.rank for c in answer.candidates if distance_m(lat, lon, c.lat, c.lon) <= CLAIMED_WRONG_M]
        ranks.append(right[0] if right else None)
    found = np.array(errors)
    return {
        "answered": len(errors),
        "median_m": round(float(np.median(found)), 1) if errors else None,
        "p90_m": round(float(np.quantile(found, 0.9)), 1) if errors else None,
        # Photos without an answer count as misses.
        "within": {f"{m} m": int((found <= m).sum()) for m in WITHIN_M},
        "among_candidates": sum(rank is not None for rank in ranks),
        "status": statuses,
        "claimed_wrong": int(claimed_wrong),
        "median_s": round(float(np.median(seconds)), 3),
    }


def chance_median_m(task: Task) -> float:
    """Return the median error of answering with any tile at random."""
    tiles = list(task.atlas.store.tiles())
    lats, lons = np.array([t.lat for t in tiles]), np.array([t.lon for t in tiles])
    errors = [distance_m(lat, lon, lats, lons) for _, lat, lon in task.photos]
    return round(float(np.median(np.concatenate(errors))), 1)


def print_table(result: dict[str, Any]) -> None:
    """Print one line per set and way."""
    print(f"encoder {result['encoder']} ({result['fingerprint']})")
    for name, figures in result["sets"].items():
        print(
            f"{name}: {figures['photos']} photos, {figures['tiles']} tiles of {figures['tile_m']:g} m, "
            f"chance {figures['chance_median_m']:g} m"
        )
        for way, numbers in figures["ways"].items():
            near = ", ".join(f"{count} within {m}" for m, count in numbers["within"].items())
            print(
                f"  {way:27s} median {numbers['median_m']} m, p90 {numbers['p90_m']} m; {near}; "
                f"{numbers['claimed_wrong']} claimed wrong; {numbers['median_s']} s per photo"
            )


if __name__ == "__main__":
    main()
