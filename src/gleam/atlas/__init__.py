"""Georeferenced satellite imagery made searchable: sources, tiles, vectors, the store."""

from gleam.atlas.atlas import Atlas
from gleam.atlas.region import Region
from gleam.atlas.tiles import Hit, Tile

__all__ = ["Atlas", "Hit", "Region", "Tile"]
