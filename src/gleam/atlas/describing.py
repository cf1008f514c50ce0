"""An atlas in plain data, for people and programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gleam.atlas.atlas import Atlas


def describe(atlas: Atlas) -> dict[str, Any]:
    """Return what an atlas holds and what made it.

    ``tiles`` counts those in the store at this moment, ``sources`` tells for each imagery its record, key,
    state and counts.
    """
    manifest = atlas.manifest
    recipe = manifest.recipe
    return {
        "path": str(atlas.path),
        "state": manifest.state,
        "tiles": len(atlas),
        "skipped": manifest.skipped,
        "tile_m": recipe.tile_m,
        "stride_m": recipe.stride_m,
        "tile_sizes_m": list(recipe.tile_sizes_m),
        "strides_m": list(recipe.strides_m),
        "store": recipe.store,
        "bounds": dict(zip(("west", "south", "east", "north"), atlas.bounds, strict=True)),
        "encoder": {"name": recipe.encoder, "fingerprint": recipe.encoder_fingerprint, "dim": recipe.dim},
        "fingerprint": manifest.fingerprint,
        "size_bytes": _size_of(atlas),
        "sources": [
            {
                **asdict(entry.record),
                "key": entry.record.key,
                "state": entry.state,
                "tiles": entry.tiles,
                "skipped": entry.skipped,
            }
            for entry in manifest.imagery
        ],
    }


def _size_of(atlas: Atlas) -> int:
    total = 0
    for file in atlas.path.rglob("*"):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except FileNotFoundError:  # a writer packs the store meanwhile
            continue
    return total
