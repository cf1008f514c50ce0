"""Adding imagery to a finished atlas and taking it out again, while others search it.

The manifest names a source before its first tile is written and until its last one is gone, so a reader
that finds a tile always finds where it comes from. Either change can be killed at any moment; the same
call finishes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from gleam.atlas.build import no_tile
from gleam.atlas.embedding import SquareEncoder
from gleam.atlas.engines import Work
from gleam.atlas.engines.choosing import check_engine
from gleam.atlas.filling import fill, settle
from gleam.atlas.lock import writing
from gleam.atlas.manifest import Imagery, Manifest
from gleam.atlas.recipe import describe_encoder
from gleam.atlas.sources import SourceRecord, TileSource
from gleam.atlas.store import open_store
from gleam.atlas.store.opening import FROZEN
from gleam.errors import AtlasError, unknown_name


@dataclass(frozen=True)
class Added:
    """What an addition did. new: imagery that was added. already: imagery that was there before.

    tiles: of the new imagery. skipped: tiles of it that were left out, by reason.
    """

    new: tuple[SourceRecord, ...]
    already: tuple[SourceRecord, ...]
    tiles: int
    skipped: dict[str, int]


@dataclass(frozen=True)
class Removed:
    """What a removal did. record: the imagery that is gone. tiles: how many went with it in this call."""

    record: SourceRecord
    tiles: int


def check_encoder(folder: Path, manifest: Manifest, encoder: SquareEncoder, purpose: str) -> None:
    """Raise ``AtlasError`` naming both encoders unless this one built the atlas."""
    if encoder.fingerprint == manifest.recipe.encoder_fingerprint:
        return
    given = describe_encoder(encoder.name, encoder.fingerprint)
    raise AtlasError(
        f"The atlas {folder} was built with the encoder {manifest.recipe.describe_encoder()} and cannot be "
        f"{purpose} with {given}; use that encoder or build the atlas again with this one."
    )


def add_imagery(folder: Path, sources: Sequence[TileSource], encoder: SquareEncoder, work: Work) -> Added:
    """Add imagery to a finished atlas, with the tile sizes and strides that it has.

    Imagery with the same content as some that is there is left alone. The tiles can be found as they come.

    Raises:
        AtlasError: The atlas is not finished or cannot be changed, the encoder is another one, another
            process writes to it, no tile of the imagery shows anything, or the disk is full.
    """
    check_engine(work)
    manifest = _changeable(folder)
    check_encoder(folder, manifest, encoder, "extended")
    with writing(folder):
        manifest, _ = _finish_removals(folder, _changeable(folder))
        whole = {entry.record.key for entry in manifest.imagery if entry.state == "whole"}
        new = [source for source in sources if source.record.key not in whole]
        already = tuple(source.record for source in sources if source.record.key in whole)
        if not new:
            return Added((), already, 0, {})
        for source in new:
            manifest = manifest.with_entry(Imagery(source.record))
        manifest.write(folder)
        filled = fill(folder, manifest, new, encoder, work)
        added = _entries(filled, new)
        result = Added(
            tuple(entry.record for entry in added),
            already,
            sum(entry.tiles for entry in added),
            replace(filled, imagery=added).skipped,
        )
        keys = [entry.record.key for entry in added]
        if result.tiles == 0:
            for key in keys:
                filled = filled.without(key)
        filled.write(folder)
        settle(folder, keys)
    if result.tiles == 0:
        raise AtlasError(no_tile(manifest.recipe.tile_sizes_m, result.skipped, "nothing was added"))
    return result


def remove_imagery(folder: Path, name: str) -> Removed:
    """Take imagery and its tiles out of an atlas; also imagery whose addition was interrupted.

    Args:
        folder: The atlas.
        name: The name or the key of the imagery, as ``gleam atlas show`` tells them, or the path it had.

    Raises:
        AtlasError: The atlas is not finished or cannot be changed, the name stands for several, nothing
            would be left, or another process writes to it.
        GleamError: No imagery has this name or key.
    """
    _changeable(folder)
    with writing(folder):
        manifest = _changeable(folder)
        entry = _named(folder, manifest, name)
        others = [e for e in manifest.imagery if e.state == "whole" and e is not entry]
        if entry.state == "whole" and not others:
            raise AtlasError(
                f"{entry.record.name} is the only whole imagery of {folder}; remove the folder itself, or "
                "add other imagery first."
            )
        manifest = manifest.with_entry(Imagery(entry.record, "removing"))
        manifest.write(folder)
        _, gone = _finish_removals(folder, manifest)
    return Removed(entry.record, gone[entry.record.key])


def _finish_removals(folder: Path, manifest: Manifest) -> tuple[Manifest, dict[str, int]]:
    """Carry out the removals that the manifest announces; return it without them, and tiles by key."""
    gone: dict[str, int] = {}
    for entry in manifest.imagery:
        if entry.state != "removing":
            continue
        key = entry.record.key
        with closing(open_store(folder, manifest.recipe.store)) as store:
            gone[key] = store.delete([tile.id for tile in store.tiles(key)])
            store.describe(manifest.said)
            store.optimize()
        settle(folder, [key])
        manifest = manifest.without(key)
        manifest.write(folder)
    return manifest, gone


def _changeable(folder: Path) -> Manifest:
    manifest = Manifest.read(folder)
    if manifest.state != "complete":
        raise AtlasError(
            f"The atlas {folder} is not finished: its build was interrupted or still runs; run the same "
            "`gleam atlas build` again to finish it first."
        )
    if manifest.recipe.store == FROZEN:
        raise AtlasError(
            f"{folder} is a frozen pack and cannot be changed; change the atlas that it was made from and "
            "freeze that again."
        )
    return manifest


def _named(folder: Path, manifest: Manifest, name: str) -> Imagery:
    names = {name, Path(name).name}
    found = [e for e in manifest.imagery if names & {e.record.key, e.record.name}]
    if not found:
        known = [f"{e.record.name} ({e.record.key})" for e in manifest.imagery]
        raise unknown_name(f"imagery of {folder.name}", name, known)
    if len(found) > 1:
        keys = ", ".join(e.record.key for e in found)
        raise AtlasError(f"{folder} holds {len(found)} sources called {name}; give the key of one: {keys}.")
    return found[0]


def _entries(manifest: Manifest, sources: Sequence[TileSource]) -> tuple[Imagery, ...]:
    keys = {source.record.key for source in sources}
    return tuple(entry for entry in manifest.imagery if entry.record.key in keys)
