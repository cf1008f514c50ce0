"""Checking that an atlas is what its manifest says."""

from __future__ import annotations

import io
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from gleam.atlas.manifest import Manifest
from gleam.atlas.tiles import Tile
from gleam.errors import GleamError
from gleam.geo import check_lat_lon

if TYPE_CHECKING:
    from gleam.atlas.atlas import Atlas

_AT_ONCE = 1000
_LENGTH_TOLERANCE = 1e-3


def find_problems(atlas: Atlas) -> list[str]:
    """Return one sentence per problem of an atlas; an empty list when all is well.

    Checked: that nothing is unfinished, the number of tiles of each imagery, ids, positions, ground
    widths, vectors (finite, of unit length), that every thumbnail is a picture, and that a store which
    keeps licences, dates and origins says the same as the manifest.
    """
    atlas.refresh()
    manifest, store = atlas.manifest, atlas.store
    problems = _unfinished(manifest)
    keys = {source.key for source in manifest.sources}
    ids: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for part in _parts(store.tiles()):
        ids.update(tile.id for tile in part)
        counts.update(tile.source for tile in part)
        for tile in part:
            problems += _check_tile(tile, keys, manifest.recipe.tile_sizes_m)
        problems += _check_content(atlas, list(dict.fromkeys(tile.id for tile in part)))
    problems += [f"Tile {name} is stored {n} times." for name, n in ids.items() if n > 1]
    problems += [
        f"{entry.record.name}: {counts[entry.record.key]} tiles are stored where the manifest counts "
        f"{entry.tiles}."
        for entry in manifest.imagery
        if entry.state == "whole" and counts[entry.record.key] != entry.tiles
    ]
    return problems + _check_described(atlas)


def _unfinished(manifest: Manifest) -> list[str]:
    if manifest.state != "complete":
        return ["The build was interrupted; run the same `gleam atlas build` again to finish it."]
    problems = []
    for entry in manifest.imagery:
        name = entry.record.name
        if entry.state == "adding":
            problems.append(
                f"The addition of {name} was interrupted or still runs; run the same `gleam atlas add` again "
                f"to finish it, or `gleam atlas remove` {entry.record.key} to give it up."
            )
        elif entry.state == "removing":
            problems.append(
                f"The removal of {name} was interrupted or still runs; run `gleam atlas remove` "
                f"{entry.record.key} again to finish it."
            )
    return problems


def _parts(tiles: Iterable[Tile]) -> Iterator[list[Tile]]:
    stream = iter(tiles)
    while part := list(itertools.islice(stream, _AT_ONCE)):
        yield part


def _check_described(atlas: Atlas) -> list[str]:
    stored = atlas.store.described()
    return [
        f"{record.name}: tiles are stored with the {name} {text or 'unknown'} where the manifest says "
        f"{said or 'unknown'}; adding or removing imagery writes it anew."
        for record in atlas.manifest.sources
        for row in stored.get(record.key, [])
        for name, text, said in (
            ("licence", row["licence"], record.licence),
            ("date", row["date"], record.date),
            ("origin", row["origin"], record.origin),
        )
        if (text or None) != (said or None)
    ]


def _check_tile(tile: Tile, keys: set[str], sizes: Sequence[float]) -> list[str]:
    problems = []
    try:
        check_lat_lon(tile.lat, tile.lon, f"Tile {tile.id}")
    except GleamError as error:
        problems.append(str(error))
    if tile.source not in keys:
        problems.append(
            f"Tile {tile.id} comes from a source {tile.source!r} that the manifest does not name."
        )
    if tile.width_m not in sizes:
        problems.append(f"Tile {tile.id} is {tile.width_m:g} m wide, which is no size of this atlas.")
    return problems


def _check_content(atlas: Atlas, ids: list[str]) -> list[str]:
    problems = []
    vectors = atlas.store.vectors_of(ids)
    lengths = np.linalg.norm(vectors, axis=1)
    for name, length in zip(ids, lengths, strict=True):
        if not np.isfinite(length):
            problems.append(f"The vector of tile {name} holds NaN or infinity.")
        elif abs(length - 1) > _LENGTH_TOLERANCE:
            problems.append(f"The vector of tile {name} has length {length:.4f} instead of 1.")
    for name, data in zip(ids, atlas.store.thumbnails_of(ids), strict=True):
        try:
            with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
                image.load()
        except (OSError, ValueError, SyntaxError):
            problems.append(f"The thumbnail of tile {name} is not a picture.")
    return problems
