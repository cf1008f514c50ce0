"""Building an atlas, so that a kill at any moment costs a little work and nothing else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gleam.atlas.embedding import SquareEncoder
from gleam.atlas.emptiness import REASONS
from gleam.atlas.engines import Work
from gleam.atlas.engines.choosing import check_engine
from gleam.atlas.filling import LANCE_FOLDER, fill, settle
from gleam.atlas.fragments import Fragments
from gleam.atlas.journal import JOURNAL
from gleam.atlas.lock import LOCK, writing
from gleam.atlas.manifest import MANIFEST, Imagery, Manifest
from gleam.atlas.recipe import Recipe, make_recipe, metres
from gleam.atlas.sources import SourceRecord, TileSource
from gleam.atlas.store.opening import FROZEN, open_store
from gleam.errors import AtlasError


def build_atlas(
    sources: Sequence[TileSource],
    encoder: SquareEncoder,
    out: str | os.PathLike[str],
    *,
    tile_m: float | Sequence[float] | None = None,
    stride_m: float | Sequence[float] | None = None,
    store: str | None = None,
    work: Work | None = None,
) -> Manifest:
    """Build an atlas folder, or go on with one that was interrupted.

    Args:
        sources: The imagery; every source is cut on its own grid.
        encoder: Turns tiles into vectors.
        out: The folder: missing, empty, or an atlas of the same recipe.
        tile_m: Ground width of a tile, or several; the encoder's own when not given.
        stride_m: Distance between tile centres, one for all sizes or one each; a quarter of each size when
            not given.
        store: Address of a store outside the folder, see :func:`gleam.atlas.store.open_store`.
        work: How to run it.

    Returns:
        The manifest of the finished atlas.

    Raises:
        AtlasError: The folder holds something else, another process writes to it, no tile shows anything,
            or the disk is full. An interrupted build is resumed by running it again.
    """
    folder, work = Path(out), work or Work()
    check_engine(work)
    if not sources:
        raise AtlasError("No imagery was given; name a GeoTIFF, a folder of them, or a CSV of footprints.")
    if store == FROZEN:
        raise AtlasError("A frozen pack is made from a finished atlas; build one, then `gleam atlas freeze`.")
    recipe = make_recipe(encoder, tile_m, stride_m, store)
    asked = Manifest(recipe, tuple(Imagery(source.record) for source in sources))
    before = _manifest_in(folder)
    if before is not None:
        _check_same(folder, before, asked)
        if before.state == "complete":
            return before
    folder.mkdir(parents=True, exist_ok=True)
    with writing(folder):
        if before is None:
            _check_store(folder, recipe)
            asked.write(folder)
        manifest = fill(folder, before or asked, sources, encoder, work)
        if manifest.tiles == 0:
            _remove_all(folder)
            raise AtlasError(no_tile(manifest.recipe.tile_sizes_m, manifest.skipped, "no atlas was made"))
        manifest = replace(manifest, state="complete")
        manifest.write(folder)
        settle(folder, [source.record.key for source in sources])
    return manifest


def no_tile(sizes: Sequence[float], skipped: dict[str, int], outcome: str) -> str:
    """Return the sentence for imagery of which no tile is worth keeping."""
    why = "; ".join(f"{count}: {REASONS[reason]}" for reason, count in skipped.items())
    return (
        f"No tile of {metres(sizes)} shows anything ({why}), so {outcome}; "
        "give other imagery or a smaller --tile-m."
    )


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


def _check_store(folder: Path, recipe: Recipe) -> None:
    """Leave nothing behind when a store outside the folder has a wrong address or cannot be reached."""
    if recipe.store is None:
        return
    try:
        open_store(folder, recipe.store, dim=recipe.dim).close()
    except AtlasError:
        _remove_all(folder)
        raise


def _check_same(folder: Path, there: Manifest, asked: Manifest) -> None:
    differences = there.recipe.differences(asked.recipe)
    store = asked.recipe.store
    if store is not None and store != there.recipe.store:
        differences.append(f"the store {store} instead of {there.recipe.store or 'the one in the folder'}")
    other_imagery = _imagery_difference(there.sources, asked.sources)
    if not differences and not other_imagery:
        return
    hint = "choose another folder or remove that one"
    if not differences and there.state == "complete":
        hint += "; `gleam atlas add` and `gleam atlas remove` change the imagery of an atlas"
    what = "; ".join([*differences, *other_imagery])
    raise AtlasError(f"{folder} is an atlas of another recipe: this build asks for {what}; {hint}.")


def _imagery_difference(there: Sequence[SourceRecord], asked: Sequence[SourceRecord]) -> list[str]:
    if there == asked:
        return []
    if [s.sha256 for s in there] == [s.sha256 for s in asked]:
        return ["another description of the imagery"]
    theirs, ours = (", ".join(s.name for s in records) for records in (asked, there))
    return [f"imagery {theirs}" + (f" instead of {ours}" if theirs != ours else " with other content")]


def _remove_all(folder: Path) -> None:
    shutil.rmtree(folder / LANCE_FOLDER, ignore_errors=True)
    Fragments(folder).clear()
    for name in (MANIFEST, JOURNAL, LOCK):
        (folder / name).unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()
