"""Making a benchmark folder from places tables: places, splits, pairs, pictures, facts."""

from __future__ import annotations

import datetime
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gleam.errors import BenchError
from gleam.evaluation.features import VectorMaker
from gleam.explaining.benchmark.folder import (
    IMAGES,
    INFO,
    PAIRS,
    BenchInfo,
    Source,
    read_info,
    write_facts,
    write_info,
)
from gleam.explaining.benchmark.gathering import Shot, Site, gather, keep_readable
from gleam.explaining.benchmark.mistakes import find_confusions
from gleam.explaining.benchmark.pair import SPLITS, TIERS, Pair, pair_id_of, write_pairs
from gleam.explaining.benchmark.pairing import Choice, choose_pairs, first_queries
from gleam.explaining.benchmark.recipe import PairRecipe
from gleam.explaining.benchmark.regions import assign_splits
from gleam.explaining.benchmark.workshop import open_workshop, parts_of
from gleam.files import atomic_write, sha256_of
from gleam.places.table import Places
from gleam.progress import say, track


def make_pairs(
    sources: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    recipe: PairRecipe,
    encoder: VectorMaker | None = None,
    name: str | None = None,
) -> BenchInfo:
    """Make the pairs of a benchmark in the folder ``out``; a stopped run is gone on with.

    The same tables, recipe and encoder give the same ``pairs.parquet`` to the byte. When ``out`` holds
    that benchmark already, nothing is done.

    Args:
        sources: Places tables or their folders.
        out: Folder to make.
        recipe: What decides the pairs.
        encoder: Whose mistakes become negatives; left out, that tier is not there.
        name: Of the benchmark; that of the folder when left out.

    Raises:
        TableError: A table is wrong.
        BenchError: No pair can be made, or ``out`` holds something else.
    """
    goal = Path(os.path.abspath(out))
    tables = [Places.read(source) for source in sources]
    recipe = replace(recipe, encoder=None if encoder is None else encoder.fingerprint)
    origins = tuple(_source(table) for table in tables)
    wanted = {**recipe.as_dict(), "tables": [source.sha256 for source in origins]}
    if (goal / INFO).is_file():
        info = read_info(goal)
        if info.recipe != wanted:
            raise BenchError(f"{goal} already holds a benchmark made otherwise; choose another folder.")
        return info
    with open_workshop(goal, wanted) as work:
        found = gather(tables)
        sites, notes = assign_splits(_some(found, recipe), recipe)
        sites, unreadable = keep_readable(sites)
        shots = first_queries(sites, recipe.seed)
        confusions = (
            find_confusions(encoder, tables, sites, shots, parts_of(work)) if encoder is not None else {}
        )
        choices = choose_pairs(sites, shots, confusions, recipe.seed, recipe.pairs)
        if not choices:
            raise BenchError("No pair can be made: no split has two places that share no ground.")
        pairs = _named(choices, work)
        write_pairs(work / PAIRS, pairs)
        facts = dict(_facts(tables, sites))
        if facts:
            write_facts(work, facts)
        info = BenchInfo(
            name=name or goal.name,
            created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            seed=recipe.seed,
            sources=origins,
            splits={split: sum(pair.split == split for pair in pairs) for split in SPLITS},
            recipe=wanted,
            counts=_counts(pairs),
            notes={**notes, "unreadable_pictures": unreadable, "places": len(sites)},
        )
        write_info(work, info)
    return info


def _source(table: Places) -> Source:
    file = table.file or Path("places.parquet")
    licences = sorted({row.licence for row in table if row.licence is not None})
    return Source(
        table=file.name,
        path=str(table.root),
        sha256=sha256_of(file),
        licence="; ".join(licences) or None,
    )


def _some(sites: list[Site], recipe: PairRecipe) -> list[Site]:
    """Leave out places that a small benchmark will not need, so that their pictures are not read."""
    if recipe.pairs is None:
        return sites
    views = max(1, len({view for site in sites for view in site.queries}))
    # Twice what is needed: some fall out at borders or are damaged, and negatives want a choice.
    wanted = max(24, recipe.pairs // views)
    if wanted >= len(sites):
        return sites
    drawn = np.random.default_rng([recipe.seed, 0]).permutation(len(sites))[:wanted]
    return [sites[i] for i in np.sort(drawn)]


def _named(choices: Iterable[Choice], work: Path) -> list[Pair]:
    """Copy the pictures of the pairs under their hashes and give the pairs their names."""
    hashes: dict[Path, str] = {}
    pairs: dict[str, Pair] = {}
    for choice in track(list(choices), "Copying pictures"):
        query, tile = (_copied(shot, work, hashes) for shot in (choice.query, choice.tile))
        pair = _pair(choice, query, tile)
        pairs.setdefault(pair.pair_id, pair)
    return list(pairs.values())


def _copied(shot: Shot, work: Path, hashes: dict[Path, str]) -> str:
    if shot.path not in hashes:
        digest = sha256_of(shot.path)
        goal = work / IMAGES / digest[:2] / f"{digest}{shot.path.suffix.lower()}"
        if not goal.is_file():
            with atomic_write(goal) as temporary:
                shutil.copyfile(shot.path, temporary)
        hashes[shot.path] = digest
    return hashes[shot.path]


def _pair(choice: Choice, query: str, tile: str) -> Pair:
    seen, shown = choice.query.row, choice.tile.row
    places = choice.query_site.key, choice.tile_site.key
    return Pair(
        pair_id=pair_id_of(choice.view, *places, query, tile),
        split=choice.split,
        match=choice.tier == "positive",
        tier=choice.tier,
        view=choice.view,
        query_place=places[0],
        tile_place=places[1],
        query_image=query,
        tile_image=tile,
        distance_m=choice.distance_m,
        heading_deg=seen.heading_deg,
        pitch_deg=seen.pitch_deg,
        roll_deg=seen.roll_deg,
        fov_deg=seen.fov_deg,
        height_m=seen.height_m,
        ground_width_m=seen.ground_width_m,
        tile_width_m=shown.ground_width_m,
        query_lat=seen.lat,
        query_lon=seen.lon,
        tile_lat=shown.lat,
        tile_lon=shown.lon,
        query_source=seen.source,
        tile_source=shown.source,
        query_licence=seen.licence,
        tile_licence=shown.licence,
    )


def _facts(tables: Sequence[Places], sites: Sequence[Site]) -> Iterable[tuple[str, str]]:
    """Yield what stands at each place, where a table lies in the folder of a built-in city."""
    for number, table in enumerate(tables):
        file = table.root / "facts.parquet"
        if not file.is_file():
            continue
        try:
            columns = pq.read_table(file, columns=["place", "facts"]).to_pydict()
        except (pa.ArrowException, OSError) as error:
            say(f"{file} was not used: {str(error).splitlines()[0]}")
            continue
        known = dict(zip(columns["place"], columns["facts"], strict=True))
        for site in sites:
            place = site.tiles[0].row.place
            if site.table == number and place in known:
                yield site.key, known[place]


def _counts(pairs: Sequence[Pair]) -> dict[str, Any]:
    counts: Mapping[tuple[str, str, str], int] = Counter(
        (pair.split, pair.view.value, pair.tier) for pair in pairs
    )
    views = sorted({view for _, view, _ in counts})
    return {
        split: {view: {tier: counts.get((split, view, tier), 0) for tier in TIERS} for view in views}
        for split in SPLITS
    }
