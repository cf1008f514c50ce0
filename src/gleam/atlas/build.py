"""Building an atlas in units, so that a kill at any moment costs one unit and nothing else."""

from __future__ import annotations

import math
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from gleam.atlas.embedding import (
    SquareEncoder,
    cut_pixels,
    embed_tiles,
    preparation_for,
    prepare_tile,
    thumbnail,
)
from gleam.atlas.emptiness import REASONS, why_empty
from gleam.atlas.journal import JOURNAL, Journal, UnitDone
from gleam.atlas.lock import LOCK, writing
from gleam.atlas.manifest import MANIFEST, Manifest, Recipe
from gleam.atlas.sources import TileSource
from gleam.atlas.sources.protocol import Centre
from gleam.atlas.store.lancedb import TABLE, LanceStore
from gleam.atlas.store.protocol import TileStore
from gleam.atlas.tiles import Tile, TileBatch, tile_id
from gleam.errors import AtlasError
from gleam.progress import Bar, progress

UNIT_TILES = 256
"""Tiles per unit: about a second of work, one write to the store, one line in the journal."""
STRIDE_SHARE = 1 / 4
"""An encoder that tells places apart scores a tile far lower when the photo lies off its centre: with
half a tile between centres, drone photos of a city were found 2 to 3 times less often than with a quarter."""
MIN_STRIDE_SHARE = 1 / 16
"""A finer grid than this share of a tile multiplies the atlas and tells nothing new."""


def build_atlas(
    sources: Sequence[TileSource],
    encoder: SquareEncoder,
    out: str | os.PathLike[str],
    *,
    tile_m: float | None = None,
    stride_m: float | None = None,
    unit_tiles: int = UNIT_TILES,
) -> Manifest:
    """Build an atlas folder, or go on with one that was interrupted.

    Args:
        sources: The imagery; every source is cut on its own grid.
        encoder: Turns tiles into vectors.
        out: The folder: missing, empty, or an atlas of the same recipe.
        tile_m: Ground width of a tile; the encoder's own when not given.
        stride_m: Distance between tile centres; a quarter of a tile when not given.
        unit_tiles: Tiles per unit of work.

    Returns:
        The manifest of the finished atlas.

    Raises:
        AtlasError: The folder holds something else, another build runs, no tile shows anything, or the
            disk is full. An interrupted build is resumed by running it again.
    """
    folder = Path(out)
    recipe = make_recipe(sources, encoder, tile_m, stride_m)
    before = _manifest_in(folder)
    if before is not None:
        _check_same(folder, before.recipe, recipe)
        if before.state == "complete":
            return before
    folder.mkdir(parents=True, exist_ok=True)
    with writing(folder):
        if before is None:
            Manifest(recipe).write(folder)
        manifest = _fill(folder, recipe, sources, encoder, unit_tiles)
        if manifest.tiles == 0:
            _remove_all(folder)
            raise AtlasError(_no_tile(recipe, manifest.skipped))
        manifest.write(folder)
    return manifest


def make_recipe(
    sources: Sequence[TileSource], encoder: SquareEncoder, tile_m: float | None, stride_m: float | None
) -> Recipe:
    """Return the recipe of a build; raise ``AtlasError`` for a tile size or stride that cannot be."""
    if not sources:
        raise AtlasError("No imagery was given; name a GeoTIFF, a folder of them, or a CSV of footprints.")
    width = float(encoder.preparation.ground_width_m if tile_m is None else tile_m)
    stride = float(width * STRIDE_SHARE if stride_m is None else stride_m)
    if not (math.isfinite(width) and 1 <= width <= 20_000):
        raise AtlasError(f"A tile of {width:g} m makes no sense; give --tile-m between 1 and 20000 metres.")
    if not (math.isfinite(stride) and width * MIN_STRIDE_SHARE <= stride <= width):
        raise AtlasError(
            f"A stride of {stride:g} m does not fit tiles of {width:g} m; give --stride-m between "
            f"{width * MIN_STRIDE_SHARE:g} and {width:g} metres, or larger tiles."
        )
    return Recipe(
        encoder=encoder.name,
        encoder_fingerprint=encoder.fingerprint,
        dim=encoder.dim,
        preparation=asdict(preparation_for(encoder, width)),
        tile_m=width,
        stride_m=stride,
        pixels=cut_pixels(encoder),
        sources=tuple(s.record for s in sources),
    )


