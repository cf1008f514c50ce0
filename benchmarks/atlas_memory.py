"""Memory of building an atlas over a large raster: is it flat, and below 2 GB?

Makes a tiled, compressed GeoTIFF of ``--km`` x ``--km`` window by window, builds an atlas of it in a process
of its own, and samples the memory of that process and its workers: proportional set size, which counts
pages that they share once. Several sizes in one call show whether the peak grows with the area:

    python benchmarks/atlas_memory.py --km 3 --km 6 --stride-m 64
    python benchmarks/atlas_memory.py --km 20 --pixel-m 0.5 --engine processes --workers 2
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

BLOCK = 512
EVERY_S = 0.2
LIMIT_MB = 2000
NORTH_M, WEST_M = 5_320_000.0, 600_000.0
"""Upper left corner in UTM zone 33 N."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--km", type=float, action="append", help="Side of the area [3 and 6].")
    parser.add_argument("--pixel-m", type=float, default=0.5)
    parser.add_argument("--tile-m", type=float, default=128.0)
    parser.add_argument("--stride-m", type=float, default=32.0)
    parser.add_argument(
        "--encoder", default="tiny", help="tiny: fresh weights, made here; or city, a folder."
    )
    parser.add_argument("--engine", default="local")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", help="Folder for rasters and atlases [a temporary one, removed].")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(given.keep or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        results = [measure(given, km, folder) for km in given.km or [3.0, 6.0]]
    if given.json:
        print(json.dumps(results, indent=2))
        return
    print("| km | tiles | raster MB | s | 10 % | 50 % | 100 % | peak MB | 100 % / 10 % |")
    print("|---|---|---|---|---|---|---|---|---|")
    for r in results:
        at = " | ".join(f"{r[f'at_{share}_mb']:.0f}" for share in (10, 50, 100))
        print(
            f"| {r['km']:g} | {r['tiles']} | {r['raster_mb']:.0f} | {r['seconds']:.0f} | {at} "
            f"| {r['peak_mb']:.0f} | {r['flatness']:.2f} |"
        )
    peaks = [r["peak_mb"] for r in results]
    print(f"peak of the largest / smallest area: {peaks[-1] / peaks[0]:.2f}; limit {LIMIT_MB} MB: ", end="")
    print("kept" if max(peaks) < LIMIT_MB else "BROKEN")


def measure(given: argparse.Namespace, km: float, folder: Path) -> dict[str, float]:
    raster, atlas, encoder = folder / f"{km:g}km.tif", folder / f"{km:g}km.atlas", given.encoder
    if not raster.exists():
        write_raster(raster, km * 1000, given.pixel_m)
    if encoder == "tiny":
        encoder = str(save_tiny_encoder(folder / "tiny"))
    shutil.rmtree(atlas, ignore_errors=True)
    started = time.monotonic()
    words = [raster, "--out", atlas, "--encoder", encoder, "--engine", given.engine, "--json"]
    words += ["--tile-m", given.tile_m, "--stride-m", given.stride_m, "--workers", given.workers]
    command = [sys.executable, "-m", "gleam", "atlas", "build", *map(str, words)]
    with (folder / "build.log").open("w") as log, (folder / "build.json").open("w") as told:
        process = subprocess.Popen(command, stdout=told, stderr=log)
        samples = sample(process, atlas)
    if process.returncode:
        sys.exit((folder / "build.log").read_text()[-2000:])
    about = json.loads((folder / "build.json").read_text())
    at = {share: at_share(samples, share / 100) for share in (10, 50, 100)}
    return {
        "km": km,
        "tiles": about["tiles"],
        "raster_mb": raster.stat().st_size / 1e6,
        "seconds": time.monotonic() - started,
        **{f"at_{share}_mb": mb for share, mb in at.items()},
        "peak_mb": max(mb for _, mb in samples),
        "flatness": at[100] / at[10],
    }


def sample(process: subprocess.Popen[bytes], atlas: Path) -> list[tuple[float, float]]:
    """Return (seconds, MB of the process and its children) from the first tile until the process ends."""
    samples: list[tuple[float, float]] = []
    while process.poll() is None:
        if (atlas / "atlas.json").exists():
            samples.append((time.monotonic(), resident_mb(process.pid)))
        time.sleep(EVERY_S)
    return samples


def resident_mb(pid: int) -> float:
    """Return the memory of a process and its children in MB, pages that they share counted once."""
    total = 0
    try:
        parent = psutil.Process(pid)
        for member in [parent, *parent.children(recursive=True)]:
            try:
                total += member.memory_full_info().pss
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
    except psutil.NoSuchProcess:
        pass
    return total / 1e6


def at_share(samples: list[tuple[float, float]], share: float) -> float:
    """Return the highest memory around this share of the time."""
    first, last = samples[0][0], samples[-1][0]
    near = [mb for at, mb in samples if abs((at - first) / (last - first) - share) <= 0.05]
    return max(near, default=math.nan)


def write_raster(path: Path, side_m: float, pixel_m: float) -> None:
    """Write hills of colour with grain, a row of blocks at a time."""
    import rasterio
    from rasterio.transform import from_origin

    side = math.ceil(side_m / pixel_m / BLOCK) * BLOCK
    profile = {"driver": "GTiff", "width": side, "height": side, "count": 3, "dtype": "uint8"}
    profile |= {"crs": "EPSG:32633", "transform": from_origin(WEST_M, NORTH_M, pixel_m, pixel_m)}
    profile |= {"tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "BIGTIFF": "IF_SAFER"}
    rng = np.random.default_rng(0)
    across = np.arange(side) * pixel_m
    grain = rng.integers(0, 24, (3, BLOCK, side), dtype=np.uint8)
    part = path.with_name(path.name + ".partial")
    jpeg = {"compress": "JPEG", "photometric": "YCBCR", "JPEG_QUALITY": 75}
    with rasterio.open(part, "w", **profile, **jpeg) as raster:
        for top in range(0, side, BLOCK):
            down = (np.arange(top, top + BLOCK) * pixel_m)[:, None]
            bands = [
                np.sin(across / (31 + 7 * b) + down / 97) + np.sin(down / (43 + 5 * b) - across / 61)
                for b in range(3)
            ]
            row = (np.stack(bands) * 50 + 110).astype(np.uint8) + grain
            raster.write(row, window=((top, top + BLOCK), (0, side)))
    part.replace(path)


def save_tiny_encoder(folder: Path) -> Path:
    from gleam.encoder import Encoder
    from gleam.encoder.config import EncoderConfig
    from gleam.imagery.preparation import Preparation

    if not folder.exists():
        config = EncoderConfig(
            backbone_options={"stem": 8, "channels": [8, 16, 16], "blocks": [1, 1, 1]},
            dim=64,
            grid_channels=8,
            preparation=Preparation(pixels=32, ground_width_m=128.0),
        )
        Encoder.untrained(config, seed=1, name="tiny").save(folder)
    return folder


if __name__ == "__main__":
    main()
