"""Filling an atlas: the units that are missing are cut, written to the store and journalled.

Every writer goes through here, so a kill at any moment leaves at worst tiles without a journal line;
they are written again under the same ids.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from gleam.atlas.embedding import SquareEncoder
from gleam.atlas.engines import Work, open_engine
from gleam.atlas.engines.worker import units_left
from gleam.atlas.fragments import Fragments
from gleam.atlas.journal import Journal, UnitDone, UnitKey
from gleam.atlas.manifest import Imagery, Manifest
from gleam.atlas.recipe import Recipe
from gleam.atlas.sources import TileSource
from gleam.atlas.store import TileStore, open_store
from gleam.atlas.tiles import Tile, TileBatch
from gleam.atlas.units import CutUnit, Unit, plan_units
from gleam.errors import AtlasError
from gleam.progress import Bar, progress

LANCE_FOLDER = "tiles.lance"
PACK_EVERY = 512
"""Writes to the store between two packings, so that a huge build does not end in a heap of small files; each
reads and writes all that is there."""


def fill(
    folder: Path, manifest: Manifest, sources: Sequence[TileSource], encoder: SquareEncoder, work: Work
) -> Manifest:
    """Cut what is missing of the sources that are being added, and return the manifest that counts them.

    The caller holds the right to write (:func:`gleam.atlas.lock.writing`) and writes the manifest.

    Raises:
        AtlasError: The store cannot be written, or does not hold in the end what was written.
        RasterError, ImageError: The imagery cannot be read. What was cut before is kept in every case.
    """
    adding = {entry.record.key for entry in manifest.imagery if entry.state == "adding"}
    ours = [source for source in sources if source.record.key in adding]
    journal, fragments = Journal(folder), Fragments(folder)
    done = {key: unit for key, unit in journal.read().items() if unit.source in adding}
    alone = manifest.state == "building"
    with closing(_open_store(folder, manifest.recipe, fresh=alone and not done)) as store:
        if store.count() < manifest.tiles + sum(unit.stored for unit in done.values()):
            # A power cut took tiles that the journal vouches for: cut them again, which doubles nothing.
            journal.clear()
            done = {}
        plan = [unit for source in ours for unit in plan_units(source, manifest.recipe, work.unit_tiles)]
        planned = {unit.key for unit in plan}
        # Units of another size (an older version, another setting) are not of this plan; they are redone.
        done = {key: unit for key, unit in done.items() if key in planned}
        store.describe(manifest.said)
        keeper = _Keeper(store, journal, fragments, work, done, alone=alone)
        with progress(f"Building {folder.name}", sum(unit.planned for unit in plan)) as bar:
            _cut_missing(keeper, plan, bar, ours, encoder, manifest.recipe, folder)
        store.optimize(alone=alone)
        for source in ours:
            manifest = manifest.with_entry(_counted(source, done.values()))
        _check_count(folder, manifest, store, journal)
    return manifest


def settle(folder: Path, keys: Sequence[str]) -> None:
    """Tidy up after sources that the manifest on the disk calls whole."""
    journal = Journal(folder)
    for key in keys:
        journal.forget(key)
    Fragments(folder).clear()


class _Keeper:
    """Gathers units and writes them: first the tiles to the store, then their lines to the journal."""

    def __init__(
        self,
        store: TileStore,
        journal: Journal,
        fragments: Fragments,
        work: Work,
        done: dict[UnitKey, UnitDone],
        *,
        alone: bool,
    ) -> None:
        self.work, self.done, self.fragments = work, done, fragments
        self._store, self._journal, self._alone = store, journal, alone
        self._waiting: list[CutUnit] = []
        self._since = 0.0
        self._writes = 0

    def take(self, cut: CutUnit) -> None:
        """Keep a unit; written at once when enough have come together."""
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append(cut)
        enough = sum(unit.done.stored for unit in self._waiting) >= self.work.commit_tiles
        if enough or time.monotonic() - self._since >= self.work.commit_after_s:
            self.write()

    def write(self) -> None:
        """Write all that is waiting."""
        units, self._waiting = self._waiting, []
        batches = [unit.batch for unit in units if unit.batch is not None]
        if batches:
            self._store.upsert(_joined(batches))
        if not units:
            return
        self._journal.append(unit.done for unit in units)
        for unit in units:
            self.done[unit.done.key] = unit.done
            self.fragments.remove(unit.done)
        self._writes += 1
        if self._writes % PACK_EVERY == 0:
            self._store.optimize(alone=self._alone, index=False)


def _cut_missing(
    keeper: _Keeper,
    plan: Sequence[Unit],
    bar: Bar,
    sources: Sequence[TileSource],
    encoder: SquareEncoder,
    recipe: Recipe,
    folder: Path,
) -> None:
    bar.advance(sum(unit.planned for unit in keeper.done.values()))
    missing = {unit.key: unit for unit in plan if unit.key not in keeper.done}
    try:
        for cut in units_left(keeper.fragments, set(missing)):
            keeper.take(cut)
            del missing[cut.done.key]
            bar.advance(cut.done.planned)
        if missing:
            with closing(open_engine(keeper.work, sources, encoder, recipe.pixels, folder)) as engine:
                for cut in engine.cut(list(missing.values())):
                    keeper.take(cut)
                    bar.advance(cut.done.planned)
    finally:
        # Also after an error or Ctrl-C: what was cut is not cut twice.
        keeper.write()


def _joined(batches: Sequence[TileBatch]) -> TileBatch:
    if len(batches) == 1:
        return batches[0]
    tiles: list[Tile] = [tile for batch in batches for tile in batch.tiles]
    thumbnails = [data for batch in batches for data in batch.thumbnails]
    return TileBatch(tiles, np.concatenate([batch.vectors for batch in batches]), thumbnails)


def _counted(source: TileSource, done: Iterable[UnitDone]) -> Imagery:
    skipped: Counter[str] = Counter()
    stored = 0
    for unit in done:
        if unit.source == source.record.key:
            stored += unit.stored
            skipped.update(unit.skipped)
    return Imagery(source.record, "whole", stored, dict(sorted(skipped.items())))


def _check_count(folder: Path, manifest: Manifest, store: TileStore, journal: Journal) -> None:
    if any(entry.state != "whole" for entry in manifest.imagery):
        return  # other imagery is half there; how many tiles of it is not known
    if (count := store.count()) != manifest.tiles:
        journal.clear()
        raise AtlasError(
            f"{folder} holds {count} tiles where {manifest.tiles} were written; run the same command again, "
            "it will write them anew."
        )


def _open_store(folder: Path, recipe: Recipe, *, fresh: bool) -> TileStore:
    try:
        return open_store(folder, recipe.store, dim=recipe.dim)
    except AtlasError:
        if not fresh or recipe.store is not None:
            raise
        # Killed while the table was being made: nothing was promised yet.
        shutil.rmtree(folder / LANCE_FOLDER, ignore_errors=True)
        return open_store(folder, None, dim=recipe.dim)