def _fill(
    folder: Path, recipe: Recipe, sources: Sequence[TileSource], encoder: SquareEncoder, unit_tiles: int
) -> Manifest:
    journal = Journal(folder)
    done = journal.read()
    store = _open_store(folder, recipe.dim, fresh=not done)
    if store.count() < sum(unit.stored for unit in done.values()):
        # A power cut took tiles that the journal vouches for: cut them again, which doubles nothing.
        journal.clear()
        done = {}
    plan = [(s, first, part) for s in sources for first, part in _units(s, recipe, unit_tiles)]
    # Units of another size (an older version, another setting) are not of this plan; they are redone.
    planned = {(s.record.key, first, len(part)) for s, first, part in plan}
    done = {key: unit for key, unit in done.items() if key in planned}
    with progress(f"Building {folder.name}", sum(len(part) for _, _, part in plan)) as bar:
        for source, first, centres in plan:
            key = (source.record.key, first, len(centres))
            if key not in done:
                done[key] = _one_unit(store, source, first, centres, recipe, encoder, bar)
                journal.append(done[key])
            else:
                bar.advance(len(centres))
    store.optimize(alone=True)
    skipped: Counter[str] = Counter()
    for unit in done.values():
        skipped.update(unit.skipped)
    stored = sum(unit.stored for unit in done.values())
    if store.count() != stored:
        journal.clear()
        raise AtlasError(
            f"{folder} holds {store.count()} tiles where {stored} were written; run the same build again, "
            "it will write them anew."
        )
    return Manifest(recipe, "complete", stored, dict(sorted(skipped.items())))


def _units(source: TileSource, recipe: Recipe, unit_tiles: int) -> Iterator[tuple[int, list[Centre]]]:
    centres = source.centres(recipe.tile_m, recipe.stride_m)
    for first in range(0, len(centres), unit_tiles):
        yield first, centres[first : first + unit_tiles]


def _one_unit(
    store: TileStore,
    source: TileSource,
    first: int,
    centres: Sequence[Centre],
    recipe: Recipe,
    encoder: SquareEncoder,
    bar: Bar,
) -> UnitDone:
    preparation = preparation_for(encoder, recipe.tile_m)
    key = source.record.key
    tiles, squares, thumbnails = [], [], []
    skipped: Counter[str] = Counter()
    for index, centre in enumerate(centres, start=first):
        square, valid = source.read(centre, recipe.tile_m, recipe.pixels)
        bar.advance()
        reason = why_empty(square, valid)
        if reason is not None:
            skipped[reason] += 1
            continue
        name = tile_id(key, recipe.tile_m, index)
        tiles.append(Tile(name, centre.lat, centre.lon, recipe.tile_m, key))
        squares.append(prepare_tile(square, recipe.tile_m, preparation))
        thumbnails.append(thumbnail(square))
    if tiles:
        store.upsert(TileBatch(tiles, embed_tiles(encoder, squares), thumbnails))
    return UnitDone(key, first, len(centres), len(tiles), dict(sorted(skipped.items())))


def _manifest_in(folder: Path) -> Manifest | None:
    if not folder.exists():
        return None
    if not folder.is_dir():
        raise AtlasError(f"{folder} is a file; give a folder for the atlas.")
    if (folder / MANIFEST).exists():
        return Manifest.read(folder)
    strangers = [p.name for p in folder.iterdir() if not p.name.startswith(".")]
    if strangers:
        raise AtlasError(f"{folder} holds other things ({strangers[0]}); give a new or an empty folder.")
    return None


def _check_same(folder: Path, there: Recipe, asked: Recipe) -> None:
    # The name of an encoder is a label; its fingerprint decides.
    if replace(asked, encoder=there.encoder) == there:
        return
    differences = there.differences(asked) or ["another description of the imagery"]
    raise AtlasError(
        f"{folder} is an atlas of another recipe: this build asks for {'; '.join(differences)}; "
        "choose another folder or remove that one."
    )


def _open_store(folder: Path, dim: int, *, fresh: bool) -> LanceStore:
    try:
        return LanceStore(folder, dim=dim)
    except AtlasError:
        if not fresh:
            raise
        # Killed while the table was being made: nothing was promised yet.
        shutil.rmtree(folder / f"{TABLE}.lance", ignore_errors=True)
        return LanceStore(folder, dim=dim)


def _remove_all(folder: Path) -> None:
    shutil.rmtree(folder / f"{TABLE}.lance", ignore_errors=True)
    for name in (MANIFEST, JOURNAL, LOCK):
        (folder / name).unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()


def _no_tile(recipe: Recipe, skipped: dict[str, int]) -> str:
    why = "; ".join(f"{count}: {REASONS[reason]}" for reason, count in skipped.items())
    return (
        f"No tile of {recipe.tile_m:g} m shows anything ({why}), so no atlas was made; "
        "give other imagery or a smaller --tile-m."
    )
