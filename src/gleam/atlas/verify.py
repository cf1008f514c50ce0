"""Checking that an atlas is what its manifest says."""

from __future__ import annotations

import io
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from gleam.errors import GleamError
from gleam.geo import check_lat_lon

if TYPE_CHECKING:
    from gleam.atlas.atlas import Atlas

_AT_ONCE = 1000
_LENGTH_TOLERANCE = 1e-3


def find_problems(atlas: Atlas) -> list[str]:
    """Return one sentence per problem of an atlas; an empty list when all is well.

    Checked: the state, the number of tiles, ids, positions, vectors (finite, of unit length), and that
    every thumbnail is a picture.
    """
    problems = []
    manifest, store = atlas.manifest, atlas.store
    if manifest.state != "complete":
        problems.append("The build was interrupted; run the same `gleam atlas build` again to finish it.")
    tiles = list(store.tiles())
    if manifest.state == "complete" and len(tiles) != manifest.tiles:
        problems.append(f"{len(tiles)} tiles are stored where the manifest counts {manifest.tiles}.")
    keys = {source.key for source in manifest.recipe.sources}
    for tile in tiles:
        try:
            check_lat_lon(tile.lat, tile.lon, f"Tile {tile.id}")
        except GleamError as error:
            problems.append(str(error))
        if tile.source not in keys:
            problems.append(
                f"Tile {tile.id} comes from a source {tile.source!r} that the manifest does not name."
            )
    ids = [tile.id for tile in tiles]
    problems += [f"Tile {name} is stored {n} times." for name, n in Counter(ids).items() if n > 1]
    for start in range(0, len(ids), _AT_ONCE):
        problems += _check_content(atlas, ids[start : start + _AT_ONCE])
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
