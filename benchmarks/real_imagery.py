"""Real imagery: what the weights do on private sets of pictures, which are no part of this project.

    python benchmarks/real_imagery.py [FOLDER] [--encoder city] [--seed 0] [--work DIR]
        [--only atlases pairs street-maps] [--no-training] [--write docs/real_imagery.md] [--json]

FOLDER (or GLEAM_REALDATA) holds one folder per set; a set that is absent is left out and named, and
without FOLDER nothing is measured. Three parts, about half an hour of one core in all:

atlases      all georeferenced imagery is built into atlases; drone photos, panoramas and street maps are
             located in them with their position hidden, with and without their camera, everywhere and in
             a circle around a point drawn up to half its radius from the truth; wildnav's imagery is asked
             about photos that it does not show.
pairs        sets without coordinates become places tables; ranks of the right tile, and what an answer
             would claim among all tiles.
street-maps  fine-tuning on maps of New York against training from scratch, chance and no training.

--work keeps tables, atlases and trained weights (else a temporary folder); with it, finished trainings are
not run again. --write puts the tables between the marks of a Markdown page. --json prints one document.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from real import geosets, locating, page, pairs, street_maps

from gleam.encoder import Encoder

PARTS = ("atlases", "pairs", "street-maps")


def main() -> None:
    """Measure, print the tables or one JSON document, and write the page when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=os.environ.get("GLEAM_REALDATA"))
    parser.add_argument("--encoder", default="city")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--no-training", action="store_true")
    parser.add_argument("--write", type=Path, metavar="PAGE")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    if chosen.folder is None or not Path(chosen.folder).is_dir():
        print("Nothing is measured: give the folder of real imagery, or name it in GLEAM_REALDATA.")
        return
    with tempfile.TemporaryDirectory() as temporary:
        result = measure(
            Path(chosen.folder),
            chosen.encoder,
            chosen.work or Path(temporary),
            seed=chosen.seed,
            only=chosen.only,
            training=not chosen.no_training,
        )
    text = page.tables(result)
    print(json.dumps(result, indent=2) if chosen.json else text)
    if chosen.write is not None:
        page.write_into(chosen.write, text)


def measure(
    folder: Path,
    name: str,
    work: Path,
    *,
    seed: int = 0,
    only: tuple[str, ...] | list[str] = PARTS,
    training: bool = True,
    encoder: Encoder | None = None,
) -> dict[str, Any]:
    """Return all figures as plain data; ``encoder`` takes the place of the weights called ``name``."""
    encoder = encoder or Encoder.from_pretrained(name)
    work.mkdir(parents=True, exist_ok=True)
    skipped: list[str] = []
    result: dict[str, Any] = {
        "encoder": encoder.name,
        "fingerprint": encoder.fingerprint,
        "date": dt.date.today().isoformat(),
        "seed": seed,
        "skipped": skipped,
    }
    atlases = work / f"atlases-{encoder.fingerprint}"
    atlases.mkdir(exist_ok=True)
    if "atlases" in only:
        result["atlases"] = {}
        for found in geosets.geosets(folder, encoder, atlases, skipped):
            _say(f"{found.name}: {len(found.queries)} photos, {len(found.atlas)} tiles")
            result["atlases"][found.name] = locating.locate_set(found, encoder, seed)
    if "pairs" in only:
        tables = pairs.make_tables(folder, work, skipped)
        if tables:
            _say(f"pairs: {len(tables[pairs.ALL])} pictures")
            result["ranks"] = pairs.rank_sets(tables, encoder)
            result["claims"] = pairs.claims(tables[pairs.ALL], encoder, atlases)
    if "street-maps" in only:
        if (folder / street_maps.FOLDER).is_dir():
            result["street_maps"] = street_maps.measure_all(
                folder / street_maps.FOLDER, encoder, name, work, seed=seed, training=training
            )
        else:
            skipped.append(f"{street_maps.FOLDER}: the folder is absent")
    return result


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
